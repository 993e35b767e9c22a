#include "ops/gemm.h"

#include <algorithm>
#include <type_traits>

#include "core/threads.h"
#include "kernels/gemm/gemm.h"
#include "ops/gemm_blocks.h"
#include "ops/gemm_tiles.h"

namespace lanegrad {
namespace {

// Of dot products and integers: below this one thread does it, about 10 us of work and several times what
// waking the pool costs.
constexpr int64_t kSerialWork = int64_t{1} << 20;
// Products with up to so many rows or columns are dot products; with more than kFew if they are long enough
// for sums across lanes not to count.
constexpr int64_t kFew = 4, kMaxFew = 8, kLongDot = 64;
bool few(int64_t count, int64_t k) { return k > 1 && count <= (k >= kLongDot ? kMaxFew : kFew); }

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }
size_t aligned(size_t bytes) { return (bytes + 63) / 64 * 64; }

template <class T>
struct Plan {
  enum class Path { kBlocks, kDotRows, kDotColumns };
  Path path = Path::kBlocks;
  BlockPlan blocks;
  size_t bytes = 0;
};

// One column is the transposed problem with one row: the kernels for few rows then serve both.
template <class T>
GemmProblem<T> normalized(const GemmProblem<T>& p) {
  if (p.n != 1 || p.m == 1 || p.c_row != 1) return p;
  GemmProblem<T> q = p;
  q.m = 1;
  q.n = p.m;
  q.a = p.b;
  q.a_row = 0;
  q.a_col = p.b_row;
  q.b = p.a;
  q.b_row = p.a_col;
  q.b_col = p.a_row;
  q.c_row = p.m;
  q.column_bias = p.row_bias;
  q.row_bias = p.column_bias;
  return q;
}

template <class T>
Plan<T> make_plan(const GemmProblem<T>& p) {
  Plan<T> plan;
  using Path = typename Plan<T>::Path;
  if (few(p.m, p.k) && p.b_row == 1) {
    plan.path = Path::kDotRows;
    if (p.a_col != 1) plan.bytes = aligned(sizeof(T) * p.m * p.k);
  } else if (few(p.n, p.k) && p.a_col == 1) {
    plan.path = Path::kDotColumns;
    if (p.b_row != 1) plan.bytes = aligned(sizeof(T) * p.n * p.k);
  } else {
    plan.blocks = plan_blocks(p);
    plan.bytes = plan.blocks.bytes;
  }
  return plan;
}

// Copies `count` vectors of k elements, `between` apart and with elements `step` apart, to rows of k.
template <class T>
const T* gather_vectors(const T* from, int64_t count, int64_t between, int64_t k, int64_t step, T* to) {
  for (int64_t i = 0; i < count; ++i) {
    for (int64_t p = 0; p < k; ++p) to[i * k + p] = from[i * between + p * step];
  }
  return to;
}

template <class T>
void run_dot(const GemmProblem<T>& g, const Plan<T>& plan, T* workspace, bool threaded) {
  const GemmTable<T>& table = gemm_table<T>();
  DotBlock<T> d;
  d.k = g.k;
  d.accumulate = g.accumulate;
  d.out = g.c;
  if (plan.path == Plan<T>::Path::kDotRows) {
    d.many = g.n;
    d.a = g.b;
    d.a_step = g.b_col;
    d.few = g.m;
    d.b = g.a;
    d.b_step = g.a_row;
    if (g.a_col != 1) {
      d.b = gather_vectors(g.a, g.m, g.a_row, g.k, g.a_col, workspace);
      d.b_step = g.k;
    }
    d.out_many = 1;
    d.out_few = g.c_row;
    d.many_bias = g.column_bias;
    d.few_bias = g.row_bias;
  } else {
    d.many = g.m;
    d.a = g.a;
    d.a_step = g.a_row;
    d.few = g.n;
    d.b = g.b;
    d.b_step = g.b_col;
    if (g.b_row != 1) {
      d.b = gather_vectors(g.b, g.n, g.b_col, g.k, g.b_row, workspace);
      d.b_step = g.k;
    }
    d.out_many = g.c_row;
    d.out_few = 1;
    d.many_bias = g.row_bias;
    d.few_bias = g.column_bias;
  }
  if (!threaded || d.many * d.few * d.k < kSerialWork / 4) return table.dot(d);
  parallel_for(d.many, ceil_div(kSerialWork / 8, d.few * d.k), [&](int64_t begin, int64_t end) {
    DotBlock<T> part = d;
    part.many = end - begin;
    part.a += begin * d.a_step;
    part.out += begin * d.out_many;
    if (part.many_bias) part.many_bias += begin;
    table.dot(part);
  });
}

template <class T>
void run_float(const GemmProblem<T>& problem, void* workspace, bool threaded) {
  const GemmProblem<T> g = normalized(problem);
  if (g.m == 0 || g.n == 0) return;
  if constexpr (std::is_same_v<T, float>) {
    if (tiles_take(g)) return gemm_tiles(g, workspace, threaded);
  }
  const Plan<T> plan = make_plan(g);
  if (plan.path == Plan<T>::Path::kBlocks) return gemm_blocks(g, plan.blocks, workspace, threaded);
  run_dot(g, plan, static_cast<T*>(workspace), threaded);
}

}  // namespace

template <class T>
size_t gemm_workspace(const GemmProblem<T>& problem) {
  if constexpr (std::is_floating_point_v<T>) {
    if (problem.m == 0 || problem.n == 0) return 0;
    const GemmProblem<T> g = normalized(problem);
    if constexpr (std::is_same_v<T, float>) {
      if (tiles_take(g)) return gemm_tiles_workspace(g);
    }
    return make_plan(g).bytes;
  } else {
    return 0;
  }
}

template <class T>
size_t gemm_workspace_bound(int64_t elements, int64_t longest) {
  const size_t vectors = std::max(aligned(sizeof(T) * static_cast<size_t>(kMaxFew * longest)),
                                  blocks_workspace_bound<T>(elements, longest));
  if constexpr (!std::is_same_v<T, float>) return vectors;
  return std::max(vectors, gemm_tiles_workspace_bound(elements, longest));
}

template <class T>
void gemm(const GemmProblem<T>& g, void* workspace, bool threaded) {
  if constexpr (std::is_floating_point_v<T>) {
    run_float(g, workspace, threaded);
  } else {
    const int64_t grain = ceil_div(kSerialWork / 4, std::max<int64_t>(g.n * g.k, 1));
    parallel_for(g.m, threaded ? grain : std::max<int64_t>(g.m, 1), [&](int64_t begin, int64_t end) {
      integer_gemm(end - begin, g.n, g.k, g.a + begin * g.a_row, g.a_row, g.a_col, g.b, g.b_row, g.b_col,
                   g.c + begin * g.c_row, g.c_row, g.column_bias);
    });
  }
}

#define LANEGRAD_GEMM(T)                                    \
  template size_t gemm_workspace<T>(const GemmProblem<T>&); \
  template void gemm<T>(const GemmProblem<T>&, void*, bool);
template size_t gemm_workspace_bound<float>(int64_t, int64_t);
template size_t gemm_workspace_bound<double>(int64_t, int64_t);
LANEGRAD_GEMM(float)
LANEGRAD_GEMM(double)
LANEGRAD_GEMM(uint8_t)
LANEGRAD_GEMM(int32_t)
LANEGRAD_GEMM(int64_t)
#undef LANEGRAD_GEMM

}  // namespace lanegrad

#include "ops/product/gemm.h"

#include <algorithm>
#include <type_traits>

#include "core/threads.h"
#include "kernels/gemm/gemm.h"
#include "ops/product/gemm_blocks.h"
#include "ops/product/gemm_pairs.h"
#include "ops/product/gemm_tiles.h"

namespace lanegrad {
namespace {

// Of dot products and integers: below this one thread does it, about 10 us of work and several times what
// waking the pool costs.
constexpr int64_t kSerialWork = int64_t{1} << 20;
// Products with up to so many rows or columns are dot products; with more than kFew if they are long enough
// for sums across lanes not to count.
constexpr int64_t kFew = 4, kMaxFew = 8, kLongDot = 64;
// Of 16-bit floats more: the other way would widen and transpose all of the large operand.
constexpr int64_t kMaxFewHalves = 16;
// With so many the dot products of pairs are faster; with fewer, reading is what takes time.
constexpr int64_t kLeastFewPairs = 4;
// Columns of a task that reads B where it lies.
constexpr int64_t kWideColumns = 128;

template <class In>
bool few(int64_t count, int64_t k) {
  return k > 1 && count <= (k < kLongDot ? kFew : kIsHalf<In> ? kMaxFewHalves : kMaxFew);
}

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }
size_t aligned(size_t bytes) { return (bytes + 63) / 64 * 64; }

// Of 16-bit floats the operand with few vectors is widened before, and sums are kept in float32.
struct Plan {
  enum class Path { kBlocks, kWide, kDotRows, kDotColumns };
  Path path = Path::kBlocks;
  BlockPlan blocks;
  size_t few_bytes = 0;  // for the copy of the operand with few vectors
  size_t bytes = 0;
};

// One column is the transposed problem with one row: the kernels for few rows then serve both.
template <class T>
GemmProblem<T> normalized(const GemmProblem<T>& p) {
  if (p.n != 1 || p.m == 1 || p.c_row != 1) return p;
  if (p.finish.residual_row > 1) return p;
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
  q.finish.out_row = q.finish.residual_row = p.m;
  return q;
}

template <class In>
Plan make_plan(const GemmProblem<In>& p) {
  using T = GemmSum<In>;
  using Path = Plan::Path;
  Plan plan;
  if (few<In>(p.m, p.k) && p.b_row == 1) {
    plan.path = Path::kDotRows;
    if (kIsHalf<In> || p.a_col != 1) plan.few_bytes = aligned(sizeof(T) * p.m * p.k);
  } else if (few<In>(p.n, p.k) && p.a_col == 1) {
    plan.path = Path::kDotColumns;
    if (kIsHalf<In> || p.b_row != 1) plan.few_bytes = aligned(sizeof(T) * p.n * p.k);
  } else if (kIsHalf<In> && p.b_col == 1 && p.m <= kGemmWideRows) {
    plan.path = Path::kWide;
    plan.few_bytes = aligned(sizeof(T) * p.m * p.k);
  } else {
    plan.blocks = plan_blocks(p);
    plan.bytes = plan.blocks.bytes;
    return plan;
  }
  plan.bytes = plan.few_bytes + (kIsHalf<In> ? aligned(sizeof(T) * p.m * p.n) : 0);
  return plan;
}

// Copies `count` vectors of k elements, `between` apart and with elements `step` apart, to rows of k.
template <class T, class In>
const T* gather_vectors(const In* from, int64_t count, int64_t between, int64_t k, int64_t step, T* to) {
  for (int64_t i = 0; i < count; ++i) {
    for (int64_t p = 0; p < k; ++p) to[i * k + p] = static_cast<T>(from[i * between + p * step]);
  }
  return to;
}

// Sums of a problem without a C lie behind the copy of the few.
template <class In>
struct Sums {
  GemmSum<In>* at;
  int64_t row;
  Sums(const GemmProblem<In>& g, const Plan& plan, void* workspace)
      : at(g.c ? g.c : reinterpret_cast<GemmSum<In>*>(static_cast<char*>(workspace) + plan.few_bytes)),
        row(g.c ? g.c_row : g.n) {}
};

// Vectors of `few` as the dot products read them.
template <class T, class In>
const T* few_vectors(const In* from, int64_t count, int64_t between, int64_t k, int64_t step, void* to,
                     int64_t& apart) {
  if constexpr (std::is_same_v<T, In>) {
    apart = between;
    if (step == 1) return from;
  }
  apart = k;
  return gather_vectors(from, count, between, k, step, static_cast<T*>(to));
}

template <class In>
void run_dot(const GemmProblem<In>& g, const Plan& plan, void* workspace, bool threaded) {
  using T = GemmSum<In>;
  const GemmTable<In>& table = gemm_table<In>();
  const Sums<In> sums(g, plan, workspace);
  const bool rows = plan.path == Plan::Path::kDotRows;
  DotBlock<T, In> d;
  d.k = g.k;
  d.accumulate = g.accumulate;
  d.out = sums.at;
  if (rows) {
    d.many = g.n;
    d.a = g.b;
    d.a_step = g.b_col;
    d.few = g.m;
    d.b = few_vectors<T>(g.a, g.m, g.a_row, g.k, g.a_col, workspace, d.b_step);
    d.out_many = 1;
    d.out_few = sums.row;
    d.many_bias = g.column_bias;
    d.few_bias = g.row_bias;
  } else {
    d.many = g.m;
    d.a = g.a;
    d.a_step = g.a_row;
    d.few = g.n;
    d.b = few_vectors<T>(g.b, g.n, g.b_col, g.k, g.b_row, workspace, d.b_step);
    d.out_many = sums.row;
    d.out_few = 1;
    d.many_bias = g.row_bias;
    d.few_bias = g.column_bias;
  }
  [[maybe_unused]] FewPairs pairs;
  bool takes_pairs = false;
  if constexpr (std::is_same_v<In, BFloat16>) {
    if (d.few >= kLeastFewPairs && (rows ? g.a_col : g.b_row) == 1)
      takes_pairs = rows ? take_few_pairs(g.a, g.m, g.a_row, g.k, pairs)
                         : take_few_pairs(g.b, g.n, g.b_col, g.k, pairs);
  }
  const int64_t step = takes_pairs ? 2 : 1;  // of the many, what is multiplied together
  const auto run = [&](int64_t first, int64_t last) {
    const int64_t begin = first * step, end = std::min(last * step, d.many);
    DotBlock<T, In> part = d;
    part.many = end - begin;
    part.a += begin * d.a_step;
    part.out += begin * d.out_many;
    if (part.many_bias) part.many_bias += begin;
    if constexpr (std::is_same_v<In, BFloat16>) {
      if (takes_pairs)
        dot_pairs(part, pairs, table.dot);
      else
        table.dot(part);
    } else {
      table.dot(part);
    }
    if (!g.finish.out) return;
    const GemmFinish<T> finish = finish_from(g.finish, rows ? 0 : begin, rows ? begin : 0);
    table.finish(finish, part.out, sums.row, rows ? g.m : part.many, rows ? part.many : g.n);
  };
  const int64_t steps = ceil_div(d.many, step);
  if (!threaded || d.many * d.few * d.k < kSerialWork / 4) return run(0, steps);
  parallel_for(steps, ceil_div(kSerialWork / 8, step * d.few * d.k), run);
}

// A few rows of 16-bit floats against a row-major B.
template <class In>
void run_wide(const GemmProblem<In>& g, const Plan& plan, void* workspace, bool threaded) {
  using T = GemmSum<In>;
  const GemmTable<In>& table = gemm_table<In>();
  const Sums<In> sums(g, plan, workspace);
  int64_t a_row;
  const T* const a = few_vectors<T>(g.a, g.m, g.a_row, g.k, g.a_col, workspace, a_row);
  const int64_t blocks = std::max<int64_t>(1, ceil_div(g.k, table.depth));
  const int64_t step = std::max<int64_t>(1, ceil_div(g.k, blocks));
  const auto columns = [&](int64_t begin, int64_t end) {
    const int64_t j = begin * kWideColumns;
    GemmBlock<T, T, In> block{};
    block.m = g.m;
    block.n = std::min(g.n, end * kWideColumns) - j;
    block.a_row = a_row;
    block.a_col = 1;
    block.b_row = g.b_row;
    block.c = sums.at + j;
    block.c_row = sums.row;
    block.column_bias = g.column_bias ? g.column_bias + j : nullptr;
    block.row_bias = g.row_bias;
    const GemmFinish<T> finish = finish_from(g.finish, 0, j);
    for (int64_t p = 0; p < g.k || p == 0; p += step) {
      block.k = std::min(step, g.k - p);
      block.a = a + p;
      block.b = g.b + p * g.b_row + j;
      block.accumulate = p > 0;
      if (p + block.k >= g.k) block.finish = &finish;
      table.wide(block);
    }
  };
  const int64_t stretches = ceil_div(g.n, kWideColumns),
                work = g.m * kWideColumns * std::max<int64_t>(g.k, 1);
  if (!threaded || stretches * work < kSerialWork / 4) return columns(0, stretches);
  parallel_for(stretches, ceil_div(kSerialWork / 8, work), columns);
}

template <class In>
void run_float(const GemmProblem<In>& problem, void* workspace, bool threaded) {
  const GemmProblem<In> g = normalized(problem);
  if (g.m == 0 || g.n == 0) return;
  if (tiles_take(g)) return gemm_tiles(g, workspace, threaded);
  const Plan plan = make_plan(g);
  if (plan.path == Plan::Path::kBlocks) return gemm_blocks(g, plan.blocks, workspace, threaded);
  if constexpr (kIsHalf<In>) {
    if (plan.path == Plan::Path::kWide) return run_wide(g, plan, workspace, threaded);
  }
  run_dot(g, plan, workspace, threaded);
}

template <class T>
inline constexpr bool kIsFloating = std::is_floating_point_v<T> || kIsHalf<T>;

}  // namespace

template <class T>
size_t gemm_workspace(const GemmProblem<T>& problem) {
  if constexpr (kIsFloating<T>) {
    if (problem.m == 0 || problem.n == 0) return 0;
    const GemmProblem<T> g = normalized(problem);
    return tiles_take(g) ? gemm_tiles_workspace(g) : make_plan(g).bytes;
  } else {
    return 0;
  }
}

template <class T>
bool gemm_packs(const GemmProblem<T>& problem) {
  const GemmProblem<T> g = normalized(problem);
  if (g.m == 0 || g.n == 0 || g.n != problem.n || tiles_take(g)) return false;
  const Plan plan = make_plan(g);
  return plan.path == Plan::Path::kBlocks && plan.blocks.packing != BlockPacking::kNone &&
         plan.blocks.parts == 1;
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
  if constexpr (kIsFloating<T>) {
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
LANEGRAD_GEMM(BFloat16)
LANEGRAD_GEMM(Float16)
template bool gemm_packs<float>(const GemmProblem<float>&);
template bool gemm_packs<double>(const GemmProblem<double>&);
template bool gemm_packs<BFloat16>(const GemmProblem<BFloat16>&);
template bool gemm_packs<Float16>(const GemmProblem<Float16>&);
LANEGRAD_GEMM(uint8_t)
LANEGRAD_GEMM(int32_t)
LANEGRAD_GEMM(int64_t)
#undef LANEGRAD_GEMM

}  // namespace lanegrad

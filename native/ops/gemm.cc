#include "ops/gemm.h"

#include <algorithm>
#include <type_traits>

#include "core/cpu.h"
#include "core/threads.h"
#include "kernels/gemm/gemm.h"
#include "ops/gemm_tiles.h"

namespace lanegrad {
namespace {

// Products below this stay on the calling thread: about 10 us of work, several times what waking the pool
// costs.
constexpr int64_t kSerialWork = int64_t{1} << 20;
// Elements of A or B that are packed at a time: bounds the workspace, and nothing else depends on it.
constexpr int64_t kPackedElements = int64_t{1} << 22;
// Up to this many elements a row-major B is read where it lies.
constexpr int64_t kDirectB = int64_t{1} << 12;
constexpr int64_t kDirectA = int64_t{1} << 14;
constexpr int64_t kMaxFew = 4;

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }
size_t aligned(size_t bytes) { return (bytes + 63) / 64 * 64; }

template <class T>
struct Plan {
  enum class Path { kTiles, kDotRows, kDotColumns };
  Path path = Path::kTiles;
  bool pack_a = false, pack_b = false;
  int64_t panel_rows = 1;
  int64_t depth = 1;                  // of a block
  int64_t super_m, super_n, super_k;  // what is packed at a time
  size_t a_bytes = 0, b_bytes = 0;
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
  const GemmTable<T>& table = gemm_table<T>();
  Plan<T> plan;
  using Path = typename Plan<T>::Path;
  if (p.m <= kMaxFew && p.b_row == 1 && p.k > 1) {
    plan.path = Path::kDotRows;
    if (p.a_col != 1) plan.a_bytes = aligned(sizeof(T) * p.m * p.k);
    return plan;
  }
  if (p.n <= kMaxFew && p.a_col == 1 && p.k > 1) {
    plan.path = Path::kDotColumns;
    if (p.b_row != 1) plan.b_bytes = aligned(sizeof(T) * p.n * p.k);
    return plan;
  }
  const int64_t blocks = std::max<int64_t>(1, ceil_div(p.k, table.depth));
  plan.depth = std::max<int64_t>(1, ceil_div(p.k, blocks));
  plan.panel_rows = ceil_div(p.m, ceil_div(p.m, table.rows));
  const bool few_rows = p.m <= 2 * table.rows;
  plan.pack_b = p.b_col != 1 || !(p.m <= 3 || few_rows || p.k * p.n <= kDirectB);
  plan.pack_a = plan.pack_b && p.n > 2 * table.columns && p.m * p.k > kDirectA;
  plan.super_k = std::min(p.k, std::max<int64_t>(1, 8192 / plan.depth) * plan.depth);
  const int64_t side = std::max<int64_t>(kPackedElements / std::max<int64_t>(plan.super_k, 1), 1);
  plan.super_m =
      !plan.pack_a ? p.m : std::min(p.m, std::max<int64_t>(side / plan.panel_rows, 1) * plan.panel_rows);
  plan.super_n =
      !plan.pack_b ? p.n : std::min(p.n, std::max<int64_t>(side / table.columns, 1) * table.columns);
  if (plan.pack_a) plan.a_bytes = aligned(sizeof(T) * plan.super_m * plan.super_k);
  if (plan.pack_b)
    plan.b_bytes = aligned(sizeof(T) * ceil_div(plan.super_n, table.lanes) * table.lanes * plan.super_k);
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

// What is packed at a time: rows [i0, i0+m), columns [j0, j0+n), depth [p0, p0+k) of the problem.
template <class T>
struct Super {
  const GemmProblem<T>& g;
  const Plan<T>& plan;
  const GemmTable<T>& table;
  T* packed_a;
  T* packed_b;
  int64_t i0, m, j0, n, p0, k;

  int64_t padded_n() const { return ceil_div(n, table.lanes) * table.lanes; }
  // Packed A: depth block after depth block, in each panel after panel; the same for B.
  T* a_at(int64_t i, int64_t p, int64_t depth) const { return packed_a + p * m + i * depth; }
  T* b_at(int64_t j, int64_t p, int64_t depth) const { return packed_b + p * padded_n() + j * depth; }

  void pack_a(int64_t i, int64_t rows, int64_t p, int64_t depth) const {
    table.pack_a(g.a + (i0 + i) * g.a_row + (p0 + p) * g.a_col, g.a_row, g.a_col, rows, depth,
                 plan.panel_rows, a_at(i, p, depth));
  }
  void pack_b(int64_t j, int64_t columns, int64_t p, int64_t depth) const {
    table.pack_b(g.b + (p0 + p) * g.b_row + (j0 + j) * g.b_col, g.b_row, g.b_col, depth, columns,
                 b_at(j, p, depth));
  }
};

// All depth blocks of one part of C. `own_a` and `own_b`: nobody else needs that part packed, so it is packed
// here, just before use.
template <class T>
void run_part(const Super<T>& s, int64_t i, int64_t m, int64_t j, int64_t n, bool own_a, bool own_b) {
  const GemmProblem<T>& g = s.g;
  // Rows at a time: a depth block of them takes at most a quarter of the L2 cache (C passes through it too).
  const int64_t l2_rows = static_cast<int64_t>(cache_sizes().l2 / 4 / sizeof(T)) / s.plan.depth;
  const int64_t chunk = std::max<int64_t>(1, l2_rows / s.plan.panel_rows) * s.plan.panel_rows;
  for (int64_t p = 0; p < s.k || p == 0; p += s.plan.depth) {
    const int64_t depth = std::min(s.plan.depth, s.k - p);
    if (own_b) s.pack_b(j, n, p, depth);
    GemmBlock<T> block;
    block.n = n;
    block.k = depth;
    block.packed_a = s.plan.pack_a;
    block.packed_b = s.plan.pack_b;
    block.panel_rows = s.plan.panel_rows;
    block.a_row = g.a_row;
    block.a_col = g.a_col;
    block.b_row = g.b_row;
    block.b = s.plan.pack_b ? s.b_at(j, p, depth) : g.b + (s.p0 + p) * g.b_row + s.j0 + j;
    block.c_row = g.c_row;
    block.accumulate = g.accumulate || s.p0 + p > 0;
    block.column_bias = g.column_bias ? g.column_bias + s.j0 + j : nullptr;
    for (int64_t r = 0; r < m; r += chunk) {
      block.m = std::min(chunk, m - r);
      const int64_t row = i + r;
      if (own_a) s.pack_a(row, block.m, p, depth);
      block.a = s.plan.pack_a ? s.a_at(row, p, depth) : g.a + (s.i0 + row) * g.a_row + (s.p0 + p) * g.a_col;
      block.row_bias = g.row_bias ? g.row_bias + s.i0 + row : nullptr;
      block.c = g.c + (s.i0 + row) * g.c_row + s.j0 + j;
      s.table.block(block);
    }
  }
}

template <class T>
void run_super(const Super<T>& s, bool threaded) {
  const int64_t threads =
      threaded && s.m * s.n * std::max<int64_t>(s.k, 1) >= kSerialWork ? num_threads() : 1;
  if (threads == 1) return run_part(s, 0, s.m, 0, s.n, s.plan.pack_a, s.plan.pack_b);

  // Parts of C by whole panels: columns first, since each part then packs its own share of B.
  const int64_t row_panels = ceil_div(s.m, s.plan.panel_rows), column_panels = ceil_div(s.n, s.table.columns);
  const int64_t wanted = 4 * threads;
  const int64_t column_parts = std::min(column_panels, wanted);
  const int64_t row_parts =
      column_parts >= 2 * threads ? 1 : std::min(row_panels, ceil_div(wanted, column_parts));
  const auto row_at = [&](int64_t part) {
    return std::min(s.m, row_panels * part / row_parts * s.plan.panel_rows);
  };
  const auto column_at = [&](int64_t part) {
    return std::min(s.n, column_panels * part / column_parts * s.table.columns);
  };
  const bool share_a = s.plan.pack_a && column_parts > 1, share_b = s.plan.pack_b && row_parts > 1;
  if (share_a || share_b) {
    const int64_t a_tasks = share_a ? std::min(row_panels, wanted) : 0;
    const int64_t b_tasks = share_b ? column_parts : 0;
    parallel_tasks(a_tasks + b_tasks, [&](int64_t task) {
      for (int64_t p = 0; p < s.k; p += s.plan.depth) {
        const int64_t depth = std::min(s.plan.depth, s.k - p);
        if (task < a_tasks) {
          const int64_t begin = row_panels * task / a_tasks * s.plan.panel_rows;
          const int64_t end = std::min(s.m, row_panels * (task + 1) / a_tasks * s.plan.panel_rows);
          s.pack_a(begin, end - begin, p, depth);
        } else {
          const int64_t begin = column_at(task - a_tasks);
          s.pack_b(begin, column_at(task - a_tasks + 1) - begin, p, depth);
        }
      }
    });
  }
  parallel_tasks(row_parts * column_parts, [&](int64_t task) {
    const int64_t row = task / column_parts, column = task % column_parts;
    const int64_t i = row_at(row), j = column_at(column);
    run_part(s, i, row_at(row + 1) - i, j, column_at(column + 1) - j, s.plan.pack_a && !share_a,
             s.plan.pack_b && !share_b);
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
  T* const packed_a = static_cast<T*>(workspace);
  if (plan.path != Plan<T>::Path::kTiles) return run_dot(g, plan, packed_a, threaded);
  T* const packed_b = packed_a + plan.a_bytes / sizeof(T);
  const GemmTable<T>& table = gemm_table<T>();
  // A depth of zero still writes the bias.
  for (int64_t p = 0; p < g.k || p == 0; p += std::max<int64_t>(plan.super_k, 1)) {
    for (int64_t j = 0; j < g.n; j += plan.super_n) {
      for (int64_t i = 0; i < g.m; i += plan.super_m) {
        run_super(Super<T>{g, plan, table, packed_a, packed_b, i, std::min(plan.super_m, g.m - i), j,
                           std::min(plan.super_n, g.n - j), p, std::min(plan.super_k, g.k - p)},
                  threaded);
      }
    }
  }
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
    const Plan<T> plan = make_plan(g);
    return plan.a_bytes + plan.b_bytes;
  } else {
    return 0;
  }
}

template <class T>
size_t gemm_workspace_bound(int64_t elements, int64_t longest) {
  const GemmTable<T>& table = gemm_table<T>();
  // See make_plan: what is packed is an operand, or what the caps leave of it, and its last panel is padded.
  const int64_t depth = std::min<int64_t>(longest, 8192 + table.depth);
  const int64_t panel = (table.rows + table.columns + table.lanes) * depth;
  const int64_t packed = std::min(elements, std::max(kPackedElements, panel));
  const size_t vectors = 2 * aligned(sizeof(T) * static_cast<size_t>(packed + panel + kMaxFew * longest));
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

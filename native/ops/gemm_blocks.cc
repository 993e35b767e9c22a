#include "ops/gemm_blocks.h"

#include <algorithm>

#include "core/cpu.h"
#include "core/threads.h"
#include "kernels/gemm/gemm.h"

namespace lanegrad {
namespace {

// Products below this stay on the calling thread: about 5 us of work, several times what waking the pool
// costs.
constexpr int64_t kSerialWork = int64_t{1} << 19;
// Of a part for a thread, at least.
constexpr int64_t kPartWork = int64_t{1} << 18;
// Up to so many rows each thread packs the columns of B that it needs.
constexpr int64_t kOwnRows = 256;
constexpr int64_t kOwnElements = int64_t{1} << 22;
// A B of contiguous rows is packed from so many rows of A on, or fewer where it does not fit in the L2 cache
// or its rows fall on the same places of the caches.
constexpr int64_t kPackRows = 1024, kPackFewerRows = 48;
// Small results of long sums have too few tiles to share: there k is cut in parts.
constexpr int64_t kSplitArea = int64_t{1} << 14, kSplitSide = 256, kSplitDepth = 4096, kMostParts = 64;

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }
size_t aligned(size_t bytes) { return (bytes + 63) / 64 * 64; }

// Columns of B at a time: a depth block of them takes half of the L2 cache.
template <class T>
int64_t columns_at_once(int64_t depth) {
  const int64_t panel = gemm_table<T>().columns;
  const int64_t columns = static_cast<int64_t>(cache_sizes().l2 / 2 / sizeof(T)) / depth;
  return std::max<int64_t>(1, columns / panel) * panel;
}

template <class T>
bool packs(const GemmProblem<T>& g) {
  if (g.b_col != 1) return true;
  if (g.m >= kPackRows) return true;
  if (g.m < kPackFewerRows) return false;
  constexpr int64_t kSize = sizeof(T);
  return g.b_row * kSize % 4096 == 0 || g.k * g.n * kSize > static_cast<int64_t>(cache_sizes().l2);
}

template <class T>
struct Run {
  const GemmProblem<T>& g;
  const BlockPlan& plan;
  T* packed;
  const GemmTable<T>& table = gemm_table<T>();

  int64_t padded(int64_t n) const { return ceil_div(n, table.lanes) * table.lanes; }
  bool has(BlockPacking packing) const { return plan.packing == packing; }

  void pack(int64_t j, int64_t n, int64_t p, int64_t depth, T* to) const {
    table.pack_b(g.b + p * g.b_row + j * g.b_col, g.b_row, g.b_col, depth, n, to);
  }
  // Rows [i, i + m), columns [j, j + n), one depth block; b is packed, or null.
  void multiply(int64_t i, int64_t m, int64_t j, int64_t n, int64_t p, int64_t depth, const T* b) const {
    GemmBlock<T> block;
    block.m = m;
    block.n = n;
    block.k = depth;
    block.a = g.a + i * g.a_row + p * g.a_col;
    block.a_row = g.a_row;
    block.a_col = g.a_col;
    block.packed_b = b != nullptr;
    block.b = b ? b : g.b + p * g.b_row + j;
    block.b_row = g.b_row;
    block.c = g.c + i * g.c_row + j;
    block.c_row = g.c_row;
    block.accumulate = g.accumulate || p > 0;
    block.column_bias = g.column_bias ? g.column_bias + j : nullptr;
    block.row_bias = g.row_bias ? g.row_bias + i : nullptr;
    table.block(block);
  }
  // All depth blocks of one part of C.
  void multiply_part(int64_t i, int64_t m, int64_t j, int64_t n) const {
    for (int64_t at = j; at < j + n; at += plan.columns) {
      const int64_t columns = std::min(plan.columns, j + n - at);
      // A depth of zero still writes the bias.
      for (int64_t p = 0; p < g.k || p == 0; p += plan.depth) {
        const int64_t depth = std::min(plan.depth, g.k - p);
        const T* b = nullptr;
        if (has(BlockPacking::kWhole)) b = packed + p * padded(g.n) + at * depth;
        if (has(BlockPacking::kOwn)) {
          T* const own = packed + at * plan.depth;
          pack(at, columns, p, depth, own);
          b = own;
        }
        multiply(i, m, at, columns, p, depth, b);
      }
    }
  }

  void run(int64_t threads) const;
  void run_in_turns(int64_t threads) const;
  void pack_whole(int64_t threads) const;
};

// How C is cut: parts of rows and of columns.
struct Grid {
  int64_t rows = 1, columns = 1;
};

// Enough parts that a thread held up elsewhere is not waited for long, and among such grids the one whose
// parts cost least: every part reads its rows of A and its columns of B once more.
Grid cut(int64_t m, int64_t n, int64_t work, int64_t panel, int64_t threads) {
  Grid best;
  if (threads == 1) return best;
  const int64_t panels = ceil_div(n, panel);
  const int64_t wanted = std::clamp<int64_t>(work / kPartWork, 1, 4 * threads);
  double least = 0;
  for (int64_t rows = 1; rows <= std::min(wanted, ceil_div(m, 4)); ++rows) {
    const int64_t columns = std::min(ceil_div(wanted, rows), panels);
    const int64_t rounds = ceil_div(rows * columns, threads);
    const double cost = static_cast<double>(rounds) * static_cast<double>(ceil_div(m, rows) + 6) *
                        static_cast<double>(ceil_div(panels, columns) * panel + 16);
    if (rows == 1 || cost < least) {
      least = cost;
      best = {rows, columns};
    }
  }
  return best;
}

// Calls fn(i, m, j, n) for each part, on the pool; columns in whole panels.
template <class F>
void for_parts(int64_t m, int64_t n, int64_t panel, const Grid& grid, const F& fn) {
  const int64_t panels = ceil_div(n, panel);
  parallel_tasks(grid.rows * grid.columns, [&](int64_t task) {
    const int64_t row = task / grid.columns, column = task % grid.columns;
    const int64_t i = m * row / grid.rows, j = panels * column / grid.columns * panel;
    const int64_t i_end = m * (row + 1) / grid.rows;
    const int64_t j_end = std::min(n, panels * (column + 1) / grid.columns * panel);
    fn(i, i_end - i, j, j_end - j);
  });
}

template <class T>
void Run<T>::pack_whole(int64_t threads) const {
  const int64_t panels = ceil_div(g.n, table.columns), blocks = ceil_div(g.k, plan.depth);
  auto task = [&](int64_t index) {
    const int64_t p = index / panels * plan.depth, j = index % panels * table.columns;
    const int64_t depth = std::min(plan.depth, g.k - p);
    pack(j, std::min<int64_t>(table.columns, g.n - j), p, depth, packed + p * padded(g.n) + j * depth);
  };
  if (threads > 1) return parallel_tasks(panels * blocks, task);
  for (int64_t i = 0; i < panels * blocks; ++i) task(i);
}

template <class T>
void Run<T>::run_in_turns(int64_t threads) const {
  for (int64_t at = 0; at < g.n; at += plan.columns) {
    const int64_t columns = std::min(plan.columns, g.n - at);
    const int64_t panels = ceil_div(columns, table.columns);
    const Grid grid = cut(g.m, columns, g.m * columns * plan.depth, table.columns, threads);
    for (int64_t p = 0; p < g.k; p += plan.depth) {
      const int64_t depth = std::min(plan.depth, g.k - p);
      auto pack_panels = [&](int64_t begin, int64_t end) {
        const int64_t j = begin * table.columns;
        pack(at + j, std::min(columns, end * table.columns) - j, p, depth, packed + j * depth);
      };
      const auto part = [&](int64_t i, int64_t m, int64_t j, int64_t n) {
        multiply(i, m, at + j, n, p, depth, packed + j * depth);
      };
      if (threads == 1) {
        pack_panels(0, panels);
        part(0, g.m, 0, columns);
      } else {
        parallel_for(panels, 1, pack_panels);
        for_parts(g.m, columns, table.columns, grid, part);
      }
    }
  }
}

template <class T>
void Run<T>::run(int64_t threads) const {
  if (has(BlockPacking::kInTurns)) return run_in_turns(threads);
  if (has(BlockPacking::kWhole)) pack_whole(threads);
  if (threads == 1) return multiply_part(0, g.m, 0, g.n);
  // Who packs its own columns takes all rows of them.
  const int64_t panels = ceil_div(g.n, table.columns);
  const Grid grid = has(BlockPacking::kOwn)
                        ? Grid{1, std::min(panels, 4 * threads)}
                        : cut(g.m, g.n, g.m * g.n * std::max<int64_t>(g.k, 1), table.columns, threads);
  for_parts(g.m, g.n, table.columns, grid,
            [&](int64_t i, int64_t m, int64_t j, int64_t n) { multiply_part(i, m, j, n); });
}

// C of one part of k; `sums` holds m * n elements for each.
template <class T>
void sum_parts(const GemmProblem<T>& g, const BlockPlan& plan, T* sums, T* packed, bool threaded) {
  auto task = [&](int64_t part) {
    const int64_t p = part * plan.part_depth;
    GemmProblem<T> one = g;
    one.k = std::min(plan.part_depth, g.k - p);
    one.a += p * g.a_col;
    one.b += p * g.b_row;
    one.c = sums + part * g.m * g.n;
    one.c_row = g.n;
    one.column_bias = one.row_bias = nullptr;
    one.accumulate = false;
    Run<T>{one, plan, packed + part * static_cast<int64_t>(plan.packed_bytes / sizeof(T))}.run(1);
  };
  if (threaded) {
    parallel_tasks(plan.parts, task);
  } else {
    for (int64_t part = 0; part < plan.parts; ++part) task(part);
  }
  for (int64_t i = 0; i < g.m; ++i) {
    T* const c = g.c + i * g.c_row;
    for (int64_t j = 0; j < g.n; ++j) {
      T total = sums[i * g.n + j];
      for (int64_t part = 1; part < plan.parts; ++part) total += sums[(part * g.m + i) * g.n + j];
      if (g.accumulate) total += c[j];
      if (!g.accumulate && g.column_bias) total += g.column_bias[j];
      if (!g.accumulate && g.row_bias) total += g.row_bias[i];
      c[j] = total;
    }
  }
}

}  // namespace

template <class T>
BlockPlan plan_blocks(const GemmProblem<T>& g) {
  const GemmTable<T>& table = gemm_table<T>();
  BlockPlan plan;
  plan.depth = std::max<int64_t>(1, ceil_div(g.k, std::max<int64_t>(1, ceil_div(g.k, table.depth))));
  plan.columns = columns_at_once<T>(plan.depth);
  const int64_t padded = ceil_div(g.n, table.lanes) * table.lanes;
  const int64_t l2 = static_cast<int64_t>(cache_sizes().l2 / sizeof(T));
  int64_t elements = 0;
  if (g.k > 0 && packs(g)) {
    if (g.m <= kOwnRows && g.n > 4 * table.columns && padded * plan.depth <= kOwnElements) {
      plan.packing = BlockPacking::kOwn;
      elements = padded * plan.depth;
    } else if (padded * g.k <= l2 / 2) {
      plan.packing = BlockPacking::kWhole;
      elements = padded * g.k;
    } else {
      plan.packing = BlockPacking::kInTurns;
      elements = std::min(padded, plan.columns) * plan.depth;
    }
  }
  if (g.k >= 2 * kSplitDepth && g.m * g.n <= kSplitArea && std::max(g.m, g.n) <= kSplitSide) {
    const int64_t least = std::max(kSplitDepth, ceil_div(g.k, kMostParts));
    plan.depth = table.depth;
    plan.part_depth = ceil_div(least, plan.depth) * plan.depth;
    plan.parts = ceil_div(g.k, plan.part_depth);
    plan.columns = columns_at_once<T>(plan.depth);
    if (plan.packing != BlockPacking::kNone) {
      plan.packing = BlockPacking::kOwn;
      elements = padded * plan.depth;
    }
  }
  plan.packed_bytes = aligned(sizeof(T) * static_cast<size_t>(elements));
  plan.bytes = plan.packed_bytes * static_cast<size_t>(plan.parts);
  if (plan.parts > 1) plan.bytes += aligned(sizeof(T) * static_cast<size_t>(plan.parts * g.m * g.n));
  return plan;
}

template <class T>
void gemm_blocks(const GemmProblem<T>& g, const BlockPlan& plan, void* workspace, bool threaded) {
  T* const memory = static_cast<T*>(workspace);
  const bool shared = threaded && g.m * g.n * std::max<int64_t>(g.k, 1) >= kSerialWork;
  if (plan.parts > 1) {
    T* const sums = memory + static_cast<int64_t>(plan.packed_bytes / sizeof(T)) * plan.parts;
    return sum_parts(g, plan, sums, memory, shared);
  }
  Run<T>{g, plan, memory}.run(shared ? num_threads() : 1);
}

template <class T>
size_t blocks_workspace_bound(int64_t elements, int64_t longest) {
  const GemmTable<T>& table = gemm_table<T>();
  // See plan_blocks: B or a part of it, padded to whole vectors, or the sums and packed columns of parts.
  const int64_t padding = table.lanes * longest;
  const int64_t split =
      longest < 2 * kSplitDepth ? 0 : kMostParts * (kSplitArea + (kSplitSide + table.lanes) * table.depth);
  return aligned(sizeof(T) *
                 static_cast<size_t>(std::max(elements, table.columns * table.depth) + padding + split)) +
         64 * kMostParts;
}

#define LANEGRAD_BLOCKS(T)                                                                     \
  template BlockPlan plan_blocks<T>(const GemmProblem<T>&);                                    \
  template void gemm_blocks<T>(const GemmProblem<T>&, const BlockPlan&, void*, bool threaded); \
  template size_t blocks_workspace_bound<T>(int64_t, int64_t);
LANEGRAD_BLOCKS(float)
LANEGRAD_BLOCKS(double)
#undef LANEGRAD_BLOCKS

}  // namespace lanegrad

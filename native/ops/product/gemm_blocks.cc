#include "ops/product/gemm_blocks.h"

#include <algorithm>

#include "core/cpu.h"
#include "core/threads.h"
#include "kernels/gemm/gemm.h"
#include "ops/product/packed_operand.h"

namespace lanegrad {
namespace {

// Products below this stay on the calling thread: about 5 us of work, several times what waking the pool
// costs.
constexpr int64_t kSerialWork = int64_t{1} << 19;
// Multiply-adds of a part: four parts a thread as soon as they have the smaller number, up to sixteen where
// they have the larger, some 10 us. A core that a neighbour slows by a tenth then holds up a large product by
// the last of its sixteen parts, not of its four.
constexpr int64_t kPartWork = int64_t{1} << 18, kFinePartWork = int64_t{1} << 20;
constexpr int64_t kParts = 4, kFineParts = 16;
// Up to so many rows each thread packs the columns of B that it needs.
constexpr int64_t kOwnRows = 256;
constexpr int64_t kOwnElements = int64_t{1} << 22;
// A B of contiguous rows is packed from so many rows of A on, or fewer where it does not fit in the L2 cache
// or its rows fall on the same places of the caches.
constexpr int64_t kPackRows = 1024, kPackFewerRows = 48;
// Small results of long sums have too few tiles to share: there k is cut in parts.
constexpr int64_t kSplitArea = int64_t{1} << 14, kSplitSide = 256, kSplitDepth = 4096, kMostParts = 64;
// Rows of float32 sums at a time, where the result is of 16-bit floats and has several depth blocks. Packing
// B anew for so many costs a hundredth.
constexpr int64_t kSumRows = 4096;

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }
size_t aligned(size_t bytes) { return (bytes + 63) / 64 * 64; }

// Columns of B at a time: a depth block of them takes half of the L2 cache.
template <class In>
int64_t columns_at_once(int64_t depth) {
  const int64_t panel = gemm_table<In>().columns;
  const int64_t columns = static_cast<int64_t>(cache_sizes().l2 / 2 / sizeof(GemmSum<In>)) / depth;
  return std::max<int64_t>(1, columns / panel) * panel;
}

template <class T>
bool packs(const GemmProblem<T>& g) {
  if (kIsHalf<T>) return true;  // which widens
  if (g.k == 0) return false;
  if (g.b_col != 1) return true;
  if (g.m >= kPackRows) return true;
  if (g.m < kPackFewerRows) return false;
  constexpr int64_t kSize = sizeof(T);
  return g.b_row * kSize % 4096 == 0 || g.k * g.n * kSize > static_cast<int64_t>(cache_sizes().l2);
}

template <class In>
struct Run {
  using T = GemmSum<In>;
  const GemmProblem<In>& g;
  const BlockPlan& plan;
  T* packed;
  T* sums = nullptr;  // without a C: of rows from first_row on, and of columns from first_column on
  int64_t sums_row = 0, first_row = 0, first_column = 0;
  const GemmTable<In>& table = gemm_table<In>();

  int64_t padded(int64_t n) const { return ceil_div(n, table.lanes) * table.lanes; }
  bool has(BlockPacking packing) const { return plan.packing == packing; }

  void pack(int64_t j, int64_t n, int64_t p, int64_t depth, T* to) const {
    table.pack_b(g.b + p * g.b_row + j * g.b_col, g.b_row, g.b_col, depth, n, to);
  }
  // Where the sums of (i, j) are kept between depth blocks.
  T* sums_at(int64_t i, int64_t j) const {
    if (g.c) return g.c + i * g.c_row + j;
    return sums ? sums + (i - first_row) * sums_row + j - first_column : nullptr;
  }
  // Rows [i, i + m), columns [j, j + n), one depth block; b is what is packed.
  void multiply(int64_t i, int64_t m, int64_t j, int64_t n, int64_t p, int64_t depth, const T* b) const {
    GemmBlock<T, In> block{};
    block.m = m;
    block.n = n;
    block.k = depth;
    block.a = g.a + i * g.a_row + p * g.a_col;
    block.a_row = g.a_row;
    block.a_col = g.a_col;
    block.packed_b = !has(BlockPacking::kNone);
    block.b = b;
    if constexpr (!kIsHalf<In>) {
      if (!block.packed_b) block.b = g.b + p * g.b_row + j;
    }
    block.b_row = g.b_row;
    block.c = sums_at(i, j);
    block.c_row = g.c ? g.c_row : sums_row;
    block.accumulate = g.accumulate || p > 0;
    block.column_bias = g.column_bias ? g.column_bias + j : nullptr;
    block.row_bias = g.row_bias ? g.row_bias + i : nullptr;
    GemmFinish<T> finish;
    if (g.finish.out && p + depth >= g.k) {
      finish = finish_from(g.finish, i, j);
      block.finish = &finish;
    }
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
        if (has(BlockPacking::kWhole)) b = (g.packed_b ? g.packed_b : packed) + p * padded(g.n) + at * depth;
        if (has(BlockPacking::kOwn)) {
          T* const own = packed + at * plan.depth;
          pack(at, columns, p, depth, own);
          b = own;
        }
        multiply(i, m, at, columns, p, depth, b);
      }
    }
  }

  void run(int64_t threads);
  void run_in_turns(int64_t i, int64_t m, int64_t threads);
  void pack_whole(int64_t threads) const;
};

// How C is cut: parts of rows and of columns, in whole panels of rows and columns of micro-tiles where there
// are as many panels as parts.
struct Grid {
  int64_t rows = 1, columns = 1;
};

int64_t parts_wanted(int64_t work, int64_t threads) {
  return std::clamp<int64_t>(std::max(std::min(work / kPartWork, kParts * threads), work / kFinePartWork), 1,
                             kFineParts * threads);
}

// Where part `index` of `parts` begins. Panels are of about the same number of rows, as the kernel has them.
int64_t part_begin(int64_t m, int64_t panel, int64_t index, int64_t parts) {
  const int64_t panels = ceil_div(m, panel);
  return parts > panels ? m * index / parts : m * (panels * index / parts) / panels;
}

// Enough parts that a thread held up elsewhere is not waited for long, and among such grids the one whose
// parts cost least: every part reads its rows of A and its columns of B once more.
template <class In>
Grid cut(int64_t m, int64_t n, int64_t work, int64_t threads) {
  Grid best;
  if (threads == 1) return best;
  const int64_t height = gemm_table<In>().rows, width = gemm_table<In>().columns;
  const int64_t heights = ceil_div(m, height), widths = ceil_div(n, width);
  const int64_t wanted = parts_wanted(work, threads);
  double least = 0;
  for (int64_t rows = 1; rows <= std::min(wanted, ceil_div(m, 4)); ++rows) {
    const int64_t columns = std::min(ceil_div(wanted, rows), widths);
    const int64_t rounds = ceil_div(rows * columns, threads);
    const int64_t of_m =
        rows > heights ? ceil_div(m, rows) : std::min(m, ceil_div(heights, rows) * ceil_div(m, heights));
    const double cost = static_cast<double>(rounds) * static_cast<double>(of_m + 6) *
                        static_cast<double>(ceil_div(widths, columns) * width + 16);
    if (rows == 1 || cost < least) {
      least = cost;
      best = {rows, columns};
    }
  }
  return best;
}

// Calls fn(i, m, j, n) for each part, on the pool.
template <class In, class F>
void for_parts(int64_t m, int64_t n, const Grid& grid, const F& fn) {
  const int64_t height = gemm_table<In>().rows, width = gemm_table<In>().columns;
  const int64_t widths = ceil_div(n, width);
  parallel_tasks(grid.rows * grid.columns, [&](int64_t task) {
    const int64_t row = task / grid.columns, column = task % grid.columns;
    const int64_t i = part_begin(m, height, row, grid.rows), j = widths * column / grid.columns * width;
    const int64_t i_end = part_begin(m, height, row + 1, grid.rows);
    const int64_t j_end = std::min(n, widths * (column + 1) / grid.columns * width);
    fn(i, i_end - i, j, j_end - j);
  });
}

template <class In>
void Run<In>::pack_whole(int64_t threads) const {
  const int64_t panels = ceil_div(g.n, table.columns), blocks = ceil_div(g.k, plan.depth);
  auto task = [&](int64_t index) {
    const int64_t p = index / panels * plan.depth, j = index % panels * table.columns;
    const int64_t depth = std::min(plan.depth, g.k - p);
    pack(j, std::min<int64_t>(table.columns, g.n - j), p, depth, packed + p * padded(g.n) + j * depth);
  };
  if (threads > 1) return parallel_tasks(panels * blocks, task);
  for (int64_t i = 0; i < panels * blocks; ++i) task(i);
}

template <class In>
void Run<In>::run_in_turns(int64_t first, int64_t rows, int64_t threads) {
  for (int64_t at = 0; at < g.n; at += plan.columns) {
    const int64_t columns = std::min(plan.columns, g.n - at);
    const int64_t panels = ceil_div(columns, table.columns);
    const Grid grid = cut<In>(rows, columns, rows * columns * plan.depth, threads);
    first_row = first;
    first_column = at;
    for (int64_t p = 0; p < g.k; p += plan.depth) {
      const int64_t depth = std::min(plan.depth, g.k - p);
      const T* const from = g.packed_b ? g.packed_b + p * padded(g.n) + at * depth : packed;
      auto pack_panels = [&](int64_t begin, int64_t end) {
        const int64_t j = begin * table.columns;
        pack(at + j, std::min(columns, end * table.columns) - j, p, depth, packed + j * depth);
      };
      const auto part = [&](int64_t i, int64_t m, int64_t j, int64_t n) {
        multiply(first + i, m, at + j, n, p, depth, from + j * depth);
      };
      if (threads == 1) {
        if (!g.packed_b) pack_panels(0, panels);
        part(0, rows, 0, columns);
      } else {
        if (!g.packed_b) parallel_for(panels, 1, pack_panels);
        for_parts<In>(rows, columns, grid, part);
      }
    }
  }
}

template <class In>
void Run<In>::run(int64_t threads) {
  if (has(BlockPacking::kInTurns)) {
    const int64_t rows = sums ? plan.rows : g.m;
    for (int64_t i = 0; i < g.m; i += rows) run_in_turns(i, std::min(rows, g.m - i), threads);
    return;
  }
  if (has(BlockPacking::kWhole) && !g.packed_b) pack_whole(threads);
  if (threads == 1) return multiply_part(0, g.m, 0, g.n);
  // Who packs its own columns takes all rows of them.
  const int64_t panels = ceil_div(g.n, table.columns);
  const Grid grid = has(BlockPacking::kOwn)
                        ? Grid{1, std::min(panels, 4 * threads)}
                        : cut<In>(g.m, g.n, g.m * g.n * std::max<int64_t>(g.k, 1), threads);
  for_parts<In>(g.m, g.n, grid,
                [&](int64_t i, int64_t m, int64_t j, int64_t n) { multiply_part(i, m, j, n); });
}

// C of one part of k; `sums` holds m * n elements for each.
template <class In, class T>
void sum_parts(const GemmProblem<In>& g, const BlockPlan& plan, T* sums, T* packed, bool threaded) {
  auto task = [&](int64_t part) {
    const int64_t p = part * plan.part_depth;
    GemmProblem<In> one = g;
    one.k = std::min(plan.part_depth, g.k - p);
    one.a += p * g.a_col;
    one.b += p * g.b_row;
    one.c = sums + part * g.m * g.n;
    one.c_row = g.n;
    one.column_bias = one.row_bias = nullptr;
    one.accumulate = false;
    one.finish = {};
    one.packed_b = nullptr;
    Run<In>{one, plan, packed + part * static_cast<int64_t>(plan.packed_bytes / sizeof(T))}.run(1);
  };
  if (threaded) {
    parallel_tasks(plan.parts, task);
  } else {
    for (int64_t part = 0; part < plan.parts; ++part) task(part);
  }
  T* const c = g.c ? g.c : sums;
  const int64_t c_row = g.c ? g.c_row : g.n;
  for (int64_t i = 0; i < g.m; ++i) {
    for (int64_t j = 0; j < g.n; ++j) {
      T total = sums[i * g.n + j];
      for (int64_t part = 1; part < plan.parts; ++part) total += sums[(part * g.m + i) * g.n + j];
      if (g.accumulate) total += c[i * c_row + j];
      if (!g.accumulate && g.column_bias) total += g.column_bias[j];
      if (!g.accumulate && g.row_bias) total += g.row_bias[i];
      c[i * c_row + j] = total;
    }
  }
  if (g.finish.out) gemm_table<In>().finish(g.finish, c, c_row, g.m, g.n);
}

// Packing of 16-bit floats, with as few sums in memory as there may be: none where one depth block is all.
template <class In>
BlockPacking pack_halves(const GemmProblem<In>& g, BlockPacking packing, BlockPlan& plan) {
  if (g.k <= plan.depth) return packing;
  plan.rows = std::min(g.m, kSumRows);
  return packing == BlockPacking::kOwn ? packing : BlockPacking::kInTurns;
}

}  // namespace

template <class In>
BlockPlan plan_blocks(const GemmProblem<In>& g) {
  using T = GemmSum<In>;
  const GemmTable<In>& table = gemm_table<In>();
  BlockPlan plan;
  plan.depth = gemm_block_depth<In>(g.k);
  plan.columns = columns_at_once<In>(plan.depth);
  const int64_t padded = ceil_div(g.n, table.lanes) * table.lanes;
  const int64_t l2 = static_cast<int64_t>(cache_sizes().l2 / sizeof(T));
  int64_t elements = 0, sums = 0;
  if (packs(g)) {
    plan.packing = g.m <= kOwnRows && g.n > 4 * table.columns && padded * plan.depth <= kOwnElements
                       ? BlockPacking::kOwn
                   : padded * g.k <= l2 / 2 ? BlockPacking::kWhole
                                            : BlockPacking::kInTurns;
    if (kIsHalf<In>) plan.packing = pack_halves(g, plan.packing, plan);
    elements = plan.packing == BlockPacking::kOwn     ? padded * plan.depth
               : plan.packing == BlockPacking::kWhole ? padded * g.k
                                                      : std::min(padded, plan.columns) * plan.depth;
    sums = plan.rows * (plan.packing == BlockPacking::kInTurns ? std::min(g.n, plan.columns) : g.n);
  }
  if (g.k >= 2 * kSplitDepth && g.m * g.n <= kSplitArea && std::max(g.m, g.n) <= kSplitSide) {
    const int64_t least = std::max(kSplitDepth, ceil_div(g.k, kMostParts));
    plan.depth = table.depth;
    plan.part_depth = ceil_div(least, plan.depth) * plan.depth;
    plan.parts = ceil_div(g.k, plan.part_depth);
    plan.columns = columns_at_once<In>(plan.depth);
    plan.rows = 0;
    sums = plan.parts * g.m * g.n;
    if (plan.packing != BlockPacking::kNone) {
      plan.packing = BlockPacking::kOwn;
      elements = padded * plan.depth;
    }
  }
  plan.packed_bytes = aligned(sizeof(T) * static_cast<size_t>(elements));
  plan.bytes =
      plan.packed_bytes * static_cast<size_t>(plan.parts) + aligned(sizeof(T) * static_cast<size_t>(sums));
  return plan;
}

// With an operand that is packed already; its sums need no more room than was planned.
template <class In>
BlockPlan with_packed(const GemmProblem<In>& g, BlockPlan plan) {
  if (g.packed_b && plan.parts == 1)
    plan.packing = plan.rows > 0 ? BlockPacking::kInTurns : BlockPacking::kWhole;
  return plan;
}

template <class In>
void gemm_blocks(const GemmProblem<In>& g, const BlockPlan& planned, void* workspace, bool threaded) {
  using T = GemmSum<In>;
  const BlockPlan plan = with_packed(g, planned);
  T* const memory = static_cast<T*>(workspace);
  T* const sums = memory + static_cast<int64_t>(plan.packed_bytes / sizeof(T)) * plan.parts;
  const bool shared = threaded && g.m * g.n * std::max<int64_t>(g.k, 1) >= kSerialWork;
  if (plan.parts > 1) return sum_parts(g, plan, sums, memory, shared);
  Run<In> run{g, plan, memory};
  if (plan.rows > 0) {
    run.sums = sums;
    run.sums_row = run.has(BlockPacking::kInTurns) ? std::min(g.n, plan.columns) : g.n;
  }
  run.run(shared ? num_threads() : 1);
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

#define LANEGRAD_BLOCKS(T)                                  \
  template BlockPlan plan_blocks<T>(const GemmProblem<T>&); \
  template void gemm_blocks<T>(const GemmProblem<T>&, const BlockPlan&, void*, bool threaded);
LANEGRAD_BLOCKS(float)
LANEGRAD_BLOCKS(double)
LANEGRAD_BLOCKS(BFloat16)
LANEGRAD_BLOCKS(Float16)
#undef LANEGRAD_BLOCKS
template size_t blocks_workspace_bound<float>(int64_t, int64_t);
template size_t blocks_workspace_bound<double>(int64_t, int64_t);

}  // namespace lanegrad

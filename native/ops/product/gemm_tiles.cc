#include "ops/product/gemm_tiles.h"

#include <algorithm>

#include "core/matmul_precision.h"
#include "core/threads.h"
#include "kernels/amx/amx.h"

namespace lanegrad {
namespace {

// With fewer than 16 rows or columns tiles stay half empty; below 64 in depth a chain of multiply-adds is as
// exact as the parts are; small products cost less than splitting their operands.
constexpr int64_t kLeastSide = 16, kLeastDepth = 64, kLeastWork = int64_t{1} << 18;
// As in gemm(): elements of A or B that are packed at a time, and the work worth a second thread.
constexpr int64_t kPackedElements = int64_t{1} << 22;
constexpr int64_t kSerialWork = int64_t{1} << 20;
constexpr int kMostParts = 3;
// Panels of A and of B in one task: their depth block stays in the L2 cache.
constexpr int64_t kTaskPanels = 8;

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }
size_t aligned(size_t bytes) { return (bytes + 63) / 64 * 64; }

// One operand, packed: depth block after depth block, in each panel after panel, and the exponents likewise.
struct Packed {
  int64_t panels = 0, blocks = 0, panel_size = 0;

  Packed(int64_t width, int64_t k, int64_t depth, int parts)
      : panels(ceil_div(width, kAmxPanel)),
        blocks(std::max<int64_t>(1, ceil_div(k, depth))),
        panel_size(amx_panel_size(depth, parts)) {}
  size_t value_bytes() const {
    return aligned(sizeof(uint16_t) * static_cast<size_t>(panels * blocks * panel_size));
  }
  size_t bytes() const {
    return value_bytes() + aligned(sizeof(PanelRange) * static_cast<size_t>(panels * blocks));
  }

  uint16_t* values = nullptr;
  PanelRange* ranges = nullptr;
  char* take(char* memory) {
    values = reinterpret_cast<uint16_t*>(memory);
    ranges = reinterpret_cast<PanelRange*>(memory + value_bytes());
    return memory + bytes();
  }
  uint16_t* values_at(int64_t block, int64_t panel) const {
    return values + (block * panels + panel) * panel_size;
  }
  PanelRange* range_at(int64_t block, int64_t panel) const { return ranges + block * panels + panel; }
};

// Equal depth blocks, whole steps but for the last; what is packed at a time is whole blocks and whole
// panels.
struct Plan {
  int64_t depth, super_m, super_n, super_k;

  template <class In>
  explicit Plan(const GemmProblem<In>& g) {
    depth = ceil_div(ceil_div(g.k, ceil_div(g.k, kAmxDepth)), kAmxStep) * kAmxStep;
    super_k = std::min(g.k, std::max<int64_t>(1, 8192 / depth) * depth);
    const int64_t side = std::max<int64_t>(kPackedElements / super_k / kAmxPanel, 1) * kAmxPanel;
    super_m = std::min(g.m, side);
    super_n = std::min(g.n, side);
  }
  Packed a(int parts) const { return Packed(super_m, super_k, depth, parts); }
  Packed b(int parts) const { return Packed(super_n, super_k, depth, parts); }
};

// Rows [i0, i0 + m), columns [j0, j0 + n), depth [p0, p0 + k) of the problem.
template <class In>
struct Super {
  const GemmProblem<In>& g;
  const AmxOps<In>& ops;
  Packed a, b;
  int parts;
  int64_t depth, i0, m, j0, n, p0, k;
  float* sums;  // of (i0, j0)
  int64_t sums_row;

  void pack_a(int64_t block, int64_t panel) const {
    const int64_t p = block * depth, i = panel * kAmxPanel;
    *a.range_at(block, panel) =
        ops.pack_a(g.a + (i0 + i) * g.a_row + (p0 + p) * g.a_col, g.a_row, g.a_col,
                   std::min(kAmxPanel, m - i), std::min(depth, k - p), parts, a.values_at(block, panel));
  }
  void pack_b(int64_t block, int64_t panel) const {
    const int64_t p = block * depth, j = panel * kAmxPanel;
    *b.range_at(block, panel) =
        ops.pack_b(g.b + (p0 + p) * g.b_row + (j0 + j) * g.b_col, g.b_row, g.b_col, std::min(depth, k - p),
                   std::min(kAmxPanel, n - j), parts, b.values_at(block, panel));
  }

  // All depth blocks of the panels [row, row_end) x [column, column_end).
  void multiply(int64_t row, int64_t row_end, int64_t column, int64_t column_end) const {
    const int64_t i = row * kAmxPanel, j = column * kAmxPanel;
    for (int64_t block = 0; block * depth < k; ++block) {
      const int64_t p = block * depth;
      AmxBlock<In> x;
      x.m = std::min(row_end * kAmxPanel, m) - i;
      x.n = std::min(column_end * kAmxPanel, n) - j;
      x.k = std::min(depth, k - p);
      x.parts = parts;
      x.packed_a = a.values_at(block, row);
      x.range_a = a.range_at(block, row);
      x.a_panel = a.panel_size;
      x.packed_b = b.values_at(block, column);
      x.range_b = b.range_at(block, column);
      x.b_panel = b.panel_size;
      x.a = g.a + (i0 + i) * g.a_row + (p0 + p) * g.a_col;
      x.a_row = g.a_row;
      x.a_col = g.a_col;
      x.b = g.b + (p0 + p) * g.b_row + (j0 + j) * g.b_col;
      x.b_row = g.b_row;
      x.b_col = g.b_col;
      x.c = sums + i * sums_row + j;
      x.c_row = sums_row;
      x.column_bias = g.column_bias ? g.column_bias + j0 + j : nullptr;
      x.row_bias = g.row_bias ? g.row_bias + i0 + i : nullptr;
      x.accumulate = g.accumulate || p0 + p > 0;
      ops.block(x);
    }
    if (!g.finish.out || p0 + k < g.k) return;
    gemm_table<In>().finish(finish_from(g.finish, i0 + i, j0 + j), sums + i * sums_row + j, sums_row,
                            std::min(row_end * kAmxPanel, m) - i, std::min(column_end * kAmxPanel, n) - j);
  }
};

template <class In>
void run_super(const Super<In>& s, bool threaded) {
  const auto each = [&](int64_t tasks, auto&& body) {
    if (threaded && s.m * s.n * s.k >= kSerialWork) return parallel_tasks(tasks, body);
    for (int64_t i = 0; i < tasks; ++i) body(i);
  };
  // A panel of all depth blocks a task: where the operand is transposed, whole cache lines of it.
  each(s.a.panels + s.b.panels, [&](int64_t task) {
    for (int64_t block = 0; block < s.a.blocks; ++block) {
      if (task < s.a.panels) {
        s.pack_a(block, task);
      } else {
        s.pack_b(block, task - s.a.panels);
      }
    }
  });
  // Small tasks towards the end of small products, so that no thread waits long for the last one.
  const int64_t wanted = 4 * num_threads();
  int64_t height = std::min(kTaskPanels, s.a.panels), width = std::min(kTaskPanels, s.b.panels);
  while (ceil_div(s.a.panels, height) * ceil_div(s.b.panels, width) < wanted && (height > 1 || width > 1)) {
    (height >= width ? height : width) /= 2;
  }
  const int64_t across = ceil_div(s.b.panels, width);
  each(ceil_div(s.a.panels, height) * across, [&](int64_t task) {
    const int64_t row = task / across * height, column = task % across * width;
    s.multiply(row, std::min(row + height, s.a.panels), column, std::min(column + width, s.b.panels));
  });
}

// A product of float32 in so many parts as the precision in force says; bfloat16 is one part.
template <class In>
int parts_of() {
  if (!std::is_same_v<In, float>) return 1;
  return static_cast<int>(matmul_precision_in_force().load(std::memory_order_relaxed));
}
template <class In>
constexpr int kStoredParts = std::is_same_v<In, float> ? kMostParts : 1;
template <class In>
const AmxOps<In>& ops_of() {
  if constexpr (std::is_same_v<In, float>)
    return amx_table()->f32;
  else
    return amx_table()->bf16;
}

// Bytes of the sums of a problem without a C, all of it where k is cut, else of what is computed at a time.
template <class In>
int64_t sums_row_of(const GemmProblem<In>& g, const Plan& plan) {
  return plan.super_k < g.k ? g.n : plan.super_n;
}
template <class In>
size_t sums_bytes(const GemmProblem<In>& g, const Plan& plan) {
  if (!kIsHalf<In>) return 0;
  const int64_t rows = plan.super_k < g.k ? g.m : plan.super_m;
  return aligned(sizeof(float) * static_cast<size_t>(rows * sums_row_of(g, plan)));
}

template <class In>
void run_tiles(const GemmProblem<In>& g, void* workspace, bool threaded) {
  const int parts = parts_of<In>();
  const Plan plan(g);
  Packed a = plan.a(parts), b = plan.b(parts);
  float* const own = reinterpret_cast<float*>(b.take(a.take(static_cast<char*>(workspace))));
  const int64_t row = g.c ? g.c_row : sums_row_of(g, plan);
  for (int64_t p = 0; p < g.k; p += plan.super_k) {
    for (int64_t j = 0; j < g.n; j += plan.super_n) {
      for (int64_t i = 0; i < g.m; i += plan.super_m) {
        const bool all = g.c || plan.super_k < g.k;
        Super<In> s{g,
                    ops_of<In>(),
                    a,
                    b,
                    parts,
                    plan.depth,
                    i,
                    std::min(plan.super_m, g.m - i),
                    j,
                    std::min(plan.super_n, g.n - j),
                    p,
                    std::min(plan.super_k, g.k - p),
                    (g.c ? g.c : own) + (all ? i * row + j : 0),
                    row};
        s.a.panels = ceil_div(s.m, kAmxPanel);
        s.b.panels = ceil_div(s.n, kAmxPanel);
        s.a.blocks = s.b.blocks = ceil_div(s.k, plan.depth);
        run_super(s, threaded);
      }
    }
  }
}

template <class In>
constexpr bool kHasTiles = std::is_same_v<In, float> || std::is_same_v<In, BFloat16>;

}  // namespace

template <class In>
bool tiles_take(const GemmProblem<In>& g) {
  return kHasTiles<In> && amx_table() && amx_table()->takes<In>() && g.m >= kLeastSide && g.n >= kLeastSide &&
         g.k >= kLeastDepth && g.m * g.n >= kLeastWork / g.k;
}

template <class In>
size_t gemm_tiles_workspace(const GemmProblem<In>& g) {
  const Plan plan(g);
  return plan.a(kStoredParts<In>).bytes() + plan.b(kStoredParts<In>).bytes() + sums_bytes(g, plan);
}

size_t gemm_tiles_workspace_bound(int64_t elements, int64_t longest) {
  if (!amx_table()) return 0;
  // See Plan: an operand, or what the cap leaves of it, and padding to a panel and to a step of each block.
  const int64_t depth = std::min<int64_t>(longest, 8192 + kAmxDepth);
  const int64_t padded =
      std::min(elements, kPackedElements) + kAmxPanel * depth +
      (ceil_div(depth, kAmxDepth) + 1) * kAmxStep * (std::min(longest, elements) + kAmxPanel);
  return 2 *
         aligned(sizeof(uint16_t) * kMostParts * static_cast<size_t>(padded) + static_cast<size_t>(padded));
}

template <class In>
void gemm_tiles(const GemmProblem<In>& g, void* workspace, bool threaded) {
  if constexpr (kHasTiles<In>) run_tiles(g, workspace, threaded);
}

#define LANEGRAD_TILES(T)                                         \
  template bool tiles_take<T>(const GemmProblem<T>&);             \
  template size_t gemm_tiles_workspace<T>(const GemmProblem<T>&); \
  template void gemm_tiles<T>(const GemmProblem<T>&, void*, bool);
LANEGRAD_TILES(float)
LANEGRAD_TILES(double)
LANEGRAD_TILES(BFloat16)
LANEGRAD_TILES(Float16)
#undef LANEGRAD_TILES

}  // namespace lanegrad

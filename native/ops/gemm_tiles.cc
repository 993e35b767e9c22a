#include "ops/gemm_tiles.h"

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

  explicit Plan(const GemmProblem<float>& g) {
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
struct Super {
  const GemmProblem<float>& g;
  const AmxOps<float>& ops;
  Packed a, b;
  int parts;
  int64_t depth, i0, m, j0, n, p0, k;

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
      AmxBlock<float> x;
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
      x.c = g.c + (i0 + i) * g.c_row + j0 + j;
      x.c_row = g.c_row;
      x.column_bias = g.column_bias ? g.column_bias + j0 + j : nullptr;
      x.row_bias = g.row_bias ? g.row_bias + i0 + i : nullptr;
      x.accumulate = g.accumulate || p0 + p > 0;
      ops.block(x);
    }
  }
};

void run_super(const Super& s, bool threaded) {
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

}  // namespace

bool tiles_take(const GemmProblem<float>& g) {
  return amx_table() && g.m >= kLeastSide && g.n >= kLeastSide && g.k >= kLeastDepth &&
         g.m * g.n >= kLeastWork / g.k;
}

size_t gemm_tiles_workspace(const GemmProblem<float>& g) {
  const Plan plan(g);
  return plan.a(kMostParts).bytes() + plan.b(kMostParts).bytes();
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

void gemm_tiles(const GemmProblem<float>& g, void* workspace, bool threaded) {
  const int parts = static_cast<int>(matmul_precision_in_force().load(std::memory_order_relaxed));
  const Plan plan(g);
  Packed a = plan.a(parts), b = plan.b(parts);
  b.take(a.take(static_cast<char*>(workspace)));
  for (int64_t p = 0; p < g.k; p += plan.super_k) {
    for (int64_t j = 0; j < g.n; j += plan.super_n) {
      for (int64_t i = 0; i < g.m; i += plan.super_m) {
        Super s{g,     amx_table()->f32,
                a,     b,
                parts, plan.depth,
                i,     std::min(plan.super_m, g.m - i),
                j,     std::min(plan.super_n, g.n - j),
                p,     std::min(plan.super_k, g.k - p)};
        s.a.panels = ceil_div(s.m, kAmxPanel);
        s.b.panels = ceil_div(s.n, kAmxPanel);
        s.a.blocks = s.b.blocks = ceil_div(s.k, plan.depth);
        run_super(s, threaded);
      }
    }
  }
}

}  // namespace lanegrad

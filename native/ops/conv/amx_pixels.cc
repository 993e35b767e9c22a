// Forward convolutions and gradients of the input on tiles: both are sums over taps that lie at fixed
// distances in a grid. Forward the grid has a plane for each remainder of the stride that a tap has; of the
// input's gradient it has one, and the outputs come in phases of the stride, each with the taps that it sees.
#include <atomic>
#include <numeric>

#include "core/cpu.h"
#include "ops/conv/amx.h"
#include "ops/conv/amx_grid.h"
#include "ops/conv/direction.h"

namespace lanegrad::conv_detail {
namespace {

struct Tap {
  int64_t number, plane;
  ConvSizes at;  // how far from the output's place
};

struct OutPhase {
  int64_t first_tap, taps;
  ConvSizes first, count;  // of the outputs, a stride apart
};

// What is the same whatever the operands.
struct Shape {
  ConvGeometry g;
  bool forward;
  int64_t depth, channels;   // of one group: summed over, and of the result
  ConvSizes source, result;  // sizes of both images
  ConvSizes planes{1, 1, 1}, phases{1, 1, 1};
  ConvSizes outs, span;  // most outputs of a phase, and how far taps reach
  ConvSizes before, step{1, 1, 1};

  Shape(const ConvGeometry& given, bool is_forward)
      : g(with_free_strides(in_one_line(given))), forward(is_forward) {
    depth = forward ? g.in_channels : g.out_channels;
    channels = forward ? g.out_channels : g.in_channels;
    source = forward ? g.size : g.out;
    result = forward ? g.out : g.size;
    for (int d = 0; d < kConvDims; ++d) {
      if (forward) {
        planes[d] = std::min(g.kernel[d], g.stride[d] / std::gcd(g.stride[d], g.dilation[d]));
        outs[d] = g.out[d];
        span[d] = (g.kernel[d] - 1) * g.dilation[d] / g.stride[d];
        before[d] = g.padding[d];
        step[d] = g.stride[d];
        continue;
      }
      phases[d] = std::min(g.stride[d], g.size[d]);
      outs[d] = ceil_div(g.size[d], phases[d]);
      before[d] = reach(g, d).before;
      span[d] = 0;
      for (int64_t first = 0; first < phases[d]; ++first) {
        const Direction dir{first, &g, d};
        for (int64_t k = 0; k < g.kernel[d]; ++k)
          if (dir.sees(k)) span[d] = std::max(span[d], dir.base(k) + before[d]);
      }
    }
  }
  int64_t plane_count() const { return planes[0] * planes[1] * planes[2]; }
  int64_t phase_count() const { return phases[0] * phases[1] * phases[2]; }
  int64_t steps() const { return ceil_div(depth, kAmxStep); }
  GridCut cut(int parts) const {
    const auto fits = static_cast<int64_t>(cache_sizes().l2) * 3 / 16;  // three eighths of the L2 cache
    return GridCut(g.batch, outs, span, plane_count() * steps() * kAmxStep * parts, g.groups, fits);
  }
  // The remainder that a plane stands for.
  ConvSizes plane(int64_t i) const {
    const ConvSizes at{i / planes[2] / planes[1], i / planes[2] % planes[1], i % planes[2]};
    ConvSizes p{};
    for (int d = 0; forward && d < kConvDims; ++d) p[d] = at[d] * g.dilation[d] % g.stride[d];
    return p;
  }
  // In the order of the phases, all of which together have each tap once, but for those by which no output is
  // seen: where an image is smaller than the stride. How many.
  int64_t list(Tap* taps, OutPhase* list) const {
    int64_t count = 0;
    for (int64_t i = 0; i < phase_count(); ++i) {
      OutPhase& p = list[i];
      p.first_tap = count;
      p.first = {i / phases[2] / phases[1], i / phases[2] % phases[1], i % phases[2]};
      for (int d = 0; d < kConvDims; ++d)
        p.count[d] = forward ? outs[d] : Direction{p.first[d], &g, d}.count();
      for (int64_t t = 0; t < g.taps(); ++t) {
        const ConvSizes k = g.tap(t);
        Tap tap{t, 0, {}};
        bool seen = true;
        for (int d = 0; d < kConvDims; ++d) {
          const Direction dir{p.first[d], &g, d};
          seen = seen && (forward || dir.sees(k[d]));
          tap.at[d] = forward ? k[d] * g.dilation[d] / g.stride[d] : dir.base(k[d]) + before[d];
          tap.plane = tap.plane * planes[d] + k[d] % planes[d];
        }
        if (seen) taps[count++] = tap;
      }
      p.taps = count - p.first_tap;
    }
    return count;
  }
};

template <class T>
bool suits(const ConvGeometry& g, bool forward, int parts) {
  if (!amx_table() || !amx_table()->takes<T>() || conv_products(g) < kAmxLeastWork) return false;
  const Shape s(g, forward);
  const GridCut cut = s.cut(parts);
  const double grids = static_cast<double>(cut.sets * cut.bands * g.groups);
  const double panels = static_cast<double>(ceil_div(s.channels, 16)) / 2;
  const double steps = static_cast<double>(ceil_div(cut.places(), kAmxPanel) * s.steps() * g.taps());
  const double copied = static_cast<double>(cut.places() * s.depth * s.plane_count());
  const double weights = static_cast<double>(g.groups * g.taps() * s.depth * s.channels);
  const double tiles = grids * (panels * steps * amx_table()->corner_cycles * amx_products(parts) +
                                copied * amx_copy_cycles<T>(parts)) +
                       2 * weights;
  return tiles < conv_products(g) / kVectorProducts;
}

template <class T>
struct Layout {
  GridCut cut;
  int parts;
  int64_t steps, words, part, grid_words;  // words: from pair to pair
  int64_t weight_step, panel, panels;
  int64_t slots, packing;  // tasks in work at once, and tasks that pack
  Tap* taps;
  int64_t listed = 0;  // of the taps, those that count
  OutPhase* phases;
  int64_t* offsets;  // [taps][steps]
  uint16_t* weights;
  PanelRange* ranges;  // [groups][panels]
  T* turned;           // of each packing task: [taps][32][depth] or [taps][depth][32]
  uint16_t* grids;
  int64_t* starts;
  size_t bytes;

  Layout(const Shape& s, int split, void* workspace) : cut(s.cut(split)), parts(split) {
    constexpr int64_t kSlots = 16, kPacking = 8;
    const ConvGeometry& g = s.g;
    steps = s.steps();
    words = amx_line(2 * cut.places());
    part = s.plane_count() * steps * (kAmxStep / 2) * words;
    grid_words = part * parts;
    weight_step = amx_panel_size(kAmxStep, parts);
    panel = g.taps() * steps * weight_step;
    panels = ceil_div(s.channels, kAmxPanel);
    slots = std::min(cut.sets * cut.bands * g.groups, kSlots);
    packing = std::min(panels * g.groups, kPacking);
    Pieces pieces(workspace);
    taps = pieces.take<Tap>(g.taps());
    phases = pieces.take<OutPhase>(s.phase_count());
    offsets = pieces.take<int64_t>(g.taps() * steps);
    weights = pieces.take<uint16_t>(g.groups * panels * panel);
    ranges = pieces.take<PanelRange>(g.groups * panels);
    turned = pieces.take<T>(packing * g.taps() * kAmxPanel * s.depth);
    // Tiles read whole panels, from the last place of the last pair too.
    grids = pieces.take<uint16_t>(slots * grid_words + 2 * kAmxPanel);
    starts = pieces.take<int64_t>(slots * cut.rows());
    bytes = pieces.used();
  }
};

// One panel of 32 channels of the result: the weights of each tap in a row of the depth, then as tiles.
template <class T>
PanelRange pack_panel(const Shape& s, const Layout<T>& l, ConvOperand<const T> weight, int64_t channel,
                      int64_t group, T* turned, uint16_t* out) {
  const AmxOps<T>& ops = amx_table()->of<T>();
  const auto& ws = weight.strides;
  const int64_t row = s.forward ? ws[0] : ws[1], col = s.forward ? ws[1] : ws[0];
  const int64_t rows = std::min(kAmxPanel, s.channels - channel);
  const T* const from = weight.data + group * s.g.out_channels * ws[0] + channel * row;
  // The inner loop runs along what lies closer in memory.
  const bool by_rows = col <= row;
  const int64_t to_row = by_rows ? s.depth : 1, to_col = by_rows ? 1 : kAmxPanel;
  for (int64_t t = 0; t < l.listed; ++t) {
    const ConvSizes k = s.g.tap(l.taps[t].number);
    const T* const tap = from + k[0] * ws[2] + k[1] * ws[3] + k[2] * ws[4];
    T* const to = turned + t * kAmxPanel * s.depth;
    const int64_t outer = by_rows ? rows : s.depth, inner = by_rows ? s.depth : rows;
    for (int64_t i = 0; i < outer; ++i) {
      const T* const line = tap + i * (by_rows ? row : col);
      T* const to_line = to + i * (by_rows ? to_row : to_col);
      for (int64_t j = 0; j < inner; ++j) to_line[j] = line[j * (by_rows ? col : row)];
    }
  }
  PanelRange range;
  for (int64_t t = 0; t < l.listed; ++t) {
    range = merged(range, ops.pack_a(turned + t * kAmxPanel * s.depth, to_row, to_col, rows, s.depth, l.parts,
                                     out + t * l.steps * l.weight_step));
  }
  return range;
}

template <class T>
struct Run {
  const Shape& s;
  const Layout<T>& l;
  ConvOperand<const T> image;
  const GemmSum<T>* bias;
  T* out;

  void pack(ConvOperand<const T> weight) const {
    in_slots(l.panels * s.g.groups, l.packing, [&](int64_t i, int64_t slot) {
      l.ranges[i] = pack_panel(s, l, weight, i % l.panels * kAmxPanel, i / l.panels,
                               l.turned + slot * s.g.taps() * kAmxPanel * s.depth, l.weights + i * l.panel);
    });
  }

  // The first of a grid's outputs in each direction.
  ConvSizes origin(int64_t band) const {
    ConvSizes at{};
    at[l.cut.dim] = band * l.cut.band;
    return at;
  }

  static constexpr int64_t kPairsAhead = 4;

  PanelRange copy(int64_t group, int64_t first, int64_t images, const ConvSizes& at, uint16_t* grid,
                  int64_t* starts) const {
    const AmxOps<T>& ops = amx_table()->of<T>();
    const auto& xs = image.strides;
    const int64_t pairs = l.steps * kAmxStep / 2;
    PanelRange range;
    AmxGridRows<T> rows{};
    rows.rows = images * l.cut.extent[0] * l.cut.extent[1];
    rows.columns = l.cut.extent[2];
    rows.starts = starts;
    rows.column = s.step[2] * xs[4];
    rows.ahead = 2 * kPairsAhead * xs[1];
    rows.parts = l.parts;
    rows.part = l.part;
    for (int64_t i = 0; i < s.plane_count(); ++i) {
      const GridRows where({s.source, s.step, s.before}, s.plane(i), at, l.cut.extent, images, xs, starts);
      rows.left = where.left;
      rows.right = where.right;
      for (int64_t p = 0; p < pairs; ++p) {
        const T* const from = image.data + first * xs[0] + (group * s.depth + 2 * p) * xs[1];
        rows.first = 2 * p < s.depth ? from : nullptr;
        rows.second = 2 * p + 1 < s.depth ? from + xs[1] : nullptr;
        rows.out = grid + (i * pairs + p) * l.words;
        range = merged(range, ops.pairs(rows));
      }
    }
    return range;
  }

  void multiply(int64_t group, int64_t first, int64_t images, const ConvSizes& at, const uint16_t* grid,
                bool one_part) const {
    const ConvSizes& n = s.result;
    const int64_t plane = n[0] * n[1] * n[2];
    for (int64_t i = 0; i < s.phase_count(); ++i) {
      const OutPhase& p = l.phases[i];
      ConvSizes count = p.count, from, step;
      count[l.cut.dim] = std::min(l.cut.band, count[l.cut.dim] - at[l.cut.dim]);
      for (int d = 0; d < kConvDims; ++d) {
        step[d] = s.forward ? 1 : s.g.stride[d];
        from[d] = p.first[d] + at[d] * step[d];
      }
      if (count[0] <= 0 || count[1] <= 0 || count[2] <= 0) continue;
      AmxPixels<T> x;
      x.parts = l.parts;
      x.one_part = one_part;
      x.channels = s.channels;
      x.weights = l.weights + group * l.panels * l.panel + p.first_tap * l.steps * l.weight_step;
      x.panel = l.panel;
      x.steps = p.taps * l.steps;
      x.offsets = l.offsets + p.first_tap * l.steps;
      x.grid = grid;
      x.pair = l.words;
      x.part = l.part;
      x.images = images;
      x.slices = count[0];
      x.rows = count[1];
      x.columns = count[2];
      x.grid_slices = l.cut.extent[0];
      x.grid_rows = l.cut.extent[1];
      x.grid_columns = l.cut.extent[2];
      x.out_channel = plane;
      x.out_image = s.g.groups * s.channels * plane;
      x.out_slice = step[0] * n[1] * n[2];
      x.out_row = step[1] * n[2];
      x.out_column = step[2];
      x.out = out + first * x.out_image + group * s.channels * plane + (from[0] * n[1] + from[1]) * n[2] +
              from[2];
      x.bias = bias ? bias + group * s.channels : nullptr;
      amx_table()->of<T>().pixels(x);
    }
  }

  // False when there are values that the tiles do not take.
  bool run() const {
    PanelRange weights;
    for (int64_t i = 0; i < s.g.groups * l.panels; ++i) weights = merged(weights, l.ranges[i]);
    std::atomic<bool> held{true};
    in_slots(l.cut.sets * l.cut.bands * s.g.groups, l.slots, [&](int64_t i, int64_t slot) {
      if (!held.load(std::memory_order_relaxed)) return;
      const int64_t group = i % s.g.groups, band = i / s.g.groups % l.cut.bands,
                    first = i / s.g.groups / l.cut.bands * l.cut.together;
      const int64_t images = std::min(l.cut.together, s.g.batch - first);
      uint16_t* const grid = l.grids + slot * l.grid_words;
      const PanelRange range = copy(group, first, images, origin(band), grid, l.starts + slot * l.cut.rows());
      if (!parts_hold(weights, range)) return held.store(false, std::memory_order_relaxed);
      multiply(group, first, images, origin(band), grid, weights.one_part && range.one_part);
    });
    return held.load();
  }
};

template <class T>
bool run_amx(const ConvGeometry& g, bool forward, ConvOperand<const T> image, ConvOperand<const T> weight,
             const GemmSum<T>* bias, T* out, void* workspace) {
  // Another thread may have changed the precision since there was room for these parts.
  const int parts = amx_parts<T>();
  if (!suits<T>(g, forward, parts)) return false;
  const Shape s(g, forward);
  if (s.g.size != g.size && !lies_in_line(g.size, image.strides)) return false;
  Layout<T> l(s, parts, workspace);
  l.listed = s.list(l.taps, l.phases);
  const int64_t pairs = kAmxStep / 2;
  for (int64_t t = 0; t < l.listed; ++t) {
    const Tap& tap = l.taps[t];
    for (int64_t k = 0; k < l.steps; ++k)
      l.offsets[t * l.steps + k] = (tap.plane * l.steps + k) * pairs * l.words + 2 * l.cut.place_of(tap.at);
  }
  const Run<T> run{s, l, image, bias, out};
  run.pack(weight);
  return run.run();
}

template <class T>
size_t workspace_of(const ConvGeometry& g, bool forward) {
  size_t bytes = 0;
  for (int parts = 1; parts <= kAmxStored<T>; ++parts)
    if (suits<T>(g, forward, parts))
      bytes = std::max(bytes, Layout<T>(Shape(g, forward), parts, nullptr).bytes);
  return bytes;
}

}  // namespace

template <class T>
bool amx_suits_forward(const ConvGeometry& g) {
  return kAmxTakes<T> && !leaves_to_winograd<T>(g) && suits<T>(g, true, amx_parts<T>());
}
template <class T>
bool amx_suits_input_grad(const ConvGeometry& g) {
  return kAmxTakes<T> && !leaves_to_winograd<T>(g) && suits<T>(g, false, amx_parts<T>());
}
template <class T>
size_t amx_forward_workspace(const ConvGeometry& g) {
  return kAmxTakes<T> ? workspace_of<T>(g, true) : 0;
}
template <class T>
size_t amx_input_grad_workspace(const ConvGeometry& g) {
  return kAmxTakes<T> ? workspace_of<T>(g, false) : 0;
}
template <class T>
bool amx_forward(const ConvGeometry& g, ConvOperand<const T> x, ConvOperand<const T> weight,
                 const GemmSum<T>* bias, T* out, void* workspace) {
  if constexpr (kAmxTakes<T>) return run_amx(g, true, x, weight, bias, out, workspace);
  return false;
}
template <class T>
bool amx_input_grad(const ConvGeometry& g, ConvOperand<const T> grad, ConvOperand<const T> weight,
                    const GemmSum<T>* bias, T* out, void* workspace) {
  if constexpr (kAmxTakes<T>) return run_amx(g, false, grad, weight, bias, out, workspace);
  return false;
}

#define LANEGRAD_CONV(T)                                                                           \
  template bool amx_suits_forward<T>(const ConvGeometry&);                                         \
  template bool amx_suits_input_grad<T>(const ConvGeometry&);                                      \
  template size_t amx_forward_workspace<T>(const ConvGeometry&);                                   \
  template size_t amx_input_grad_workspace<T>(const ConvGeometry&);                                \
  template bool amx_forward<T>(const ConvGeometry&, ConvOperand<const T>, ConvOperand<const T>,    \
                               const GemmSum<T>*, T*, void*);                                      \
  template bool amx_input_grad<T>(const ConvGeometry&, ConvOperand<const T>, ConvOperand<const T>, \
                                  const GemmSum<T>*, T*, void*);
LANEGRAD_CONV(float)
LANEGRAD_CONV(double)
LANEGRAD_CONV(BFloat16)
#undef LANEGRAD_CONV

}  // namespace lanegrad::conv_detail

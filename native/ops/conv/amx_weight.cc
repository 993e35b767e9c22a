// Gradients of the weight on tiles: for each tap a product whose depth is the places of a grid, of the lines
// of the channels, moved by the tap, and the gradient turned. Between the rows of outputs the gradient is
// zero. Each chunk of the images has sums of its own, which are added in order at the end: their number
// follows from the shape alone.
#include <atomic>
#include <numeric>

#include "ops/conv/amx.h"
#include "ops/conv/amx_grid.h"

namespace lanegrad::conv_detail {
namespace {

constexpr int64_t kBlock = 16;  // columns of a tile

struct Shape {
  ConvGeometry g;
  ConvSizes planes, span;
  int64_t panels, outs;                // of channels of one group; outs in whole panels
  int64_t set_panels, sets;            // panels of channels of one task
  int64_t tap_sums, group_sums, sums;  // floats
  int64_t most_chunks;

  explicit Shape(const ConvGeometry& given) : g(with_free_strides(in_one_line(given))) {
    constexpr int64_t kSums = int64_t{1} << 22, kChunks = 16, kTasks = 16;
    for (int d = 0; d < kConvDims; ++d) {
      planes[d] = std::min(g.kernel[d], g.stride[d] / std::gcd(g.stride[d], g.dilation[d]));
      span[d] = (g.kernel[d] - 1) * g.dilation[d] / g.stride[d];
    }
    panels = ceil_div(g.in_channels, kAmxPanel);
    outs = round_up(g.out_channels, kAmxPanel);
    tap_sums = panels * kAmxPanel * outs;
    group_sums = g.taps() * tap_sums;
    sums = g.groups * group_sums;
    most_chunks = std::clamp<int64_t>(kSums / sums, 1, kChunks);
    // The gradient is turned by each task of a set: a set has two panels at least.
    const int64_t wanted = ceil_div(kTasks, most_chunks * g.groups);
    set_panels = ceil_div(panels, std::min(wanted, ceil_div(panels, 2)));
    sets = ceil_div(panels, set_panels);
  }
  int64_t plane_count() const { return planes[0] * planes[1] * planes[2]; }
  int64_t set_channels() const { return set_panels * kAmxPanel; }
  GridCut cut(int parts) const {
    // Not of the processor's caches: sums are made grid by grid.
    constexpr int64_t kFits = int64_t{3} << 17;
    return GridCut(g.batch, g.out, span, (plane_count() * set_channels() + outs) * parts, g.groups * sets,
                   kFits);
  }
  ConvSizes plane(int64_t i) const {
    const ConvSizes at{i / planes[2] / planes[1], i / planes[2] % planes[1], i % planes[2]};
    ConvSizes p;
    for (int d = 0; d < kConvDims; ++d) p[d] = at[d] * g.dilation[d] % g.stride[d];
    return p;
  }
};

template <class T>
bool suits(const ConvGeometry& g, int parts) {
  if (!amx_table() || !amx_table()->takes<T>() || conv_products(g) < kAmxLeastWork) return false;
  const Shape s(g);
  const GridCut cut = s.cut(parts);
  const double grids = static_cast<double>(cut.sets * cut.bands * g.groups);
  const double corners = static_cast<double>(ceil_div(g.in_channels, kBlock) * s.outs / kAmxPanel) / 2;
  const double steps = static_cast<double>((ceil_div(cut.places(), kAmxStep) + 2) * g.taps());
  const double copied =
      static_cast<double>(cut.places() * (g.in_channels * s.plane_count() + 2 * s.outs * s.sets));
  const double tiles = grids * (corners * steps * amx_table()->corner_cycles * amx_products(parts) +
                                copied * amx_copy_cycles<T>(parts)) +
                       2 * static_cast<double>(s.sums * s.most_chunks) / 16;
  return tiles < conv_products(g) / kVectorProducts;
}

struct Layout {
  GridCut cut;
  int parts;
  int64_t items, chunks, tasks, slots;
  int64_t line, lines_part, lines_words;  // of the channels
  int64_t steps, turned_part, block, turned_words;
  int64_t* offsets;  // [taps]
  float* sums;       // [chunks][groups][taps][channels][outs]
  uint16_t *lines, *grads, *turned;
  int64_t* starts;
  size_t bytes;

  Layout(const Shape& s, int split, void* workspace) : cut(s.cut(split)), parts(split) {
    constexpr int64_t kSlots = 16;
    items = cut.sets * cut.bands;
    chunks = std::min(s.most_chunks, items);
    tasks = chunks * s.g.groups * s.sets;
    slots = std::min(tasks, kSlots);
    line = amx_line(cut.places());
    lines_part = s.plane_count() * s.set_channels() * line;
    lines_words = lines_part * parts;
    steps = ceil_div(cut.places(), kAmxStep);
    turned_part = steps * kAmxStep * kBlock;
    block = turned_part * parts;
    turned_words = s.outs / kBlock * block;
    Pieces pieces(workspace);
    offsets = pieces.take<int64_t>(s.g.taps());
    sums = pieces.take<float>(chunks * s.sums);
    lines = pieces.take<uint16_t>(slots * lines_words);
    grads = pieces.take<uint16_t>(slots * kBlock * line * parts);
    turned = pieces.take<uint16_t>(slots * turned_words);
    starts = pieces.take<int64_t>(slots * cut.rows());
    bytes = pieces.used();
  }
};

template <class T>
struct Run {
  const Shape& s;
  const Layout& l;
  ConvOperand<const T> grad, x;
  const AmxOps<T>& ops = amx_table()->of<T>();
  static constexpr int64_t kLinesAhead = 8;  // channels

  AmxGridRows<T> rows(int64_t images, int64_t column, int64_t part, const int64_t* starts) const {
    AmxGridRows<T> r{};
    r.rows = images * l.cut.extent[0] * l.cut.extent[1];
    r.columns = l.cut.extent[2];
    r.starts = starts;
    r.column = column;
    r.parts = l.parts;
    r.part = part;
    return r;
  }

  // Channels [channel, end) of a group, as lines for each plane; what is missing of a tile is zero.
  PanelRange copy_lines(int64_t group, int64_t channel, int64_t end, int64_t first, int64_t images,
                        const ConvSizes& at, uint16_t* lines, int64_t* starts) const {
    const auto& xs = x.strides;
    PanelRange range;
    AmxGridRows<T> r = rows(images, s.g.stride[2] * xs[4], l.lines_part, starts);
    r.ahead = kLinesAhead * xs[1];
    for (int64_t i = 0; i < s.plane_count(); ++i) {
      const GridRows where({s.g.size, s.g.stride, s.g.padding}, s.plane(i), at, l.cut.extent, images, xs,
                           starts);
      r.left = where.left;
      r.right = where.right;
      for (int64_t c = 0; c < round_up(end - channel, kBlock); ++c) {
        r.first = channel + c < end ? x.data + first * xs[0] + (group * s.g.in_channels + channel + c) * xs[1]
                                    : nullptr;
        r.out = lines + (i * s.set_channels() + c) * l.line;
        range = merged(range, ops.lines(r));
      }
    }
    return range;
  }

  // The gradient of all outs of a group, sixteen at a time as lines and turned into tiles.
  PanelRange turn(int64_t group, int64_t first, int64_t images, const ConvSizes& at, int64_t steps,
                  uint16_t* lines, uint16_t* turned, int64_t* starts) const {
    const auto& gs = grad.strides;
    ConvSizes end = s.g.out;
    end[l.cut.dim] = std::min(end[l.cut.dim], at[l.cut.dim] + l.cut.band);
    const GridRows where({end, {1, 1, 1}, {}}, {}, at, l.cut.extent, images, gs, starts);
    PanelRange range;
    AmxGridRows<T> r = rows(images, gs[4], kBlock * l.line, starts);
    r.ahead = kLinesAhead * gs[1];
    r.left = where.left;
    r.right = where.right;
    for (int64_t o = 0; o < s.outs; o += kBlock) {
      for (int64_t i = 0; i < kBlock; ++i) {
        r.first = o + i < s.g.out_channels
                      ? grad.data + first * gs[0] + (group * s.g.out_channels + o + i) * gs[1]
                      : nullptr;
        r.out = lines + i * l.line;
        range = merged(range, ops.lines(r));
      }
      for (int part = 0; part < l.parts; ++part) {
        amx_table()->turn(lines + part * kBlock * l.line, l.line, steps,
                          turned + o / kBlock * l.block + part * l.turned_part);
      }
    }
    return range;
  }

  // One grid's share of the sums; false when there are values that the tiles do not take.
  bool add(int64_t group, int64_t set, int64_t item, int64_t slot, float* sums, bool accumulate) const {
    const int64_t band = item % l.cut.bands, first = item / l.cut.bands * l.cut.together;
    const int64_t images = std::min(l.cut.together, s.g.batch - first);
    const int64_t channel = set * s.set_channels();
    const int64_t end = std::min(channel + s.set_channels(), s.g.in_channels);
    ConvSizes at{};
    at[l.cut.dim] = band * l.cut.band;
    uint16_t *const lines = l.lines + slot * l.lines_words, *const turned = l.turned + slot * l.turned_words;
    int64_t* const starts = l.starts + slot * l.cut.rows();
    // Up to the last output: from there the farthest tap sees the last place of the grid.
    const int64_t places = images * l.cut.extent[0] * l.cut.extent[1] * l.cut.extent[2];
    const int64_t steps = ceil_div(places - l.cut.place_of(s.span), kAmxStep);
    const PanelRange of_lines = copy_lines(group, channel, end, first, images, at, lines, starts);
    const PanelRange of_grads =
        turn(group, first, images, at, steps, l.grads + slot * kBlock * l.line * l.parts, turned, starts);
    if (!parts_hold(of_lines, of_grads)) return false;
    AmxSums a;
    a.parts = l.parts;
    a.one_part = of_lines.one_part && of_grads.one_part;
    a.steps = steps;
    a.channels = end - channel;
    a.lines = lines;
    a.line = l.line;
    a.lines_part = l.lines_part;
    a.outs = s.outs;
    a.turned = turned;
    a.block = l.block;
    a.turned_part = l.turned_part;
    a.taps = s.g.taps();
    a.offsets = l.offsets;
    a.sums = sums + group * s.group_sums + channel * s.outs;
    a.sums_tap = s.tap_sums;
    a.sums_row = s.outs;
    a.accumulate = accumulate;
    amx_table()->sums(a);
    return true;
  }

  bool run() const {
    std::atomic<bool> held{true};
    in_slots(l.tasks, l.slots, [&](int64_t i, int64_t slot) {
      const int64_t set = i % s.sets, group = i / s.sets % s.g.groups, chunk = i / s.sets / s.g.groups;
      const int64_t begin = l.items * chunk / l.chunks, end = l.items * (chunk + 1) / l.chunks;
      for (int64_t item = begin; item < end; ++item) {
        if (!held.load(std::memory_order_relaxed)) return;
        if (!add(group, set, item, slot, l.sums + chunk * s.sums, item > begin))
          return held.store(false, std::memory_order_relaxed);
      }
    });
    return held.load();
  }

  void finish(T* out) const {
    const int64_t taps = s.g.taps(), depth = s.g.in_channels * taps;
    parallel_tasks(s.g.groups * s.g.in_channels, [&](int64_t i) {
      const int64_t group = i / s.g.in_channels, channel = i % s.g.in_channels;
      for (int64_t t = 0; t < taps; ++t) {
        float* const total = l.sums + group * s.group_sums + t * s.tap_sums + channel * s.outs;
        for (int64_t chunk = 1; chunk < l.chunks; ++chunk) {
          const float* const part = total + chunk * s.sums;
          for (int64_t o = 0; o < s.outs; ++o) total[o] += part[o];
        }
        T* const to = out + group * s.g.out_channels * depth + channel * taps + t;
        for (int64_t o = 0; o < s.g.out_channels; ++o) to[o * depth] = T(total[o]);
      }
    });
  }
};

template <class T>
bool run_amx(const ConvGeometry& g, ConvOperand<const T> grad, ConvOperand<const T> x, T* out,
             void* workspace) {
  // Another thread may have changed the precision since there was room for these parts.
  const int parts = amx_parts<T>();
  if (!suits<T>(g, parts)) return false;
  const Shape s(g);
  if (s.g.size != g.size && !(lies_in_line(g.size, x.strides) && lies_in_line(g.out, grad.strides)))
    return false;
  const Layout l(s, parts, workspace);
  for (int64_t t = 0; t < g.taps(); ++t) {
    const ConvSizes k = g.tap(t);
    ConvSizes at;
    int64_t plane = 0;
    for (int d = 0; d < kConvDims; ++d) {
      at[d] = k[d] * s.g.dilation[d] / s.g.stride[d];
      plane = plane * s.planes[d] + k[d] % s.planes[d];
    }
    l.offsets[t] = plane * s.set_channels() * l.line + l.cut.place_of(at);
  }
  const Run<T> run{s, l, grad, x};
  if (!run.run()) return false;
  run.finish(out);
  return true;
}

}  // namespace

template <class T>
bool amx_suits_weight_grad(const ConvGeometry& g) {
  return kAmxTakes<T> && !leaves_to_winograd<T>(g) && suits<T>(g, amx_parts<T>());
}

template <class T>
size_t amx_weight_grad_workspace(const ConvGeometry& g) {
  size_t bytes = 0;
  if (!kAmxTakes<T>) return bytes;
  for (int parts = 1; parts <= kAmxStored<T>; ++parts)
    if (suits<T>(g, parts)) bytes = std::max(bytes, Layout(Shape(g), parts, nullptr).bytes);
  return bytes;
}

template <class T>
bool amx_weight_grad(const ConvGeometry& g, ConvOperand<const T> grad, ConvOperand<const T> x, T* out,
                     void* workspace) {
  if constexpr (kAmxTakes<T>) return run_amx(g, grad, x, out, workspace);
  return false;
}

#define LANEGRAD_CONV(T)                                                                                \
  template bool amx_suits_weight_grad<T>(const ConvGeometry&);                                          \
  template size_t amx_weight_grad_workspace<T>(const ConvGeometry&);                                    \
  template bool amx_weight_grad<T>(const ConvGeometry&, ConvOperand<const T>, ConvOperand<const T>, T*, \
                                   void*);
LANEGRAD_CONV(float)
LANEGRAD_CONV(double)
LANEGRAD_CONV(BFloat16)
#undef LANEGRAD_CONV

}  // namespace lanegrad::conv_detail

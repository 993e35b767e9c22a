#include "ops/conv/amx.h"
#include "ops/conv/depthwise.h"
#include "ops/conv/direction.h"
#include "ops/conv/padded.h"
#include "ops/conv/pointwise.h"
#include "ops/conv/whole.h"
#include "ops/conv/window.h"
#include "ops/conv/winograd.h"

namespace lanegrad {
namespace {

using namespace conv_detail;

template <class T>
struct Layout {
  bool pads = false, in_bands = false;  // in bands: the tasks pad
  Padded padded{};
  PaddedBands bands{};
  ConvSizes phases{};
  T* image = nullptr;
  PairRoom<T> pairs{};
  Phase* list;
  int64_t* offsets;
  int64_t* places;
  T* weights;
  size_t bytes;
};

template <class T>
Layout<T> lay_out(const ConvGeometry& g, void* workspace) {
  Layout<T> l;
  Pieces pieces(workspace);
  for (int d = 0; d < kConvDims; ++d) {
    const Reach r = reach(g, d);
    l.pads = l.pads || r.before > 0 || r.after > 0;
    l.padded.before[d] = r.before;
    l.padded.extent[d] = r.before + g.out[d] + r.after;
    l.phases[d] = std::min(g.stride[d], g.size[d]);
  }
  const int64_t taps = g.taps(), depth = g.out_channels * taps;
  l.in_bands = l.pads && is_flat(g);
  if (l.in_bands) {
    const int64_t rows = ceil_div(g.size[1], l.phases[1]), columns = ceil_div(g.size[2], l.phases[2]);
    l.bands = PaddedBands(g.batch, g.groups, g.out_channels, l.padded.extent, rows, g.size[1] / l.phases[1],
                          columns, 1);
    l.image = pieces.take<T>(l.bands.slots * l.bands.slot);
    if (l.phases[2] == 2) {
      l.pairs.slot = pair_elements<T>(l.bands.together, ceil_div(rows, l.bands.bands), columns);
      l.pairs.room = pieces.take<T>(l.bands.slots * l.pairs.slot);
    }
  } else if (l.pads)
    l.image = pieces.take<T>(g.batch * g.groups * g.out_channels * l.padded.plane());
  l.list = pieces.take<Phase>(l.phases[0] * l.phases[1] * l.phases[2]);
  l.offsets = pieces.take<int64_t>(depth);
  l.places = pieces.take<int64_t>(taps);
  l.weights = pieces.take<T>(g.groups * packed_weights<T>(depth, g.in_channels));
  l.bytes = pieces.used();
  return l;
}

}  // namespace

template <class T>
size_t conv_input_grad_workspace(const ConvGeometry& g) {
  const size_t window = has_window<T>(g) ? window_forward_workspace<T>(g) : 0;
  if (is_depthwise(g)) return std::max(window, depthwise_input_grad_workspace<T>(g));
  const size_t direct = std::max({window, lay_out<T>(g, nullptr).bytes, amx_input_grad_workspace<T>(g)});
  if (is_whole(g)) return std::max(direct, whole_workspace<T>(g));
  if (suits_pointwise_input_grad(g)) return std::max(direct, pointwise_input_grad_workspace<T>(g));
  return suits_winograd<T>(g) ? std::max(direct, winograd_input_grad_workspace<T>(g)) : direct;
}

template <class T>
void conv_input_grad(const ConvGeometry& g, ConvOperand<const T> grad, ConvOperand<const T> weight,
                     const T* bias, T* out, void* workspace) {
  if (in_windows<T>(g, grad.strides)) return window_input_grad<T>(g, grad, weight, bias, out, workspace);
  if (is_depthwise(g)) return depthwise_input_grad(g, grad, weight, bias, out, workspace);
  if (is_whole(g) && whole_input_grad(g, grad, weight, bias, out, workspace)) return;
  if (amx_suits_input_grad<T>(g) && amx_input_grad(g, grad, weight, bias, out, workspace)) return;
  if (suits_pointwise_input_grad(g) && pointwise_input_grad(g, grad, weight, bias, out, workspace)) return;
  if (suits_winograd<T>(g) && winograd_input_grad(g, grad, weight, bias, out, workspace)) return;
  const Layout<T> l = lay_out<T>(g, workspace);
  const int64_t channels = g.groups * g.out_channels;
  const ConvOperand<const T> source = grad;
  if (l.in_bands) {
    grad = {nullptr, l.padded.strides(channels)};
    grad.strides[1] = l.bands.rows * l.padded.extent[2];
  } else if (l.pads) {
    pad_images(channels, g.batch, g.out, grad, l.padded, l.image);
    grad = {l.image, l.padded.strides(channels)};
  }
  const ConvSizes before = l.pads ? l.padded.before : ConvSizes{};
  const auto &gs = grad.strides, &ws = weight.strides;
  // All phases together have each tap once, so they share the tables and the packed weights.
  int64_t tap = 0;
  const int64_t phase_count = l.phases[0] * l.phases[1] * l.phases[2];
  for (int64_t i = 0; i < phase_count; ++i) {
    const Direction z{i / l.phases[2] / l.phases[1], &g, 0}, y{i / l.phases[2] % l.phases[1], &g, 1},
        x{i % l.phases[2], &g, 2};
    Phase& p = l.list[i];
    p.taps = z.taps() * y.taps() * x.taps();
    p.offsets = l.offsets + tap * g.out_channels;
    int64_t t = 0;
    for (int64_t k = 0; k < g.taps(); ++k) {
      const ConvSizes at = g.tap(k);
      if (!z.sees(at[0]) || !y.sees(at[1]) || !x.sees(at[2])) continue;
      l.places[tap + t] = at[0] * ws[2] + at[1] * ws[3] + at[2] * ws[4];
      const int64_t offset = (z.base(at[0]) + before[0]) * gs[2] + (y.base(at[1]) + before[1]) * gs[3] +
                             (x.base(at[2]) + before[2]) * gs[4];
      for (int64_t c = 0; c < g.out_channels; ++c) p.offsets[c * p.taps + t] = c * gs[1] + offset;
      ++t;
    }
    p.group_weights = packed_weights<T>(p.taps * g.out_channels, g.in_channels);
    p.weights = packed_weights<T>(tap * g.out_channels, g.in_channels) * g.groups;
    p.slices = z.count();
    p.rows = y.count();
    p.columns = x.count();
    p.slice_step = gs[2];
    p.row_step = gs[3];
    p.column_step = gs[4];
    p.out_origin = (z.first * g.size[1] + y.first) * g.size[2] + x.first;
    p.out_slice = g.stride[0] * g.size[1] * g.size[2];
    p.out_row = g.stride[1] * g.size[2];
    p.out_column = g.stride[2];
    if (!l.in_bands) merge_rows(p);
    in_tasks(g.groups, g.groups * p.group_weights, 4 * num_threads(), [&](int64_t group, int64_t) {
      pack_weights(weight.data + group * g.out_channels * ws[0], g.out_channels, ws[0], l.places + tap,
                   p.taps, g.in_channels, ws[1], l.weights + p.weights + group * p.group_weights);
    });
    tap += p.taps;
  }
  const PixelWork<T> work{.images = g.batch,
                          .groups = g.groups,
                          .in_channels = g.out_channels,
                          .out_channels = g.in_channels,
                          .image = grad.data,
                          .image_stride = gs[0],
                          .channel_stride = gs[1],
                          .out = out,
                          .out_plane = g.size[0] * g.size[1] * g.size[2],
                          .bias = bias,
                          .weights = l.weights};
  if (l.in_bands)
    run_padded(work, l.list, phase_count, source, g.out, l.padded, l.bands, l.image, l.pairs);
  else
    run_pixels(work, l.list, phase_count);
}

#define LANEGRAD_CONV(T)                                                                            \
  template size_t conv_input_grad_workspace<T>(const ConvGeometry&);                                \
  template void conv_input_grad<T>(const ConvGeometry&, ConvOperand<const T>, ConvOperand<const T>, \
                                   const T*, T*, void*);
LANEGRAD_CONV(float)
LANEGRAD_CONV(double)
#undef LANEGRAD_CONV

}  // namespace lanegrad

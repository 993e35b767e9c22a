#include "ops/conv_amx.h"
#include "ops/conv_depthwise.h"
#include "ops/conv_padded.h"
#include "ops/conv_pointwise.h"
#include "ops/conv_whole.h"
#include "ops/conv_winograd.h"

namespace lanegrad {
namespace {

using namespace conv_detail;

template <class T>
struct Layout {
  bool pads, in_bands;  // in bands: the tasks pad
  Padded padded;
  PaddedBands bands;
  T* image = nullptr;
  int64_t* offsets;
  int64_t* places;  // of the taps in the weight
  T* weights;
  size_t bytes;
};

template <class T>
Layout<T> lay_out(const ConvGeometry& g, void* workspace) {
  const Padded padded = padded_input(g);
  Layout<T> l{};
  l.pads = g.pads();
  l.in_bands = l.pads && is_flat(g);
  l.padded = padded;
  l.bands =
      PaddedBands(g.batch, g.groups, g.in_channels, padded.extent, g.out[1], g.out[1], g.out[2], g.stride[1]);
  Pieces pieces(workspace);
  const int64_t taps = g.taps(), depth = g.in_channels * taps;
  if (l.in_bands)
    l.image = pieces.take<T>(l.bands.slots * l.bands.slot);
  else if (l.pads)
    l.image = pieces.take<T>(g.batch * g.groups * g.in_channels * l.padded.plane());
  l.offsets = pieces.take<int64_t>(depth);
  l.places = pieces.take<int64_t>(taps);
  l.weights = pieces.take<T>(g.groups * packed_weights<T>(depth, g.out_channels));
  l.bytes = pieces.used();
  return l;
}

}  // namespace

template <class T>
size_t conv_forward_workspace(const ConvGeometry& g) {
  if (has_single_channels(g)) return depthwise_forward_workspace<T>(g);
  const size_t direct = std::max(lay_out<T>(g, nullptr).bytes, amx_forward_workspace<T>(g));
  if (is_whole(g)) return std::max(direct, whole_workspace<T>(g));
  if (suits_pointwise_forward(g)) return std::max(direct, pointwise_forward_workspace<T>(g));
  return suits_winograd<T>(g) ? std::max(direct, winograd_forward_workspace<T>(g)) : direct;
}

template <class T>
void conv_forward(const ConvGeometry& g, ConvOperand<const T> x, ConvOperand<const T> weight, const T* bias,
                  T* out, void* workspace) {
  if (has_single_channels(g)) return depthwise_forward(g, x, weight, bias, out, workspace);
  if (is_whole(g) && whole_forward(g, x, weight, bias, out, workspace)) return;
  if (amx_suits_forward<T>(g) && amx_forward(g, x, weight, bias, out, workspace)) return;
  if (suits_pointwise_forward(g) && pointwise_forward(g, x, weight, bias, out, workspace)) return;
  if (suits_winograd<T>(g) && winograd_forward(g, x, weight, bias, out, workspace)) return;
  const Layout<T> l = lay_out<T>(g, workspace);
  const int64_t channels = g.groups * g.in_channels;
  const ConvOperand<const T> source = x;
  if (l.in_bands) {
    x = {nullptr, l.padded.strides(channels)};
    x.strides[1] = l.bands.rows * l.padded.extent[2];
  } else if (l.pads) {
    pad_images(channels, g.batch, g.size, x, l.padded, l.image);
    x = {l.image, l.padded.strides(channels)};
  }
  const int64_t taps = g.taps(), depth = g.in_channels * taps;
  const auto &xs = x.strides, &ws = weight.strides;
  for (int64_t t = 0; t < taps; ++t) {
    const ConvSizes k = g.tap(t);
    l.places[t] = k[0] * ws[2] + k[1] * ws[3] + k[2] * ws[4];
    const int64_t offset =
        k[0] * g.dilation[0] * xs[2] + k[1] * g.dilation[1] * xs[3] + k[2] * g.dilation[2] * xs[4];
    for (int64_t c = 0; c < g.in_channels; ++c) l.offsets[c * taps + t] = c * xs[1] + offset;
  }
  const int64_t group_weights = packed_weights<T>(depth, g.out_channels);
  in_tasks(g.groups, g.groups * group_weights, 4 * num_threads(), [&](int64_t group, int64_t) {
    pack_weights(weight.data + group * g.out_channels * ws[0], g.in_channels, ws[1], l.places, taps,
                 g.out_channels, ws[0], l.weights + group * group_weights);
  });
  Phase phase{.offsets = l.offsets,
              .taps = taps,
              .weights = 0,
              .group_weights = group_weights,
              .slices = g.out[0],
              .rows = g.out[1],
              .columns = g.out[2],
              .slice_step = g.stride[0] * xs[2],
              .row_step = g.stride[1] * xs[3],
              .column_step = g.stride[2] * xs[4],
              .out_origin = 0,
              .out_slice = g.out[1] * g.out[2],
              .out_row = g.out[2],
              .out_column = 1};
  if (!l.in_bands) merge_rows(phase);
  const PixelWork<T> work{.images = g.batch,
                          .groups = g.groups,
                          .in_channels = g.in_channels,
                          .out_channels = g.out_channels,
                          .image = x.data,
                          .image_stride = xs[0],
                          .channel_stride = xs[1],
                          .out = out,
                          .out_plane = g.places(),
                          .bias = bias,
                          .weights = l.weights};
  if (l.in_bands)
    run_padded(work, &phase, 1, source, g.size, l.padded, l.bands, l.image);
  else
    run_pixels(work, &phase, 1);
}

#define LANEGRAD_CONV(T)                                                                                   \
  template size_t conv_forward_workspace<T>(const ConvGeometry&);                                          \
  template void conv_forward<T>(const ConvGeometry&, ConvOperand<const T>, ConvOperand<const T>, const T*, \
                                T*, void*);
LANEGRAD_CONV(float)
LANEGRAD_CONV(double)
#undef LANEGRAD_CONV

}  // namespace lanegrad

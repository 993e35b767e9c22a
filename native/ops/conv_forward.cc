#include "ops/conv_pixels.h"

namespace lanegrad {
namespace {

using namespace conv_detail;

template <class T>
struct Layout {
  bool pads;
  Padded padded;
  T* image = nullptr;
  int64_t* offsets;
  int64_t* places;  // of the taps in the weight
  T* weights;
  size_t bytes;
};

template <class T>
Layout<T> lay_out(const ConvGeometry& g, void* workspace) {
  Layout<T> l;
  Pieces pieces(workspace);
  l.pads = g.padding[0] > 0 || g.padding[1] > 0;
  const auto extent = [&](int d) {
    return (g.out[d] - 1) * g.stride[d] + (g.kernel[d] - 1) * g.dilation[d] + 1;
  };
  l.padded = {g.padding[0], g.padding[1], extent(0), extent(1)};
  const int64_t taps = g.kernel[0] * g.kernel[1], depth = g.in_channels * taps;
  if (l.pads) l.image = pieces.take<T>(g.batch * g.groups * g.in_channels * l.padded.height * l.padded.width);
  l.offsets = pieces.take<int64_t>(depth);
  l.places = pieces.take<int64_t>(taps);
  l.weights = pieces.take<T>(g.groups * packed_weights<T>(depth, g.out_channels));
  l.bytes = pieces.used();
  return l;
}

}  // namespace

template <class T>
size_t conv_forward_workspace(const ConvGeometry& g) {
  return lay_out<T>(g, nullptr).bytes;
}

template <class T>
void conv_forward(const ConvGeometry& g, Strided4<const T> x, Strided4<const T> weight, const T* bias, T* out,
                  void* workspace) {
  const Layout<T> l = lay_out<T>(g, workspace);
  const int64_t channels = g.groups * g.in_channels;
  if (l.pads) {
    pad_images(channels, g.batch, g.size, x, l.padded, l.image);
    const int64_t plane = l.padded.height * l.padded.width;
    x = {l.image, {channels * plane, plane, l.padded.width, 1}};
  }
  const int64_t taps = g.kernel[0] * g.kernel[1], depth = g.in_channels * taps;
  const auto& ws = weight.strides;
  for (int64_t t = 0; t < taps; ++t) {
    const int64_t r = t / g.kernel[1], s = t % g.kernel[1];
    l.places[t] = r * ws[2] + s * ws[3];
    for (int64_t c = 0; c < g.in_channels; ++c) {
      l.offsets[c * taps + t] =
          c * x.strides[1] + r * g.dilation[0] * x.strides[2] + s * g.dilation[1] * x.strides[3];
    }
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
              .rows = g.out[0],
              .columns = g.out[1],
              .row_step = g.stride[0] * x.strides[2],
              .column_step = g.stride[1] * x.strides[3],
              .out_origin = 0,
              .out_row = g.out[1],
              .out_column = 1};
  merge_rows(phase);
  const PixelWork<T> work{.images = g.batch,
                          .groups = g.groups,
                          .in_channels = g.in_channels,
                          .out_channels = g.out_channels,
                          .image = x.data,
                          .image_stride = x.strides[0],
                          .channel_stride = x.strides[1],
                          .out = out,
                          .out_plane = g.out[0] * g.out[1],
                          .bias = bias,
                          .weights = l.weights};
  run_pixels(work, &phase, 1);
}

#define LANEGRAD_CONV(T)                                                                                 \
  template size_t conv_forward_workspace<T>(const ConvGeometry&);                                        \
  template void conv_forward<T>(const ConvGeometry&, Strided4<const T>, Strided4<const T>, const T*, T*, \
                                void*);
LANEGRAD_CONV(float)
LANEGRAD_CONV(double)
#undef LANEGRAD_CONV

}  // namespace lanegrad

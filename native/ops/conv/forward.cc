#include "ops/conv/amx.h"
#include "ops/conv/depthwise.h"
#include "ops/conv/padded.h"
#include "ops/conv/pointwise.h"
#include "ops/conv/whole.h"
#include "ops/conv/window.h"
#include "ops/conv/winograd.h"

namespace lanegrad {
namespace {

using namespace conv_detail;

constexpr int64_t kFewPanels = 8;  // tasks that there should be
constexpr int64_t kSplitDepth = 640;
constexpr int64_t kPanelSlots = 16;

template <class T>
struct Layout {
  bool pads, in_bands;  // in bands: the tasks pad
  bool in_panels;       // the weights are packed while they pass
  Padded padded;
  PaddedBands bands;
  T* image = nullptr;
  int64_t* offsets;
  int64_t* places;  // in the weight, of the taps; in panels of all channels
  T* weights;       // packed: all, or what passes, for each slot
  size_t bytes;
};

// Few pixels and many channels: the weights are most of what is read. Every task takes all pixels and some of
// the channels then, so that no weight is read by two of them, and the weights are packed while they pass.
template <class T>
bool mostly_weights(const ConvGeometry& g) {
  const int64_t image = g.in_channels * padded_input(g).plane(),
                panels = ceil_div(g.out_channels, conv_table<T>().channels);
  return is_flat(g) && g.batch * image <= kPaddedElements && panels >= kFewPanels &&
         g.batch * image <= packed_weights<T>(g.in_channels * g.taps(), g.out_channels);
}

template <class T>
Layout<T> lay_out(const ConvGeometry& g, void* workspace) {
  Padded padded = padded_input(g);
  Layout<T> l{};
  l.pads = g.pads();
  l.in_panels = mostly_weights<T>(g);
  l.in_bands = l.pads && is_flat(g) && !l.in_panels;
  // In bands of many channels the caches are the limit, and the copy costs more than it saves.
  const bool splits = !l.in_bands || g.in_channels * g.taps() <= kSplitDepth;
  if (l.pads && is_flat(g) && g.stride[2] > 1 && splits) {
    padded.split = g.stride[2];
    padded.extent[2] = ceil_div(padded.extent[2], padded.split) * padded.split;
  }
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
  l.places = pieces.take<int64_t>(l.in_panels ? depth : taps);
  l.weights = pieces.take<T>(l.in_panels ? kPanelSlots * conv_table<T>().room
                                         : g.groups * packed_weights<T>(depth, g.out_channels));
  l.bytes = pieces.used();
  return l;
}

// The places of the taps in a group's weights.
template <class T>
void find_places(const ConvGeometry& g, const ConvOperand<const T>& weight, int64_t* places) {
  const auto& ws = weight.strides;
  for (int64_t t = 0; t < g.taps(); ++t) {
    const ConvSizes k = g.tap(t);
    places[t] = k[0] * ws[2] + k[1] * ws[3] + k[2] * ws[4];
  }
}

template <class T>
int64_t packed_group(const ConvGeometry& g) {
  return packed_weights<T>(g.in_channels * g.taps(), g.out_channels);
}

template <class T>
void pack_direct(const ConvGeometry& g, const ConvOperand<const T>& weight, const int64_t* places,
                 T* packed) {
  const auto& ws = weight.strides;
  const int64_t group_weights = packed_group<T>(g);
  const int64_t panel = conv_table<T>().channels, panels = ceil_div(g.out_channels, panel);
  in_tasks(g.groups * panels, g.groups * group_weights, 4 * num_threads(), [&](int64_t index, int64_t) {
    const int64_t group = index / panels, first = index % panels * panel;
    pack_weights(weight.data + (group * g.out_channels + first) * ws[0], g.in_channels, ws[1], places,
                 g.taps(), std::min(panel, g.out_channels - first), ws[0],
                 packed + group * group_weights + first * g.in_channels * g.taps());
  });
}

// The weights as they lie, and room for what is packed of them at a time.
template <class T>
PlainWeights<T> plain_weights(const ConvGeometry& g, const ConvOperand<const T>& weight, const Layout<T>& l) {
  const int64_t taps = g.taps(), channel = weight.strides[1];
  find_places(g, weight, l.places);
  bool in_row = channel == taps;
  for (int64_t t = 0; t < taps; ++t) in_row = in_row && l.places[t] == t;
  for (int64_t p = taps; p < g.in_channels * taps; ++p) l.places[p] = l.places[p % taps] + p / taps * channel;
  return {weight.data, weight.strides[0], in_row ? nullptr : l.places, l.weights};
}

// Of a way that finishes nothing itself.
template <class T>
void finish_all(const ConvGeometry& g, T* out, const ConvFinish<T>& finish) {
  const int64_t plane = g.places(), planes = g.batch * g.groups * g.out_channels;
  if (!finish.any() || planes * plane == 0) return;
  parallel_for(planes, ceil_div(kSerialWork / 16, plane),
               [&](int64_t begin, int64_t end) { finish.run(out + begin * plane, (end - begin) * plane); });
}

}  // namespace

template <class T>
size_t conv_forward_workspace(const ConvGeometry& g) {
  const size_t window = has_window<T>(g) ? window_forward_workspace<T>(g) : 0;
  if (has_single_channels(g)) return std::max(window, depthwise_forward_workspace<T>(g));
  const size_t direct = std::max({window, lay_out<T>(g, nullptr).bytes, amx_forward_workspace<T>(g)});
  if (is_whole(g)) return std::max(direct, whole_workspace<T>(g));
  if (suits_pointwise_forward(g)) return std::max(direct, pointwise_forward_workspace<T>(g));
  return suits_winograd<T>(g) ? std::max(direct, winograd_forward_workspace<T>(g)) : direct;
}

template <class T>
int64_t conv_packed_elements(const ConvGeometry& g) {
  if (has_window<T>(g) || has_single_channels(g) || is_whole(g) || amx_suits_forward<T>(g)) return 0;
  if (suits_pointwise_forward(g)) return pointwise_packed_elements<T>(g);
  return suits_winograd<T>(g) ? winograd_packed_elements<T>(g) : g.groups * packed_group<T>(g);
}

template <class T>
size_t conv_pack_workspace(const ConvGeometry& g) {
  return static_cast<size_t>(g.taps()) * sizeof(int64_t);
}

template <class T>
void conv_pack(const ConvGeometry& g, ConvOperand<const T> weight, T* packed, void* workspace) {
  if (suits_pointwise_forward(g)) return pointwise_pack(g, weight, packed);
  if (suits_winograd<T>(g)) return winograd_pack(g, weight, packed);
  int64_t* const places = static_cast<int64_t*>(workspace);
  find_places(g, weight, places);
  pack_direct(g, weight, places, packed);
}

template <class T>
void conv_forward(const ConvGeometry& g, ConvOperand<const T> x, ConvOperand<const T> weight, T* out,
                  const ConvExtras<T>& extras, void* workspace) {
  if (in_windows<T>(g, x.strides)) return window_forward<T>(g, x, weight, out, extras, workspace);
  if (has_single_channels(g)) return depthwise_forward(g, x, weight, out, extras, workspace);
  if (is_whole(g) && whole_forward(g, x, weight, out, extras, workspace)) return;
  if (amx_suits_forward<T>(g) && amx_forward(g, x, weight, extras.bias, out, workspace)) {
    finish_all(g, out, extras.finish);
    return;
  }
  // What another way packed is of no use to those that follow it.
  bool first = true;
  if (suits_pointwise_forward(g)) {
    if (pointwise_forward(g, x, weight, out, extras, workspace)) return;
    first = false;
  } else if (suits_winograd<T>(g)) {
    if (winograd_forward(g, x, weight, out, extras, workspace)) return;
    first = false;
  }
  const T* const packed = first && !is_whole(g) ? extras.packed : nullptr;
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
  const int64_t taps = g.taps();
  const auto& xs = x.strides;
  const int64_t split = l.padded.split;
  for (int64_t t = 0; t < taps; ++t) {
    const ConvSizes k = g.tap(t);
    const int64_t column = k[2] * g.dilation[2];
    const int64_t offset = k[0] * g.dilation[0] * xs[2] + k[1] * g.dilation[1] * xs[3] +
                           (split > 1 ? l.padded.place(column) : column * xs[4]);
    for (int64_t c = 0; c < g.in_channels; ++c) l.offsets[c * taps + t] = c * xs[1] + offset;
  }
  if (!packed && !l.in_panels) {
    find_places(g, weight, l.places);
    pack_direct(g, weight, l.places, l.weights);
  }
  Phase phase{.offsets = l.offsets,
              .taps = taps,
              .weights = 0,
              .group_weights = packed_group<T>(g),
              .slices = g.out[0],
              .rows = g.out[1],
              .columns = g.out[2],
              .slice_step = g.stride[0] * xs[2],
              .row_step = g.stride[1] * xs[3],
              .column_step = split > 1 ? 1 : g.stride[2] * xs[4],
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
                          .bias = extras.bias,
                          .weights = packed ? packed : l.weights,
                          .finish = extras.finish};
  if (l.in_panels) {
    run_panels(work, phase, packed ? PlainWeights<T>{} : plain_weights(g, weight, l), kPanelSlots);
  } else if (l.in_bands) {
    run_padded(work, &phase, 1, source, g.size, l.padded, l.bands, l.image);
  } else {
    run_pixels(work, &phase, 1);
  }
}

#define LANEGRAD_CONV(T)                                                                             \
  template size_t conv_forward_workspace<T>(const ConvGeometry&);                                    \
  template void conv_forward<T>(const ConvGeometry&, ConvOperand<const T>, ConvOperand<const T>, T*, \
                                const ConvExtras<T>&, void*);                                        \
  template int64_t conv_packed_elements<T>(const ConvGeometry&);                                     \
  template size_t conv_pack_workspace<T>(const ConvGeometry&);                                       \
  template void conv_pack<T>(const ConvGeometry&, ConvOperand<const T>, T*, void*);
LANEGRAD_CONV(float)
LANEGRAD_CONV(double)
#undef LANEGRAD_CONV

}  // namespace lanegrad

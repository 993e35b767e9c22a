// Convolutions by Winograd's transforms of few tiles, whose weights are most of what is read.
#pragma once

#include "ops/conv/tiles.h"

namespace lanegrad::conv_detail {

// A convolution of an image of `depth` channels to one of `channels`.
struct WinogradShape {
  int64_t images, depth, channels;
  int64_t rows, columns, out_rows, out_columns;
  int64_t top, left;  // zeros before the image
  const float* weight;
  int64_t weight_depth, weight_channel;
  bool flipped;
};

// With images of T, float or a 16-bit one; of 16-bit ones nothing is finished but the bias.
template <class T>
struct WinogradJob : WinogradShape {
  const T* image;
  int64_t image_stride, channel_stride, row_stride;
  T* out;
  ConvExtras<float> extras;
};

// Whether the tiles are so few that they all fit the L2 cache of a core. Then every task has some channels of
// the result and all tiles, so that each weight is read once, by one thread; with many tiles a task has some
// of those and all channels (winograd.cc).
bool suits_winograd_panels(const WinogradShape& j);

size_t winograd_panels_workspace(const WinogradShape& j);
// False if a result is not finite.
template <class T>
bool run_winograd_panels(const WinogradJob<T>& j, void* workspace);

// The weights as it reads them: elements, and made once for many calls.
int64_t winograd_panels_elements(const WinogradShape& j);
void pack_winograd_panels(const WinogradShape& j, float* packed);

}  // namespace lanegrad::conv_detail

// How images are cut into the grids of convolutions on tiles.
#pragma once

#include <algorithm>

#include "core/matmul_precision.h"
#include "kernels/amx/amx.h"
#include "ops/conv/pixels.h"
#include "ops/conv/tiles.h"
#include "ops/conv/winograd.h"

namespace lanegrad::conv_detail {

// Cycles: see amx.h.
inline constexpr double kVectorProducts = 0.8 * 32;
inline constexpr double kCopyHalf = 1.0 / 8, kCopyFloat = 1;
inline constexpr int64_t kAmxLeastWork = int64_t{1} << 18;  // multiply-adds

inline constexpr int kAmxMostParts = 3;
template <class T>
constexpr int kAmxStored = std::is_same_v<T, float> ? kAmxMostParts : 1;
template <class T>
constexpr bool kAmxTakes = !std::is_same_v<T, double>;
template <class T>
int amx_parts() {
  if (!std::is_same_v<T, float>) return 1;
  return static_cast<int>(matmul_precision_in_force().load(std::memory_order_relaxed));
}
// Products of parts.
inline int amx_products(int parts) { return parts * (parts + 1) / 2; }
template <class T>
double amx_copy_cycles(int parts) {
  return std::is_same_v<T, float> ? kCopyFloat * parts / kAmxMostParts : kCopyHalf;
}

// Multiply-adds of a convolution, 0 of an empty one.
inline double conv_products(const ConvGeometry& g) {
  if (g.size[0] * g.size[1] * g.size[2] == 0) return 0;
  return static_cast<double>(g.batch * g.places()) * static_cast<double>(g.groups * g.taps()) *
         static_cast<double>(g.in_channels * g.out_channels);
}

// At full precision Winograd's transforms save as much as six products cost, and in bfloat16 as much as dot
// products do.
template <class T>
bool leaves_to_winograd(const ConvGeometry& g) {
  if (!suits_winograd<float>(g)) return false;
  if (!std::is_same_v<T, float>) return amx_table() && !amx_table()->takes<float>();
  return amx_parts<T>() == kAmxMostParts;
}

// A direction with one output has any stride: the longest leaves the smallest grid.
inline ConvGeometry with_free_strides(ConvGeometry g) {
  for (int d = 0; d < kConvDims; ++d)
    if (g.out[d] == 1) g.stride[d] = (g.kernel[d] - 1) * g.dilation[d] + 1;
  return g;
}

// Where every output is made of one place the image is a single line.
inline ConvGeometry in_one_line(ConvGeometry g) {
  for (int d = 0; d < kConvDims; ++d)
    if (g.kernel[d] != 1 || g.stride[d] != 1 || g.padding[d] != 0) return g;
  g.size = {1, 1, g.size[0] * g.size[1] * g.size[2]};
  g.out = {1, 1, g.out[0] * g.out[1] * g.out[2]};
  return g;
}
// Whether an image of that size can be read so.
inline bool lies_in_line(const ConvSizes& size, const ConvStrides& strides) {
  return (size[1] == 1 || strides[3] == size[2] * strides[4]) &&
         (size[0] == 1 || strides[2] == size[1] * size[2] * strides[4]);
}

// uint16_t from one line of so many to the next: room for what vectors write too much and tiles read too far,
// and an odd number of cache lines, so that sixteen lie in as many sets.
inline int64_t amx_line(int64_t words) {
  const int64_t lines = ceil_div(words + 2 * kAmxPanel, 32);
  return (lines | 1) * 32;
}

// An image as a grid sees it: place j of plane f lies at j * step + f - before of the image.
struct GridSource {
  ConvSizes size, step, before;
};

// Where the rows of a grid begin in a channel of an image, for one plane.
struct GridRows {
  int64_t left, right;

  // `at`: of the grid's first place among all, `extent` its places; strides: [N, C, D, H, W].
  GridRows(const GridSource& s, const ConvSizes& plane, const ConvSizes& at, const ConvSizes& extent,
           int64_t images, const std::array<int64_t, 2 + kConvDims>& strides, int64_t* starts) {
    left = std::clamp<int64_t>(ceil_div(s.before[2] - plane[2], s.step[2]) - at[2], 0, extent[2]);
    right =
        std::clamp<int64_t>(ceil_div(s.size[2] + s.before[2] - plane[2], s.step[2]) - at[2], left, extent[2]);
    const auto pixel = [&](int d, int64_t j) { return (at[d] + j) * s.step[d] + plane[d] - s.before[d]; };
    const auto inside = [&](int d, int64_t q) { return q >= 0 && q < s.size[d]; };
    const int64_t first = pixel(2, left) * strides[4];
    for (int64_t n = 0; n < images; ++n) {
      for (int64_t z = 0; z < extent[0]; ++z) {
        for (int64_t y = 0; y < extent[1]; ++y) {
          const int64_t qz = pixel(0, z), qy = pixel(1, y);
          const bool there = inside(0, qz) && inside(1, qy) && left < right;
          *starts++ = there ? n * strides[0] + qz * strides[2] + qy * strides[3] + first : -1;
        }
      }
    }
  }
};

// Images, and outputs of one image in one direction, that share a grid.
struct GridCut {
  int64_t together, sets;  // images of a grid, and how many such sets there are
  int dim;                 // the direction that is cut
  int64_t band, bands;     // outputs of a grid in it
  ConvSizes extent;        // of an image in a grid

  // `elements`: what a place takes, all channels, planes and parts, of which a grid has up to `fits`; `outs`
  // and `span`: outputs, and places that the grid has beside them.
  GridCut(int64_t images, const ConvSizes& outs, const ConvSizes& span, int64_t elements, int64_t other_tasks,
          int64_t fits) {
    constexpr int64_t kPlaces = 1024, kTasks = 16, kFew = 4;
    dim = outs[0] > 1 ? 0 : outs[1] > 1 ? 1 : 2;
    int64_t inner = 1;
    for (int d = 0; d < kConvDims; ++d) {
      extent[d] = outs[d] + span[d];
      if (d != dim) inner *= extent[d];
    }
    const int64_t fitting = fits / (elements * inner);
    bands = ceil_div(outs[dim], std::clamp<int64_t>(fitting - span[dim], 1, outs[dim]));
    together = 1;
    if (bands == 1) {
      const int64_t places = inner * extent[dim];
      together = std::clamp<int64_t>(std::min(kPlaces / places, fitting / extent[dim]), 1,
                                     std::max<int64_t>(1, images * other_tasks / kTasks));
    }
    sets = ceil_div(images, together);
    const int64_t wanted = ceil_div(kTasks, std::max<int64_t>(1, sets * other_tasks));
    bands = std::max(bands, std::min(wanted, std::max<int64_t>(1, outs[dim] / kFew)));
    band = ceil_div(outs[dim], bands);
    bands = ceil_div(outs[dim], band);
    extent[dim] = band + span[dim];
  }
  int64_t rows() const { return together * extent[0] * extent[1]; }
  int64_t places() const { return rows() * extent[2]; }
  int64_t place_of(const ConvSizes& at) const { return (at[0] * extent[1] + at[1]) * extent[2] + at[2]; }
};

}  // namespace lanegrad::conv_detail

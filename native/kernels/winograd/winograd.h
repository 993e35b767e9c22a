// Winograd's minimal filtering for 3 x 3 windows of stride one: F(4 x 4, 3 x 3) for a convolution and the
// gradient of its input, F(3 x 3, 4 x 4) for the gradient of its weight. Both take 36 products where 144 are
// wanted; the products are 36 matrix products, left to the kernels of those, the transforms are here.
//
// The points are 0, +-3/4, +-3/2 and infinity: with 0, +-1, +-2 the squares of the coefficients grow faster,
// and so does the error. Measured against float64, as |error| / (|image| * |weight|) over normal data: at
// most 5.1e-7, and 5e-8 RMS, for 64 to 256 channels; a chain of multiply-adds has 1.2e-7 and 2e-8 for 64, the
// points 0, +-1, +-2 have 1.1e-6 and 1.1e-7.
#pragma once

#include <array>
#include <cstdint>
#include <utility>

#include "core/half.h"

namespace lanegrad {

inline constexpr int kWinogradPoints = 36;
inline constexpr int kWinogradStep = 4;  // pixels from tile to tile, in both directions

// Windows of one image and at most one vector of channels, transformed: channel c of point p of tile t goes
// to out[p * out_point + t * out_tile + c]. Whole vectors are written.
template <class In>
struct WinogradTiles {
  const In* image;        // element (0, 0) of the first channel
  int64_t channel, row;   // strides; pixels of a row are neighbours
  int64_t channels;       // at most WinogradTable::lanes
  int64_t rows, columns;  // what lies outside counts as zero
  int64_t top, left;      // where the first window begins
  int64_t tile_rows, tile_columns;
  float* region;  // room for winograd_region() elements
  float* out;
  int64_t out_point, out_tile;
};

// The other way: pixels of at most one vector of channels from the products.
template <class Out>
struct WinogradPixels {
  const float* products;
  int64_t point, tile;  // strides
  int64_t channels;
  int64_t tile_rows, tile_columns;
  const float* bias;  // [channels] or null
  float* region;
  Out* out;               // the first pixel of the first tile
  int64_t channel, row;   // strides
  int64_t rows, columns;  // pixels that there are, at most those of the tiles
};

// The 3 x 3 windows of `depth` x at most one vector of columns, transformed; whole vectors are written. With
// `flipped` tap t is tap 8 - t.
struct WinogradWeights {
  const float* weight;
  int64_t weight_depth, weight_column;  // strides; the nine taps are neighbours
  int64_t depth, columns;
  bool flipped;
  float* out;
  int64_t out_point, out_depth;
};

// And the gradient of these windows from its products.
struct WinogradWeightGrad {
  const float* products;
  int64_t point, product_depth;  // strides
  int64_t depth, columns;
  float* out;
  int64_t out_depth, out_column;  // strides
};

// products[t][j] (+)= sum over p of tiles[t][p] * weights[p][j], for one panel of columns of one point; the
// sum is one chain, which goes on from the products with `accumulate`.
struct WinogradProducts {
  const float* tiles;
  int64_t tile;  // elements from one to the next
  int64_t count, depth;
  const float* weights;  // [depth][WinogradTable::columns]
  const float* next;     // the weights of the next call, which are asked for
  float* products;       // [count][WinogradTable::columns]
  bool accumulate;
};

// Between images of T, float or a 16-bit one, and tiles and products, which are float.
template <class T>
struct WinogradImages {
  void (*image_tiles)(const WinogradTiles<T>&);  // windows of 6 x 6
  void (*grad_tiles)(const WinogradTiles<T>&);   // of 4 x 4, the taps of F(3 x 3, 4 x 4)
  bool (*pixels)(const WinogradPixels<T>&);      // false if one is infinite or NaN
};

struct WinogradTable {
  int lanes;
  int columns;  // of a panel of weights
  WinogradImages<float> f32;
  WinogradImages<BFloat16> bf16;
  WinogradImages<Float16> f16;
  void (*weights)(const WinogradWeights&);
  bool (*weight_grad)(const WinogradWeightGrad&);
  void (*products)(const WinogradProducts&);
};

const WinogradTable& winograd_table();

template <class T>
const WinogradImages<T>& winograd_images();
template <>
inline const WinogradImages<float>& winograd_images<float>() {
  return winograd_table().f32;
}
template <>
inline const WinogradImages<BFloat16>& winograd_images<BFloat16>() {
  return winograd_table().bf16;
}
template <>
inline const WinogradImages<Float16>& winograd_images<Float16>() {
  return winograd_table().f16;
}

// Elements of the region that `tile_rows` rows of tiles need.
inline int64_t winograd_region(int64_t tile_rows, int64_t tile_columns, int64_t lanes) {
  return (kWinogradStep * tile_rows + 2 + 6) * (kWinogradStep * tile_columns + 2) * lanes;
}

}  // namespace lanegrad

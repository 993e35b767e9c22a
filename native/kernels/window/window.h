// 3 x 3 windows of stride one over single channels, straight over the planes where they lie: nothing is
// placed between zeros, nothing widened before. What such a convolution is bound by is memory, so the kernel
// for the gradients makes both of them of one reading of the gradient.
//
// Lanes run along a row; those that a tap sees outside of the plane are masked off, and rows outside of it
// left out.
#pragma once

#include <cstdint>

#include "kernels/gemm/gemm.h"

namespace lanegrad {

inline constexpr int kWindowSide = 3, kWindowTaps = 9;

// out[i][j] = sum over r and t, in this order, of weights[3 r + t] * image[i + r - top][j + t - left], +
// bias, for the rows `first` to `first + rows` of the result. 16-bit floats are summed in float32 and rounded
// once.
template <class In>
struct WindowRows {
  using T = GemmSum<In>;
  const In* image;
  int64_t height, width, image_row;
  int64_t top, left;
  const T* weights;  // [9]
  T bias;
  int64_t first, rows, columns;
  In* out;  // of row `first`; null in the kernel of sums: not wanted
  int64_t out_row;
};

// That, and sums[3 r + t] += place[i][j] * image[i + r - top][j + t - left], summed over i and j.
template <class In>
struct WindowSums : WindowRows<In> {
  const In* place;  // of row `first`
  int64_t place_row;
  typename WindowRows<In>::T* sums;  // [9][lanes]
};

template <class In>
struct WindowTable {
  using T = GemmSum<In>;
  int lanes;
  void (*forward)(const WindowRows<In>&);
  void (*sums)(const WindowSums<In>&);
  // to[t] += the lanes of sums[t]
  void (*add_lanes)(const T* sums, T* to);
};

struct WindowTables {
  WindowTable<float> f32;
  WindowTable<double> f64;
  WindowTable<BFloat16> bf16;
  WindowTable<Float16> f16;
};

const WindowTables& window_tables();

template <class In>
const WindowTable<In>& window_table();
template <>
inline const WindowTable<float>& window_table<float>() {
  return window_tables().f32;
}
template <>
inline const WindowTable<double>& window_table<double>() {
  return window_tables().f64;
}
template <>
inline const WindowTable<BFloat16>& window_table<BFloat16>() {
  return window_tables().bf16;
}
template <>
inline const WindowTable<Float16>& window_table<Float16>() {
  return window_tables().f16;
}

}  // namespace lanegrad

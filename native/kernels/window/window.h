// Windows of 3 x 3 and 5 x 5, of stride one or two, over single channels, straight over the planes where they
// lie: nothing is placed between zeros, nothing widened before. What such a convolution is bound by is
// memory, so planes are asked for ahead, and where a kernel for both gradients can make them of one reading
// it does.
//
// Lanes run along a row; those that a tap sees outside of the plane are masked off, and rows outside of it
// left out.
#pragma once

#include <cstdint>

#include "kernels/gemm/gemm.h"

namespace lanegrad {

inline constexpr int kWindowTaps = 25;  // at most

// out[i][j] = sum over r and t, in this order, of weights[side * r + t] * image[stride * i + r - top][stride
// * j + t - left], + bias, for the rows `first` to `first + rows` of the result. 16-bit floats are summed in
// float32 and rounded once.
template <class In>
struct WindowRows {
  using T = GemmSum<In>;
  const In* image;
  int64_t height, width, image_row;
  int64_t top, left;
  const T* weights;  // [side][side]
  T bias;
  int64_t first, rows, columns;
  In* out;  // of row `first`; null in the kernel of sums: not wanted
  int64_t out_row;
  bool asks_out;  // asks for the lines of the result ahead of writing them: those in no cache
};

// That, and sums[side * r + t] += place[i][j] * image[stride * i + r - top][stride * j + t - left], summed
// over i and j.
template <class In>
struct WindowSums : WindowRows<In> {
  const In* place;  // of row `first`
  int64_t place_row;
  typename WindowRows<In>::T* sums;  // [side * side][lanes]
};

template <class In>
struct WindowKernels {
  using T = GemmSum<In>;
  void (*forward)(const WindowRows<In>&);
  // With `out` only where both_at_once: a stride of one, and sums that fit into registers.
  void (*sums)(const WindowSums<In>&);
  bool both_at_once;
  // The transpose of forward() with a stride of two: out[y][x] = sum of weights[side * r + t] * image[i][j]
  // where y + top = 2 i + r and x + left = 2 j + t, + bias. top and left are both even or both odd, `first`
  // is even. Null with a stride of one, which forward() does with the window turned around.
  void (*spread)(const WindowRows<In>&);
};

template <class In>
struct WindowTable {
  using T = GemmSum<In>;
  int lanes;
  WindowKernels<In> kernels[2][2];  // of side 3 and 5, stride 1 and 2
  // to[t] += the lanes of sums[t]
  void (*add_lanes)(const T* sums, int taps, T* to);

  const WindowKernels<In>& of(int64_t side, int64_t stride) const { return kernels[side / 4][stride - 1]; }
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

// Where the windows of a pool lie, and the plain loop over them for a maximum.
#pragma once

#include <array>
#include <cstdint>
#include <limits>

namespace lanegrad {

// Depth, height, width. What has fewer directions has sizes of 1 in front.
inline constexpr int kPoolDims = 3;
using PoolSizes = std::array<int64_t, kPoolDims>;

// One window in one direction: what of it lies inside the input, and the number by which a mean counts it.
struct PoolWindow {
  int64_t begin, end, extent;
};

// The windows of a row that lie inside the input: all of one width, `stride` apart from -padding on.
struct FullWindows {
  int64_t begin = 0, end = 0, width = 0, stride = 0, padding = 0;
};

struct PoolGeometry {
  PoolSizes size, out, dilation;
  std::array<const PoolWindow*, kPoolDims> windows;  // [out[d]] each
  int64_t divisor;                                   // of a mean; 0: the product of the extents
  // 2 x 2 with stride 2 over a plane, all windows inside.
  bool two_by_two;
  FullWindows full;  // in the last direction; a stride of 0 where windows are not all alike

  int64_t volume() const { return size[0] * size[1] * size[2]; }
  int64_t places() const { return out[0] * out[1] * out[2]; }
};

// The input of one channel, in any strides.
template <class T>
struct PoolView {
  const T* data;
  std::array<int64_t, kPoolDims> strides;
};

// As PyTorch scans: row by row, a later element wins only if it is greater, or NaN.
template <class T>
void max_window(const PoolGeometry& g, const PoolView<T>& in, const PoolWindow& z, const PoolWindow& y,
                const PoolWindow& x, T& out, int64_t& index) {
  T best = std::numeric_limits<T>::lowest();
  if constexpr (std::numeric_limits<T>::has_infinity) best = -std::numeric_limits<T>::infinity();
  int64_t at = (z.begin * g.size[1] + y.begin) * g.size[2] + x.begin;
  for (int64_t q = z.begin; q < z.end; q += g.dilation[0]) {
    for (int64_t r = y.begin; r < y.end; r += g.dilation[1]) {
      for (int64_t s = x.begin; s < x.end; s += g.dilation[2]) {
        const T value = in.data[q * in.strides[0] + r * in.strides[1] + s * in.strides[2]];
        if (value > best || value != value) {
          best = value;
          at = (q * g.size[1] + r) * g.size[2] + s;
        }
      }
    }
  }
  out = best;
  index = at;
}

// One channel, window by window. out and indices: row-major [places].
template <class T>
void max_windows(const PoolGeometry& g, const PoolView<T>& in, T* out, int64_t* indices) {
  for (int64_t k = 0; k < g.out[0]; ++k) {
    for (int64_t i = 0; i < g.out[1]; ++i) {
      for (int64_t j = 0; j < g.out[2]; ++j) {
        max_window(g, in, g.windows[0][k], g.windows[1][i], g.windows[2][j], *out++, *indices++);
      }
    }
  }
}

}  // namespace lanegrad

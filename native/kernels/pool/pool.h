// Pooling of one channel, of one to three directions. The op layer goes over batch and channels.
#pragma once

#include <algorithm>
#include <cstddef>

#include "kernels/pool/windows.h"

namespace lanegrad {

template <class T>
struct PoolTable {
  // out and indices: row-major [places]; an index is the row-major place in the input.
  void (*max)(const PoolGeometry&, const PoolView<T>& in, T* out, int64_t* indices);
  void (*average)(const PoolGeometry&, const PoolView<T>& in, T* out);
  // out: row-major [volume].
  void (*average_backward)(const PoolGeometry&, const PoolView<T>& grad, T* out);
};

struct PoolTables {
  PoolTable<float> f32;
  PoolTable<double> f64;
};

const PoolTables& pool_tables();

// Windows of one size that slide; at most 256 elements each.
struct MaxWindows {
  PoolSizes size, out, kernel, stride, padding, dilation;
};

// out: the maxima; place: which element of its window (row-major in the kernel) each came from. Each in the
// layout of the input: planes of one channel, row-major, or channels side by side. What goes past the caches
// (core/streaming.h) is aligned to cache lines, channel runs included.
template <class T>
struct WindowMaxTable {
  void (*plane)(const MaxWindows&, const PoolView<T>& in, T* out, uint8_t* place);
  // One row of windows, numbered through depth and height: out and place are those of the row.
  void (*channels)(const MaxWindows&, const T* in, int64_t channels, int64_t row, bool past_caches, T* out,
                   uint8_t* place);
  void (*plane_backward)(const MaxWindows&, const T* grad, const uint8_t* place, T* dx);
  // `count` of the `channels` that lie side by side.
  void (*channels_backward)(const MaxWindows&, const T* grad, const uint8_t* place, int64_t channels,
                            int64_t count, bool past_caches, T* dx);
};

struct WindowMaxTables {
  WindowMaxTable<float> f32;
  WindowMaxTable<double> f64;
  template <class T>
  const WindowMaxTable<T>& of() const {
    if constexpr (sizeof(T) == 4)
      return f32;
    else
      return f64;
  }
};

const WindowMaxTables& window_max_tables();

template <class T>
const PoolTable<T>& pool_table();
template <>
inline const PoolTable<float>& pool_table<float>() {
  return pool_tables().f32;
}
template <>
inline const PoolTable<double>& pool_table<double>() {
  return pool_tables().f64;
}

}  // namespace lanegrad

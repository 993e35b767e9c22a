// Pooling of one plane [H, W]. The op layer goes over batch and channels.
#pragma once

#include <array>
#include <cstdint>

namespace lanegrad {

// Index 0 of a pair is the vertical direction.
struct PoolGeometry {
  std::array<int64_t, 2> size, out, kernel, stride, padding, dilation;
  bool count_include_pad;
};

// A plane to read, in any strides.
template <class T>
struct PlaneView {
  const T* data;
  int64_t row, column;
};

template <class T>
struct PoolTable {
  // out and indices: row-major planes of geometry.out; an index is row * width + column of the input.
  void (*max)(const PoolGeometry&, PlaneView<T> in, T* out, int64_t* indices);
  void (*average)(const PoolGeometry&, PlaneView<T> in, T* out);
  // out: a row-major plane of geometry.size.
  void (*average_backward)(const PoolGeometry&, PlaneView<T> grad, T* out);
};

struct PoolTables {
  PoolTable<float> f32;
  PoolTable<double> f64;
};

const PoolTables& pool_tables();

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

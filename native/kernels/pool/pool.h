// Pooling of one channel, of one to three directions. The op layer goes over batch and channels.
#pragma once

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

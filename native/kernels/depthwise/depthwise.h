// Convolutions with one input channel a group, plane by plane: there is nothing to sum over but the taps, so
// that these are bound by memory if a plane is read once and all else happens in the L1 cache.
//
// A plane is first placed into a buffer with zeros around it, its columns split by the stride (all even ones
// of a row, then all odd ones), so that every load of the kernels is a run of neighbours.
#pragma once

#include <cstdint>

namespace lanegrad {

// out[i][j] = bias + sum over t of weights[t] * image[i * row_step + j + offsets[t]], in the order of t. Up
// to a vector behind the last element is read, not used.
template <class T>
struct PlaneBlock {
  const T* image;
  const int64_t* offsets;  // [taps]
  const T* weights;        // [taps]
  int64_t taps;
  int64_t rows, columns, row_step;
  T bias;
  T* out;
  int64_t out_row;
  // k if the taps are a k x k window whose rows lie `pitch` apart, with the same columns in each; else 0.
  int64_t window, pitch;
};

// sums[t][lane] += grads[i][j] * image[i * row_step + j + offsets[t]], lane being j modulo the lanes.
template <class T>
struct PlaneWeightBlock {
  const T* image;
  const int64_t* offsets;  // [taps]
  int64_t taps;
  const T* grads;
  int64_t grad_row;
  int64_t rows, columns, row_step;
  T* sums;
};

// Rows of `columns` elements, and the buffer where column c lies at (c + lead) % split * part + (c + lead) /
// split.
template <class T>
struct PlaneRows {
  const T* from;
  T* to;
  int64_t from_row, to_row;
  int64_t step;  // between the elements of a plain row
  int64_t rows, columns;
  int64_t split, part, lead;
};

template <class T>
struct DepthwiseTable {
  int lanes;
  void (*forward)(const PlaneBlock<T>&);
  void (*weight_grad)(const PlaneWeightBlock<T>&);
  void (*place)(const PlaneRows<T>&);  // plain rows into a buffer
  void (*merge)(const PlaneRows<T>&);  // and back, lead 0
};

struct DepthwiseTables {
  DepthwiseTable<float> f32;
  DepthwiseTable<double> f64;
};

const DepthwiseTables& depthwise_tables();

template <class T>
const DepthwiseTable<T>& depthwise_table();
template <>
inline const DepthwiseTable<float>& depthwise_table<float>() {
  return depthwise_tables().f32;
}
template <>
inline const DepthwiseTable<double>& depthwise_table<double>() {
  return depthwise_tables().f64;
}

}  // namespace lanegrad

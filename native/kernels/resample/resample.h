// Rows of a separable resampling: each output element is a weighted sum of a few input elements along each
// direction. The op layer goes over the rows.
#pragma once

#include <cstdint>

namespace lanegrad {

// How the elements of an output row are made along the row: element j is the sum over t < taps of weights[j *
// taps
// + t] * row[index[j * taps + t]].
template <class T>
struct ResampleTaps {
  const int64_t* index;
  const T* weights;
  int64_t taps, count;
};

template <class T>
struct ResampleTable {
  // to = weight * from, or to += weight * from; `step` is the stride of from.
  void (*scale)(const T* from, int64_t step, T weight, int64_t n, T* to);
  void (*add)(const T* from, int64_t step, T weight, int64_t n, T* to);
  // The weighted sums along a row, to out; and their transpose, added to `to`. `step` is the stride of what
  // is read.
  void (*combine)(const T* row, int64_t step, const ResampleTaps<T>& taps, T* out);
  void (*spread)(const T* grad, int64_t step, const ResampleTaps<T>& taps, T* to);
};

struct ResampleTables {
  ResampleTable<float> f32;
  ResampleTable<double> f64;
};

const ResampleTables& resample_tables();

template <class T>
const ResampleTable<T>& resample_table();
template <>
inline const ResampleTable<float>& resample_table<float>() {
  return resample_tables().f32;
}
template <>
inline const ResampleTable<double>& resample_table<double>() {
  return resample_tables().f64;
}

}  // namespace lanegrad

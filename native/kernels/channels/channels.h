// Depthwise convolutions whose channels are neighbours in memory: nothing is moved, nothing is padded, and a
// vector holds channels of one pixel, whatever the stride.
//
// Pixels go in runs that see the same taps: near an edge a run is one pixel with fewer taps, and all between
// the edges of a row is one run.
#pragma once

#include <cstdint>

#include "kernels/gemm/gemm.h"

namespace lanegrad {

// out[i * out_step + c] = sum over t of weights[weight_at[t] + c] * image[i * image_step + offsets[t] + c],
// in the order of t, + bias[c]. Weights and bias are readable to whole vectors. 16-bit floats are summed in
// float32 and rounded once.
template <class In>
struct ChannelRun {
  using T = GemmSum<In>;
  const In* image;
  int64_t image_step;
  const int64_t* offsets;  // [taps]
  const T* weights;
  const int64_t* weight_at;  // [taps]
  int64_t taps, pixels, channels;
  const T* bias;  // or null
  In* out;
  int64_t out_step;
  bool past_caches;  // out is aligned to 64 bytes and a pixel is whole lines; not of 16-bit floats
};

// sums[sum_at[t] + c] += sum over i of grads[i * grad_step + c] * image[i * image_step + offsets[t] + c];
// sums are there to whole vectors.
template <class In>
struct ChannelWeightRun {
  using T = GemmSum<In>;
  const In* image;
  int64_t image_step;
  const int64_t* offsets;  // [taps]
  int64_t taps, pixels, channels;
  const In* grads;
  int64_t grad_step;
  T* sums;
  const int64_t* sum_at;  // [taps]
};

template <class In>
struct ChannelTable {
  int lanes;
  void (*forward)(const ChannelRun<In>&);
  void (*weight_grad)(const ChannelWeightRun<In>&);
};

struct ChannelTables {
  ChannelTable<float> f32;
  ChannelTable<double> f64;
  ChannelTable<BFloat16> bf16;
  ChannelTable<Float16> f16;
};

const ChannelTables& channel_tables();

template <class In>
const ChannelTable<In>& channel_table();
template <>
inline const ChannelTable<float>& channel_table<float>() {
  return channel_tables().f32;
}
template <>
inline const ChannelTable<double>& channel_table<double>() {
  return channel_tables().f64;
}
template <>
inline const ChannelTable<BFloat16>& channel_table<BFloat16>() {
  return channel_tables().bf16;
}
template <>
inline const ChannelTable<Float16>& channel_table<Float16>() {
  return channel_tables().f16;
}

}  // namespace lanegrad

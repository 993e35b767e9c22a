// A bias of any stride and floating dtype, as the contiguous row of sums that kernels take.
#pragma once

#include "ops/op.h"

namespace lanegrad {

inline bool bias_needs_copy(const TensorSpec& bias) {
  return is_narrow(bias.dtype) || (bias.shape[0] > 1 && bias.strides[0] != 1);
}

// Bytes that contiguous_bias writes at `room`.
inline size_t bias_workspace(const TensorSpec& bias) {
  return bias_needs_copy(bias) ? TensorSpec{computed_dtype(bias.dtype), bias.shape, bias.strides}.bytes() : 0;
}

inline const void* contiguous_bias(const TensorView& bias, void* room) {
  if (!bias_needs_copy(*bias.spec)) return bias.data;
  dispatch_storage(bias.spec->dtype, [&]<class T>(T) {
    using Sum = std::conditional_t<kIsHalf<T>, float, T>;
    const T* const from = bias.as<const T>();
    for (int64_t j = 0; j < bias.spec->shape[0]; ++j)
      static_cast<Sum*>(room)[j] = static_cast<Sum>(from[j * bias.spec->strides[0]]);
  });
  return room;
}

}  // namespace lanegrad

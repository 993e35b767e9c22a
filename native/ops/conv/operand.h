// A tensor of up to three directions as the convolutions see it.
#pragma once

#include "ops/conv/convolution.h"
#include "ops/op.h"

namespace lanegrad {

inline ConvStrides conv_strides(const TensorSpec& spec) {
  const Dims& s = spec.strides;
  ConvStrides strides{s[0], s[1]};
  const int lead = 2 + kConvDims - s.size();
  for (int d = lead; d < kConvDims; ++d) strides[2 + d] = s[2 + d - lead];
  return strides;
}

template <class T>
ConvOperand<const T> conv_operand(const TensorView& v) {
  return {v.as<const T>(), conv_strides(*v.spec)};
}

}  // namespace lanegrad

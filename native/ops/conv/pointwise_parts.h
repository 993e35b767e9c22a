// The tasks of pointwise convolutions: some pixels of one image and group, and where they lie.
#pragma once

#include <algorithm>

#include "kernels/gemm/gemm.h"
#include "ops/conv/convolution.h"

namespace lanegrad::conv_detail {

struct PixelPart {
  int64_t image, group, first, count;
};

template <class T>
struct PixelSource {
  ConvOperand<const T> images;
  int64_t pixel;  // elements from one to the next
  int64_t depth, depth_block;

  // Channel p of the group.
  const T* at(const PixelPart& part, int64_t p) const {
    const auto& strides = images.strides;
    return images.data + part.image * strides[0] + (part.group * depth + p) * strides[1] + part.first * pixel;
  }
  // A depth block of them, which is read next.
  GemmAhead ahead(const PixelPart& part, int64_t p) const {
    constexpr int64_t kSize = sizeof(T);
    return {at(part, p), std::min(depth_block, depth - p), images.strides[1] * kSize,
            part.count * pixel * kSize};
  }
};

}  // namespace lanegrad::conv_detail

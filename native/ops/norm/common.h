// What the norms share: their parameters and gradients, and moments joined of parts.
#pragma once

#include <span>

#include "ops/check_operand.h"
#include "ops/layout/memory_format.h"
#include "ops/scratch.h"

namespace lanegrad {

// An optional weight or bias of a norm. Beside a 16-bit x it may be float32.
inline void check_affine(const InferContext& c, int i, const char* what, const TensorSpec& x,
                         const Dims& shape) {
  if (!c.has(i)) return;
  const DType wide = computed_dtype(x.dtype);
  check_parameter(c, what, c.in(i), c.in(i).dtype == wide ? wide : x.dtype, shape);
}

// The gradients of the first schema inputs, in their order: an absent one takes no place among the flat ones.
inline void set_grads(VjpContext& c, std::span<const Tensor> grads) {
  int at = 0;
  for (size_t i = 0; i < grads.size(); ++i) {
    if (!c.has_input(static_cast<int>(i))) continue;
    if (c.needs(at)) c.set_grad(at, grads[i]);
    ++at;
  }
}

struct Moments {
  double mean = 0, variance = 0;
};

// Mean and biased variance of parts, from their means and sums of squared differences. They lie in `depth`
// rows of `width`, count(row) elements each.
template <class T, class Count>
Moments join_moments(const T* mean, const T* m2, int64_t depth, int64_t width, int64_t stride,
                     const Count& count) {
  double total = 0, sum = 0, squares = 0;
  for (int64_t k = 0; k < depth; ++k) {
    double row = 0;
    for (int64_t i = 0; i < width; ++i) row += static_cast<double>(mean[k * stride + i]);
    sum += row * static_cast<double>(count(k));
    total += static_cast<double>(width * count(k));
  }
  const double center = sum / total;
  for (int64_t k = 0; k < depth; ++k) {
    double within = 0, between = 0;
    for (int64_t i = 0; i < width; ++i) {
      const double d = static_cast<double>(mean[k * stride + i]) - center;
      within += static_cast<double>(m2[k * stride + i]);
      between += d * d;
    }
    squares += within + between * static_cast<double>(count(k));
  }
  return {center, squares / total};
}

}  // namespace lanegrad

// softmax and logSoftmax with their gradients, over rows or over columns of a dense matrix.
#pragma once

#include <cstdint>
#include <type_traits>

namespace lanegrad {

template <class T>
struct SoftmaxKernels {
  // Rows of n elements, dense; x may be out, unless out goes past the caches (core/streaming.h).
  void (*rows)(const T* x, int64_t rows, int64_t n, bool logarithm, bool past_caches, T* out);
  // Along the first dim of [n, cols], row stride `stride`, of both; x may be out.
  void (*columns)(const T* x, int64_t n, int64_t cols, int64_t stride, bool logarithm, T* out);
  // grad, y (the result of the forward pass) and dx as above; grad may be dx.
  void (*rows_backward)(const T* grad, const T* y, int64_t rows, int64_t n, bool logarithm, bool past_caches,
                        T* dx);
  void (*columns_backward)(const T* grad, const T* y, int64_t n, int64_t cols, int64_t stride, bool logarithm,
                           T* dx);
  // log of the sum of the exponentials of each row, or column; an infinite extremum gives itself.
  void (*logsumexp_rows)(const T* x, int64_t rows, int64_t n, T* out);
  void (*logsumexp_columns)(const T* x, int64_t n, int64_t cols, int64_t stride, T* out);
};

struct SoftmaxTable {
  SoftmaxKernels<float> f32;
  SoftmaxKernels<double> f64;
  template <class T>
  const SoftmaxKernels<T>& of() const {
    if constexpr (std::is_same_v<T, float>)
      return f32;
    else
      return f64;
  }
};

const SoftmaxTable& softmax_table();

}  // namespace lanegrad

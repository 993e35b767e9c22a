// Softmax cross-entropy against class indices, without the probabilities ever being stored.
#pragma once

#include <cstdint>
#include <type_traits>

namespace lanegrad {

template <class T>
struct CrossEntropyKernels {
  // For each row of `classes` logits, `row_stride` apart: logsumexp, and
  // loss = (1 - smoothing) (logsumexp - x[target]) + smoothing (logsumexp - mean(x)); 0 where target is -1
  // (ignored).
  void (*forward)(const T* x, int64_t rows, int64_t row_stride, int64_t classes, const int64_t* target,
                  T smoothing, T* loss, T* logsumexp);
  // dx (dense rows) = grad (softmax(x) - (1 - smoothing) onehot(target) - smoothing / classes); 0 where
  // ignored. The gradient of row r is grad[r * grad_stride].
  void (*backward)(const T* x, int64_t rows, int64_t row_stride, int64_t classes, const int64_t* target,
                   const T* logsumexp, const T* grad, int64_t grad_stride, T smoothing, T* dx);
};

struct LossTable {
  CrossEntropyKernels<float> f32;
  CrossEntropyKernels<double> f64;
  template <class T>
  const CrossEntropyKernels<T>& of() const {
    if constexpr (std::is_same_v<T, float>)
      return f32;
    else
      return f64;
  }
};

const LossTable& loss_table();

}  // namespace lanegrad

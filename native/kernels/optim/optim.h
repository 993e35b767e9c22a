// Optimizer updates of a flat run of parameters: one pass over memory, all states together.
#pragma once

#include <cstdint>
#include <type_traits>

namespace lanegrad {

template <class T>
struct SgdStep {
  T lr, momentum, one_minus_dampening, weight_decay;
  bool first;  // the momentum buffer starts as the gradient
  bool nesterov, maximize;
};

template <class T>
struct AdamStep {
  T step_size;  // lr / (1 - beta1^t)
  T one_minus_beta1, beta2, one_minus_beta2;
  T root_correction;  // sqrt(1 - beta2^t)
  T eps, weight_decay;
  T decay_factor;  // 1 - lr * weight_decay (decoupled)
  bool decoupled, maximize;
};

template <class T>
struct OptimKernels {
  // buffer is null without momentum.
  void (*sgd)(T* param, const T* grad, T* buffer, int64_t n, const SgdStep<T>& s);
  // largest (of the second moments) is null but for amsgrad.
  void (*adam)(T* param, const T* grad, T* first, T* second, T* largest, int64_t n, const AdamStep<T>& s);
};

struct OptimTable {
  OptimKernels<float> f32;
  OptimKernels<double> f64;
  template <class T>
  const OptimKernels<T>& of() const {
    if constexpr (std::is_same_v<T, float>)
      return f32;
    else
      return f64;
  }
};

const OptimTable& optim_table();

}  // namespace lanegrad

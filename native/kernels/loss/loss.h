// Softmax cross-entropy against class indices or probabilities, without the softmax ever being stored.
//
// With class weights w (1 where there are none), smoothing s and C classes, for a row x of logits:
//   index t:          loss = (1 - s) w_t (lse - x_t) + s / C Σ_c w_c (lse - x_c)
//   probabilities p:  loss = Σ_c w_c q_c (lse - x_c),  q = (1 - s) p + s / C,  mass = Σ_c w_c q_c
// where lse = log Σ_c exp x_c. Each comes for rows, where the classes of a sample lie side by side, and for
// planes, where those of one class do.
#pragma once

#include <cstdint>
#include <type_traits>

namespace lanegrad {

template <class T>
struct ClassScale {
  int64_t classes;
  const T* weight;  // [classes], or null for ones
  T total;          // Σ weight, or how many classes there are
  T smoothing;
};

// What is in rows is `stride` apart and dense inside; results are dense rows.
template <class T>
struct RowLossKernels {
  // loss is 0 where target is -1 (ignored).
  void (*forward)(const T* x, int64_t rows, int64_t stride, const int64_t* target, const ClassScale<T>& scale,
                  T* loss, T* logsumexp);
  // The gradient of row r is grad[r * grad_stride]. dx goes past the caches where that is asked for
  // (core/streaming.h).
  void (*backward)(const T* x, int64_t rows, int64_t stride, const int64_t* target, const T* logsumexp,
                   const T* grad, int64_t grad_stride, const ClassScale<T>& scale, bool past_caches, T* dx);
  void (*soft_forward)(const T* x, int64_t stride, const T* p, int64_t p_stride, int64_t rows,
                       const ClassScale<T>& scale, T* loss, T* logsumexp, T* mass);
  void (*soft_backward)(const T* x, int64_t stride, const T* p, int64_t p_stride, int64_t rows,
                        const T* logsumexp, const T* mass, const T* grad, int64_t grad_stride,
                        const ClassScale<T>& scale, T* dx);
};

// Positions lie side by side, the classes of one position `stride` apart.
template <class T>
struct PlaneLossKernels {
  void (*forward)(const T* x, int64_t stride, int64_t positions, const int64_t* target,
                  const ClassScale<T>& scale, T* loss, T* logsumexp);
  void (*backward)(const T* x, int64_t stride, int64_t positions, const int64_t* target, const T* logsumexp,
                   const T* grad, int64_t grad_stride, const ClassScale<T>& scale, T* dx, int64_t dx_stride);
  void (*soft_forward)(const T* x, int64_t stride, const T* p, int64_t p_stride, int64_t positions,
                       const ClassScale<T>& scale, T* loss, T* logsumexp, T* mass);
  void (*soft_backward)(const T* x, int64_t stride, const T* p, int64_t p_stride, int64_t positions,
                        const T* logsumexp, const T* mass, const T* grad, int64_t grad_stride,
                        const ClassScale<T>& scale, T* dx, int64_t dx_stride);
};

template <class T>
struct LossKernels {
  RowLossKernels<T> rows;
  PlaneLossKernels<T> planes;
};

struct LossTable {
  LossKernels<float> f32;
  LossKernels<double> f64;
  template <class T>
  const LossKernels<T>& of() const {
    if constexpr (std::is_same_v<T, float>)
      return f32;
    else
      return f64;
  }
};

const LossTable& loss_table();

}  // namespace lanegrad

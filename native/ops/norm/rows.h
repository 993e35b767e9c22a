// Rows that are normalised each by itself: what layerNorm, rmsNorm and the groupNorm of few elements a
// channel have in common.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

#include "core/streaming.h"
#include "core/threads.h"
#include "kernels/norm/norm.h"
#include "ops/scratch.h"
#include "ops/reduce/dims.h"
#include "ops/reduce/run.h"

namespace lanegrad {

// Elements that a thread should have to itself.
inline constexpr int64_t kNormGrain = 16384;

struct NormRows {
  int64_t rows = 1, n = 1;
  int64_t groups = 1;  // rows in turn that have parameters of their own; divides rows
  int64_t fold = 1;    // neighbours in a row that share a parameter, given once for each of them

  bool empty() const { return rows == 0 || n == 0; }
  int64_t parameters() const { return groups * n; }
  int64_t samples() const { return rows / groups; }

  // Samples whose parameter gradients are summed by one task: many for each number that it leaves behind, few
  // where they are long. A matter of the shape alone.
  int64_t chunk() const { return std::clamp(65536 / parameters(), int64_t{4}, kNormRows); }
  int64_t chunks() const { return (samples() + chunk() - 1) / chunk(); }
  bool direct() const { return chunks() == 1 && fold == 1; }  // the sums of the one task are the result

  TensorSpec partial(DType dtype) const {
    return TensorSpec::contiguous(dtype, {chunks(), parameters() / fold, fold});
  }
  static constexpr uint32_t kPartialDims = 0b101;
};

// Whether `out` is better written past the caches: not if it replaces what is read.
template <class T>
bool goes_past_caches(const NormRows& r, const T* replaced, const T* out) {
  return replaced != out && exceeds_caches(static_cast<size_t>(r.rows * r.n) * sizeof(T));
}

// mean may be null, see NormKernels.
template <class T>
void run_norm_rows(const NormRows& r, const T* x, const T* weight, const T* bias, T eps, T* out, T* mean,
                   T* rstd) {
  if (r.empty()) {
    constexpr T nan = std::numeric_limits<T>::quiet_NaN();
    if (mean) std::fill_n(mean, r.rows, nan);
    std::fill_n(rstd, r.rows, nan);
    return;
  }
  const NormKernels<T>& kernels = norm_table().of<T>();
  const bool past = goes_past_caches(r, x, out);
  const int64_t grain = std::max<int64_t>(1, kNormGrain / r.parameters());
  parallel_for(r.samples(), grain, [&](int64_t begin, int64_t end) {
    const int64_t row = begin * r.groups, at = row * r.n;
    kernels.norm_rows(x + at, (end - begin) * r.groups, r.n, r.groups, weight, bias, eps, past, out + at,
                      mean ? mean + row : nullptr, rstd + row);
    if (past) end_streams();
  });
}

// What run_norm_rows_backward takes.
inline void add_norm_rows_scratch(Scratch& s, const NormRows& r, DType dtype) {
  if (r.empty() || r.direct()) return;
  const TensorSpec partial = r.partial(dtype);
  const ReducePlan plan = plan_reduction(partial, NormRows::kPartialDims);
  s.add(partial.bytes());
  s.add(partial.bytes());
  s.add(static_cast<size_t>(plan.intermediate_elements) * size_of(dtype));
}

// Gradients of the parameters are those of the folded ones. mean and bias_grad may be null.
template <class T>
void run_norm_rows_backward(const NormRows& r, const T* grad, const T* x, const T* mean, const T* rstd,
                            const T* weight, T* dx, T* weight_grad, T* bias_grad, Scratch& s) {
  if (r.empty()) {
    std::fill_n(weight_grad, r.parameters() / r.fold, T(0));
    if (bias_grad) std::fill_n(bias_grad, r.parameters() / r.fold, T(0));
    return;
  }
  const TensorSpec partial = r.partial(dtype_of<T>::value);
  T *weight_parts = weight_grad, *bias_parts = bias_grad;
  if (!r.direct()) {
    weight_parts = s.take<T>(partial.numel());
    bias_parts = s.take<T>(partial.numel());
  }
  const bool past = goes_past_caches(r, grad, dx);
  const int64_t chunk = r.chunk(), size = r.parameters();
  const NormKernels<T>& kernels = norm_table().of<T>();
  parallel_for(r.chunks(), std::max<int64_t>(1, kNormGrain / (chunk * size)),
               [&](int64_t begin, int64_t end) {
                 for (int64_t i = begin; i < end; ++i) {
                   const int64_t sample = i * chunk, row = sample * r.groups, at = sample * size;
                   kernels.norm_rows_backward(grad + at, x + at, mean ? mean + row : nullptr, rstd + row,
                                              weight, std::min(chunk, r.samples() - sample) * r.groups, r.n,
                                              r.groups, past, dx + at, weight_parts + i * size,
                                              bias_grad ? bias_parts + i * size : nullptr);
                 }
                 if (past) end_streams();
               });
  if (r.direct()) return;
  const ReducePlan plan = plan_reduction(partial, NormRows::kPartialDims);
  T* const rest = s.take<T>(plan.intermediate_elements);
  const auto& sum = reduce_table().sum<T>();
  run_reduction<T, T>(plan, weight_parts, weight_grad, rest, sum, sum);
  if (bias_grad) run_reduction<T, T>(plan, bias_parts, bias_grad, rest, sum, sum);
}

}  // namespace lanegrad

// Normalisations and their gradients.
#pragma once

#include <cstdint>
#include <type_traits>

namespace lanegrad {

// Rows of a layerNorm whose weight and bias gradients one call sums up: a constant, see
// kernels/reduce/reduce.h.
inline constexpr int64_t kLayerNormRows = 64;
// Rows of an [N, C] batchNorm that one call takes, and columns.
inline constexpr int64_t kBatchNormRows = 64;
inline constexpr int64_t kBatchNormColumns = 256;

template <class T>
struct NormKernels {
  // layerNorm of dense rows. weight and bias may be null; x may be out.
  void (*layer_norm)(const T* x, int64_t rows, int64_t n, const T* weight, const T* bias, T eps, T* out,
                     T* mean, T* rstd);
  // dx, and in weight_grad and bias_grad (n each, overwritten) the sums over these rows. grad may be dx.
  void (*layer_norm_backward)(const T* grad, const T* x, const T* mean, const T* rstd, const T* weight,
                              int64_t rows, int64_t n, T* dx, T* weight_grad, T* bias_grad);

  // Mean and sum of squared differences from it, of one row or of each column.
  void (*row_moments)(const T* x, int64_t n, T* mean, T* m2);
  void (*column_moments)(const T* x, int64_t rows, int64_t cols, int64_t stride, T* mean, T* m2);
  // out = (x - mean) * scale + shift, one channel a row, or one a column.
  void (*normalize_row)(const T* x, int64_t n, T mean, T scale, T shift, T* out);
  void (*normalize_columns)(const T* x, int64_t rows, int64_t cols, int64_t stride, const T* mean,
                            const T* scale, const T* shift, T* out);
  // sum(grad) and sum(grad * (x - mean)).
  void (*row_grad_sums)(const T* grad, const T* x, int64_t n, T mean, T* sum, T* dot);
  void (*column_grad_sums)(const T* grad, const T* x, int64_t rows, int64_t cols, int64_t stride,
                           const T* mean, T* sum, T* dot);
  // dx = a * grad + b * (x - mean) + c. grad may be dx.
  void (*combine_row)(const T* grad, const T* x, int64_t n, T mean, T a, T b, T c, T* dx);
  void (*combine_columns)(const T* grad, const T* x, int64_t rows, int64_t cols, int64_t stride,
                          const T* mean, const T* a, const T* b, const T* c, T* dx);
};

struct NormTable {
  NormKernels<float> f32;
  NormKernels<double> f64;
  template <class T>
  const NormKernels<T>& of() const {
    if constexpr (std::is_same_v<T, float>)
      return f32;
    else
      return f64;
  }
};

const NormTable& norm_table();

}  // namespace lanegrad

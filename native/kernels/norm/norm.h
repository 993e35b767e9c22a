// Normalisations and their gradients.
#pragma once

#include <cstdint>
#include <type_traits>

namespace lanegrad {

// Rows whose weight and bias gradients one call sums up: a constant, see kernels/reduce/reduce.h.
inline constexpr int64_t kNormRows = 64;
// Rows that one call for columns takes, and columns.
inline constexpr int64_t kStripRows = 64;
inline constexpr int64_t kStripColumns = 256;

// Results go past the caches where `past_caches` says so (core/streaming.h); then none replaces an operand.
template <class T>
struct NormKernels {
  // (x - mean) / deviation * weight + bias of dense rows of n elements, where `groups` rows in turn have
  // parameters of their own: row r those at (r % groups) * n. weight and bias may be null. mean null: x is
  // divided by its root mean square. x may be out.
  void (*norm_rows)(const T* x, int64_t rows, int64_t n, int64_t groups, const T* weight, const T* bias,
                    T eps, bool past_caches, T* out, T* mean, T* rstd);
  // dx, and in weight_grad and bias_grad (groups * n each, overwritten) the sums over these rows; the first
  // uses the first parameters. mean null: of the root mean square. bias_grad may be null; grad may be dx.
  void (*norm_rows_backward)(const T* grad, const T* x, const T* mean, const T* rstd, const T* weight,
                             int64_t rows, int64_t n, int64_t groups, bool past_caches, T* dx, T* weight_grad,
                             T* bias_grad);

  // Mean and sum of squared differences from it, of one row or of each column.
  void (*row_moments)(const T* x, int64_t n, T* mean, T* m2);
  void (*column_moments)(const T* x, int64_t rows, int64_t cols, int64_t stride, T* mean, T* m2);
  // out = (x - mean) * scale + shift, with one of each for a dense row, or for a column.
  void (*normalize_rows)(const T* x, int64_t rows, int64_t n, const T* mean, const T* scale, const T* shift,
                         bool past_caches, T* out);
  void (*normalize_columns)(const T* x, int64_t rows, int64_t cols, int64_t stride, const T* mean,
                            const T* scale, const T* shift, bool past_caches, T* out);
  // sum(grad) and sum(grad * (x - mean)).
  void (*row_grad_sums)(const T* grad, const T* x, int64_t rows, int64_t n, const T* mean, T* sum, T* dot);
  void (*column_grad_sums)(const T* grad, const T* x, int64_t rows, int64_t cols, int64_t stride,
                           const T* mean, T* sum, T* dot);
  // dx = a * grad + b * (x - mean) + c. grad may be dx.
  void (*combine_rows)(const T* grad, const T* x, int64_t rows, int64_t n, const T* mean, const T* a,
                       const T* b, const T* c, bool past_caches, T* dx);
  void (*combine_columns)(const T* grad, const T* x, int64_t rows, int64_t cols, int64_t stride,
                          const T* mean, const T* a, const T* b, const T* c, bool past_caches, T* dx);
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

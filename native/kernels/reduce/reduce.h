// Reductions: contracts. The op layer cuts every reduction into chunks of constant size and reduces the
// partial results again, so a kernel sees at most kRowChunk (rows) or kColumnChunk (columns) elements a
// result, whatever the tensor. A half (Float16, BFloat16) is widened as it is read and folded in float.
#pragma once

#include <cstdint>
#include <type_traits>

#include "core/half.h"

namespace lanegrad {

// Elements that one call folds into one result. Constants of the format of a sum: changing them changes its
// bits.
inline constexpr int64_t kRowChunk = 16384;
inline constexpr int64_t kColumnChunk = 128;
// Columns that one call of a column kernel takes.
inline constexpr int64_t kColumnTile = 1024;

template <class In, class Out>
struct ReduceKernels {
  // out[i * out_stride] = fold of x[i * x_outer + j * x_stride] over j < n, for i < count. 1 <= n <=
  // kRowChunk.
  void (*rows)(const In* x, int64_t count, int64_t x_outer, int64_t n, int64_t x_stride, Out* out,
               int64_t out_stride);
  // out[c * out_stride] = fold of x[r * row_stride + c * col_stride] over r < rows. rows <= kColumnChunk,
  // cols <= kColumnTile.
  void (*columns)(const In* x, int64_t rows, int64_t row_stride, int64_t cols, int64_t col_stride, Out* out,
                  int64_t out_stride);
};

// Sums of a function of the difference from a centre for each result.
template <class In, class T>
struct CenteredKernels {
  void (*rows)(const In* x, int64_t count, int64_t x_outer, int64_t n, int64_t x_stride, const T* center,
               int64_t center_stride, T* out, int64_t out_stride);
  void (*columns)(const In* x, int64_t rows, int64_t row_stride, int64_t cols, int64_t col_stride,
                  const T* center, int64_t center_stride, T* out, int64_t out_stride);
};

// The extremum and the first place where it stands. A NaN is the extremum; the first one wins.
template <class T>
struct ExtremeKernels {
  // As `rows` above with any n; index counts from `base`.
  void (*rows)(const T* x, int64_t count, int64_t x_outer, int64_t n, int64_t x_stride, int64_t base, T* out,
               int64_t* index, int64_t out_stride);
  // As `columns` above with any number of rows.
  void (*columns)(const T* x, int64_t rows, int64_t row_stride, int64_t cols, int64_t col_stride, T* out,
                  int64_t* index, int64_t out_stride);
};

// What partial results of floating elements are kept in.
template <class In>
using Partial = std::conditional_t<kIsHalf<In>, float, In>;

// What only floats have.
template <class In, class T>
struct FloatReductions {
  CenteredKernels<In, T> centered;      // (x - center)^2
  CenteredKernels<In, T> exponentials;  // e^(x - center)
  ReduceKernels<In, T> nansum;          // x, NaN as 0
  ReduceKernels<In, T> squares;         // x^2
  ReduceKernels<In, T> magnitudes;      // |x|
  ReduceKernels<In, int64_t> numbers;   // how many are not NaN
};

struct ReduceTable {
  ReduceKernels<uint8_t, int64_t> sum_u8;
  ReduceKernels<int8_t, int64_t> sum_i8;
  ReduceKernels<int16_t, int64_t> sum_i16;
  ReduceKernels<int32_t, int64_t> sum_i32;
  ReduceKernels<int64_t, int64_t> sum_i64;
  ReduceKernels<Float16, float> sum_f16;
  ReduceKernels<BFloat16, float> sum_bf16;
  ReduceKernels<float, float> sum_f32;
  ReduceKernels<double, double> sum_f64;
  ReduceKernels<uint8_t, int64_t> prod_u8;
  ReduceKernels<int8_t, int64_t> prod_i8;
  ReduceKernels<int16_t, int64_t> prod_i16;
  ReduceKernels<int32_t, int64_t> prod_i32;
  ReduceKernels<int64_t, int64_t> prod_i64;
  ReduceKernels<Float16, float> prod_f16;
  ReduceKernels<BFloat16, float> prod_bf16;
  ReduceKernels<float, float> prod_f32;
  ReduceKernels<double, double> prod_f64;
  ReduceKernels<uint8_t, uint8_t> max_u8, min_u8;
  ReduceKernels<int8_t, int8_t> max_i8, min_i8;
  ReduceKernels<int16_t, int16_t> max_i16, min_i16;
  ReduceKernels<int32_t, int32_t> max_i32, min_i32;
  ReduceKernels<int64_t, int64_t> max_i64, min_i64;
  ReduceKernels<float, float> max_f32, min_f32;
  ReduceKernels<double, double> max_f64, min_f64;
  ReduceKernels<Float16, float> max_f16, min_f16;
  ReduceKernels<BFloat16, float> max_bf16, min_bf16;
  FloatReductions<Float16, Partial<Float16>> floats_f16;
  FloatReductions<BFloat16, Partial<BFloat16>> floats_bf16;
  FloatReductions<float, Partial<float>> floats_f32;
  FloatReductions<double, Partial<double>> floats_f64;
  ReduceKernels<uint8_t, int64_t> count_u8;
  ReduceKernels<int8_t, int64_t> count_i8;
  ReduceKernels<int16_t, int64_t> count_i16;
  ReduceKernels<int32_t, int64_t> count_i32;
  ReduceKernels<int64_t, int64_t> count_i64;
  ReduceKernels<Float16, int64_t> count_f16;
  ReduceKernels<BFloat16, int64_t> count_bf16;
  ReduceKernels<float, int64_t> count_f32;
  ReduceKernels<double, int64_t> count_f64;
  ExtremeKernels<uint8_t> argmax_u8, argmin_u8;
  ExtremeKernels<int8_t> argmax_i8, argmin_i8;
  ExtremeKernels<int16_t> argmax_i16, argmin_i16;
  ExtremeKernels<int32_t> argmax_i32, argmin_i32;
  ExtremeKernels<int64_t> argmax_i64, argmin_i64;
  ExtremeKernels<Float16> argmax_f16, argmin_f16;
  ExtremeKernels<BFloat16> argmax_bf16, argmin_bf16;
  ExtremeKernels<float> argmax_f32, argmin_f32;
  ExtremeKernels<double> argmax_f64, argmin_f64;

  // By the stored type: bool is stored and reduced as uint8_t.
#define LANEGRAD_PICK(function, prefix)             \
  template <class T>                                \
  const auto& function() const {                    \
    if constexpr (std::is_same_v<T, uint8_t>)       \
      return prefix##_u8;                           \
    else if constexpr (std::is_same_v<T, int8_t>)   \
      return prefix##_i8;                           \
    else if constexpr (std::is_same_v<T, int16_t>)  \
      return prefix##_i16;                          \
    else if constexpr (std::is_same_v<T, int32_t>)  \
      return prefix##_i32;                          \
    else if constexpr (std::is_same_v<T, int64_t>)  \
      return prefix##_i64;                          \
    else if constexpr (std::is_same_v<T, Float16>)  \
      return prefix##_f16;                          \
    else if constexpr (std::is_same_v<T, BFloat16>) \
      return prefix##_bf16;                         \
    else if constexpr (std::is_same_v<T, float>)    \
      return prefix##_f32;                          \
    else                                            \
      return prefix##_f64;                          \
  }
  LANEGRAD_PICK(sum, sum)
  LANEGRAD_PICK(prod, prod)
  LANEGRAD_PICK(max, max)
  LANEGRAD_PICK(min, min)
  LANEGRAD_PICK(argmax, argmax)
  LANEGRAD_PICK(argmin, argmin)
  LANEGRAD_PICK(count, count)  // of elements that are not 0
#undef LANEGRAD_PICK
  template <class T>
  const auto& floats() const {
    if constexpr (std::is_same_v<T, Float16>)
      return floats_f16;
    else if constexpr (std::is_same_v<T, BFloat16>)
      return floats_bf16;
    else if constexpr (std::is_same_v<T, float>)
      return floats_f32;
    else
      return floats_f64;
  }
};

const ReduceTable& reduce_table();

}  // namespace lanegrad

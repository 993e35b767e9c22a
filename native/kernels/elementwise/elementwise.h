// Contracts of the elementwise kernels: rows of contiguous elements.
#pragma once

#include <cstdint>

#include "core/dtype.h"

namespace lanegrad {

// One opcode for each row, in their order.
enum ElementwiseCode : int {
#define LANEGRAD_ELEMENTWISE(name, ...) kCode_##name,
#include "kernels/elementwise/elementwise.def"
#include "kernels/elementwise/functions.def"
#undef LANEGRAD_ELEMENTWISE
  kElementwiseCount
};

inline constexpr int kMaxElementwiseOperands = 3;
inline constexpr int kMaxElementwiseConstants = 2;

// Sets of dtypes, as bits. A narrow dtype is in the set that has what it is computed in.
constexpr unsigned dtype_bit(DType t) { return 1u << static_cast<int>(computed_dtype(t)); }
inline constexpr unsigned kFloats = dtype_bit(DType::kFloat32) | dtype_bit(DType::kFloat64);
inline constexpr unsigned kNumbers =
    kFloats | dtype_bit(DType::kUint8) | dtype_bit(DType::kInt32) | dtype_bit(DType::kInt64);
inline constexpr unsigned kAnyDType = kNumbers | dtype_bit(DType::kBool);
inline constexpr unsigned kIntegers = kNumbers & ~kFloats;
inline constexpr unsigned kIntegersAndBool = kAnyDType & ~kFloats;

// out[i] = value(in[0][i], in[1][i] ...), i < n, n >= 1. After the operands, `in` has a pointer to each
// constant. Bit k of `scalars`: in[k] is one element, used for all i. Kernels take no scalar, or one: any of
// two operands, the last of three. out may be one of the operands, but not overlap one otherwise. With
// kPastCaches in `scalars` a result that is no mask is written past the caches (core/streaming.h); out is
// then aligned to a cache line, and none of the operands.
inline constexpr unsigned kPastCaches = 8;
using ElementwiseKernel = void (*)(void* out, const void* const* in, int64_t n, unsigned scalars);

// out[i] = cast(in[i]), all ten dtypes. Integers wrap; floats saturate into int32 and int64 and go to the
// smaller integers through those, NaN as 0.
using CastKernel = void (*)(void* out, const void* in, int64_t n);

// Elements are moved as bits, by the logarithm of their size in bytes (log2_size).
inline constexpr int kMoveSizes = 4;  // 1, 2, 4, 8

struct ElementwiseTable {
  ElementwiseKernel kernels[kElementwiseCount][kDTypeCount];  // null where the dtype is narrow, or not taken
  CastKernel casts[kDTypeCount][kDTypeCount];                 // [from][to]
  // out[i] = condition[i] ? a[i] : b[i]; bit 1 of scalars: a is one element, bit 2: b is;
  // kPastCaches as above.
  void (*where[kMoveSizes])(void* out, const void* condition, const void* a, const void* b, int64_t n,
                            unsigned scalars);
  void (*fill[kMoveSizes])(void* out, const void* value, int64_t n);
  // out[i] = start + i * step for i in [first, first + n), computed in double and cast. out points at element
  // `first`.
  void (*arange[kDTypeCount])(void* out, double start, double step, int64_t first, int64_t n);
};

const ElementwiseTable& elementwise_table();

}  // namespace lanegrad

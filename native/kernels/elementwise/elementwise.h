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

// Sets of dtypes, as bits.
inline constexpr unsigned kAnyDType = 0x3F;
inline constexpr unsigned kNumbers = kAnyDType & ~(1u << static_cast<int>(DType::kBool));
inline constexpr unsigned kFloats =
    (1u << static_cast<int>(DType::kFloat32)) | (1u << static_cast<int>(DType::kFloat64));
inline constexpr unsigned kIntegers = kNumbers & ~kFloats;
inline constexpr unsigned kIntegersAndBool = kAnyDType & ~kFloats;
// Those that no half type may stand in for: the next float32 is not the next float16.
inline constexpr unsigned kWideFloats =
    (1u << static_cast<int>(DType::kFloat32)) | (1u << static_cast<int>(DType::kFloat64));

// out[i] = value(in[0][i], in[1][i] ...), i < n, n >= 1. After the operands, `in` has a pointer to each
// constant. Bit k of `scalars`: in[k] is one element, used for all i. Kernels take no scalar, or one: any of
// two operands, the last of three. out may be one of the operands, but not overlap one otherwise.
using ElementwiseKernel = void (*)(void* out, const void* const* in, int64_t n, unsigned scalars);

// out[i] = cast(in[i]).
using CastKernel = void (*)(void* out, const void* in, int64_t n);

// Elements are moved as bits, by the logarithm of their size in bytes.
inline constexpr int kMoveSizes = 4;  // 1, (2), 4, 8

struct ElementwiseTable {
  ElementwiseKernel kernels[kElementwiseCount][kDTypeCount];  // null where the dtype is not taken
  CastKernel casts[kDTypeCount][kDTypeCount];                 // [from][to]
  // out[i] = condition[i] ? a[i] : b[i]; bit 1 of scalars: a is one element, bit 2: b is.
  void (*where[kMoveSizes])(void* out, const void* condition, const void* a, const void* b, int64_t n,
                            unsigned scalars);
  void (*fill[kMoveSizes])(void* out, const void* value, int64_t n);
  // out[i] = start + i * step for i in [first, first + n), computed in double and cast. out points at element
  // `first`.
  void (*arange[kDTypeCount])(void* out, double start, double step, int64_t first, int64_t n);
};

const ElementwiseTable& elementwise_table();

}  // namespace lanegrad

// What the reductions share: reading `dims`, shapes of results, putting reduced dims back.
#pragma once

#include <cstdint>
#include <type_traits>

#include "ops/functions.h"
#include "ops/op.h"

namespace lanegrad {

// Bit i: dim i is reduced. An empty list means all dims.
uint32_t reduce_mask(const char* op, std::span<const int64_t> dims, int rank);

// The shape with reduced dims dropped, or kept as 1.
Dims reduced_shape(const Dims& shape, uint32_t mask, bool keepdim);

// `x`, a result over `mask`, with the reduced dims put back as 1, so that it broadcasts against the input.
Tensor with_reduced_dims(Applier& c, const Tensor& x, const Dims& input_shape, uint32_t mask);

// As dispatch_dtype, with bool as the byte it is stored in.
template <class F>
decltype(auto) dispatch_stored(DType t, F&& fn) {
  switch (t) {
    case DType::kBool:
    case DType::kUint8:
      return fn(uint8_t{});
    case DType::kInt32:
      return fn(int32_t{});
    case DType::kInt64:
      return fn(int64_t{});
    case DType::kFloat32:
      return fn(float{});
    default:
      return fn(double{});
  }
}

// The same, the narrow dtypes as they are stored.
template <class F>
decltype(auto) dispatch_reduced(DType t, F&& fn) {
  if (t == DType::kBool) return fn(uint8_t{});
  return dispatch_storage(t, [&]<class T>(T value) {
    if constexpr (!std::is_same_v<T, bool>) fn(value);
  });
}

// What partial results of elements of type T are kept in, for extrema and floating sums.
template <class T>
using Accumulated = std::conditional_t<kIsHalf<T>, float, T>;

}  // namespace lanegrad

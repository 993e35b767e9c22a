// Element types and the rules by which two of them meet (PyTorch's type promotion).
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/half.h"

namespace lanegrad {

// The order is the wire format between JavaScript and the addon, and within integers and floats that of
// width.
enum class DType : uint8_t {
  kBool,
  kUint8,
  kInt8,
  kInt16,
  kInt32,
  kInt64,
  kFloat16,
  kBFloat16,
  kFloat32,
  kFloat64,
};

inline constexpr int kDTypeCount = 10;

constexpr size_t size_of(DType t) {
  constexpr size_t sizes[kDTypeCount] = {1, 1, 1, 2, 4, 8, 2, 2, 4, 8};
  return sizes[static_cast<int>(t)];
}

// 0 to 3: by it tables of functions that move bits are indexed.
constexpr int log2_size(size_t size) { return size == 1 ? 0 : size == 2 ? 1 : size == 4 ? 2 : 3; }

constexpr const char* name_of(DType t) {
  constexpr const char* names[kDTypeCount] = {"bool",  "uint8",   "int8",     "int16",   "int32",
                                              "int64", "float16", "bfloat16", "float32", "float64"};
  return names[static_cast<int>(t)];
}

constexpr bool is_floating(DType t) { return t >= DType::kFloat16; }
constexpr bool is_integral(DType t) { return t < DType::kFloat16 && t != DType::kBool; }

// bool < integers < floats, and within a kind the wider one. Two that cannot hold each other's values meet in
// the next one that can: uint8 and int8 in int16, the two halves in float32.
constexpr DType promote(DType a, DType b) {
  const DType low = a < b ? a : b, high = a < b ? b : a;
  if (low == DType::kUint8 && high == DType::kInt8) return DType::kInt16;
  if (low == DType::kFloat16 && high == DType::kBFloat16) return DType::kFloat32;
  return high;
}

// The narrow types are stored, but computed in a wider one: conversion is exact one way, and wraps (integers)
// or rounds (floats) the other way. Kernels of arithmetic need to exist for the others only.
constexpr bool is_narrow(DType t) {
  return t == DType::kInt8 || t == DType::kInt16 || t == DType::kFloat16 || t == DType::kBFloat16;
}
constexpr DType computed_dtype(DType t) {
  if (!is_narrow(t)) return t;
  return is_floating(t) ? DType::kFloat32 : DType::kInt32;
}

// Calls fn with a value of the C++ type that computes `t`: dispatch_dtype(t, [&]<class T>(T) { ... }).
template <class F>
decltype(auto) dispatch_dtype(DType t, F&& fn) {
  switch (computed_dtype(t)) {
    case DType::kBool:
      return fn(bool{});
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

// The same for floating dtypes alone.
template <class F>
decltype(auto) dispatch_floating(DType t, F&& fn) {
  return t == DType::kFloat64 ? fn(double{}) : fn(float{});
}

// The same with the type that stores `t`, which has no arithmetic of its own where it is narrow.
template <class F>
decltype(auto) dispatch_storage(DType t, F&& fn) {
  switch (t) {
    case DType::kInt8:
      return fn(int8_t{});
    case DType::kInt16:
      return fn(int16_t{});
    case DType::kFloat16:
      return fn(Float16{});
    case DType::kBFloat16:
      return fn(BFloat16{});
    default:
      return dispatch_dtype(t, static_cast<F&&>(fn));
  }
}

// For floating dtypes alone.
template <class F>
decltype(auto) dispatch_floating_storage(DType t, F&& fn) {
  switch (t) {
    case DType::kFloat16:
      return fn(Float16{});
    case DType::kBFloat16:
      return fn(BFloat16{});
    default:
      return dispatch_floating(t, static_cast<F&&>(fn));
  }
}

template <class T>
struct dtype_of;
#define LANEGRAD_DTYPE_OF(type, name)           \
  template <>                                   \
  struct dtype_of<type> {                       \
    static constexpr DType value = DType::name; \
  };
LANEGRAD_DTYPE_OF(bool, kBool)
LANEGRAD_DTYPE_OF(uint8_t, kUint8)
LANEGRAD_DTYPE_OF(int8_t, kInt8)
LANEGRAD_DTYPE_OF(int16_t, kInt16)
LANEGRAD_DTYPE_OF(int32_t, kInt32)
LANEGRAD_DTYPE_OF(int64_t, kInt64)
LANEGRAD_DTYPE_OF(Float16, kFloat16)
LANEGRAD_DTYPE_OF(BFloat16, kBFloat16)
LANEGRAD_DTYPE_OF(float, kFloat32)
LANEGRAD_DTYPE_OF(double, kFloat64)
#undef LANEGRAD_DTYPE_OF

}  // namespace lanegrad

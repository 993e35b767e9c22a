// Element types and the rules by which two of them meet (PyTorch's type promotion).
#pragma once

#include <cstddef>
#include <cstdint>

namespace lanegrad {

// The order is the wire format between JavaScript and the addon; append only.
enum class DType : uint8_t { kBool, kUint8, kInt32, kInt64, kFloat32, kFloat64 };

inline constexpr int kDTypeCount = 6;

constexpr size_t size_of(DType t) {
  constexpr size_t sizes[kDTypeCount] = {1, 1, 4, 8, 4, 8};
  return sizes[static_cast<int>(t)];
}

constexpr const char* name_of(DType t) {
  constexpr const char* names[kDTypeCount] = {"bool", "uint8", "int32", "int64", "float32", "float64"};
  return names[static_cast<int>(t)];
}

constexpr bool is_floating(DType t) { return t >= DType::kFloat32; }
constexpr bool is_integral(DType t) { return t < DType::kFloat32 && t != DType::kBool; }

// bool < integers < floats; within a kind the wider one wins, and uint8 with a signed type gives the signed
// one. With the six types there are, that is their order in the enumeration.
constexpr DType promote(DType a, DType b) { return a > b ? a : b; }

// Calls fn with a value of the C++ type that stores `t`: dispatch(t, [&]<class T>(T) { ... }).
template <class F>
decltype(auto) dispatch_dtype(DType t, F&& fn) {
  switch (t) {
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

template <class T>
struct dtype_of;
template <>
struct dtype_of<bool> {
  static constexpr DType value = DType::kBool;
};
template <>
struct dtype_of<uint8_t> {
  static constexpr DType value = DType::kUint8;
};
template <>
struct dtype_of<int32_t> {
  static constexpr DType value = DType::kInt32;
};
template <>
struct dtype_of<int64_t> {
  static constexpr DType value = DType::kInt64;
};
template <>
struct dtype_of<float> {
  static constexpr DType value = DType::kFloat32;
};
template <>
struct dtype_of<double> {
  static constexpr DType value = DType::kFloat64;
};

}  // namespace lanegrad

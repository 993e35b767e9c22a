// The two 16-bit floats, as stored. Arithmetic happens in float: a value converts to it exactly, and back by
// rounding to nearest, ties to even.
#pragma once

#include <cstdint>
#include <cstring>

namespace lanegrad {

// IEEE 754 binary16: 5 bits of exponent, 10 of fraction.
struct Float16 {
  uint16_t bits = 0;
  Float16() = default;
  template <class N>
  explicit Float16(N value) : bits(round(static_cast<float>(value))) {}
  operator float() const { return widen(bits); }

  static float widen(uint16_t bits) {
    const uint32_t sign = uint32_t{bits & 0x8000u} << 16, exponent = bits >> 10 & 31, fraction = bits & 0x3FF;
    uint32_t wide;
    if (exponent == 31) {
      wide = 0x7F800000u | fraction << 13;
    } else if (exponent != 0) {
      wide = (exponent + 112) << 23 | fraction << 13;
    } else {  // a denormal is fraction * 2^-24, exact in float
      const float value = static_cast<float>(fraction) * 0x1p-24f;
      std::memcpy(&wide, &value, sizeof(wide));
    }
    wide |= sign;
    float value;
    std::memcpy(&value, &wide, sizeof(value));
    return value;
  }

  static uint16_t round(float value) {
    uint32_t wide;
    std::memcpy(&wide, &value, sizeof(wide));
    const uint16_t sign = static_cast<uint16_t>(wide >> 16 & 0x8000u);
    wide &= 0x7FFFFFFFu;
    if (wide > 0x7F800000u) return sign | 0x7E00u | static_cast<uint16_t>(wide >> 13 & 0x3FFu);  // NaN
    if (wide >= 0x477FF000u) return sign | 0x7C00u;  // 65520 and more round to infinity
    if (wide < 0x38800000u) {
      // Below 2^-14: adding 0.5 leaves the multiples of 2^-24 in the low bits of the sum, rounded as wanted.
      float magnitude, sum;
      std::memcpy(&magnitude, &wide, sizeof(magnitude));
      sum = magnitude + 0.5f;
      uint32_t low;
      std::memcpy(&low, &sum, sizeof(low));
      return sign | static_cast<uint16_t>(low - 0x3F000000u);
    }
    return sign | static_cast<uint16_t>((wide - 0x38000000u + 0xFFFu + (wide >> 13 & 1)) >> 13);
  }
};

// The upper half of a float32: 8 bits of exponent, 7 of fraction.
struct BFloat16 {
  uint16_t bits = 0;
  BFloat16() = default;
  template <class N>
  explicit BFloat16(N value) : bits(round(static_cast<float>(value))) {}
  operator float() const { return widen(bits); }

  static float widen(uint16_t bits) {
    const uint32_t wide = uint32_t{bits} << 16;
    float value;
    std::memcpy(&value, &wide, sizeof(value));
    return value;
  }

  static uint16_t round(float value) {
    uint32_t wide;
    std::memcpy(&wide, &value, sizeof(wide));
    const uint32_t rounded = (wide + 0x7FFFu + (wide >> 16 & 1)) >> 16;
    const bool nan = (wide & 0x7FFFFFFFu) > 0x7F800000u;
    return static_cast<uint16_t>(nan ? wide >> 16 | 0x40u : rounded);
  }
};

template <class T>
inline constexpr bool kIsHalf = false;
template <>
inline constexpr bool kIsHalf<Float16> = true;
template <>
inline constexpr bool kIsHalf<BFloat16> = true;

}  // namespace lanegrad

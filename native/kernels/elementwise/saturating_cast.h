// Conversion between element types without undefined behaviour.
#pragma once

#include <cstdint>
#include <limits>
#include <type_traits>

#include "core/half.h"

namespace lanegrad {

// As a C cast: integers wrap, to bool means "not zero". Where C leaves a float into an integer undefined:
// into int32 and int64 it gives the nearest value, into smaller ones the low bits of its int64; NaN gives 0.
template <class To, class From>
constexpr To saturating_cast(From x) {
  if constexpr (kIsHalf<From>) {
    return saturating_cast<To>(static_cast<float>(x));
  } else if constexpr (std::is_same_v<To, bool>) {
    return x != From(0);
  } else if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To> && sizeof(To) < 4) {
    return static_cast<To>(saturating_cast<int64_t>(x));
  } else if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
    // The bounds as powers of two are exact in both float types.
    constexpr From kHigh = static_cast<From>(std::numeric_limits<To>::max() / 2 + 1) * From(2);
    constexpr From kLow = static_cast<From>(std::numeric_limits<To>::min());
    if (!(x == x)) return To(0);
    if (x >= kHigh) return std::numeric_limits<To>::max();
    if (x <= kLow) return std::numeric_limits<To>::min();
    return static_cast<To>(x);
  } else {
    return static_cast<To>(x);
  }
}

}  // namespace lanegrad

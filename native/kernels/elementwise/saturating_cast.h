// Conversion between element types without undefined behaviour.
#pragma once

#include <cstdint>
#include <limits>
#include <type_traits>

namespace lanegrad {

// As a C cast, but floats out of an integer's range give its nearest value, NaN gives 0, and to bool means
// "not zero".
template <class To, class From>
constexpr To saturating_cast(From x) {
  if constexpr (std::is_same_v<To, bool>) {
    return x != From(0);
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

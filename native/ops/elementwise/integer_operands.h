// What integer powers and quotients refuse: their operands are looked through before anything is written.
#pragma once

#include <atomic>
#include <optional>
#include <type_traits>

#include "ops/op.h"
#include "ops/elementwise/strided_loop.h"

namespace lanegrad {

// An element that is `wanted`, if there is one: looked for by all threads.
template <class T, class Wanted>
std::optional<T> find_element(const TensorView& x, Wanted wanted) {
  constexpr int64_t kGrain = 32768;
  const StridedLoop loop = make_loop(x, nullptr, 0);
  const int64_t step = loop.row_strides()[0] / static_cast<int64_t>(sizeof(T));
  std::atomic<bool> found = false;
  T element{};
  for_each_row(loop, kGrain, [&](char* const* at, int64_t n) {
    const T* p = reinterpret_cast<const T*>(at[0]);
    bool here = false;
    if (step == 1) {
      for (int64_t i = 0; i < n; ++i) here |= wanted(p[i]);
    } else {
      for (int64_t i = 0; i < n; ++i) here |= wanted(p[i * step]);
    }
    if (!here || found.exchange(true)) return;
    for (int64_t i = 0; i < n; ++i) {
      if (!wanted(p[i * step])) continue;
      element = p[i * step];
      return;
    }
  });
  return found ? std::optional<T>(element) : std::nullopt;
}

inline void refuse_negative(const EvalContext& c, const TensorView& exponent) {
  dispatch_storage(exponent.spec->dtype, [&]<class T>(T) {
    if constexpr (std::is_integral_v<T> && std::is_signed_v<T>) {
      if (const auto value = find_element<T>(exponent, [](T v) { return v < 0; })) {
        c.fail(ErrorKind::kValue, "integers have no negative powers, got the exponent ", int64_t{*value},
               "; cast to a float");
      }
    }
  });
}

inline void refuse_zero(const EvalContext& c, const TensorView& divisor) {
  dispatch_storage(divisor.spec->dtype, [&]<class T>(T) {
    if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) {
      if (find_element<T>(divisor, [](T v) { return v == 0; }))
        c.fail(ErrorKind::kValue, "division of an integer by zero");
    }
  });
}

}  // namespace lanegrad

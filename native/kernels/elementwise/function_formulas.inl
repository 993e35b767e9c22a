// Formulas of functions.def that are longer than a line.

#include "kernels/elementwise/formulas.inl"
#include "kernels/elementwise/special_common.inl"
#include "kernels/elementwise/special_normal.inl"
#include "kernels/elementwise/special_bessel.inl"
#include "kernels/elementwise/special_gamma.inl"
#include "kernels/elementwise/special_igamma.inl"
#include "kernels/elementwise/divisors.inl"

inline constexpr double kSeluAlpha = 1.6732632423543772848;
inline constexpr double kSeluScale = 1.0507009873554804934;

// -x log x; 0 at 0, -infinity below.
template <class T>
LANEGRAD_INLINE Vec<T> entropy(Vec<T> x) {
  const auto zero = constant<T>(0);
  const Vec<T> y = select(eq(x, zero), zero, -x * log(x));
  return select(lt(x, zero), constant<T>(-std::numeric_limits<double>::infinity()), y);
}

// x times log(y), and 0 where x is 0 unless y is NaN.
template <class T, class Log>
LANEGRAD_INLINE Vec<T> times_log(Vec<T> x, Vec<T> y, Log log_of) {
  return select(eq(x, constant<T>(0)) & eq(y, y), constant<T>(0), x * log_of(y));
}

// x = mantissa 2^exponent, the mantissa in [1/2, 1); 0, infinities and NaN are their own mantissas, with
// exponent 0.
template <class T>
LANEGRAD_INLINE Vec<T> split_power(Vec<T> x, Vec<T>& exponent) {
  using Bits = std::conditional_t<sizeof(T) == 4, int32_t, int64_t>;
  constexpr int kMantissa = std::numeric_limits<T>::digits - 1;
  constexpr Bits kHalf = std::numeric_limits<T>::max_exponent - 2;  // the exponent bits of 1/2
  const Vec<T> size = abs(x), lift = Vec<T>::broadcast(static_cast<T>(Bits{1} << kMantissa));
  const auto usual =
      gt(size, Vec<T>::zero()) & lt(size, constant<T>(std::numeric_limits<double>::infinity()));
  const auto denormal = lt(size, Vec<T>::broadcast(std::numeric_limits<T>::min()));
  const Vec<T> lifted = select(denormal, x * lift, x);
  const Vec<Bits> bits = to_bits(lifted), power = shift_right<kMantissa>(to_bits(abs(lifted)));
  const Vec<Bits> low = Vec<Bits>::broadcast(((Bits{1} << kMantissa) - 1) | std::numeric_limits<Bits>::min());
  const Vec<T> e = to_float(power - Vec<Bits>::broadcast(kHalf)) -
                   select(denormal, constant<T>(kMantissa), Vec<T>::zero());
  exponent = select(usual, e, Vec<T>::zero());
  return select(usual, from_bits((bits & low) | Vec<Bits>::broadcast(kHalf << kMantissa)), x);
}
template <class T>
LANEGRAD_INLINE Vec<T> mantissa(Vec<T> x) {
  Vec<T> unused;
  return split_power(x, unused);
}
template <class T>
LANEGRAD_INLINE Vec<T> exponent(Vec<T> x) {
  Vec<T> e;
  split_power(x, e);
  return e;
}
// The bits of floats of one sign count in their order, from the least magnitude up. No branches, so that the
// lanes become a vector. `unit`: by how much the bits differ from one value to the next; above 1 for a dtype
// that lacks the last bits.
template <class T, int unit = 1>
static inline T next_after(T a, T b) {
  using Bits = std::conditional_t<sizeof(T) == 4, int32_t, int64_t>;
  Bits bits;
  std::memcpy(&bits, &a, sizeof(T));
  bits += (b > a) == (a > 0) ? unit : -unit;
  T next;
  std::memcpy(&next, &bits, sizeof(T));
  const T least = std::numeric_limits<T>::denorm_min() * unit;
  next = a == 0 ? (b > 0 ? least : -least) : next;
  next = a == b ? b : next;
  return a != a || b != b ? a + b : next;
}
// Of float16 values in T. Divided by 2^112 their exponents are float32's, down to the subnormal ones. What
// lies above the largest rounds to infinity in float16, and infinity is where the next one would be.
template <class T>
static inline T next_after_float16(T a, T b) {
  constexpr T kScale = T(0x1p112), kAbove = T(0x1p16);
  const T bounded_a = a > kAbove ? kAbove : a < -kAbove ? -kAbove : a;
  const T bounded_b = b > kAbove ? kAbove : b < -kAbove ? -kAbove : b;
  return next_after<T, 1 << 13>(bounded_a / kScale, bounded_b / kScale) * kScale;
}

// ---- activations

// x above 0, alpha (e^(scale x) - 1) below.
template <class T>
LANEGRAD_INLINE Vec<T> exponential_linear(Vec<T> x, Vec<T> alpha, Vec<T> scale) {
  return select(gt(x, constant<T>(0)), x, alpha * expm1(x * scale));
}
template <class T>
LANEGRAD_INLINE Vec<T> scaled_exponential_linear(Vec<T> x) {
  return select(gt(x, constant<T>(0)), x * constant<T>(kSeluScale),
                constant<T>(kSeluAlpha * kSeluScale) * expm1(x));
}
template <class T>
LANEGRAD_INLINE Vec<T> exponential_linear_slope(Vec<T> x, Vec<T> alpha, Vec<T> scale) {
  return select(le(x, constant<T>(0)), alpha * scale * exp(x * scale), constant<T>(1));
}

template <class T>
LANEGRAD_INLINE Vec<T> soft_plus(Vec<T> x, Vec<T> beta, Vec<T> threshold) {
  const Vec<T> scaled = x * beta;
  return select(gt(scaled, threshold), x, softplus(scaled) / beta);
}

// d/dx x tanh(softplus(x)) = t + x (1 - t^2) s, s = sigmoid(x).
template <class T>
LANEGRAD_INLINE Vec<T> mish_slope(Vec<T> x) {
  const Vec<T> t = tanh(softplus(x));
  return t + x * (sigmoid(x) * neg_fma(t, t, constant<T>(1)));
}

// ---- quotients; a divisor of 0 was refused, where it is an integer

// Rounded towards zero. The quotient of the least number by -1 wraps.
template <class T>
static inline T integer_quotient(T a, T b) {
  if constexpr (sizeof(T) == 1) {
    // In float, which has vectors: the nearest that a quotient of bytes comes to an integer is 1/255 below.
    const float quotient = static_cast<float>(a) / static_cast<float>(b == 0 ? T(1) : b);
    return b == 0 ? T(0) : static_cast<T>(static_cast<int32_t>(quotient));
  }
  if constexpr (std::is_signed_v<T>) {
    if (b == -1) return static_cast<T>(0 - static_cast<uint64_t>(a));
  }
  return b == 0 ? T(0) : static_cast<T>(a / b);
}
template <class T>
static inline T integer_rest(T a, T b) {
  if constexpr (sizeof(T) == 1) return b == 0 ? T(0) : static_cast<T>(a - integer_quotient(a, b) * b);
  if constexpr (std::is_signed_v<T>) {
    if (b == -1) return 0;
  }
  return b == 0 ? T(0) : static_cast<T>(a % b);
}
template <class T>
static inline T integer_floor_quotient(T a, T b) {
  if constexpr (std::is_unsigned_v<T>) return integer_quotient(a, b);
  const T rest = integer_rest(a, b);
  return static_cast<T>(integer_quotient(a, b) - (rest != 0 && (rest < 0) != (b < 0)));
}
template <class T>
static inline T integer_remainder(T a, T b) {
  if constexpr (std::is_unsigned_v<T>) return integer_rest(a, b);
  const T rest = integer_rest(a, b);
  return rest != 0 && (rest < 0) != (b < 0) ? static_cast<T>(rest + b) : rest;
}

template <class T>
LANEGRAD_INLINE Vec<T> fmod_of(Vec<T> a, Vec<T> b) {
  if constexpr (std::is_floating_point_v<T>)
    return fmod(a, b);
  else
    return map_lanes(a, b, integer_rest<T>);
}

// The rest with the sign of the divisor.
template <class T>
LANEGRAD_INLINE Vec<T> remainder_of(Vec<T> a, Vec<T> b) {
  if constexpr (std::is_floating_point_v<T>) {
    const auto zero = constant<T>(0);
    const Vec<T> rest = fmod(a, b);
    return select(ne(rest, zero) & differ(lt(rest, zero), lt(b, zero)), rest + b, rest);
  } else {
    return map_lanes(a, b, integer_remainder<T>);
  }
}

template <class T>
LANEGRAD_INLINE Vec<T> trunc_divide(Vec<T> a, Vec<T> b) {
  if constexpr (std::is_floating_point_v<T>)
    return trunc(a / b);
  else
    return map_lanes(a, b, integer_quotient<T>);
}

// Floats: from the exact rest, as Python divides, so that the rounding of a / b cannot reach the next
// integer.
template <class T>
LANEGRAD_INLINE Vec<T> floor_divide(Vec<T> a, Vec<T> b) {
  if constexpr (std::is_floating_point_v<T>) {
    const auto zero = constant<T>(0), one = constant<T>(1);
    const Vec<T> rest = fmod(a, b), quotient = a / b;
    const Vec<T> exact = (a - rest) / b;
    const Vec<T> lower = select(ne(rest, zero) & differ(lt(rest, zero), lt(b, zero)), exact - one, exact);
    const Vec<T> down = floor(lower);
    const Vec<T> whole = select(gt(lower - down, constant<T>(0.5)), down + one, down);
    const Vec<T> result = select(eq(lower, zero), copy_sign(zero, quotient), whole);
    return select(eq(b, zero), quotient, result);
  } else {
    return map_lanes(a, b, integer_floor_quotient<T>);
  }
}

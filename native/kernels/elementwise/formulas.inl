// Formulas of elementwise.def that are longer than a line, and what the expressions there are made of.

template <class T>
LANEGRAD_INLINE Vec<T> constant(double value) {
  return Vec<T>::broadcast(static_cast<T>(value));
}

template <class T>
LANEGRAD_INLINE Vec<T> magnitude(Vec<T> a) {
  if constexpr (std::is_signed_v<T>)
    return abs(a);
  else
    return a;
}

// 0 for zeros and NaN.
template <class T>
LANEGRAD_INLINE Vec<T> sign_of(Vec<T> a) {
  if constexpr (std::is_signed_v<T>) {
    const auto zero = constant<T>(0);
    return select(gt(a, zero), constant<T>(1), select(lt(a, zero), constant<T>(-1), zero));
  } else {
    return min(a, constant<T>(1));
  }
}

template <class T>
LANEGRAD_INLINE Vec<T> round_down(Vec<T> a) {
  if constexpr (std::is_floating_point_v<T>)
    return floor(a);
  else
    return a;
}
template <class T>
LANEGRAD_INLINE Vec<T> round_up(Vec<T> a) {
  if constexpr (std::is_floating_point_v<T>)
    return ceil(a);
  else
    return a;
}
template <class T>
LANEGRAD_INLINE Vec<T> round_to_zero(Vec<T> a) {
  if constexpr (std::is_floating_point_v<T>)
    return trunc(a);
  else
    return a;
}
template <class T>
LANEGRAD_INLINE Vec<T> round_nearest(Vec<T> a) {
  if constexpr (std::is_floating_point_v<T>)
    return round_even(a);
  else
    return a;
}

// By squaring; wraps as multiplication does. The caller has refused negative exponents.
template <class T>
static inline T integer_power(T base, T exponent) {
  uint64_t result = 1, factor = static_cast<uint64_t>(base);
  for (uint64_t left = static_cast<uint64_t>(exponent); left != 0; left >>= 1) {
    if (left & 1) result *= factor;
    factor *= factor;
  }
  return static_cast<T>(result);
}

template <class T>
LANEGRAD_INLINE Vec<T> power(Vec<T> a, Vec<T> b) {
  if constexpr (std::is_floating_point_v<T>)
    return pow(a, b);
  else
    return map_lanes(a, b, integer_power<T>);
}

// d(a^b)/da; 0 where b is 0, whatever a is.
template <class T>
LANEGRAD_INLINE Vec<T> power_slope(Vec<T> a, Vec<T> b) {
  return select(eq(b, constant<T>(0)), constant<T>(0), b * pow(a, b - constant<T>(1)));
}

// d(a^b)/db = a^b log a; 0 at a = 0, b >= 0.
template <class T>
LANEGRAD_INLINE Vec<T> power_log(Vec<T> a, Vec<T> b) {
  const auto zero = constant<T>(0);
  return select(eq(a, zero) & ge(b, zero), zero, pow(a, b) * log(a));
}

inline constexpr double kTwoOverRootPi = 1.1283791670955126;
inline constexpr double kRootHalf = 0.70710678118654752;
inline constexpr double kOneOverRootTwoPi = 0.39894228040143268;
inline constexpr double kRootTwoOverPi = 0.79788456080286536;
inline constexpr double kGeluCubic = 0.044715;

// x Phi(x), Phi the normal distribution function.
template <class T>
LANEGRAD_INLINE Vec<T> gelu(Vec<T> x) {
  return x * constant<T>(0.5) * (constant<T>(1) + erf(x * constant<T>(kRootHalf)));
}

// Phi(x) + x phi(x).
template <class T>
LANEGRAD_INLINE Vec<T> gelu_slope(Vec<T> x) {
  const Vec<T> distribution = constant<T>(0.5) * (constant<T>(1) + erf(x * constant<T>(kRootHalf)));
  const Vec<T> density = constant<T>(kOneOverRootTwoPi) * exp(x * x * constant<T>(-0.5));
  return distribution + x * density;
}

// x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))).
template <class T>
LANEGRAD_INLINE Vec<T> gelu_tanh(Vec<T> x) {
  const Vec<T> inner = constant<T>(kRootTwoOverPi) * (x + constant<T>(kGeluCubic) * (x * x * x));
  return constant<T>(0.5) * x * (constant<T>(1) + tanh(inner));
}

template <class T>
LANEGRAD_INLINE Vec<T> gelu_tanh_slope(Vec<T> x) {
  const auto one = constant<T>(1), half = constant<T>(0.5);
  const Vec<T> x2 = x * x;
  const Vec<T> t = tanh(constant<T>(kRootTwoOverPi) * (x + constant<T>(kGeluCubic) * (x2 * x)));
  const Vec<T> inner_slope = constant<T>(kRootTwoOverPi) * (one + constant<T>(3 * kGeluCubic) * x2);
  return half * (one + t) + half * x * ((one - t * t) * inner_slope);
}

// s (1 + x (1 - s)), s = sigmoid(x).
template <class T>
LANEGRAD_INLINE Vec<T> silu_slope(Vec<T> x) {
  const auto one = constant<T>(1);
  const Vec<T> s = sigmoid(x);
  return s * (one + x * (one - s));
}

// ---- tests of floats; integers have no NaN, no infinities and no -0

template <class T>
LANEGRAD_INLINE auto has_sign(Vec<T> a) {
  if constexpr (std::is_floating_point_v<T>)
    return lt(copy_sign(constant<T>(1), a), constant<T>(0));
  else
    return lt(a, constant<T>(0));
}
template <class T>
LANEGRAD_INLINE auto is_infinite(Vec<T> a) {
  if constexpr (std::is_floating_point_v<T>)
    return eq(a, constant<T>(std::numeric_limits<double>::infinity()));
  else
    return ne(a, a);
}
template <class T>
LANEGRAD_INLINE auto is_minus_infinite(Vec<T> a) {
  if constexpr (std::is_floating_point_v<T>)
    return eq(a, constant<T>(-std::numeric_limits<double>::infinity()));
  else
    return ne(a, a);
}
template <class T>
LANEGRAD_INLINE auto is_finite(Vec<T> a) {
  if constexpr (std::is_floating_point_v<T>)
    return lt(abs(a), constant<T>(std::numeric_limits<double>::infinity()));
  else
    return eq(a, a);
}

// Equal, or finite and |a - b| <= atol + rtol |b|.
template <class T>
LANEGRAD_INLINE auto is_close(Vec<T> a, Vec<T> b, Vec<T> rtol, Vec<T> atol) {
  const Vec<T> distance = abs(a - b);
  return eq(a, b) | (is_finite(distance) & le(distance, atol + abs(rtol * b)));
}

template <class Mask>
LANEGRAD_INLINE Mask differ(Mask a, Mask b) {
  return (a | b) & ~(a & b);
}

// ---- bits

template <class T>
LANEGRAD_INLINE Vec<T> bit_and(Vec<T> a, Vec<T> b) {
  if constexpr (sizeof(T) == 1)
    return {static_cast<T>(a.v & b.v)};
  else
    return a & b;
}
template <class T>
LANEGRAD_INLINE Vec<T> bit_or(Vec<T> a, Vec<T> b) {
  if constexpr (sizeof(T) == 1)
    return {static_cast<T>(a.v | b.v)};
  else
    return a | b;
}
template <class T>
LANEGRAD_INLINE Vec<T> bit_xor(Vec<T> a, Vec<T> b) {
  if constexpr (sizeof(T) == 1)
    return {static_cast<T>(a.v ^ b.v)};
  else
    return a ^ b;
}
template <class T>
LANEGRAD_INLINE Vec<T> bit_not(Vec<T> a) {
  if constexpr (std::is_same_v<T, bool>)
    return {!a.v};
  else
    return bit_xor(a, Vec<T>::broadcast(static_cast<T>(-1)));
}

// Shifts by a negative number, or by the width or more, push everything out.
template <class T>
LANEGRAD_INLINE Vec<T> bit_shift_left(Vec<T> a, Vec<T> count) {
  constexpr T kBits = static_cast<T>(8 * sizeof(T));
  if constexpr (sizeof(T) == 1) {
    return {count.v >= kBits ? T(0) : static_cast<T>(a.v << count.v)};
  } else {
    const auto inside = ge(count, Vec<T>::zero()) & lt(count, constant<T>(kBits));
    const Vec<T> shifted = shift_left_by(a, select(inside, count, Vec<T>::zero()));
    return select(inside, shifted, Vec<T>::zero());
  }
}
// The bits that come in are those of the sign: of a negative number the inverse is shifted.
template <class T>
LANEGRAD_INLINE Vec<T> bit_shift_right(Vec<T> a, Vec<T> count) {
  constexpr T kBits = static_cast<T>(8 * sizeof(T));
  if constexpr (sizeof(T) == 1) {
    return {count.v >= kBits ? T(0) : static_cast<T>(a.v >> count.v)};
  } else {
    const auto inside = ge(count, Vec<T>::zero()) & lt(count, constant<T>(kBits));
    const Vec<T> sign = select(lt(a, Vec<T>::zero()), constant<T>(-1), Vec<T>::zero());
    const Vec<T> shifted = shift_right_by(a ^ sign, select(inside, count, Vec<T>::zero())) ^ sign;
    return select(inside, shifted, sign);
  }
}

// ---- piecewise linear functions and interpolation

template <class T>
LANEGRAD_INLINE Vec<T> hard_sigmoid(Vec<T> x) {
  return min(max(x + constant<T>(3), constant<T>(0)), constant<T>(6)) / constant<T>(6);
}

// 0 up to -3, x/3 + 1/2, 1 from 3 on.
template <class T>
LANEGRAD_INLINE Vec<T> hard_swish_slope(Vec<T> x) {
  const Vec<T> inner = x / constant<T>(3) + constant<T>(0.5);
  const Vec<T> upper = select(ge(x, constant<T>(3)), constant<T>(1), inner);
  return select(le(x, constant<T>(-3)), constant<T>(0), upper);
}

// From the nearer end, so that weights 0 and 1 give the ends exactly.
template <class T>
LANEGRAD_INLINE Vec<T> interpolate(Vec<T> start, Vec<T> end, Vec<T> weight) {
  const Vec<T> step = end - start;
  return select(lt(abs(weight), constant<T>(0.5)), start + weight * step,
                end - step * (constant<T>(1) - weight));
}

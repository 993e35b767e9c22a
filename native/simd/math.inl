// Elementary functions on vectors of floats; math_double.inl, which it includes, has those of doubles.
//
// Largest errors against the C library in double precision, in units in the last place, over every 257th
// float32 (pow: 2^27 random pairs), the worst level:
//   exp 1.0, log 0.8, tanh 1.4, sigmoid 0.9, erf 1.1, sin 1.6, cos 1.6, pow 0.501
// NaN gives NaN, infinities their limits, and denormal arguments and results are exact to the same bounds.
// Coefficients: minimax fits of our own (Lawson's iteration), rounded to float one by one from the constant
// term on.

#include "simd/piecewise.inl"

namespace detail {

inline constexpr float kLog2E = 0x1.715476p+0f;
// ln 2 in two parts: nine bits, so that a product with an exponent is exact without FMA, and the rest.
inline constexpr float kLn2High = 0x1.63p-1f;
inline constexpr float kLn2Low = -0x1.bd0106p-13f;

// x = n ln 2 + r with |r| <= ln 2 / 2 (a little more after rounding).
LANEGRAD_INLINE Vec<float> reduce_ln2(Vec<float> x, Vec<float>& n) {
  n = round_even(x * Vec<float>::broadcast(kLog2E));
  return neg_fma(n, Vec<float>::broadcast(kLn2Low), neg_fma(n, Vec<float>::broadcast(kLn2High), x));
}

}  // namespace detail

// e^r = 1 + r + r^2 q(r), degree 4, error 2^-28 on the reduced range. Beyond the bounds the result is 0 or
// infinity, which the scaling produces; NaN passes through all of it.
LANEGRAD_INLINE Vec<float> exp(Vec<float> x) {
  constexpr float kQ[] = {0x1p-1f, 0x1.55549p-3f, 0x1.5554bep-5f, 0x1.123afep-7f, 0x1.6d7ca2p-10f};
  Vec<float> n;
  const Vec<float> r = detail::reduce_ln2(at_least(at_most(x, 89.0f), -104.0f), n);
  return scale2(fma(detail::horner(r, kQ), r * r, r) + Vec<float>::broadcast(1.0f), n);
}

// exp of what is not above 0, but for rounding, or NaN: without the guard at the other end.
LANEGRAD_INLINE Vec<float> exp_down(Vec<float> x) {
  constexpr float kQ[] = {0x1p-1f, 0x1.55549p-3f, 0x1.5554bep-5f, 0x1.123afep-7f, 0x1.6d7ca2p-10f};
  Vec<float> n;
  const Vec<float> r = detail::reduce_ln2(at_least(x, -104.0f), n);
  return scale2(fma(detail::horner(r, kQ), r * r, r) + Vec<float>::broadcast(1.0f), n);
}

// log x = e ln 2 + log(1 + f), 1 + f in [sqrt(1/2), sqrt(2)); log(1 + f) = f - f^2/2 + f^3 p(f), degree 7,
// 2^-27.
LANEGRAD_INLINE Vec<float> log(Vec<float> x) {
  constexpr float kP[] = {0x1.555554p-2f, -0x1.000228p-2f, 0x1.99a02p-3f,  -0x1.5471f6p-3f,
                          0x1.22d85ep-3f, -0x1.0d876ep-3f, 0x1.056766p-3f, -0x1.38c35p-4f};
  const auto infinity = Vec<float>::broadcast(std::numeric_limits<float>::infinity());
  const auto denormal = lt(x, Vec<float>::broadcast(std::numeric_limits<float>::min()));
  const Vec<int32_t> bits = to_bits(select(denormal, x * Vec<float>::broadcast(0x1p23f), x));
  const Vec<int32_t> root_half = Vec<int32_t>::broadcast(0x3F3504F3);
  const Vec<int32_t> exponent = shift_right_arithmetic<23>(bits - root_half);
  const Vec<float> f = from_bits(bits - shift_left<23>(exponent)) - Vec<float>::broadcast(1.0f);
  const Vec<float> e =
      to_float(exponent) - select(denormal, Vec<float>::broadcast(23.0f), Vec<float>::zero());
  const Vec<float> f2 = f * f;
  Vec<float> tail = detail::horner(f, kP) * (f * f2);
  tail = fma(e, Vec<float>::broadcast(detail::kLn2Low), tail);
  tail = neg_fma(Vec<float>::broadcast(0.5f), f2, tail);
  Vec<float> y = fma(e, Vec<float>::broadcast(detail::kLn2High), f + tail);
  const auto usual = gt(x, Vec<float>::zero()) & lt(x, infinity);
  if (!all(usual)) {
    y = select(usual, y, Vec<float>::broadcast(std::numeric_limits<float>::quiet_NaN()));
    y = select(eq(x, Vec<float>::zero()), -infinity, y);
    y = select(eq(x, infinity), infinity, y);
  }
  return y;
}

#include "simd/math_saturating.inl"

namespace detail {

// 1 / (1 + e), 0 <= e <= 1, to 2^-18; whole is 1 + e. Without fused operations the remainder is too coarse
// to put right what is wrong here.
LANEGRAD_INLINE Vec<float> about_inverse(Vec<float> e, Vec<float> whole) {
  constexpr float kP[] = {0x1.ff1ce8p-1f, -0x1.e2b806p-1f, 0x1.54be4ep-1f, -0x1.c652e8p-3f};
  if constexpr (Vec<float>::kWidth == 1) return Vec<float>::broadcast(1.0f) / whole;
  const Vec<float> first = horner(e, kP);
  return fma(first, neg_fma(first, whole, Vec<float>::broadcast(1.0f)), first);
}

}  // namespace detail

// 1 / (1 + e) for x >= 0 and e / (1 + e) below, e = exp(-|x|), which never overflows: both tails keep their
// precision. The quotient is corrected by its remainder, in which the rounding of e and of 1 + e are put
// right, and the error of the inverse becomes its square: a division, which takes sixteen cycles, is spared.
LANEGRAD_INLINE Vec<float> sigmoid(Vec<float> x) {
  constexpr float kQ[] = {0x1p-1f, 0x1.55549p-3f, 0x1.5554bep-5f, 0x1.123afep-7f, 0x1.6d7ca2p-10f};
  const auto one = Vec<float>::broadcast(1.0f);
  Vec<float> n;
  const Vec<float> r = detail::reduce_ln2(at_least(-abs(x), -104.0f), n);
  const Vec<float> tail = fma(detail::horner(r, kQ), r * r, r);
  const Vec<float> head = one + tail, rest = (one - head) + tail;
  const Vec<float> e = scale2(head, n), e_rest = scale2(rest, n);
  const Vec<float> whole = one + e, lost = ((one - whole) + e) + e_rest;
  const auto below = lt(x, Vec<float>::zero());
  const Vec<float> top = select(below, e, one), top_rest = select(below, e_rest, Vec<float>::zero());
  const Vec<float> inverse = detail::about_inverse(e, whole), y = top * inverse;
  const Vec<float> remainder = neg_fma(y, lost, neg_fma(y, whole, top) + top_rest);
  return fma(remainder, inverse, y);
}
// x e^x for x < 0, multiplied before it is scaled: where e^x alone is denormal, the product need not be.
LANEGRAD_INLINE Vec<float> times_exp(Vec<float> x) {
  constexpr float kQ[] = {0x1p-1f, 0x1.55549p-3f, 0x1.5554bep-5f, 0x1.123afep-7f, 0x1.6d7ca2p-10f};
  const auto one = Vec<float>::broadcast(1.0f);
  Vec<float> n;
  const Vec<float> bounded = max_number(min(x, Vec<float>::zero()), Vec<float>::broadcast(-110.0f));
  const Vec<float> r = detail::reduce_ln2(bounded, n);
  return scale2(bounded * (fma(detail::horner(r, kQ), r * r, r) + one), n);
}
LANEGRAD_INLINE Vec<float> silu(Vec<float> x) {
  // -infinity is left to give NaN, as the product does.
  const auto low = lt(x, Vec<float>::broadcast(-87.0f)) &
                   gt(x, Vec<float>::broadcast(-std::numeric_limits<float>::infinity()));
  const Vec<float> y = x * sigmoid(x);
  return any(low) ? select(low, times_exp(x), y) : y;
}

namespace detail {

// x = n pi/2 + r. In double precision: float32 numbers come so close to multiples of pi/2 that a float
// reduction needs four parts, and more without FMA. The first part has 33 bits: its product with n < 2^20 is
// exact without FMA too.
LANEGRAD_INLINE Vec<double> reduce_half_pi(Vec<double> x, Vec<double>& n) {
  n = round_even(x * Vec<double>::broadcast(0x1.45f306dc9c883p-1));
  return neg_fma(n, Vec<double>::broadcast(0x1.0b4611a626331p-34),
                 neg_fma(n, Vec<double>::broadcast(0x1.921fb544p+0), x));
}

// sin(x + quarter * pi/2). Arguments beyond kLimit, infinities and NaN are left to the C library, one by one.
template <int quarter>
LANEGRAD_INLINE Vec<float> sin_shifted(Vec<float> x) {
  constexpr float kLimit = 0x1p20f;
  constexpr float kSin[] = {-0x1.555556p-3f, 0x1.111174p-7f, -0x1.a0595ep-13f, 0x1.7c3226p-19f};
  constexpr float kCos[] = {0x1.55554ap-5f, -0x1.6c0c28p-10f, 0x1.99e816p-16f};
  const auto usual = le(abs(x), Vec<float>::broadcast(kLimit));
  const Vec<float> bounded = select(usual, x, Vec<float>::zero());
  Vec<double> n_low, n_high;
  const Vec<double> r_low = reduce_half_pi(low_double(bounded), n_low);
  const Vec<double> r_high = reduce_half_pi(high_double(bounded), n_high);
  const Vec<float> r = narrow(r_low, r_high);
  const Vec<int32_t> n = to_int(narrow(n_low, n_high)) + Vec<int32_t>::broadcast(quarter);
  const Vec<float> r2 = r * r;
  const Vec<float> sine = fma(horner(r2, kSin) * r2, r, r);
  const Vec<float> cosine =
      fma(horner(r2, kCos), r2 * r2, neg_fma(Vec<float>::broadcast(0.5f), r2, Vec<float>::broadcast(1.0f)));
  const auto even = eq(n & Vec<int32_t>::broadcast(1), Vec<int32_t>::zero());
  const Vec<int32_t> sign = shift_left<30>(n & Vec<int32_t>::broadcast(2));
  const Vec<float> y = from_bits(to_bits(select(even, sine, cosine)) ^ sign);
  if (all(usual)) return y;
  return map_lanes(y, x, [](float computed, float argument) {
    if (std::fabs(argument) <= kLimit) return computed;
    return quarter == 0 ? std::sin(argument) : std::cos(argument);
  });
}

}  // namespace detail

LANEGRAD_INLINE Vec<float> sin(Vec<float> x) {
  // The reduction turns -0 into +0.
  return select(eq(x, Vec<float>::zero()), x, detail::sin_shifted<0>(x));
}
LANEGRAD_INLINE Vec<float> cos(Vec<float> x) { return detail::sin_shifted<1>(x); }

namespace detail {

// log2 of positive finite doubles that came from floats: s = (m - 1) / (m + 1), log2 m = s p(s^2), 2^-43.
LANEGRAD_INLINE Vec<double> log2_positive(Vec<double> x) {
  constexpr double kP[] = {0x1.71547652b824dp+1, 0x1.ec709dc542a42p-1, 0x1.2776c28c5d8a4p-1,
                           0x1.a61a343ffe61ap-2, 0x1.479471e21db54p-2, 0x1.21bdf958e1993p-2};
  const auto one = Vec<double>::broadcast(1.0);
  const Vec<int64_t> bits = to_bits(x);
  const Vec<int64_t> root_half = Vec<int64_t>::broadcast(0x3FE6A09E667F3BCD);
  const Vec<int64_t> exponent = shift_right_arithmetic<52>(bits - root_half);
  const Vec<double> m = from_bits(bits - shift_left<52>(exponent));
  const Vec<double> s = (m - one) / (m + one);
  return fma(horner(s * s, kP), s, to_float(exponent));
}

// 2^x; x is bounded so that every exponent is that of a normal double: floats under- and overflow in the
// narrowing.
LANEGRAD_INLINE Vec<double> exp2_bounded(Vec<double> x) {
  constexpr double kP[] = {0x1.ffffffffff79fp-1,  0x1.62e42fef86165p-1,  0x1.ebfbdff931f86p-3,
                           0x1.c6b08dd46c94cp-5,  0x1.3b2ab5c4cab30p-7,  0x1.5d87483905754p-10,
                           0x1.430acd3190e56p-13, 0x1.00dad1e152ca9p-16, 0x1.61af429c8e467p-20};
  const Vec<double> bounded = at_most(at_least(x, -1000), 1000);
  const Vec<double> n = round_even(bounded);
  const Vec<int64_t> power = shift_left<52>(to_int(n) + Vec<int64_t>::broadcast(1023));
  return horner(bounded - n, kP) * from_bits(power);
}

LANEGRAD_INLINE Vec<double> pow_positive(Vec<double> x, Vec<double> y) {
  return exp2_bounded(y * log2_positive(x));
}

}  // namespace detail

// |x|^y in double precision through 2^(y log2 |x|), then the signs of negative bases. Lanes with a zero, an
// infinity or NaN take the C library.
LANEGRAD_INLINE Vec<float> pow(Vec<float> x, Vec<float> y) {
  const auto zero = Vec<float>::zero(), one = Vec<float>::broadcast(1.0f), half = Vec<float>::broadcast(0.5f);
  const auto infinity = Vec<float>::broadcast(std::numeric_limits<float>::infinity());
  const auto usual = lt(abs(x), infinity) & lt(abs(y), infinity) & ne(x, zero);
  const Vec<float> base = select(usual, abs(x), one), power = select(usual, y, one);
  Vec<float> result = narrow(detail::pow_positive(low_double(base), low_double(power)),
                             detail::pow_positive(high_double(base), high_double(power)));
  const auto negative = lt(x, zero) & usual;
  if (any(negative)) {
    const auto integral = eq(round_even(power), power);
    const Vec<float> halved = power * half;
    const auto odd = integral & ne(round_even(halved), halved);
    const Vec<float> is_signed = select(odd, -result, result);
    const Vec<float> nan = Vec<float>::broadcast(std::numeric_limits<float>::quiet_NaN());
    result = select(negative, select(integral, is_signed, nan), result);
  }
  if (all(usual)) return result;
  alignas(64) float r[Vec<float>::kWidth], a[Vec<float>::kWidth], b[Vec<float>::kWidth];
  result.store(r);
  x.store(a);
  y.store(b);
  for (int i = 0; i < Vec<float>::kWidth; ++i) {
    if (!(std::fabs(a[i]) < std::numeric_limits<float>::infinity()) || a[i] == 0 ||
        !(std::fabs(b[i]) < std::numeric_limits<float>::infinity())) {
      r[i] = std::pow(a[i], b[i]);
    }
  }
  return Vec<float>::load(r);
}

#include "simd/math_double.inl"
#include "simd/pow_double.inl"

// Bessel functions: tables for small arguments, Hankel's expansions for large ones, which vectors without
// such lanes skip.

inline constexpr double kBesselILarge = 29.9;

template <class Table, class Large, bool kDouble>
LANEGRAD_INLINE Vec<double> scaled_bessel_i(Vec<double> size, Vec<double> factor) {
  using detail::wide;
  const Vec<double> y = factor * detail::piecewise<Table, kDouble>(at_most(size, kBesselILarge));
  const auto large = gt(size, wide(kBesselILarge));
  if (!any(large)) return y;
  const Vec<double> inverse = wide(1) / at_least(size, kBesselILarge);
  return select(large, sqrt(inverse) * detail::polynomial<Large, kDouble>(inverse), y);
}
// y e^size. In double precision e^size alone would overflow before the product.
template <bool kDouble>
LANEGRAD_INLINE Vec<double> times_growth(Vec<double> y, Vec<double> size) {
  using detail::wide;
  if constexpr (!kDouble) return select(eq(size, wide(detail::kInfinity)), size, y * exp_of<false>(size));
  const Vec<double> product = detail::scaled_exp(size, -32) * y * wide(0x1p32);
  return select(gt(size, wide(718)), wide(detail::kInfinity), product);
}

template <bool kDouble>
LANEGRAD_FUNCTION Vec<double> bessel_i0e_of(Vec<double> x) {
  return scaled_bessel_i<tables::I0e, tables::LargeI0e, kDouble>(abs(x), detail::wide(1));
}
template <bool kDouble>
LANEGRAD_FUNCTION Vec<double> bessel_i1e_of(Vec<double> x) {
  const Vec<double> size = abs(x);
  return copy_sign(scaled_bessel_i<tables::I1eOverX, tables::LargeI1e, kDouble>(size, size), x);
}
template <bool kDouble>
LANEGRAD_FUNCTION Vec<double> bessel_i0_of(Vec<double> x) {
  return times_growth<kDouble>(bessel_i0e_of<kDouble>(x), abs(x));
}
template <bool kDouble>
LANEGRAD_FUNCTION Vec<double> bessel_i1_of(Vec<double> x) {
  const Vec<double> size = abs(x);
  return copy_sign(times_growth<kDouble>(bessel_i1e_of<kDouble>(size), size), x);
}

// Zeros in two parts, so that the distance from them keeps its precision.
struct Zero {
  double head, rest;
};
inline constexpr Zero kJ0Zeros[] = {{0x1.33d152e971b40p+1, -0x1.0f539d7da258ep-53},
                                    {0x1.6148f5b2c2e45p+2, 0x1.75054cd60a517p-54}};
inline constexpr Zero kJ1Zeros[] = {{0x1.ea75575af6f09p+1, -0x1.60155a9d1b256p-53},
                                    {0x1.c0ff5f3b47250p+2, -0x1.b226d9d243827p-54}};
inline constexpr double kBesselJLarge = 7.999;
LANEGRAD_INLINE Vec<double> over_zero(Vec<double> size, Zero zero) {
  using detail::wide;
  return ((size - wide(zero.head)) - wide(zero.rest)) * (size + wide(zero.head));
}

// sin x + cos x and sin x - cos x, 0 <= x <= kReduceLimit.
LANEGRAD_INLINE void sine_sums(Vec<double> x, Vec<double>& sum, Vec<double>& difference) {
  Vec<double> n;
  const Vec<double> r = detail::reduce_half_pi_double(x, n), z = r * r;
  const Vec<double> s = detail::sine_of(r, z), c = detail::cosine_of(z), plus = s + c, minus = s - c;
  const Vec<int64_t> turns = to_int(n), one = Vec<int64_t>::broadcast(1), two = Vec<int64_t>::broadcast(2);
  // A quarter further (sin, cos) is (cos, -sin): the sum becomes -difference, the difference the sum.
  const auto even = eq(turns & one, Vec<int64_t>::zero());
  const Vec<int64_t> sign = shift_left<62>(turns & two);
  sum = from_bits(to_bits(select(even, plus, -minus)) ^ sign);
  difference = from_bits(to_bits(select(even, minus, plus)) ^ sign);
}

// sqrt(2 / (pi x)) (P cos(x - phase) - Q sin(x - phase)) for x > 8; the phase is pi/4 or, of order 1, 3 pi/4.
template <class P, class Q, int order, bool kDouble>
LANEGRAD_INLINE Vec<double> bessel_j_large(Vec<double> size) {
  using detail::wide;
  const Vec<double> inverse = wide(1) / size, z = inverse * inverse;
  const Vec<double> p = detail::polynomial<P, kDouble>(z), q = detail::polynomial<Q, kDouble>(z) * inverse;
  Vec<double> sum, difference;
  sine_sums(size, sum, difference);
  constexpr double kInverseRootPi = 0.56418958354775628695;
  const Vec<double> amplitude = sqrt(inverse) * wide(kInverseRootPi);
  if constexpr (order == 0) return amplitude * neg_fma(q, difference, p * sum);
  return amplitude * fma(q, sum, p * difference);
}

template <bool kDouble>
LANEGRAD_FUNCTION Vec<double> bessel_j0_of(Vec<double> x) {
  using detail::wide;
  const Vec<double> size = abs(x), near = at_most(size, kBesselJLarge);
  const auto large = ge(size, wide(kBesselJLarge)), usual = ~gt(size, wide(detail::kReduceLimit));
  Vec<double> y = detail::piecewise<tables::J0OverZeros, kDouble>(near);
  y = y * over_zero(near, kJ0Zeros[0]) * over_zero(near, kJ0Zeros[1]);
  if (!any(large)) return y;
  const Vec<double> bounded = select(large & usual, size, wide(8));
  const Vec<double> far = bessel_j_large<tables::HankelP0, tables::HankelQ0, 0, kDouble>(bounded);
  return with_lanes(select(large, far, y), usual, x, special::bessel_j0);
}
template <bool kDouble>
LANEGRAD_FUNCTION Vec<double> bessel_j1_of(Vec<double> x) {
  using detail::wide;
  const Vec<double> size = abs(x), near = at_most(size, kBesselJLarge);
  const auto large = ge(size, wide(kBesselJLarge)), usual = ~gt(size, wide(detail::kReduceLimit));
  Vec<double> y = detail::piecewise<tables::J1OverZeros, kDouble>(near);
  y = near * y * over_zero(near, kJ1Zeros[0]) * over_zero(near, kJ1Zeros[1]);
  if (any(large)) {
    const Vec<double> bounded = select(large & usual, size, wide(8));
    y = select(large, bessel_j_large<tables::HankelP1, tables::HankelQ1, 1, kDouble>(bounded), y);
  }
  const Vec<double> turned = from_bits(to_bits(y) ^ (to_bits(x) & Vec<int64_t>::broadcast(INT64_MIN)));
  return with_lanes(turned, usual, x, special::bessel_j1);
}

LANEGRAD_SPECIAL(bessel_i0)
LANEGRAD_SPECIAL(bessel_i0e)
LANEGRAD_SPECIAL(bessel_i1)
LANEGRAD_SPECIAL(bessel_i1e)
LANEGRAD_SPECIAL(bessel_j0)
LANEGRAD_SPECIAL(bessel_j1)

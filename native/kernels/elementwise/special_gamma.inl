// The gamma function's logarithm and its derivatives: tables on [1/2, 8), Stirling's formula above, one step
// of the recurrence below, reflection for negative arguments. The zeros at 1, 2 and 1.4616 are factors, so
// that they cost no precision.

inline constexpr double kGammaLarge = 8;

// log gamma(x), x > 0.
template <bool kDouble>
LANEGRAD_INLINE Vec<double> log_gamma_positive(Vec<double> x) {
  using detail::wide;
  const auto small = lt(x, wide(0.5)), large = ge(x, wide(kGammaLarge));
  const Vec<double> shifted = select(small, x + wide(1), x);
  const Vec<double> at = at_most(at_least(shifted, 0.5), 0x1.fffffffffffffp+2);
  const Vec<double> zeros = (at - wide(1)) * (at - wide(2));
  const Vec<double> y = zeros * detail::piecewise<tables::LogGammaOverZeros, kDouble>(at);
  if (!any(small | large)) return y;
  const Vec<double> logarithm = log_of<kDouble>(x);
  const Vec<double> near = select(small, y - logarithm, y);
  if (!any(large)) return near;
  // (x - 1/2) (log x - 1) + log(2 pi)/2 - 1/2 + rest / x
  const Vec<double> inverse = wide(1) / at_least(x, kGammaLarge);
  const Vec<double> rest = inverse * detail::polynomial<tables::StirlingRest, kDouble>(inverse * inverse);
  const Vec<double> far = fma(x - wide(0.5), logarithm - wide(1), wide(0.41893853320467274178) + rest);
  return select(large, select(eq(x, wide(detail::kInfinity)), x, far), near);
}

// Below 0 log(pi / (|x| |sin pi x|)) - log gamma(|x|), which cancels beside zeros: those lanes, and all
// negative ones in double precision, are for the scalar function.
template <bool kDouble>
LANEGRAD_FUNCTION Vec<double> log_gamma_of(Vec<double> x) {
  using detail::wide;
  const auto positive = gt(x, wide(0));
  const Vec<double> size = abs(x), y = log_gamma_positive<kDouble>(size);
  if (all(positive)) return y;
  if constexpr (kDouble) return with_lanes(y, positive, x, special::log_gamma);
  const Vec<double> r = size - round_even(size);
  const Vec<double> product = abs(r * detail::polynomial<tables::SinPi, false>(r * r)) * size;
  const auto pole = eq(product, wide(0)) | eq(size, wide(detail::kInfinity));
  const Vec<double> reflected = -detail::wide_log(product * wide(1 / detail::kPi)) - y;
  const Vec<double> value = select(pole, wide(detail::kInfinity), reflected);
  const auto cancels = lt(abs(value), wide(0.02) * y);
  return with_lanes(select(positive, y, value), positive | ~cancels, x, special::log_gamma);
}

template <bool kDouble>
LANEGRAD_FUNCTION Vec<double> digamma_of(Vec<double> x) {
  using detail::wide;
  constexpr double kZero = 0x1.762d86356be3fp+0, kZeroRest = 0x1.b86a722197829p-54;
  const auto negative = lt(x, wide(0));
  const Vec<double> y = select(negative, wide(1) - x, x);
  const auto small = lt(y, wide(0.5)), large = ge(y, wide(kGammaLarge));
  const Vec<double> at = at_most(at_least(select(small, y + wide(1), y), 0.5), 0x1.fffffffffffffp+2);
  const Vec<double> distance = (at - wide(kZero)) - wide(kZeroRest);
  Vec<double> value = distance * detail::piecewise<tables::DigammaOverZero, kDouble>(at);
  if (any(small | large)) {
    const Vec<double> inverse = wide(1) / y, z = inverse * inverse;
    const Vec<double> rest = fma(detail::polynomial<tables::DigammaRest, kDouble>(z), z, wide(0.5) * inverse);
    const Vec<double> logarithm = select(eq(y, wide(detail::kInfinity)), y, log_of<kDouble>(y) - rest);
    value = select(large, logarithm, select(small, value - inverse, value));
  }
  if (any(negative)) {
    // psi(1 - x) - pi / tan(pi x), the angle reduced exactly.
    const Vec<double> r = x - round_even(x), h = wide(0.5) - abs(r);
    const Vec<double> sine = r * detail::polynomial<tables::SinPi, kDouble>(r * r);
    const Vec<double> cosine = h * detail::polynomial<tables::SinPi, kDouble>(h * h);
    const Vec<double> reflected = neg_fma(wide(detail::kPi), cosine / sine, value);
    value = select(negative, select(eq(r, wide(0)), wide(detail::kQuietNaN), reflected), value);
  }
  return select(eq(x, wide(0)), copy_sign(wide(detail::kInfinity), -x), value);
}

LANEGRAD_SPECIAL(log_gamma)
LANEGRAD_SPECIAL(digamma)

// B_2j / (2j)!, j = 1, 2 ...: the coefficients of the Euler-Maclaurin formula.
inline constexpr double kBernoulli[] = {1.0 / 12,
                                        -1.0 / 720,
                                        1.0 / 30240,
                                        -1.0 / 1209600,
                                        1.0 / 47900160,
                                        -691.0 / 1307674368000,
                                        1.0 / 74724249600,
                                        -3617.0 / 10670622842880000,
                                        43867.0 / 5109094217170944000};

// a^-s: through logarithms, or for whole s by squaring, which is precise enough for doubles.
template <bool kDouble>
struct AnyPower {
  Vec<double> s;
  LANEGRAD_INLINE Vec<double> operator()(Vec<double> a) const {
    if constexpr (kDouble)
      return detail::pow_positive_double(a, -s);
    else
      return detail::wide_exp(-s * detail::wide_log(a));
  }
};
struct WholePower {
  int s;
  LANEGRAD_INLINE Vec<double> operator()(Vec<double> a) const {
    Vec<double> factor = a, result = detail::wide(1);
    for (int left = s; left != 0; left >>= 1) {
      if (left & 1) result = result * factor;
      factor = factor * factor;
    }
    return detail::wide(1) / result;
  }
};

// The sum of (q + k)^-s for s > 1, q > 0: terms until the argument is large enough or they no longer count,
// and the rest by Euler's and Maclaurin's formula of nine terms. Lanes that are done stand still.
template <bool kDouble, class Power>
LANEGRAD_INLINE Vec<double> zeta_sum(Vec<double> s, Vec<double> q, Power power) {
  using detail::wide;
  const double least = kDouble ? 10 : 6, tiny = kDouble ? 0x1p-58 : 0x1p-36;
  const Vec<double> enough = max(wide(least), fma(s, wide(kDouble ? 1.25 : 0.5), wide(kDouble ? 7.5 : 5)));
  Vec<double> sum = wide(0), a = q;
  auto active = lt(a, enough);
  while (any(active)) {
    Vec<double> term = wide(0);
    for (int k = 0; k < 3; ++k) {  // powers that do not wait for each other
      active = active & lt(a, enough);
      term = power(a);
      sum = select(active, sum + term, sum);
      a = select(active, a + wide(1), a);
    }
    active = active & lt(a, enough) & gt(term * (a + s), wide(tiny) * (s - wide(1)) * sum);
  }
  const Vec<double> last = power(a);
  const Vec<double> inverse = wide(1) / a, z = inverse * inverse;
  Vec<double> rest = wide(0.5) * last, factor = s * last * inverse;
  for (int j = 0; j < 9; ++j) {
    rest = fma(factor, wide(kBernoulli[j]), rest);
    factor = factor * ((s + wide(2 * j + 1)) * (s + wide(2 * j + 2)) * z);
  }
  return sum + fma(last, a / (s - wide(1)), rest);
}

template <bool kDouble>
LANEGRAD_FUNCTION Vec<double> zeta_of(Vec<double> s, Vec<double> q) {
  using detail::wide;
  const auto usual = gt(s, wide(1)) & lt(s, wide(1000)) & gt(q, wide(0)) & lt(q, wide(0x1p100));
  const Vec<double> bounded = select(usual, s, wide(2));
  const Vec<double> y = zeta_sum<kDouble>(bounded, select(usual, q, wide(8)), AnyPower<kDouble>{bounded});
  return with_lanes(y, usual, s, q, special::zeta);
}
LANEGRAD_SPECIAL2(zeta)

// (-1)^(n + 1) n! zeta(n + 1, x); all lanes of `order` are n.
template <bool kDouble>
LANEGRAD_FUNCTION Vec<double> polygamma_of(Vec<double> order, Vec<double> x) {
  using detail::wide;
  alignas(64) double n[Vec<double>::kWidth];
  order.store(n);
  if (n[0] == 0) return digamma_of<kDouble>(x);
  const auto usual = gt(x, wide(0)) & lt(x, wide(0x1p20)) & gt(x, wide(0x1p-20));
  // Beyond this order the powers could leave the range of doubles.
  if (!(n[0] > 0 && n[0] <= 30 && n[0] == std::floor(n[0]))) return map_lanes(order, x, special::polygamma);
  double size = 1;
  for (int k = 2; k <= static_cast<int>(n[0]); ++k) size *= k;
  if (std::fmod(n[0], 2) == 0) size = -size;
  const WholePower power{static_cast<int>(n[0]) + 1};
  const Vec<double> sum = zeta_sum<kDouble>(order + wide(1), select(usual, x, wide(8)), power);
  return with_lanes(wide(size) * sum, usual, order, x, special::polygamma);
}
LANEGRAD_SPECIAL2(polygamma)

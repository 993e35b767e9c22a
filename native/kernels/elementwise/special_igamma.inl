// The regularized incomplete gamma functions: a series where x <= a + 1, a continued fraction above, in
// blocks of eight terms without divisions, until the slowest lane has converged.

inline constexpr double kIgammaRange = 1e30;  // powers of eight of it stay in range
inline constexpr int kIgammaBlocks = 25000;   // as many terms as the scalar functions take

// x^a e^-x / gamma(a)
LANEGRAD_INLINE Vec<double> gamma_density(Vec<double> a, Vec<double> x) {
  return exp(fma(a, log(x), -x) - log_gamma_positive<true>(a));
}

// sum of x^n / (a (a + 1) ... (a + n)). A block from n on has the sum t N / D, where D is the product of its
// factors.
LANEGRAD_INLINE Vec<double> igamma_sum(Vec<double> a, Vec<double> x, Vec<double>::Mask active, double tiny) {
  using detail::wide;
  Vec<double> term = wide(1) / a, sum = term, at = a;
  for (int block = 0; block < kIgammaBlocks; ++block) {
    Vec<double> numerator = wide(0), denominator = wide(1), power = wide(1);
    for (int k = 0; k < 8; ++k) {
      at = at + wide(1);
      power = power * x;
      denominator = denominator * at;
      numerator = fma(numerator, at, power);
    }
    const Vec<double> scale = term / denominator;
    sum = fma(scale, numerator, sum);
    term = scale * power;
    if (!any(active & gt(term, wide(tiny) * sum))) break;
  }
  return sum;
}

// The continued fraction 1 / (x + 1 - a - (1 - a) / (x + 3 - a - ...)): numerators and denominators forward,
// the last denominator made 1 after each block.
LANEGRAD_INLINE Vec<double> igammac_fraction(Vec<double> a, Vec<double> x, Vec<double>::Mask active,
                                             double tiny) {
  using detail::wide;
  Vec<double> b = x + wide(1) - a, i = wide(0), step = -a;
  Vec<double> p0 = wide(0), p1 = wide(1), q0 = wide(1), q1 = b;
  for (int block = 0; block < kIgammaBlocks; ++block) {
    for (int k = 0; k < 8; ++k) {
      i = i + wide(1);
      step = step + wide(1);
      b = b + wide(2);
      const Vec<double> partial = i * step;  // i (i - a), subtracted
      const Vec<double> p = neg_fma(partial, p0, b * p1), q = neg_fma(partial, q0, b * q1);
      p0 = p1;
      p1 = p;
      q0 = q1;
      q1 = q;
    }
    const Vec<double> inverse = wide(1) / q1;
    p0 = p0 * inverse;
    p1 = p1 * inverse;
    q0 = q0 * inverse;
    q1 = wide(1);
    if (!any(active & gt(abs(fma(p1, q0, -p0)), wide(tiny) * abs(p1 * q0)))) break;
  }
  return p1;
}

template <bool kDouble, bool kUpper>
LANEGRAD_INLINE Vec<double> incomplete_gamma(Vec<double> a, Vec<double> x, double (*scalar)(double, double)) {
  using detail::wide;
  // The fraction stops where its steps are no larger than its rounding.
  const double tiny = kDouble ? 0x1p-50 : 0x1p-34;
  const auto usual = gt(a, wide(0)) & lt(a, wide(kIgammaRange)) & gt(x, wide(0)) & lt(x, wide(kIgammaRange));
  const Vec<double> order = select(usual, a, wide(1)), at = select(usual, x, wide(1));
  const auto beyond = gt(at, order + wide(1));
  const Vec<double> density = gamma_density(order, at);
  Vec<double> y = wide(0);
  if (!all(beyond)) {
    const Vec<double> lower = igamma_sum(order, select(beyond, order, at), ~beyond, tiny * 0x1p-6) * density;
    y = kUpper ? wide(1) - lower : lower;
  }
  if (any(beyond)) {
    const Vec<double> upper =
        igammac_fraction(order, select(beyond, at, order + wide(2)), beyond, tiny) * density;
    y = select(beyond, kUpper ? upper : wide(1) - upper, y);
  }
  return with_lanes(y, usual, a, x, scalar);
}

template <bool kDouble>
LANEGRAD_FUNCTION Vec<double> igamma_of(Vec<double> a, Vec<double> x) {
  return incomplete_gamma<kDouble, false>(a, x, special::igamma);
}
template <bool kDouble>
LANEGRAD_FUNCTION Vec<double> igammac_of(Vec<double> a, Vec<double> x) {
  return incomplete_gamma<kDouble, true>(a, x, special::igammac);
}
LANEGRAD_SPECIAL2(igamma)
LANEGRAD_SPECIAL2(igammac)

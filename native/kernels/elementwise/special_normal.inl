// Relatives of the error function: no division and one logarithm or exponential each where arguments are
// usual.

template <bool kDouble>
LANEGRAD_FUNCTION Vec<double> erfcx_of(Vec<double> x) {
  using detail::wide;
  const Vec<double> size = abs(x), y = detail::erfcx_positive<kDouble>(size);
  const auto negative = lt(x, wide(0));
  if (!any(negative)) return y;
  // 2 e^(x^2) - y; the square of a float is exact.
  const Vec<double> bounded = at_most(size, 40);
  Vec<double> rest;
  const Vec<double> square = detail::square_parts(bounded, rest);
  Vec<double> e = exp_of<kDouble>(square);
  if constexpr (kDouble) e = select(lt(e, wide(detail::kInfinity)), fma(e, rest, e), e);
  return select(negative, e + e - y, y);
}

// log(erfcx(-x / sqrt 2) / 2) - x^2 / 2 up to 0, log(1 - erfc(x / sqrt 2) / 2) above.
template <bool kDouble>
LANEGRAD_FUNCTION Vec<double> log_ndtr_of(Vec<double> x) {
  using detail::wide;
  const Vec<double> size = abs(x);
  const Vec<double> half = wide(0.5) * detail::erfcx_positive<kDouble>(size * wide(detail::kRootHalfDouble));
  const Vec<double> square = wide(0.5) * x * x;
  const auto above = gt(x, wide(0));
  if (!any(above)) return log_of<kDouble>(half) - square;
  Vec<double> rest;
  const Vec<double> head = wide(-0.5) * detail::square_parts(at_most(size, 50), rest);
  Vec<double> e = exp_of<kDouble>(head);  // the square of a float has no rest
  if constexpr (kDouble) e = neg_fma(e, wide(0.5) * rest, e);
  const Vec<double> tail = half * e;
  if constexpr (kDouble) {
    const Vec<double> upper = log1p(-tail);
    return all(above) ? upper : select(above, upper, log(half) - square);
  } else {
    const Vec<double> logarithm = detail::wide_log(select(above, wide(1) - tail, half));
    const Vec<double> upper = select(lt(tail, wide(0x1p-20)), -fma(wide(0.5) * tail, tail, tail), logarithm);
    return select(above, upper, logarithm - square);
  }
}

// sqrt 2 erfinv(2 p - 1), with 1 - (2 p - 1)^2 = 4 p (1 - p).
template <bool kDouble>
LANEGRAD_FUNCTION Vec<double> ndtri_of(Vec<double> p) {
  using detail::wide;
  const auto inside = gt(p, wide(0)) & lt(p, wide(1));
  const Vec<double> q = select(inside, p, wide(0.5));
  const Vec<double> w = at_least(-log_of<kDouble>(wide(4) * q * (wide(1) - q)), 0);
  const Vec<double> x = (q + q - wide(1)) * wide(2 * detail::kRootHalfDouble);
  const Vec<double> y = x * detail::piecewise<tables::InverseErf, kDouble>(w);
  if (all(inside)) return y;
  const Vec<double> infinity = wide(detail::kInfinity);
  const Vec<double> edge =
      select(eq(p, wide(0)), -infinity, select(eq(p, wide(1)), infinity, wide(detail::kQuietNaN)));
  return select(inside, y, edge);
}

LANEGRAD_SPECIAL(erfcx)
LANEGRAD_SPECIAL(log_ndtr)
LANEGRAD_SPECIAL(ndtri)

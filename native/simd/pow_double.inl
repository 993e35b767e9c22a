// x^y of doubles: e^(y log x), the logarithm in two parts with 62 bits, so that the error of the power stays
// near one unit.

namespace detail {

// log x = head + rest for positive finite x. x = 2^e m (1 + r), m from a table, r exact in two parts.
LANEGRAD_INLINE Vec<double> log_in_parts(Vec<double> x, Vec<double>& rest) {
  using tables::LogTable;
  const auto denormal = lt(x, wide(std::numeric_limits<double>::min()));
  const Vec<int64_t> bits = to_bits(select(denormal, x * wide(0x1p54), x)), i = shift_right<48>(bits);
  const Vec<double> e =
      to_float(shift_right<52>(bits) - Vec<int64_t>::broadcast(1023)) - select(denormal, wide(54), wide(0));
  const Vec<int64_t> mantissa =
      (bits & Vec<int64_t>::broadcast(0xFFFFFFFFFFFFF)) | Vec<int64_t>::broadcast(0x3FF0000000000000);
  const Vec<double> m = from_bits(mantissa);
  const Vec<double> m_head = from_bits(mantissa & Vec<int64_t>::broadcast(-(int64_t{1} << 32)));
  const Vec<double> inverse = lookup16(LogTable::kInverse, i);
  const Vec<double> r_head = fma(m_head, inverse, wide(-1)), r_low = (m - m_head) * inverse;
  const Vec<double> r = r_head + r_low, r_rest = r_low - (r - r_head);
  // e ln 2 + log m, exact in the heads; then r, then -r^2 / 2, each with what the sum has lost.
  const Vec<double> whole = fma(e, wide(kLn2Head), lookup16(LogTable::kLogHead, i));
  const Vec<double> first = whole + r, half = wide(-0.5) * r, square = half * r, second = first + square;
  Vec<double> lost = fma(e, wide(kLn2Rest), lookup16(LogTable::kLogRest, i));
  lost = lost + ((whole - first) + r);
  lost = lost + fma(half, r, -square) + ((first - second) + square);
  lost = lost + neg_fma(r, r_rest, r_rest);
  lost = fma(r * r * r, polynomial<tables::PowTail, true>(r), lost);
  const Vec<double> head = second + lost;
  rest = (second - head) + lost;
  return head;
}

LANEGRAD_INLINE Vec<double> pow_positive_double(Vec<double> x, Vec<double> y) {
  Vec<double> log_rest, n;
  const Vec<double> log_head = log_in_parts(x, log_rest), power = y * log_head;
  const Vec<double> rest = fma(y, log_rest, fma(y, log_head, -power));
  // Beyond these bounds the result is 0 or infinity.
  const Vec<double> bounded = at_most(at_least(power, -750), 720);
  const Vec<double> kept = select(eq(bounded, power), rest, wide(0));
  n = round_even(bounded * wide(0x1.71547652b82fep+0));
  const Vec<double> r = neg_fma(n, wide(kLn2Rest), neg_fma(n, wide(kLn2Head), bounded)) + kept;
  return scale2(wide(1) + fma(polynomial<tables::ExpTail, true>(r), r * r, r), n);
}

}  // namespace detail

// Lanes with a zero, an infinity or NaN take the C library.
LANEGRAD_INLINE Vec<double> pow(Vec<double> x, Vec<double> y) {
  using detail::wide;
  if constexpr (!detail::kDoubleLanes)
    return map_lanes(x, y, [](double a, double b) { return std::pow(a, b); });
  const auto infinity = wide(detail::kInfinity);
  const auto usual = lt(abs(x), infinity) & lt(abs(y), infinity) & ne(x, wide(0));
  const Vec<double> base = select(usual, abs(x), wide(1)), power = select(usual, y, wide(1));
  Vec<double> result = detail::pow_positive_double(base, power);
  const auto negative = lt(x, wide(0)) & usual;
  if (any(negative)) {
    const auto integral = eq(round_even(power), power);
    const Vec<double> halved = power * wide(0.5);
    const auto odd = integral & ne(round_even(halved), halved);
    const Vec<double> is_signed = select(odd, -result, result);
    result = select(negative, select(integral, is_signed, wide(detail::kQuietNaN)), result);
  }
  if (all(usual)) return result;
  alignas(64) double r[Vec<double>::kWidth], a[Vec<double>::kWidth], b[Vec<double>::kWidth];
  result.store(r);
  x.store(a);
  y.store(b);
  for (int i = 0; i < Vec<double>::kWidth; ++i) {
    if (!(std::fabs(a[i]) < detail::kInfinity) || a[i] == 0 || !(std::fabs(b[i]) < detail::kInfinity)) {
      r[i] = std::pow(a[i], b[i]);
    }
  }
  return Vec<double>::load(r);
}

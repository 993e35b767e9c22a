// The relatives of the functions of math_double.inl, for doubles. What math_wide.inl says with exact enough
// parts is taken from there. One lane goes to the C library, as there.

#define LANEGRAD_LANES(expression) \
  if constexpr (!detail::kDoubleLanes) return map_lanes(x, [](double v) { return expression; })
#define LANEGRAD_LANES2(expression) \
  if constexpr (!detail::kDoubleLanes) return map_lanes(x, y, [](double v, double w) { return expression; })

namespace detail {

// f - f^2/2 with its low half cut off, and the rest of log(1 + f): what other bases multiply without
// rounding.
struct LogParts {
  Vec<double> e, head, rest;
};
LANEGRAD_INLINE LogParts log_parts(Vec<double> x) {
  LogParts p;
  const Vec<double> f = split_exponent(x, p.e) - wide(1), h = wide(0.5) * f * f;
  p.head = from_bits(to_bits(f - h) & Vec<int64_t>::broadcast(-(int64_t{1} << 32)));
  p.rest = ((f - p.head) - h) + log_tail(f, h);
  return p;
}

// A square in two parts, of which the first is exact in few bits: e^-square needs the second.
LANEGRAD_INLINE Vec<double> square_parts(Vec<double> x, Vec<double>& rest) {
  const Vec<double> head = x * x;
  rest = fma(x, x, -head);
  return head;
}
// exp(-x^2) for |x| <= 40.
LANEGRAD_INLINE Vec<double> exp_minus_square(Vec<double> x) {
  Vec<double> rest;
  const Vec<double> e = exp(-square_parts(x, rest));
  return neg_fma(e, rest, e);
}

// exp(x^2) erfc(x), x >= 0.
template <bool kDouble>
LANEGRAD_INLINE Vec<double> erfcx_positive(Vec<double> x) {
  const Vec<double> y = piecewise<tables::Erfcx, kDouble>(at_most(x, 14.9));
  const auto large = gt(x, wide(14.9));
  if (!any(large)) return y;
  const Vec<double> inverse = wide(1) / at_least(x, 14);
  return select(large, inverse * polynomial<tables::LargeErfcx, kDouble>(inverse * inverse), y);
}

// erfinv(x) for |x| < 1, where product = (1 - x) (1 + x).
LANEGRAD_INLINE Vec<double> erfinv_inside(Vec<double> x, Vec<double> product) {
  return x * piecewise<tables::InverseErf, true>(at_least(-log(product), 0));
}

// z + z^3 p(z), 0 <= z <= 1 and 0 <= z <= 1/2.
LANEGRAD_INLINE Vec<double> atan_unit(Vec<double> z) {
  return fma(piecewise<tables::AtanTail, true>(at_most(z, 0x1.ffffffffffffep-1)), z * z * z, z);
}
LANEGRAD_INLINE Vec<double> asin_small(Vec<double> z) {
  return fma(piecewise<tables::AsinTail, true>(at_most(z, 0x1.ffffffffffff8p-2)), z * z * z, z);
}
// The angle of which the sine is x, or half its complement above 1/2, where the root is corrected by its
// rest.
LANEGRAD_INLINE Vec<double> asin_angle(Vec<double> size) {
  const auto near = le(size, wide(0.5));
  const Vec<double> z = neg_fma(wide(0.5), size, wide(0.5)), root = sqrt(z);
  const Vec<double> rest = neg_fma(root, root, z) / at_least(root + root, 0x1p-600);
  return select(near, asin_small(size),
                asin_small(select(near, wide(0), root)) + select(near, wide(0), rest));
}

}  // namespace detail

LANEGRAD_INLINE Vec<double> exp2(Vec<double> x) {
  using detail::wide;
  LANEGRAD_LANES(std::exp2(v));
  const Vec<double> bounded = at_most(at_least(x, -1080), 1030), n = round_even(bounded), r = bounded - n;
  return scale2(fma(detail::polynomial<tables::Exp2Slope, true>(r), r, wide(1)), n);
}

// log(u) for u = 1 + x rounded, whose rounding error goes into the sum.
LANEGRAD_INLINE Vec<double> log1p(Vec<double> x) {
  using detail::wide;
  LANEGRAD_LANES(std::log1p(v));
  const Vec<double> u = wide(1) + x, was = u - wide(1);
  const Vec<double> error = (wide(1) - (u - was)) + (x - was);
  Vec<double> e;
  const Vec<double> m = detail::split_exponent(u, e);
  const auto near = eq(e, wide(0));
  const Vec<double> lost = select(near | ge(u, wide(0x1p60)), wide(0), error / u);
  const Vec<double> y = detail::log_sum(e, select(near, x, m - wide(1)), lost);
  return select(eq(x, wide(0)), x, detail::log_limits(u, y));
}

LANEGRAD_INLINE Vec<double> log2(Vec<double> x) {
  using detail::wide;
  LANEGRAD_LANES(std::log2(v));
  constexpr double kHead = 0x1.71547652p+0, kRest = 0x1.705fc2eefa2p-33;  // log2 e
  const detail::LogParts p = detail::log_parts(x);
  const Vec<double> high = p.head * wide(kHead), whole = p.e + high;
  const Vec<double> low = fma(p.rest, wide(kHead), (p.rest + p.head) * wide(kRest));
  return detail::log_limits(x, whole + (low + ((p.e - whole) + high)));
}

LANEGRAD_INLINE Vec<double> log10(Vec<double> x) {
  using detail::wide;
  LANEGRAD_LANES(std::log10(v));
  constexpr double kHead = 0x1.bcb7b152p-2, kRest = 0x1.b9438ca9aadd5p-36;          // log10 e
  constexpr double kTwoHead = 0x1.34413509f6p-2, kTwoRest = 0x1.9fef311f12b36p-42;  // log10 2
  const detail::LogParts p = detail::log_parts(x);
  const Vec<double> high = p.head * wide(kHead), first = p.e * wide(kTwoHead), whole = first + high;
  const Vec<double> low = fma(p.rest, wide(kHead), fma(p.e, wide(kTwoRest), (p.rest + p.head) * wide(kRest)));
  return detail::log_limits(x, whole + (low + ((first - whole) + high)));
}

LANEGRAD_INLINE Vec<double> tan(Vec<double> x) {
  using detail::wide;
  LANEGRAD_LANES(std::tan(v));
  const auto usual = le(abs(x), wide(detail::kReduceLimit));
  Vec<double> n;
  const Vec<double> r = detail::reduce_half_pi_double(select(usual, x, wide(0)), n), z = r * r;
  const Vec<double> t = fma(detail::polynomial<tables::TanTail, true>(z) * z, r, r);
  const auto even = eq(to_int(n) & Vec<int64_t>::broadcast(1), Vec<int64_t>::zero());
  const Vec<double> tangent = select(even, t, wide(-1)) / select(even, wide(1), t);
  const Vec<double> y = select(eq(x, wide(0)), x, tangent);
  if (all(usual)) return y;
  return map_lanes(y, x, [](double computed, double argument) {
    return std::fabs(argument) <= detail::kReduceLimit ? computed : std::tan(argument);
  });
}

LANEGRAD_INLINE Vec<double> atan(Vec<double> x) {
  using detail::wide;
  LANEGRAD_LANES(std::atan(v));
  const Vec<double> size = abs(x);
  const auto steep = gt(size, wide(1));
  const Vec<double> angle = detail::atan_unit(select(steep, wide(1) / size, size));
  return copy_sign(select(steep, wide(detail::kHalfPi) - angle, angle), x);
}

LANEGRAD_INLINE Vec<double> asin(Vec<double> x) {
  using detail::wide;
  LANEGRAD_LANES(std::asin(v));
  const Vec<double> size = abs(x), angle = detail::asin_angle(size);
  return copy_sign(select(le(size, wide(0.5)), angle, wide(detail::kHalfPi) - (angle + angle)), x);
}
LANEGRAD_INLINE Vec<double> acos(Vec<double> x) {
  using detail::wide;
  LANEGRAD_LANES(std::acos(v));
  constexpr double kHalfPiRest = 0x1.1a62633145c07p-54;
  const Vec<double> size = abs(x), angle = detail::asin_angle(size);
  const Vec<double> twice = angle + angle;
  const Vec<double> far = select(lt(x, wide(0)), wide(detail::kPi) - (twice - wide(2 * kHalfPiRest)), twice);
  const Vec<double> near = wide(detail::kHalfPi) - (copy_sign(angle, x) - wide(kHalfPiRest));
  return select(le(size, wide(0.5)), near, far);
}

// Of half the exponential, which does not overflow before the result.
LANEGRAD_INLINE Vec<double> sinh(Vec<double> x) {
  using detail::wide;
  LANEGRAD_LANES(std::sinh(v));
  const Vec<double> size = abs(x), z = size * size, e = detail::scaled_exp(size, -1);
  const Vec<double> small = fma(detail::polynomial<tables::SinhTail, true>(z) * z, size, size);
  return copy_sign(select(lt(size, wide(1)), small, e - wide(0.25) / e), x);
}
LANEGRAD_INLINE Vec<double> cosh(Vec<double> x) {
  using detail::wide;
  LANEGRAD_LANES(std::cosh(v));
  const Vec<double> e = detail::scaled_exp(abs(x), -1);
  return e + wide(0.25) / e;
}

// From 2^28 on log(2x).
LANEGRAD_INLINE Vec<double> asinh(Vec<double> x) {
  using detail::wide;
  LANEGRAD_LANES(std::asinh(v));
  const Vec<double> size = abs(x), bounded = at_most(size, 0x1p28), square = bounded * bounded;
  const Vec<double> usual = log1p(bounded + square / (wide(1) + sqrt(wide(1) + square)));
  const auto large = gt(size, wide(0x1p28));
  const Vec<double> y = any(large) ? select(large, log(size) + wide(0x1.62e42fefa39efp-1), usual) : usual;
  return copy_sign(select(is_nan(x), x, y), x);
}
LANEGRAD_INLINE Vec<double> acosh(Vec<double> x) {
  using detail::wide;
  LANEGRAD_LANES(std::acosh(v));
  const Vec<double> t = at_most(x, 0x1p28) - wide(1);
  const Vec<double> usual = log1p(t + sqrt(t * (t + wide(2))));
  const auto large = gt(x, wide(0x1p28));
  const Vec<double> y = any(large) ? select(large, log(x) + wide(0x1.62e42fefa39efp-1), usual) : usual;
  return select(lt(x, wide(1)), wide(detail::kQuietNaN), y);
}
LANEGRAD_INLINE Vec<double> atanh(Vec<double> x) {
  using detail::wide;
  LANEGRAD_LANES(std::atanh(v));
  const Vec<double> size = abs(x), twice = size + size;
  return copy_sign(
      wide(0.5) * log1p(select(eq(size, wide(1)), wide(detail::kInfinity), twice / (wide(1) - size))), x);
}

LANEGRAD_INLINE Vec<double> erfc(Vec<double> x) {
  using detail::wide;
  LANEGRAD_LANES(std::erfc(v));
  const Vec<double> size = at_most(abs(x), 28);
  const Vec<double> y = detail::erfcx_positive<true>(size) * detail::exp_minus_square(size);
  return select(lt(x, wide(0)), wide(2) - y, y);
}
LANEGRAD_INLINE Vec<double> ndtr(Vec<double> x) {
  LANEGRAD_LANES(special::ndtr(v));
  // Half of erfcx(|x| / sqrt 2) e^(-x^2 / 2), the square in two parts.
  using detail::wide;
  const Vec<double> size = at_most(abs(x), 40);
  Vec<double> rest;
  const Vec<double> e = exp(wide(-0.5) * detail::square_parts(size, rest));
  const Vec<double> tail = detail::erfcx_positive<true>(size * wide(detail::kRootHalfDouble));
  const Vec<double> y = wide(0.5) * tail * neg_fma(e, wide(0.5) * rest, e);
  return select(gt(x, wide(0)), wide(1) - y, y);
}
LANEGRAD_INLINE Vec<double> erfinv(Vec<double> x) {
  using detail::wide;
  LANEGRAD_LANES(special::erfinv(v));
  const auto inside = lt(abs(x), wide(1));
  const Vec<double> z = select(inside, x, wide(0));
  const Vec<double> y = detail::erfinv_inside(z, (wide(1) - z) * (wide(1) + z));
  const Vec<double> edge =
      select(eq(abs(x), wide(1)), copy_sign(wide(detail::kInfinity), x), wide(detail::kQuietNaN));
  return select(inside, y, edge);
}

LANEGRAD_INLINE Vec<double> sinc(Vec<double> x) {
  LANEGRAD_LANES(special::sinc(v));
  return detail::wide_sinc_of<true>(x);
}
LANEGRAD_INLINE Vec<double> logit(Vec<double> x) {
  const Vec<double> one = Vec<double>::broadcast(1.0);
  return select(eq(x, one), detail::wide(detail::kInfinity), log(x / (one - x)));
}
LANEGRAD_INLINE Vec<double> softplus(Vec<double> x) {
  LANEGRAD_LANES(special::softplus(v));
  return at_least(x, 0) + log1p(exp(-abs(x)));
}
LANEGRAD_INLINE Vec<double> mish(Vec<double> x) { return detail::mish_of(x, exp(at_most(x, 40))); }

LANEGRAD_INLINE Vec<double> logaddexp(Vec<double> x, Vec<double> y) {
  LANEGRAD_LANES2(special::logaddexp(v, w));
  const Vec<double> sum = max(x, y) + log1p(exp(-abs(x - y)));
  return select(eq(x, y), x + detail::wide(0x1.62e42fefa39efp-1), sum);
}
LANEGRAD_INLINE Vec<double> logaddexp2(Vec<double> x, Vec<double> y) {
  LANEGRAD_LANES2(special::logaddexp2(v, w));
  const Vec<double> sum = fma(log1p(exp2(-abs(x - y))), detail::wide(0x1.71547652b82fep+0), max(x, y));
  return select(eq(x, y), x + detail::wide(1), sum);
}

// The angle of (y, x): x is the ordinate here, as the first operand. Signs of zeros and infinities as C's.
LANEGRAD_INLINE Vec<double> atan2(Vec<double> x, Vec<double> y) {
  using detail::wide;
  LANEGRAD_LANES2(std::atan2(v, w));
  const Vec<double> up = abs(x), along = abs(y), zero = wide(0), one = wide(1);
  const auto steep = gt(up, along);
  const Vec<double> top = select(steep, along, up), bottom = select(steep, up, along);
  // Equal operands have the quotient 1, infinite ones too; two zeros have 0.
  const Vec<double> quotient =
      select(eq(top, bottom) & ne(top, zero), one, top / select(eq(bottom, zero), one, bottom));
  const Vec<double> angle = detail::atan_unit(quotient);
  const Vec<double> first = select(steep, wide(detail::kHalfPi) - angle, angle);
  const auto left = lt(copy_sign(one, y), zero);
  const Vec<double> result = copy_sign(select(left, wide(detail::kPi) - first, first), x);
  return select(is_nan(x) | is_nan(y), x + y, result);
}

// Scaled by a power of two where a square would leave the range.
LANEGRAD_INLINE Vec<double> hypot(Vec<double> x, Vec<double> y) {
  using detail::wide;
  LANEGRAD_LANES2(std::hypot(v, w));
  const Vec<double> a = abs(x), b = abs(y), most = select(lt(a, b), b, a), least = select(lt(a, b), a, b);
  const Vec<double> scale = select(gt(most, wide(0x1p500)), wide(0x1p-600),
                                   select(lt(most, wide(0x1p-450)), wide(0x1p600), wide(1)));
  const Vec<double> back = select(gt(most, wide(0x1p500)), wide(0x1p600),
                                  select(lt(most, wide(0x1p-450)), wide(0x1p-600), wide(1)));
  const Vec<double> p = most * scale, q = least * scale, square = p * p;
  const Vec<double> sum = square + fma(q, q, fma(p, p, -square));
  const auto infinite = eq(a, wide(detail::kInfinity)) | eq(b, wide(detail::kInfinity));
  return select(infinite, wide(detail::kInfinity), sqrt(sum) * back);
}

// a - trunc(a / b) b, exactly: the quotient may come out one too large, which the sign of the rest shows.
// Quotients beyond 2^52 are left to the C library, one by one, as are zeros and infinities.
LANEGRAD_INLINE Vec<double> fmod(Vec<double> x, Vec<double> y) {
  using detail::wide;
  LANEGRAD_LANES2(std::fmod(v, w));
  const Vec<double> size = abs(x), divisor = abs(y), quotient = trunc(size / divisor);
  const auto usual = lt(quotient, wide(0x1p52)) & lt(divisor, wide(detail::kInfinity)) &
                     ge(divisor, wide(std::numeric_limits<double>::min()));
  const Vec<double> rest = neg_fma(quotient, divisor, size);
  const Vec<double> result = copy_sign(select(lt(rest, wide(0)), rest + divisor, rest), x);
  if (all(usual)) return result;
  alignas(64) double r[Vec<double>::kWidth], p[Vec<double>::kWidth], q[Vec<double>::kWidth];
  result.store(r);
  x.store(p);
  y.store(q);
  for (int i = 0; i < Vec<double>::kWidth; ++i) {
    const double w = std::fabs(q[i]);
    const bool computed = std::trunc(std::fabs(p[i]) / w) < 0x1p52 && w < detail::kInfinity &&
                          w >= std::numeric_limits<double>::min();
    if (!computed) r[i] = std::fmod(p[i], q[i]);
  }
  return Vec<double>::load(r);
}

#undef LANEGRAD_LANES
#undef LANEGRAD_LANES2

// Elementary functions of doubles that math.inl has for floats. One lane (the scalar reference) goes to the C
// library, so that all the others may count on fused multiply-adds. Errors: docs/accuracy.md.

namespace detail {

inline constexpr bool kDoubleLanes = Vec<double>::kWidth > 1;

LANEGRAD_INLINE Vec<double> wide(double x) { return Vec<double>::broadcast(x); }
inline constexpr double kInfinity = std::numeric_limits<double>::infinity();
inline constexpr double kQuietNaN = std::numeric_limits<double>::quiet_NaN();
inline constexpr double kPi = 0x1.921fb54442d18p+1;
inline constexpr double kHalfPi = 0x1.921fb54442d18p+0;
inline constexpr double kRootHalfDouble = 0x1.6a09e667f3bcdp-1;
// ln 2 in two parts, the first of 32 bits.
inline constexpr double kLn2Head = 0x1.62e42feep-1, kLn2Rest = 0x1.a39ef35793c76p-33;

// x = n ln 2 + r, |r| <= ln 2 / 2; e^r - 1 = r + r^2 q(r).
LANEGRAD_INLINE Vec<double> exp_reduced_less_1(Vec<double> x, Vec<double>& n) {
  n = round_even(x * wide(0x1.71547652b82fep+0));
  const Vec<double> r = neg_fma(n, wide(kLn2Rest), neg_fma(n, wide(kLn2Head), x));
  return fma(polynomial<tables::ExpTail, true>(r), r * r, r);
}

// e^x 2^shift, rounded once at the end; shift keeps halves of what would overflow.
LANEGRAD_INLINE Vec<double> scaled_exp(Vec<double> x, double shift) {
  Vec<double> n;
  const Vec<double> tail = exp_reduced_less_1(at_most(at_least(x, -750), 720), n);
  return scale2(wide(1) + tail, n + wide(shift));
}

// x = 2^e m, m in [sqrt(1/2), sqrt(2)), for positive finite x, denormal or not.
LANEGRAD_INLINE Vec<double> split_exponent(Vec<double> x, Vec<double>& e) {
  const auto denormal = lt(x, wide(std::numeric_limits<double>::min()));
  const Vec<int64_t> bits = to_bits(select(denormal, x * wide(0x1p54), x));
  const Vec<int64_t> exponent =
      shift_right_arithmetic<52>(bits - Vec<int64_t>::broadcast(0x3FE6A09E667F3BCD));
  e = to_float(exponent) - select(denormal, wide(54), wide(0));
  return from_bits(bits - shift_left<52>(exponent));
}

// log(1 + f) = f - h + s (h + r(s^2)), h = f^2 / 2, s = f / (2 + f); f in [sqrt(1/2) - 1, sqrt(2) - 1].
// Without f - h.
LANEGRAD_INLINE Vec<double> log_tail(Vec<double> f, Vec<double> h) {
  const Vec<double> s = f / (wide(2) + f), z = s * s;
  return s * fma(polynomial<tables::LogTail, true>(z), z, h);
}

// e ln 2 + log(1 + f) + lost
LANEGRAD_INLINE Vec<double> log_sum(Vec<double> e, Vec<double> f, Vec<double> lost) {
  const Vec<double> h = wide(0.5) * f * f;
  const Vec<double> tail = log_tail(f, h) + fma(e, wide(kLn2Rest), lost);
  return fma(e, wide(kLn2Head), f - (h - tail));
}

// The values of a logarithm where its formula does not hold: NaN below zero, -infinity at 0, infinity.
LANEGRAD_INLINE Vec<double> log_limits(Vec<double> x, Vec<double> y) {
  const auto usual = gt(x, wide(0)) & lt(x, wide(kInfinity));
  if (all(usual)) return y;
  y = select(usual, y, select(eq(x, wide(0)), wide(-kInfinity), wide(kQuietNaN)));
  return select(eq(x, wide(kInfinity)), x, y);
}

// sin(x + quarter pi/2); x = n pi/2 + r with pi/2 in three parts, of which two have exact products with n.
// Arguments beyond kLimit, infinities and NaN are left to the C library, one by one.
inline constexpr double kReduceLimit = 0x1p20;
LANEGRAD_INLINE Vec<double> reduce_half_pi_double(Vec<double> x, Vec<double>& n) {
  n = round_even(x * wide(0x1.45f306dc9c883p-1));
  const Vec<double> first = neg_fma(n, wide(0x1.921fb544p+0), x);
  const Vec<double> second = neg_fma(n, wide(0x1.0b4611a6p-34), first);
  return neg_fma(n, wide(0x1.3198a2e037073p-69), second);
}
LANEGRAD_INLINE Vec<double> sine_of(Vec<double> r, Vec<double> z) {
  return fma(polynomial<tables::SinTail, true>(z) * z, r, r);
}
LANEGRAD_INLINE Vec<double> cosine_of(Vec<double> z) {
  const Vec<double> h = wide(0.5) * z, head = wide(1) - h;
  return head + fma(polynomial<tables::CosTail, true>(z), z * z, (wide(1) - head) - h);
}
template <int quarter>
LANEGRAD_INLINE Vec<double> sin_shifted_double(Vec<double> x) {
  const auto usual = le(abs(x), wide(kReduceLimit));
  Vec<double> n;
  const Vec<double> r = reduce_half_pi_double(select(usual, x, wide(0)), n), z = r * r;
  const Vec<int64_t> turns = to_int(n) + Vec<int64_t>::broadcast(quarter);
  const auto even = eq(turns & Vec<int64_t>::broadcast(1), Vec<int64_t>::zero());
  const Vec<int64_t> sign = shift_left<62>(turns & Vec<int64_t>::broadcast(2));
  const Vec<double> y = from_bits(to_bits(select(even, sine_of(r, z), cosine_of(z))) ^ sign);
  if (all(usual)) return y;
  return map_lanes(y, x, [](double computed, double argument) {
    if (std::fabs(argument) <= kReduceLimit) return computed;
    return quarter == 0 ? std::sin(argument) : std::cos(argument);
  });
}

// From here on erf(x) rounds to 1.
inline constexpr double kErfIsOne = 5.93;

}  // namespace detail

LANEGRAD_INLINE Vec<double> exp(Vec<double> x) {
  if constexpr (!detail::kDoubleLanes) return map_lanes(x, [](double v) { return std::exp(v); });
  return detail::scaled_exp(x, 0);
}
LANEGRAD_INLINE Vec<double> exp_down(Vec<double> x) { return exp(x); }

LANEGRAD_INLINE Vec<double> log(Vec<double> x) {
  if constexpr (!detail::kDoubleLanes) return map_lanes(x, [](double v) { return std::log(v); });
  Vec<double> e;
  const Vec<double> f = detail::split_exponent(x, e) - detail::wide(1);
  return detail::log_limits(x, detail::log_sum(e, f, detail::wide(0)));
}

// 2^n (e^r - 1) + (2^n - 1), in halves, for 2^1024 is no double; below -40 it is -1.
LANEGRAD_INLINE Vec<double> expm1(Vec<double> x) {
  using detail::wide;
  if constexpr (!detail::kDoubleLanes) return map_lanes(x, [](double v) { return std::expm1(v); });
  Vec<double> n;
  const Vec<double> tail = detail::exp_reduced_less_1(at_most(at_least(x, -40), 710), n);
  const Vec<double> half = scale2(wide(0.5), n), y = fma(half, tail, half - wide(0.5));
  return select(eq(n, wide(0)), select(eq(x, wide(0)), x, tail), y + y);
}

// t / (t + 2), t = e^2|x| - 1.
LANEGRAD_INLINE Vec<double> tanh(Vec<double> x) {
  using detail::wide;
  if constexpr (!detail::kDoubleLanes) return map_lanes(x, [](double v) { return std::tanh(v); });
  const Vec<double> size = at_most(abs(x), 20), t = expm1(size + size);
  const Vec<double> bottom = wide(1) / (t + wide(2));
  return copy_sign(select(lt(size, wide(1)), t * bottom, neg_fma(wide(2), bottom, wide(1))), x);
}

LANEGRAD_INLINE Vec<double> erf(Vec<double> x) {
  using detail::wide;
  if constexpr (!detail::kDoubleLanes) return map_lanes(x, [](double v) { return std::erf(v); });
  const Vec<double> size = abs(x);
  const Vec<double> y = x * detail::piecewise<tables::ErfOverX, true>(at_most(size, 6));
  return select(ge(size, wide(detail::kErfIsOne)), copy_sign(wide(1), x), y);
}

LANEGRAD_INLINE Vec<double> sin(Vec<double> x) {
  if constexpr (!detail::kDoubleLanes) return map_lanes(x, [](double v) { return std::sin(v); });
  // The reduction turns -0 into +0.
  return select(eq(x, Vec<double>::zero()), x, detail::sin_shifted_double<0>(x));
}
LANEGRAD_INLINE Vec<double> cos(Vec<double> x) {
  if constexpr (!detail::kDoubleLanes) return map_lanes(x, [](double v) { return std::cos(v); });
  return detail::sin_shifted_double<1>(x);
}

LANEGRAD_INLINE Vec<double> sigmoid(Vec<double> x) {
  const auto one = Vec<double>::broadcast(1.0);
  const Vec<double> e = exp(-abs(x));
  return select(lt(x, Vec<double>::zero()), e, one) / (one + e);
}
LANEGRAD_INLINE Vec<double> silu(Vec<double> x) { return x * sigmoid(x); }

// More elementary functions of floats, in single precision: the relatives of exp and log, which math.inl has
// and whose reductions they share. Errors: docs/accuracy.md.

namespace detail {

// x = 2^e (1 + f), 1 + f in [sqrt(1/2), sqrt(2)); for positive finite x, denormal or not.
struct Decomposed {
  Vec<float> e, f;
  Vec<int32_t> exponent;
};
LANEGRAD_INLINE Decomposed decompose(Vec<float> x) {
  const auto denormal = lt(x, Vec<float>::broadcast(std::numeric_limits<float>::min()));
  const Vec<int32_t> bits = to_bits(select(denormal, x * Vec<float>::broadcast(0x1p23f), x));
  const Vec<int32_t> exponent = shift_right_arithmetic<23>(bits - Vec<int32_t>::broadcast(0x3F3504F3));
  const Vec<float> f = from_bits(bits - shift_left<23>(exponent)) - Vec<float>::broadcast(1.0f);
  const Vec<float> e =
      to_float(exponent) - select(denormal, Vec<float>::broadcast(23.0f), Vec<float>::zero());
  return {e, f, exponent};
}

// The values of a logarithm where its formula does not hold: NaN below zero, -infinity at 0, infinity.
LANEGRAD_INLINE Vec<float> log_limits(Vec<float> x, Vec<float> y) {
  const auto infinity = Vec<float>::broadcast(std::numeric_limits<float>::infinity());
  const auto usual = gt(x, Vec<float>::zero()) & lt(x, infinity);
  if (all(usual)) return y;
  y = select(usual, y, Vec<float>::broadcast(std::numeric_limits<float>::quiet_NaN()));
  y = select(eq(x, Vec<float>::zero()), -infinity, y);
  return select(eq(x, infinity), infinity, y);
}

}  // namespace detail

// 2^n (1 + r p(r)), |r| <= 1/2; p: degree 5, 2^-28.
LANEGRAD_INLINE Vec<float> exp2(Vec<float> x) {
  constexpr float kP[] = {0x1.62e43p-1f,  0x1.ebfbep-3f,  0x1.c6af7ap-5f,
                          0x1.3b2a28p-7f, 0x1.5f096p-10f, 0x1.4447b4p-13f};
  const Vec<float> bounded =
      max_number(min_number(x, Vec<float>::broadcast(129.0f)), Vec<float>::broadcast(-151.0f));
  const Vec<float> n = round_even(bounded), r = bounded - n;
  const Vec<float> y = fma(detail::horner(r, kP), r, Vec<float>::broadcast(1.0f));
  return select(is_nan(x), x, scale2(y, n));
}

// 2^n (e^r - 1) + (2^n - 1), with the polynomial of exp; for n = 0 the second term is none and small x keep
// their precision. In halves, for 2^128 is no float.
LANEGRAD_INLINE Vec<float> expm1(Vec<float> x) {
  constexpr float kQ[] = {0x1p-1f, 0x1.55549p-3f, 0x1.5554bep-5f, 0x1.123afep-7f, 0x1.6d7ca2p-10f};
  Vec<float> n;
  const Vec<float> bounded =
      max_number(min_number(x, Vec<float>::broadcast(89.0f)), Vec<float>::broadcast(-20.0f));
  const Vec<float> r = detail::reduce_ln2(bounded, n);
  const Vec<float> tail = fma(detail::horner(r, kQ), r * r, r);
  const Vec<float> half = from_bits(shift_left<23>(to_int(n) + Vec<int32_t>::broadcast(126)));
  const Vec<float> y = fma(half, tail, half - Vec<float>::broadcast(0.5f));
  const Vec<float> z = select(eq(n, Vec<float>::zero()), tail, y + y);
  return select(is_nan(x) | eq(x, Vec<float>::zero()), x, z);
}

// log(1 + x), as log(u) for u = 1 + x rounded, whose rounding error goes into the fraction.
LANEGRAD_INLINE Vec<float> log1p(Vec<float> x) {
  constexpr float kP[] = {0x1.555554p-2f, -0x1.000228p-2f, 0x1.99a02p-3f,  -0x1.5471f6p-3f,
                          0x1.22d85ep-3f, -0x1.0d876ep-3f, 0x1.056766p-3f, -0x1.38c35p-4f};
  const auto one = Vec<float>::broadcast(1.0f);
  const Vec<float> u = one + x, was = u - one;
  const Vec<float> error = (one - (u - was)) + (x - was);
  detail::Decomposed d = detail::decompose(u);
  // error is at most half a unit of u; 2^-e of it belongs to f. e > 100 leaves nothing of it.
  const Vec<int32_t> scale = Vec<int32_t>::broadcast(127) - min(d.exponent, Vec<int32_t>::broadcast(100));
  const Vec<float> f = fma(error, from_bits(shift_left<23>(scale)), d.f);
  const Vec<float> f2 = f * f;
  Vec<float> tail = detail::horner(f, kP) * (f * f2);
  tail = fma(d.e, Vec<float>::broadcast(detail::kLn2Low), tail);
  tail = neg_fma(Vec<float>::broadcast(0.5f), f2, tail);
  const Vec<float> y = detail::log_limits(u, fma(d.e, Vec<float>::broadcast(detail::kLn2High), f + tail));
  return select(eq(x, Vec<float>::zero()), x, y);
}

// e + f + f p(f), p: degree 9, 2^-27; the sum of the first two keeps its error.
LANEGRAD_INLINE Vec<float> log2(Vec<float> x) {
  constexpr float kP[] = {0x1.c551dap-2f, -0x1.715476p-1f, 0x1.ec7026p-2f, -0x1.7156dep-2f,
                          0x1.278b16p-2f, -0x1.eb65acp-3f, 0x1.a22942p-3f, -0x1.81cafep-3f,
                          0x1.7e974p-3f,  -0x1.db6d1cp-4f};
  const detail::Decomposed d = detail::decompose(x);
  const Vec<float> head = d.e + d.f, lost = (d.e - head) + d.f;
  return detail::log_limits(x, head + fma(d.f, detail::horner(d.f, kP), lost));
}

// e log10(2) + 7/16 f + f p(f), p: degree 9, 2^-27; the first product is exact in its high part.
LANEGRAD_INLINE Vec<float> log10(Vec<float> x) {
  constexpr float kP[] = {-0x1.a42756p-9f, -0x1.bcb7aap-3f, 0x1.287a6cp-3f, -0x1.bcbf38p-4f, 0x1.63d1d6p-4f,
                          -0x1.276f84p-4f, 0x1.f827eap-5f,  -0x1.d709p-5f,  0x1.cd6fe6p-5f,  -0x1.123de4p-5f};
  // log10(2), 14 bits of it and the rest.
  constexpr float kHigh = 0x1.344p-2f, kLow = 0x1.3509f8p-18f;
  const detail::Decomposed d = detail::decompose(x);
  const Vec<float> tail = fma(d.f, detail::horner(d.f, kP), d.e * Vec<float>::broadcast(kLow));
  const Vec<float> y = fma(d.f, Vec<float>::broadcast(0.4375f), tail);
  return detail::log_limits(x, fma(d.e, Vec<float>::broadcast(kHigh), y));
}

// tanh and erf of floats: odd functions that go to 1. To be included by math.inl.

#if defined(LANEGRAD_HAS_LOOKUP_FLOAT)
#undef LANEGRAD_HAS_LOOKUP_FLOAT

namespace detail {

// x f(|x|), f given by a table of polynomials about numbers at which f is as good as a float, so that only
// the last addition rounds; 1 from `one_from` on. A coefficient is one instruction: half of what an
// exponential and a division take.
template <class Table>
LANEGRAD_INLINE Vec<float> saturating(Vec<float> x, float one_from) {
  constexpr int kRows = sizeof(Table::kFloat) / sizeof(Table::kFloat[0]);
  const Vec<float> size = abs(x);
  const Vec<int32_t> i =
      shift_right<23 - Table::kBits>(to_bits(size + Vec<float>::broadcast(Table::kOffset)));
  const Vec<float> t = size - lookup16(Table::kFloat[0], i);
  Vec<float> p = lookup16(Table::kFloat[kRows - 1], i);
  for (int k = kRows - 1; k-- > 2;) p = fma(p, t, lookup16(Table::kFloat[k], i));
  const Vec<float> y = fma(size, lookup16(Table::kFloat[1], i), size * (p * t));
  const auto one = Vec<float>::broadcast(1.0f);
  return copy_sign(select(ge(size, Vec<float>::broadcast(one_from)), one, at_most(y, 1.0f)), x);
}

}  // namespace detail

LANEGRAD_INLINE Vec<float> tanh(Vec<float> x) {
  return detail::saturating<tables::TanhOverXSingle>(x, 9.02f);
}
LANEGRAD_INLINE Vec<float> erf(Vec<float> x) { return detail::saturating<tables::ErfOverXSingle>(x, 3.93f); }

#else

// |x| < 0.55: x + x^3 p(x^2), 2^-30. Above: 1 - 2 / (e^2|x| + 1), where the exponential's error hardly
// counts.
LANEGRAD_INLINE Vec<float> tanh(Vec<float> x) {
  constexpr float kP[] = {-0x1.55554ap-2f, 0x1.110cfp-3f, -0x1.b91f2p-5f, 0x1.58ec78p-6f, -0x1.99565ep-8f};
  const auto one = Vec<float>::broadcast(1.0f), two = Vec<float>::broadcast(2.0f);
  const Vec<float> size = abs(x), x2 = x * x;
  const Vec<float> small = fma(detail::horner(x2, kP) * x2, size, size);
  const Vec<float> large = one - two / (exp(size + size) + one);
  return copy_sign(select(lt(size, Vec<float>::broadcast(0.55f)), small, large), x);
}

// |x| < 0.92: x + x e(x^2), 2^-30. Above: 1 - exp(x t(x)), where x t(x) fits log erfc(x). From 3.95 on it
// rounds to 1.
LANEGRAD_INLINE Vec<float> erf(Vec<float> x) {
  constexpr float kE[] = {0x1.06eba8p-3f, -0x1.812740p-2f,  0x1.ce2d64p-4f, -0x1.b8011ap-6f,
                          0x1.544a1ap-8f, -0x1.a60a2ep-11f, 0x1.4f676p-14f};
  constexpr float kT[] = {-0x1.20ef1cp+0f, -0x1.45328ap-1f, -0x1.b3259cp-4f, 0x1.8551d2p-6f,
                          -0x1.dd6e36p-9f, 0x1.527e46p-12f, -0x1.78e02cp-17f};
  const Vec<float> size = min_number(abs(x), Vec<float>::broadcast(3.95f));
  const Vec<float> small = fma(detail::horner(size * size, kE), size, size);
  const Vec<float> large = Vec<float>::broadcast(1.0f) - exp(size * detail::horner(size, kT));
  const Vec<float> y = select(lt(size, Vec<float>::broadcast(0.92f)), small, large);
  return select(is_nan(x), x, copy_sign(y, x));
}

#endif

// Functions of floats computed in double precision, half a vector at a time, and rounded once: within 0.51
// ULP where nothing else is said in docs/accuracy.md. Polynomials are near-minimax fits of our own with a
// relative error of 2^-32 or less; a step in double costs two in float, but no step has to be clever about
// cancellation. Those of doubles: math_double_functions.inl.

namespace detail {

template <class F>
LANEGRAD_INLINE Vec<float> through_double(Vec<float> x, F f) {
  return narrow(f(low_double(x)), f(high_double(x)));
}
template <class F>
LANEGRAD_INLINE Vec<float> through_double(Vec<float> x, Vec<float> y, F f) {
  return narrow(f(low_double(x), low_double(y)), f(high_double(x), high_double(y)));
}

LANEGRAD_INLINE Vec<double> wide_exp(Vec<double> x) { return exp2_bounded(x * wide(0x1.71547652b82fep+0)); }
// x = 2^e m (1 + r), m from a table: no division. Normal numbers; NaN stays; zero, infinity and negative
// arguments are for the caller. 2^-38.
LANEGRAD_INLINE Vec<double> wide_log(Vec<double> x) {
  const Vec<int64_t> bits = to_bits(x), i = shift_right<48>(bits);
  const Vec<double> e = to_float(shift_right<52>(bits) - Vec<int64_t>::broadcast(1023));
  const Vec<double> m = from_bits((bits & Vec<int64_t>::broadcast(0xFFFFFFFFFFFFF)) |
                                  Vec<int64_t>::broadcast(0x3FF0000000000000));
  const Vec<double> r = fma(m, lookup16(tables::LogTable::kInverse, i), wide(-1));
  const Vec<double> whole = fma(e, wide(0x1.62e42fefa39efp-1), lookup16(tables::LogTable::kLog, i));
  return select(is_nan(x), x, fma(r, polynomial<tables::Log1pSlope, false>(r), whole));
}
// log(1 + y) for y > -1. Below 2^-26 the sum would lose what counts.
LANEGRAD_INLINE Vec<double> wide_log1p(Vec<double> y) {
  const Vec<double> small = y - wide(0.5) * y * y;
  return select(lt(abs(y), wide(0x1p-20)), small, wide_log(wide(1) + y));
}

// r + r^3 p(r^2) on [-pi/4, pi/4], 2^-33; its inverse in the odd quarters.
LANEGRAD_INLINE Vec<double> wide_tan(Vec<double> x) {
  constexpr double kP[] = {0x1.5555545684507p-2,   0x1.111178767124ap-3, 0x1.b9ff22f5bcbb0p-5,
                           0x1.6831376f7d747p-6,   0x1.110a755e47afap-7, 0x1.470953a0df534p-8,
                           -0x1.36e2c2ecf3762p-11, 0x1.0b5ea2d269646p-9};
  Vec<double> n;
  const Vec<double> r = reduce_half_pi(x, n), r2 = r * r;
  const Vec<double> t = fma(horner(r2, kP) * r2, r, r);
  const auto even = eq(to_int(n) & Vec<int64_t>::broadcast(1), Vec<int64_t>::zero());
  return select(even, t, wide(-1)) / select(even, wide(1), t);
}

// z + z^3 p(z^2) on [0, 1], 2^-34.
LANEGRAD_INLINE Vec<double> wide_atan_unit(Vec<double> z) {
  constexpr double kP[] = {-0x1.555554873a86ap-2, 0x1.999937f062d2bp-3,  -0x1.248a2c8edd5a7p-3,
                           0x1.c66e4ab9b99c2p-4,  -0x1.700b1afe36a75p-4, 0x1.2958925dc3683p-4,
                           -0x1.be97b131b9c4ap-5, 0x1.1a6c764cf50afp-5,  -0x1.0b0bd467bdcf9p-6,
                           0x1.42d8d6de8bdeap-8,  -0x1.6debc126fa6bep-11};
  const Vec<double> z2 = z * z;
  return fma(horner(z2, kP) * z2, z, z);
}
LANEGRAD_INLINE Vec<double> wide_atan(Vec<double> x) {
  const Vec<double> size = abs(x), one = wide(1);
  const auto steep = gt(size, one);
  const Vec<double> angle = wide_atan_unit(select(steep, one, size) / select(steep, size, one));
  return copy_sign(select(steep, wide(kHalfPi) - angle, angle), x);
}
// The angle of (x, y); signs of zeros and infinities as C's.
LANEGRAD_INLINE Vec<double> wide_atan2(Vec<double> y, Vec<double> x) {
  const Vec<double> ay = abs(y), ax = abs(x), one = wide(1), zero = wide(0);
  const auto steep = gt(ay, ax);
  const Vec<double> top = select(steep, ax, ay), bottom = select(steep, ay, ax);
  // Equal operands have the quotient 1, infinite ones too; two zeros have 0.
  const Vec<double> whole =
      select(eq(top, bottom) & ne(top, zero), one, top / select(eq(bottom, zero), one, bottom));
  const Vec<double> angle = wide_atan_unit(whole);
  const Vec<double> first = select(steep, wide(kHalfPi) - angle, angle);
  const auto left = lt(copy_sign(one, x), zero);
  const Vec<double> result = copy_sign(select(left, wide(kPi) - first, first), y);
  return select(is_nan(x) | is_nan(y), x + y, result);
}

// z + z^3 p(z^2) on [0, 1/2], 2^-36.
LANEGRAD_INLINE Vec<double> wide_asin_small(Vec<double> z) {
  constexpr double kP[] = {0x1.55555605cd64cp-3, 0x1.3332aa061c5f3p-4, 0x1.6ddabfeb9752bp-5,
                           0x1.ed5d17c693e1dp-6, 0x1.931f980590156p-6, 0x1.ec24aba905bffp-8,
                           0x1.1bd2860532108p-5};
  const Vec<double> z2 = z * z;
  return fma(horner(z2, kP) * z2, z, z);
}
// Above 1/2: asin x = pi/2 - 2 asin sqrt((1 - x) / 2). The root is NaN outside of [-1, 1].
LANEGRAD_INLINE Vec<double> wide_asin(Vec<double> x) {
  const Vec<double> size = abs(x);
  const auto near = le(size, wide(0.5));
  const Vec<double> angle = wide_asin_small(select(near, size, sqrt(wide(0.5) - wide(0.5) * size)));
  return copy_sign(select(near, angle, wide(kHalfPi) - (angle + angle)), x);
}
LANEGRAD_INLINE Vec<double> wide_acos(Vec<double> x) {
  const Vec<double> size = abs(x);
  const auto near = le(size, wide(0.5));
  const Vec<double> angle = wide_asin_small(select(near, size, sqrt(wide(0.5) - wide(0.5) * size)));
  const auto negative = lt(x, wide(0));
  const Vec<double> far = select(negative, wide(kPi) - (angle + angle), angle + angle);
  return select(near, wide(kHalfPi) - copy_sign(angle, x), far);
}

// x + x^3 p(x^2) below 1, 2^-34; above from the exponential.
LANEGRAD_INLINE Vec<double> wide_sinh(Vec<double> x) {
  constexpr double kP[] = {0x1.5555551b3a557p-3, 0x1.111134fbbe8bep-7, 0x1.9ffe925e3d9f1p-13,
                           0x1.7a15b646377f2p-19};
  const Vec<double> size = abs(x), x2 = size * size, e = wide_exp(size);
  const Vec<double> small = fma(horner(x2, kP) * x2, size, size);
  return copy_sign(select(lt(size, wide(1)), small, wide(0.5) * (e - wide(1) / e)), x);
}
LANEGRAD_INLINE Vec<double> wide_cosh(Vec<double> x) {
  const Vec<double> e = wide_exp(abs(x));
  return select(is_nan(x), x, wide(0.5) * (e + wide(1) / e));
}
LANEGRAD_INLINE Vec<double> wide_asinh(Vec<double> x) {
  const Vec<double> size = abs(x), x2 = size * size, one = wide(1);
  const Vec<double> y = wide_log1p(size + x2 / (one + sqrt(one + x2)));
  const Vec<double> small = size - size * x2 * wide(1.0 / 6);
  const Vec<double> chosen = select(lt(size, wide(0x1p-10)), small, y);
  return copy_sign(select(lt(size, wide(kInfinity)), chosen, size), x);
}
LANEGRAD_INLINE Vec<double> wide_acosh(Vec<double> x) {
  const Vec<double> t = x - wide(1);
  const Vec<double> y = wide_log1p(t + sqrt(t * (t + wide(2))));
  return select(ge(t, wide(0)), select(lt(x, wide(kInfinity)), y, x), wide(kQuietNaN));
}
LANEGRAD_INLINE Vec<double> wide_atanh(Vec<double> x) {
  const Vec<double> size = abs(x), one = wide(1);
  const auto inside = lt(size, one);
  const Vec<double> z = select(inside, size, wide(0));
  const Vec<double> small = z + z * z * z * wide(1.0 / 3);
  const Vec<double> large = wide(0.5) * wide_log1p((z + z) / (one - z));
  const Vec<double> y = select(lt(z, wide(0x1p-10)), small, large);
  const Vec<double> edge = select(eq(size, one), wide(kInfinity), wide(kQuietNaN));
  return copy_sign(select(inside, y, edge), x);
}

// exp(x^2) erfc(x), 0 <= x < 15.
LANEGRAD_INLINE Vec<double> wide_erfcx(Vec<double> x) { return piecewise<tables::Erfcx, false>(x); }
// From 10.1 on a float is 0.
LANEGRAD_INLINE Vec<double> wide_erfc(Vec<double> x) {
  const Vec<double> size = at_most(abs(x), 11);
  const Vec<double> y = wide_erfcx(size) * wide_exp(-(size * size));
  return select(is_nan(x), x, select(lt(x, wide(0)), wide(2) - y, y));
}

// The normal distribution function.
LANEGRAD_INLINE Vec<double> wide_ndtr(Vec<double> x) {
  return wide(0.5) * wide_erfc(x * wide(-0x1.6a09e667f3bcdp-1));
}

// x p(w), w = -log(1 - x^2).
LANEGRAD_INLINE Vec<double> wide_erfinv(Vec<double> x) {
  const Vec<double> one = wide(1);
  const auto inside = lt(abs(x), one);
  const Vec<double> z = select(inside, x, wide(0));
  const Vec<double> w = at_least(-wide_log((one - z) * (one + z)), 0);  // the product is exact
  const Vec<double> y = z * piecewise<tables::InverseErf, false>(w);
  return select(inside, y, select(eq(abs(x), one), copy_sign(wide(kInfinity), x), wide(kQuietNaN)));
}

// sin(pi r) / r of r^2, |r| <= 1/2, gives sin(pi x) / (pi x): x = n + r exactly, so that whole numbers give
// 0.
template <bool kDouble>
LANEGRAD_INLINE Vec<double> wide_sinc_of(Vec<double> x) {
  const Vec<double> n = round_even(x), r = x - n, half = n * wide(0.5);
  const Vec<double> sine = r * polynomial<tables::SinPi, kDouble>(r * r);
  const Vec<double> turned = select(eq(round_even(half), half), sine, -sine);
  return select(eq(x, wide(0)), wide(1), turned / (x * wide(kPi)));
}
LANEGRAD_INLINE Vec<double> wide_sinc(Vec<double> x) { return wide_sinc_of<false>(x); }

// max + log(1 + exp(-|a - b|)); where both are the same infinity, that.
LANEGRAD_INLINE Vec<double> wide_logaddexp(Vec<double> a, Vec<double> b) {
  const Vec<double> y = max(a, b) + wide_log1p(wide_exp(-abs(a - b)));
  return select(eq(a, b), a + wide(0x1.62e42fefa39efp-1), y);
}
LANEGRAD_INLINE Vec<double> wide_logaddexp2(Vec<double> a, Vec<double> b) {
  const Vec<double> y = max(a, b) + wide_log1p(exp2_bounded(-abs(a - b))) * wide(0x1.71547652b82fep+0);
  return select(eq(a, b), a + wide(1), y);
}

// log(x / (1 - x)); infinite at 0 and 1.
LANEGRAD_INLINE Vec<double> wide_logit(Vec<double> x) {
  const Vec<double> one = wide(1), zero = wide(0);
  const auto inside = gt(x, zero) & lt(x, one);
  const Vec<double> z = select(inside, x, wide(0.5));
  const Vec<double> y = wide_log(z / (one - z));
  const Vec<double> nan = wide(kQuietNaN);
  const Vec<double> edge = select(eq(x, one), wide(kInfinity), select(eq(x, zero), wide(-kInfinity), nan));
  return select(inside, y, edge);
}

// log(1 + e^x)
LANEGRAD_INLINE Vec<double> wide_softplus(Vec<double> x) {
  return at_least(x, 0) + wide_log1p(wide_exp(-abs(x)));
}

// x tanh(log(1 + e^x)) = x n / (n + 2), n = e^x (e^x + 2); beyond 40 the quotient is 1.
LANEGRAD_INLINE Vec<double> mish_of(Vec<double> x, Vec<double> e) {
  const Vec<double> n = e * (e + wide(2));
  return select(gt(x, wide(-kInfinity)), x * (n / (n + wide(2))), x - x);
}
LANEGRAD_INLINE Vec<double> wide_mish(Vec<double> x) { return mish_of(x, wide_exp(at_most(x, 40))); }

}  // namespace detail

#define LANEGRAD_WIDE(name)                                                                 \
  LANEGRAD_INLINE Vec<float> name(Vec<float> x) {                                           \
    return detail::through_double(x, [](Vec<double> v) { return detail::wide_##name(v); }); \
  }
#define LANEGRAD_WIDE2(name)                                                                               \
  LANEGRAD_INLINE Vec<float> name(Vec<float> x, Vec<float> y) {                                            \
    return detail::through_double(x, y,                                                                    \
                                  [](Vec<double> v, Vec<double> w) { return detail::wide_##name(v, w); }); \
  }
LANEGRAD_WIDE(atan)
LANEGRAD_WIDE(asin)
LANEGRAD_WIDE(acos)
LANEGRAD_WIDE(sinh)
LANEGRAD_WIDE(cosh)
LANEGRAD_WIDE(asinh)
LANEGRAD_WIDE(acosh)
LANEGRAD_WIDE(atanh)
LANEGRAD_WIDE(erfc)
LANEGRAD_WIDE(ndtr)
LANEGRAD_WIDE(erfinv)
LANEGRAD_WIDE(sinc)
LANEGRAD_WIDE(logit)
LANEGRAD_WIDE(softplus)
LANEGRAD_WIDE(mish)
LANEGRAD_WIDE2(atan2)
LANEGRAD_WIDE2(logaddexp)
LANEGRAD_WIDE2(logaddexp2)
#undef LANEGRAD_WIDE
#undef LANEGRAD_WIDE2

// Arguments beyond 2^20, where the reduction ends, infinities and NaN are left to the C library, one by one.
LANEGRAD_INLINE Vec<float> tan(Vec<float> x) {
  constexpr float kLimit = 0x1p20f;
  const auto usual = le(abs(x), Vec<float>::broadcast(kLimit));
  const Vec<float> bounded = select(usual, x, Vec<float>::zero());
  const Vec<float> tangent =
      detail::through_double(bounded, [](Vec<double> v) { return detail::wide_tan(v); });
  // The reduction turns -0 into +0.
  const Vec<float> y = select(eq(x, Vec<float>::zero()), x, tangent);
  if (all(usual)) return y;
  return map_lanes(y, x, [](float computed, float argument) {
    return std::fabs(argument) <= kLimit ? computed : std::tan(argument);
  });
}

// sqrt(x^2 + y^2), in double beyond over- and underflow.
LANEGRAD_INLINE Vec<float> hypot(Vec<float> x, Vec<float> y) {
  const Vec<float> root =
      detail::through_double(x, y, [](Vec<double> v, Vec<double> w) { return sqrt(fma(v, v, w * w)); });
  const auto infinity = Vec<float>::broadcast(std::numeric_limits<float>::infinity());
  return select(eq(abs(x), infinity) | eq(abs(y), infinity), infinity, root);
}

// a - trunc(a / b) b, exactly: the quotient may come out one too large, which the sign of the rest shows.
// Quotients beyond 2^28 are left to the C library, one by one, as are zeros and infinities.
LANEGRAD_INLINE Vec<float> fmod(Vec<float> a, Vec<float> b) {
  const auto usual = lt(abs(a / b), Vec<float>::broadcast(0x1p28f)) &
                     lt(abs(b), Vec<float>::broadcast(std::numeric_limits<float>::infinity()));
  const Vec<float> y = detail::through_double(a, b, [](Vec<double> v, Vec<double> w) {
    const Vec<double> size = abs(v), divisor = abs(w);
    const Vec<double> rest = neg_fma(trunc(size / divisor), divisor, size);
    return copy_sign(select(lt(rest, detail::wide(0)), rest + divisor, rest), v);
  });
  if (all(usual)) return y;
  alignas(64) float r[Vec<float>::kWidth], p[Vec<float>::kWidth], q[Vec<float>::kWidth];
  y.store(r);
  a.store(p);
  b.store(q);
  for (int i = 0; i < Vec<float>::kWidth; ++i) {
    if (!(std::fabs(p[i] / q[i]) < 0x1p28f && std::fabs(q[i]) < std::numeric_limits<float>::infinity())) {
      r[i] = std::fmod(p[i], q[i]);
    }
  }
  return Vec<float>::load(r);
}

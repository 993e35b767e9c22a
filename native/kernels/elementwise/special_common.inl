// What the special functions share. Each is written once on vectors of doubles, <true> for float64 and
// <false>, with shorter polynomials, for what is rounded to float32 (within 0.51 ULP, but beside zeros that a
// sum has). They are functions of their own, not inlined into the loops: a call costs little beside them. One
// lane, and lanes that a formula does not hold for, go to special.h.

#define LANEGRAD_FUNCTION static __attribute__((noinline))

// A function of doubles on each lane; floats are rounded once.
template <class T>
LANEGRAD_INLINE Vec<T> on_doubles(Vec<T> x, double (*f)(double)) {
  return map_lanes(x, [f](T v) { return static_cast<T>(f(static_cast<double>(v))); });
}
template <class T>
LANEGRAD_INLINE Vec<T> on_doubles(Vec<T> x, Vec<T> y, double (*f)(double, double)) {
  return map_lanes(
      x, y, [f](T v, T w) { return static_cast<T>(f(static_cast<double>(v), static_cast<double>(w))); });
}

// The lanes of y where `usual` is false from the scalar function.
static inline Vec<double> with_lanes(Vec<double> y, Vec<double>::Mask usual, Vec<double> x,
                                     double (*f)(double)) {
  if (all(usual)) return y;
  alignas(64) double values[Vec<double>::kWidth], arguments[Vec<double>::kWidth];
  uint8_t keep[64];
  y.store(values);
  x.store(arguments);
  usual.store(keep);
  for (int i = 0; i < Vec<double>::kWidth; ++i) {
    if (!keep[i]) values[i] = f(arguments[i]);
  }
  return Vec<double>::load(values);
}
static inline Vec<double> with_lanes(Vec<double> y, Vec<double>::Mask usual, Vec<double> a, Vec<double> x,
                                     double (*f)(double, double)) {
  if (all(usual)) return y;
  alignas(64) double values[Vec<double>::kWidth], first[Vec<double>::kWidth], second[Vec<double>::kWidth];
  uint8_t keep[64];
  y.store(values);
  a.store(first);
  x.store(second);
  usual.store(keep);
  for (int i = 0; i < Vec<double>::kWidth; ++i) {
    if (!keep[i]) values[i] = f(first[i], second[i]);
  }
  return Vec<double>::load(values);
}

template <bool kDouble>
LANEGRAD_INLINE Vec<double> log_of(Vec<double> x) {
  if constexpr (kDouble)
    return log(x);
  else
    return detail::wide_log(x);
}
template <bool kDouble>
LANEGRAD_INLINE Vec<double> exp_of(Vec<double> x) {
  if constexpr (kDouble)
    return exp(x);
  else
    return detail::wide_exp(x);
}

#define LANEGRAD_SPECIAL(name)                                                             \
  template <class T>                                                                       \
  LANEGRAD_INLINE Vec<T> name(Vec<T> x) {                                                  \
    if constexpr (!detail::kDoubleLanes)                                                   \
      return on_doubles(x, special::name);                                                 \
    else if constexpr (std::is_same_v<T, double>)                                          \
      return name##_of<true>(x);                                                           \
    else                                                                                   \
      return detail::through_double(x, [](Vec<double> v) { return name##_of<false>(v); }); \
  }
#define LANEGRAD_SPECIAL2(name)                                                                           \
  template <class T>                                                                                      \
  LANEGRAD_INLINE Vec<T> name(Vec<T> x, Vec<T> y) {                                                       \
    if constexpr (!detail::kDoubleLanes)                                                                  \
      return on_doubles(x, y, special::name);                                                             \
    else if constexpr (std::is_same_v<T, double>)                                                         \
      return name##_of<true>(x, y);                                                                       \
    else                                                                                                  \
      return detail::through_double(x, y,                                                                 \
                                    [](Vec<double> v, Vec<double> w) { return name##_of<false>(v, w); }); \
  }

// What follows from the basic operations at every level.

template <class T>
LANEGRAD_INLINE Vec<T> operator-(Vec<T> a) {
  // Floats flip the sign bit: 0 - x would lose the sign of zero.
  if constexpr (std::is_same_v<T, float>) {
    return from_bits(to_bits(a) ^ Vec<int32_t>::broadcast(INT32_MIN));
  } else if constexpr (std::is_same_v<T, double>) {
    return from_bits(to_bits(a) ^ Vec<int64_t>::broadcast(INT64_MIN));
  } else {
    return Vec<T>::zero() - a;
  }
}

template <class T>
LANEGRAD_INLINE Vec<T> abs(Vec<T> a) {
  if constexpr (std::is_same_v<T, float>) {
    return from_bits(to_bits(a) & Vec<int32_t>::broadcast(INT32_MAX));
  } else if constexpr (std::is_same_v<T, double>) {
    return from_bits(to_bits(a) & Vec<int64_t>::broadcast(INT64_MAX));
  } else {
    return max(a, Vec<T>::zero() - a);
  }
}

// The magnitude of a with the sign of b.
LANEGRAD_INLINE Vec<float> copy_sign(Vec<float> a, Vec<float> b) {
  const auto sign = Vec<int32_t>::broadcast(INT32_MIN);
  return from_bits((to_bits(a) & Vec<int32_t>::broadcast(INT32_MAX)) | (to_bits(b) & sign));
}
LANEGRAD_INLINE Vec<double> copy_sign(Vec<double> a, Vec<double> b) {
  const auto sign = Vec<int64_t>::broadcast(INT64_MIN);
  return from_bits((to_bits(a) & Vec<int64_t>::broadcast(INT64_MAX)) | (to_bits(b) & sign));
}

template <class T>
LANEGRAD_INLINE auto is_nan(Vec<T> a) {
  return ne(a, a);
}

template <class T>
LANEGRAD_INLINE Vec<T>& operator+=(Vec<T>& a, Vec<T> b) {
  return a = a + b;
}
template <class T>
LANEGRAD_INLINE Vec<T>& operator*=(Vec<T>& a, Vec<T> b) {
  return a = a * b;
}

// fn on each lane through memory: for what has no vector form.
template <class T, class F>
LANEGRAD_INLINE Vec<T> map_lanes(Vec<T> a, F fn) {
  alignas(64) T lanes[Vec<T>::kWidth];
  a.store(lanes);
  for (int i = 0; i < Vec<T>::kWidth; ++i) lanes[i] = fn(lanes[i]);
  return Vec<T>::load(lanes);
}
template <class T, class F>
LANEGRAD_INLINE Vec<T> map_lanes(Vec<T> a, Vec<T> b, F fn) {
  alignas(64) T x[Vec<T>::kWidth], y[Vec<T>::kWidth];
  a.store(x);
  b.store(y);
  for (int i = 0; i < Vec<T>::kWidth; ++i) x[i] = fn(x[i], y[i]);
  return Vec<T>::load(x);
}

#if defined(LANEGRAD_HAS_SCALE2)
#undef LANEGRAD_HAS_SCALE2
#else
// y * 2^n for an integral n in [-252, 254]. In two steps, each a normal power of two: only the last one can
// round, so that results which are denormal are right too.
LANEGRAD_INLINE Vec<float> scale2(Vec<float> y, Vec<float> n) {
  const Vec<int32_t> k = to_int(n), half = shift_right_arithmetic<1>(k), bias = Vec<int32_t>::broadcast(127);
  return y * from_bits(shift_left<23>(half + bias)) * from_bits(shift_left<23>(k - half + bias));
}
#endif

#if defined(LANEGRAD_HAS_SCALE2_DOUBLE)
#undef LANEGRAD_HAS_SCALE2_DOUBLE
#else
// As above, for an integral n in [-2044, 2046].
LANEGRAD_INLINE Vec<double> scale2(Vec<double> y, Vec<double> n) {
  const Vec<int64_t> k = to_int(n), half = shift_right_arithmetic<1>(k), bias = Vec<int64_t>::broadcast(1023);
  return y * from_bits(shift_left<52>(half + bias)) * from_bits(shift_left<52>(k - half + bias));
}
#endif

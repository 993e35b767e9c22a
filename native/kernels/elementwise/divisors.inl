// Greatest common divisors by Stein's algorithm: subtractions and shifts, no division; a vector goes on until
// its slowest lane is done, some 0.7 steps for each bit of both numbers. Magnitudes wrap as |least number|
// does.

// The lowest set bit's number, by the exponent of that bit as a float.
LANEGRAD_INLINE Vec<int32_t> trailing_zeros(Vec<int32_t> x) {
  const Vec<int32_t> bit = x & (Vec<int32_t>::zero() - x);
  const Vec<int32_t> exponent = shift_right<23>(to_bits(to_float(bit))) & Vec<int32_t>::broadcast(0xFF);
  return exponent - Vec<int32_t>::broadcast(127);
}
LANEGRAD_INLINE Vec<int64_t> trailing_zeros(Vec<int64_t> x) {
  const Vec<int64_t> bit = x & (Vec<int64_t>::zero() - x);
  const Vec<int64_t> exponent = shift_right<52>(to_bits(to_float(bit))) & Vec<int64_t>::broadcast(0x7FF);
  return exponent - Vec<int64_t>::broadcast(1023);
}

template <class T>
static inline uint64_t size_of(T x) {
  return x < 0 ? 0 - static_cast<uint64_t>(x) : static_cast<uint64_t>(x);
}
template <class T>
static inline T lane_divisor(T a, T b) {
  uint64_t x = size_of(a), y = size_of(b);
  if (x == 0 || y == 0) return static_cast<T>(x | y);
  const int shared = std::countr_zero(x | y);
  x >>= std::countr_zero(x);
  while (y != 0) {
    y >>= std::countr_zero(y);
    const uint64_t least = x < y ? x : y, most = x < y ? y : x;
    x = least;
    y = most - least;
  }
  return static_cast<T>(x << shared);
}
template <class T>
static inline T lane_multiple(T a, T b) {
  const uint64_t x = size_of(a), divisor = size_of(lane_divisor(a, b));
  if (x == 0 || b == 0) return 0;
  // The product wraps in the width of T.
  const T multiple = static_cast<T>(x / (divisor & static_cast<std::make_unsigned_t<T>>(-1)) * size_of(b));
  return multiple < 0 ? static_cast<T>(0 - static_cast<uint64_t>(multiple)) : multiple;
}

template <class T>
inline constexpr bool kVectorDivisors = Vec<T>::kWidth > 1 && (sizeof(T) == 4 || kConvertsInt64);

// The odd part of the divisor, and its power of two.
template <class T>
LANEGRAD_FUNCTION Vec<T> odd_divisor(Vec<T> a, Vec<T> b, Vec<T>& shared) {
  const auto zero = Vec<T>::zero();
  a = select(lt(a, zero), zero - a, a);
  b = select(lt(b, zero), zero - b, b);
  shared = trailing_zeros(a | b);
  Vec<T> u = shift_right_by(a, trailing_zeros(a)), v = shift_right_by(b, trailing_zeros(b));
  const Vec<T> x = select(eq(a, zero), v, u);
  v = select(eq(b, zero), u, v);
  u = x;
  while (any(ne(u, v))) {
    const Vec<T> rest = abs(u - v);
    u = min(u, v);
    v = select(eq(rest, zero), u, shift_right_by(rest, trailing_zeros(rest)));
  }
  return u;
}

template <class T>
LANEGRAD_INLINE Vec<T> common_divisor(Vec<T> a, Vec<T> b) {
  if constexpr (!kVectorDivisors<T>) {
    return map_lanes(a, b, lane_divisor<T>);
  } else {
    Vec<T> shared;
    const Vec<T> odd = odd_divisor(a, b, shared);
    return shift_left_by(odd, shared);
  }
}

// a / divisor * b: the odd part divides by its inverse modulo 2^32 or 2^64, which Newton's method doubles
// from three bits.
template <class T>
LANEGRAD_INLINE Vec<T> common_multiple(Vec<T> a, Vec<T> b) {
  if constexpr (!kVectorDivisors<T>) {
    return map_lanes(a, b, lane_multiple<T>);
  } else {
    const auto zero = Vec<T>::zero(), two = Vec<T>::broadcast(2);
    const Vec<T> size = select(lt(a, zero), zero - a, a);
    Vec<T> shared;
    const Vec<T> odd = odd_divisor(a, b, shared);
    Vec<T> inverse = odd;
    for (int bits = 3; bits < static_cast<int>(8 * sizeof(T)); bits *= 2)
      inverse = inverse * (two - odd * inverse);
    const Vec<T> product = shift_right_by(size, shared) * inverse * b;
    const Vec<T> wrapped = select(lt(product, zero), zero - product, product);
    return select(eq(a, zero) | eq(b, zero), zero, wrapped);
  }
}

// Vectors of one lane. Multiply and add stay two roundings here: std::fma without the instruction is a slow
// call.

inline constexpr int kVectorBytes = 8;
inline constexpr int kVectorRegisters = 16;

template <class T>
struct Vec;

struct BoolMask {
  bool v;
  static LANEGRAD_INLINE BoolMask load(const void* p) { return {*static_cast<const uint8_t*>(p) != 0}; }
  LANEGRAD_INLINE void store(void* p) const { *static_cast<uint8_t*>(p) = v; }
};
LANEGRAD_INLINE BoolMask operator&(BoolMask a, BoolMask b) { return {a.v && b.v}; }
LANEGRAD_INLINE BoolMask operator|(BoolMask a, BoolMask b) { return {a.v || b.v}; }
LANEGRAD_INLINE BoolMask operator~(BoolMask a) { return {!a.v}; }
LANEGRAD_INLINE bool any(BoolMask a) { return a.v; }
LANEGRAD_INLINE bool all(BoolMask a) { return a.v; }

#define LANEGRAD_VEC(T, Unsigned)                                                                     \
  template <>                                                                                         \
  struct Vec<T> {                                                                                     \
    using Mask = BoolMask;                                                                            \
    static constexpr int kWidth = 1;                                                                  \
    T v;                                                                                              \
    static LANEGRAD_INLINE Vec load(const T* p) { return {*p}; }                                      \
    static LANEGRAD_INLINE Vec load_n(const T* p, int64_t n) { return {n > 0 ? *p : T(0)}; }          \
    LANEGRAD_INLINE void store(T* p) const { *p = v; }                                                \
    LANEGRAD_INLINE void store_n(T* p, int64_t n) const {                                             \
      if (n > 0) *p = v;                                                                              \
    }                                                                                                 \
    static LANEGRAD_INLINE Vec broadcast(T x) { return {x}; }                                         \
    static LANEGRAD_INLINE Vec zero() { return {T(0)}; }                                              \
  };                                                                                                  \
  LANEGRAD_INLINE Vec<T> operator+(Vec<T> a, Vec<T> b) { return {T(Unsigned(a.v) + Unsigned(b.v))}; } \
  LANEGRAD_INLINE Vec<T> operator-(Vec<T> a, Vec<T> b) { return {T(Unsigned(a.v) - Unsigned(b.v))}; } \
  LANEGRAD_INLINE Vec<T> operator*(Vec<T> a, Vec<T> b) { return {T(Unsigned(a.v) * Unsigned(b.v))}; } \
  LANEGRAD_INLINE Vec<T> fma(Vec<T> a, Vec<T> b, Vec<T> c) { return a * b + c; }                      \
  LANEGRAD_INLINE Vec<T> neg_fma(Vec<T> a, Vec<T> b, Vec<T> c) { return c - a * b; }                  \
  LANEGRAD_INLINE BoolMask eq(Vec<T> a, Vec<T> b) { return {a.v == b.v}; }                            \
  LANEGRAD_INLINE BoolMask ne(Vec<T> a, Vec<T> b) { return {a.v != b.v}; }                            \
  LANEGRAD_INLINE BoolMask lt(Vec<T> a, Vec<T> b) { return {a.v < b.v}; }                             \
  LANEGRAD_INLINE BoolMask le(Vec<T> a, Vec<T> b) { return {a.v <= b.v}; }                            \
  LANEGRAD_INLINE BoolMask gt(Vec<T> a, Vec<T> b) { return {a.v > b.v}; }                             \
  LANEGRAD_INLINE BoolMask ge(Vec<T> a, Vec<T> b) { return {a.v >= b.v}; }                            \
  LANEGRAD_INLINE Vec<T> select(BoolMask m, Vec<T> a, Vec<T> b) { return {m.v ? a.v : b.v}; }         \
  LANEGRAD_INLINE T reduce_add(Vec<T> a) { return a.v; }                                              \
  LANEGRAD_INLINE T reduce_max(Vec<T> a) { return a.v; }                                              \
  LANEGRAD_INLINE T reduce_min(Vec<T> a) { return a.v; }

LANEGRAD_VEC(float, float)
LANEGRAD_VEC(double, double)
LANEGRAD_VEC(int32_t, uint32_t)
LANEGRAD_VEC(int64_t, uint64_t)
#undef LANEGRAD_VEC

#define LANEGRAD_VEC_FLOATING(T, Int, kSign)                                                       \
  LANEGRAD_INLINE Vec<T> operator/(Vec<T> a, Vec<T> b) { return {a.v / b.v}; }                     \
  LANEGRAD_INLINE Vec<T> min(Vec<T> a, Vec<T> b) { return {a.v != a.v || a.v < b.v ? a.v : b.v}; } \
  LANEGRAD_INLINE Vec<T> max(Vec<T> a, Vec<T> b) { return {a.v != a.v || a.v > b.v ? a.v : b.v}; } \
  LANEGRAD_INLINE Vec<T> sqrt(Vec<T> a) { return {std::sqrt(a.v)}; }                               \
  LANEGRAD_INLINE Vec<T> floor(Vec<T> a) { return {std::floor(a.v)}; }                             \
  LANEGRAD_INLINE Vec<T> ceil(Vec<T> a) { return {std::ceil(a.v)}; }                               \
  LANEGRAD_INLINE Vec<T> round_even(Vec<T> a) { return {std::nearbyint(a.v)}; }                    \
  LANEGRAD_INLINE Vec<T> trunc(Vec<T> a) { return {std::trunc(a.v)}; }                             \
  LANEGRAD_INLINE Vec<Int> to_bits(Vec<T> a) { return {std::bit_cast<Int>(a.v)}; }                 \
  LANEGRAD_INLINE Vec<T> from_bits(Vec<Int> a) { return {std::bit_cast<T>(a.v)}; }                 \
  LANEGRAD_INLINE Vec<Int> to_int(Vec<T> a) { return {static_cast<Int>(std::nearbyint(a.v))}; }    \
  LANEGRAD_INLINE Vec<T> to_float(Vec<Int> a) { return {static_cast<T>(a.v)}; }

LANEGRAD_VEC_FLOATING(float, int32_t, INT32_MIN)
LANEGRAD_VEC_FLOATING(double, int64_t, INT64_MIN)
#undef LANEGRAD_VEC_FLOATING

// The lesser or greater of x and a number, NaN if x is.
LANEGRAD_INLINE Vec<double> at_most(Vec<double> x, double bound) {
  return min(x, Vec<double>::broadcast(bound));
}
LANEGRAD_INLINE Vec<double> at_least(Vec<double> x, double bound) {
  return max(x, Vec<double>::broadcast(bound));
}

LANEGRAD_INLINE Vec<float> at_most(Vec<float> x, float bound) { return min(x, Vec<float>::broadcast(bound)); }
LANEGRAD_INLINE Vec<float> at_least(Vec<float> x, float bound) {
  return max(x, Vec<float>::broadcast(bound));
}

// Whether to_float takes every int64.
inline constexpr bool kConvertsInt64 = true;
LANEGRAD_INLINE Vec<double> low_double(Vec<float> a) { return {static_cast<double>(a.v)}; }
LANEGRAD_INLINE Vec<double> high_double(Vec<float>) { return {0.0}; }
LANEGRAD_INLINE Vec<float> narrow(Vec<double> low, Vec<double>) { return {static_cast<float>(low.v)}; }

#define LANEGRAD_VEC_INTEGER(T, Unsigned)                                               \
  LANEGRAD_INLINE Vec<T> min(Vec<T> a, Vec<T> b) { return {a.v < b.v ? a.v : b.v}; }    \
  LANEGRAD_INLINE Vec<T> max(Vec<T> a, Vec<T> b) { return {a.v > b.v ? a.v : b.v}; }    \
  LANEGRAD_INLINE Vec<T> operator&(Vec<T> a, Vec<T> b) { return {a.v & b.v}; }          \
  LANEGRAD_INLINE Vec<T> operator|(Vec<T> a, Vec<T> b) { return {a.v | b.v}; }          \
  LANEGRAD_INLINE Vec<T> operator^(Vec<T> a, Vec<T> b) { return {a.v ^ b.v}; }          \
  LANEGRAD_INLINE Vec<T> shift_left_by(Vec<T> a, Vec<T> n) {                            \
    return {static_cast<T>(static_cast<Unsigned>(a.v) << (n.v & (8 * sizeof(T) - 1)))}; \
  }                                                                                     \
  LANEGRAD_INLINE Vec<T> shift_right_by(Vec<T> a, Vec<T> n) {                           \
    return {static_cast<T>(static_cast<Unsigned>(a.v) >> (n.v & (8 * sizeof(T) - 1)))}; \
  }                                                                                     \
  template <int n>                                                                      \
  LANEGRAD_INLINE Vec<T> shift_left(Vec<T> a) {                                         \
    return {static_cast<T>(static_cast<Unsigned>(a.v) << n)};                           \
  }                                                                                     \
  template <int n>                                                                      \
  LANEGRAD_INLINE Vec<T> shift_right(Vec<T> a) {                                        \
    return {static_cast<T>(static_cast<Unsigned>(a.v) >> n)};                           \
  }                                                                                     \
  template <int n>                                                                      \
  LANEGRAD_INLINE Vec<T> shift_right_arithmetic(Vec<T> a) {                             \
    return {a.v >> n};                                                                  \
  }

LANEGRAD_VEC_INTEGER(int32_t, uint32_t)
LANEGRAD_VEC_INTEGER(int64_t, uint64_t)
#undef LANEGRAD_VEC_INTEGER

// b where a is NaN (b is a number): a clamp that takes NaN away.
LANEGRAD_INLINE Vec<float> min_number(Vec<float> a, Vec<float> b) { return {a.v < b.v ? a.v : b.v}; }
LANEGRAD_INLINE Vec<float> max_number(Vec<float> a, Vec<float> b) { return {a.v > b.v ? a.v : b.v}; }

LANEGRAD_INLINE Vec<double> lookup16(const double* table, Vec<int64_t> i) { return {table[i.v & 15]}; }

// The full product of the low 32 bits of each lane, unsigned.
LANEGRAD_INLINE Vec<int64_t> multiply_wide(Vec<int64_t> a, Vec<int64_t> b) {
  return {static_cast<int64_t>(uint64_t{static_cast<uint32_t>(a.v)} * static_cast<uint32_t>(b.v))};
}

// a0 b0 a1 b1 ...: the first and the second half.
LANEGRAD_INLINE Vec<int64_t> zip_low(Vec<int64_t> a, Vec<int64_t>) { return a; }
LANEGRAD_INLINE Vec<int64_t> zip_high(Vec<int64_t>, Vec<int64_t> b) { return b; }

// ---- float16: no instruction for it

inline constexpr bool kHasFloat16 = false;
inline constexpr int64_t kFloat16Lanes = 1;
LANEGRAD_INLINE void widen_float16(float* out, const uint16_t* in) { *out = Float16::widen(*in); }
LANEGRAD_INLINE void round_float16(uint16_t* out, const float* in) { *out = Float16::round(*in); }

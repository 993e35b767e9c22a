// Vectors of 256 bits.

inline constexpr int kVectorBytes = 32;
inline constexpr int kVectorRegisters = 16;

template <class T>
struct Vec;

// All ones or all zeros in each lane.
template <int kLanes>
struct LaneMask {
  __m256i m;
  static LANEGRAD_INLINE LaneMask load(const void* p) {
    if constexpr (kLanes == 8) {
      const __m256i wide = _mm256_cvtepu8_epi32(_mm_loadl_epi64(static_cast<const __m128i*>(p)));
      return {_mm256_cmpgt_epi32(wide, _mm256_setzero_si256())};
    } else {
      int32_t four;
      std::memcpy(&four, p, 4);
      return {_mm256_cmpgt_epi64(_mm256_cvtepu8_epi64(_mm_cvtsi32_si128(four)), _mm256_setzero_si256())};
    }
  }
  LANEGRAD_INLINE int bits() const {
    if constexpr (kLanes == 8)
      return _mm256_movemask_ps(_mm256_castsi256_ps(m));
    else
      return _mm256_movemask_pd(_mm256_castsi256_pd(m));
  }
  LANEGRAD_INLINE void store(void* p) const {
    const __m128i low = _mm256_castsi256_si128(m), high = _mm256_extracti128_si256(m, 1);
    __m128i bytes = _mm_packs_epi32(low, high);
    bytes = _mm_packs_epi16(bytes, bytes);
    if constexpr (kLanes == 8) {
      _mm_storel_epi64(static_cast<__m128i*>(p), _mm_and_si128(bytes, _mm_set1_epi8(1)));
    } else {  // every lane is two bytes by now
      bytes = _mm_and_si128(_mm_packs_epi16(bytes, bytes), _mm_set1_epi8(1));
      const int32_t four = _mm_cvtsi128_si32(bytes);
      std::memcpy(p, &four, 4);
    }
  }
};
template <int n>
LANEGRAD_INLINE LaneMask<n> operator&(LaneMask<n> a, LaneMask<n> b) {
  return {_mm256_and_si256(a.m, b.m)};
}
template <int n>
LANEGRAD_INLINE LaneMask<n> operator|(LaneMask<n> a, LaneMask<n> b) {
  return {_mm256_or_si256(a.m, b.m)};
}
template <int n>
LANEGRAD_INLINE LaneMask<n> operator~(LaneMask<n> a) {
  return {_mm256_xor_si256(a.m, _mm256_set1_epi32(-1))};
}
template <int n>
LANEGRAD_INLINE bool any(LaneMask<n> a) {
  return a.bits() != 0;
}
template <int n>
LANEGRAD_INLINE bool all(LaneMask<n> a) {
  return a.bits() == (1 << n) - 1;
}

// Ones in the first n lanes, for the masked loads and stores.
LANEGRAD_INLINE __m256i first_lanes8(int64_t n) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(n)),
                            _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
LANEGRAD_INLINE __m256i first_lanes4(int64_t n) {
  return _mm256_cmpgt_epi64(_mm256_set1_epi64x(n), _mm256_setr_epi64x(0, 1, 2, 3));
}

template <>
struct Vec<float> {
  using Mask = LaneMask<8>;
  static constexpr int kWidth = 8;
  __m256 v;
  static LANEGRAD_INLINE Vec load(const float* p) { return {_mm256_loadu_ps(p)}; }
  static LANEGRAD_INLINE Vec load_n(const float* p, int64_t n) {
    return {_mm256_maskload_ps(p, first_lanes8(n))};
  }
  LANEGRAD_INLINE void store(float* p) const { _mm256_storeu_ps(p, v); }
  LANEGRAD_INLINE void store_n(float* p, int64_t n) const { _mm256_maskstore_ps(p, first_lanes8(n), v); }
  static LANEGRAD_INLINE Vec broadcast(float x) { return {_mm256_set1_ps(x)}; }
  static LANEGRAD_INLINE Vec zero() { return {_mm256_setzero_ps()}; }
};
template <>
struct Vec<double> {
  using Mask = LaneMask<4>;
  static constexpr int kWidth = 4;
  __m256d v;
  static LANEGRAD_INLINE Vec load(const double* p) { return {_mm256_loadu_pd(p)}; }
  static LANEGRAD_INLINE Vec load_n(const double* p, int64_t n) {
    return {_mm256_maskload_pd(p, first_lanes4(n))};
  }
  LANEGRAD_INLINE void store(double* p) const { _mm256_storeu_pd(p, v); }
  LANEGRAD_INLINE void store_n(double* p, int64_t n) const { _mm256_maskstore_pd(p, first_lanes4(n), v); }
  static LANEGRAD_INLINE Vec broadcast(double x) { return {_mm256_set1_pd(x)}; }
  static LANEGRAD_INLINE Vec zero() { return {_mm256_setzero_pd()}; }
};
template <>
struct Vec<int32_t> {
  using Mask = LaneMask<8>;
  static constexpr int kWidth = 8;
  __m256i v;
  static LANEGRAD_INLINE Vec load(const int32_t* p) {
    return {_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p))};
  }
  static LANEGRAD_INLINE Vec load_n(const int32_t* p, int64_t n) {
    return {_mm256_maskload_epi32(p, first_lanes8(n))};
  }
  LANEGRAD_INLINE void store(int32_t* p) const { _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), v); }
  LANEGRAD_INLINE void store_n(int32_t* p, int64_t n) const { _mm256_maskstore_epi32(p, first_lanes8(n), v); }
  static LANEGRAD_INLINE Vec broadcast(int32_t x) { return {_mm256_set1_epi32(x)}; }
  static LANEGRAD_INLINE Vec zero() { return {_mm256_setzero_si256()}; }
};
template <>
struct Vec<int64_t> {
  using Mask = LaneMask<4>;
  static constexpr int kWidth = 4;
  __m256i v;
  static LANEGRAD_INLINE Vec load(const int64_t* p) {
    return {_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p))};
  }
  static LANEGRAD_INLINE Vec load_n(const int64_t* p, int64_t n) {
    return {_mm256_maskload_epi64(reinterpret_cast<const long long*>(p), first_lanes4(n))};
  }
  LANEGRAD_INLINE void store(int64_t* p) const { _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), v); }
  LANEGRAD_INLINE void store_n(int64_t* p, int64_t n) const {
    _mm256_maskstore_epi64(reinterpret_cast<long long*>(p), first_lanes4(n), v);
  }
  static LANEGRAD_INLINE Vec broadcast(int64_t x) { return {_mm256_set1_epi64x(x)}; }
  static LANEGRAD_INLINE Vec zero() { return {_mm256_setzero_si256()}; }
};

LANEGRAD_INLINE Vec<int32_t> to_bits(Vec<float> a) { return {_mm256_castps_si256(a.v)}; }
LANEGRAD_INLINE Vec<int64_t> to_bits(Vec<double> a) { return {_mm256_castpd_si256(a.v)}; }
LANEGRAD_INLINE Vec<float> from_bits(Vec<int32_t> a) { return {_mm256_castsi256_ps(a.v)}; }
LANEGRAD_INLINE Vec<double> from_bits(Vec<int64_t> a) { return {_mm256_castsi256_pd(a.v)}; }

#define LANEGRAD_VEC_FLOATING(T, suffix, cast, lanes)                                              \
  LANEGRAD_INLINE Vec<T> operator+(Vec<T> a, Vec<T> b) { return {_mm256_add_##suffix(a.v, b.v)}; } \
  LANEGRAD_INLINE Vec<T> operator-(Vec<T> a, Vec<T> b) { return {_mm256_sub_##suffix(a.v, b.v)}; } \
  LANEGRAD_INLINE Vec<T> operator*(Vec<T> a, Vec<T> b) { return {_mm256_mul_##suffix(a.v, b.v)}; } \
  LANEGRAD_INLINE Vec<T> operator/(Vec<T> a, Vec<T> b) { return {_mm256_div_##suffix(a.v, b.v)}; } \
  LANEGRAD_INLINE Vec<T> fma(Vec<T> a, Vec<T> b, Vec<T> c) {                                       \
    return {_mm256_fmadd_##suffix(a.v, b.v, c.v)};                                                 \
  }                                                                                                \
  LANEGRAD_INLINE Vec<T> neg_fma(Vec<T> a, Vec<T> b, Vec<T> c) {                                   \
    return {_mm256_fnmadd_##suffix(a.v, b.v, c.v)};                                                \
  }                                                                                                \
  LANEGRAD_INLINE LaneMask<lanes> eq(Vec<T> a, Vec<T> b) {                                         \
    return {cast(_mm256_cmp_##suffix(a.v, b.v, _CMP_EQ_OQ))};                                      \
  }                                                                                                \
  LANEGRAD_INLINE LaneMask<lanes> ne(Vec<T> a, Vec<T> b) {                                         \
    return {cast(_mm256_cmp_##suffix(a.v, b.v, _CMP_NEQ_UQ))};                                     \
  }                                                                                                \
  LANEGRAD_INLINE LaneMask<lanes> lt(Vec<T> a, Vec<T> b) {                                         \
    return {cast(_mm256_cmp_##suffix(a.v, b.v, _CMP_LT_OQ))};                                      \
  }                                                                                                \
  LANEGRAD_INLINE LaneMask<lanes> le(Vec<T> a, Vec<T> b) {                                         \
    return {cast(_mm256_cmp_##suffix(a.v, b.v, _CMP_LE_OQ))};                                      \
  }                                                                                                \
  LANEGRAD_INLINE LaneMask<lanes> gt(Vec<T> a, Vec<T> b) {                                         \
    return {cast(_mm256_cmp_##suffix(a.v, b.v, _CMP_GT_OQ))};                                      \
  }                                                                                                \
  LANEGRAD_INLINE LaneMask<lanes> ge(Vec<T> a, Vec<T> b) {                                         \
    return {cast(_mm256_cmp_##suffix(a.v, b.v, _CMP_GE_OQ))};                                      \
  }                                                                                                \
  LANEGRAD_INLINE Vec<T> select(LaneMask<lanes> m, Vec<T> a, Vec<T> b) {                           \
    return {_mm256_blendv_##suffix(                                                                \
        b.v, a.v, from_bits(Vec<std::conditional_t<lanes == 8, int32_t, int64_t>>{m.m}).v)};       \
  }                                                                                                \
  /* The instruction gives its second operand when either is NaN. */                               \
  LANEGRAD_INLINE Vec<T> min(Vec<T> a, Vec<T> b) {                                                 \
    return select(ne(a, a), a, {_mm256_min_##suffix(a.v, b.v)});                                   \
  }                                                                                                \
  LANEGRAD_INLINE Vec<T> max(Vec<T> a, Vec<T> b) {                                                 \
    return select(ne(a, a), a, {_mm256_max_##suffix(a.v, b.v)});                                   \
  }                                                                                                \
  LANEGRAD_INLINE Vec<T> sqrt(Vec<T> a) { return {_mm256_sqrt_##suffix(a.v)}; }                    \
  LANEGRAD_INLINE Vec<T> floor(Vec<T> a) { return {_mm256_floor_##suffix(a.v)}; }                  \
  LANEGRAD_INLINE Vec<T> ceil(Vec<T> a) { return {_mm256_ceil_##suffix(a.v)}; }                    \
  LANEGRAD_INLINE Vec<T> round_even(Vec<T> a) { return {_mm256_round_##suffix(a.v, 0x8)}; }        \
  LANEGRAD_INLINE Vec<T> trunc(Vec<T> a) { return {_mm256_round_##suffix(a.v, 0xB)}; }

LANEGRAD_VEC_FLOATING(float, ps, _mm256_castps_si256, 8)
LANEGRAD_VEC_FLOATING(double, pd, _mm256_castpd_si256, 4)
#undef LANEGRAD_VEC_FLOATING

LANEGRAD_INLINE __m256i multiply_low(__m256i a, __m256i b, std::integral_constant<int, 8>) {
  return _mm256_mullo_epi32(a, b);
}
LANEGRAD_INLINE __m256i multiply_low(__m256i a, __m256i b, std::integral_constant<int, 4>) {
  const __m256i cross = _mm256_add_epi64(_mm256_mul_epu32(_mm256_srli_epi64(a, 32), b),
                                         _mm256_mul_epu32(a, _mm256_srli_epi64(b, 32)));
  return _mm256_add_epi64(_mm256_mul_epu32(a, b), _mm256_slli_epi64(cross, 32));
}

#define LANEGRAD_VEC_INTEGER(T, suffix, lanes)                                                           \
  LANEGRAD_INLINE Vec<T> operator+(Vec<T> a, Vec<T> b) { return {_mm256_add_##suffix(a.v, b.v)}; }       \
  LANEGRAD_INLINE Vec<T> operator-(Vec<T> a, Vec<T> b) { return {_mm256_sub_##suffix(a.v, b.v)}; }       \
  LANEGRAD_INLINE Vec<T> operator*(Vec<T> a, Vec<T> b) {                                                 \
    return {multiply_low(a.v, b.v, std::integral_constant<int, lanes>{})};                               \
  }                                                                                                      \
  LANEGRAD_INLINE Vec<T> fma(Vec<T> a, Vec<T> b, Vec<T> c) { return a * b + c; }                         \
  LANEGRAD_INLINE Vec<T> neg_fma(Vec<T> a, Vec<T> b, Vec<T> c) { return c - a * b; }                     \
  LANEGRAD_INLINE LaneMask<lanes> eq(Vec<T> a, Vec<T> b) { return {_mm256_cmpeq_##suffix(a.v, b.v)}; }   \
  LANEGRAD_INLINE LaneMask<lanes> gt(Vec<T> a, Vec<T> b) { return {_mm256_cmpgt_##suffix(a.v, b.v)}; }   \
  LANEGRAD_INLINE LaneMask<lanes> lt(Vec<T> a, Vec<T> b) { return gt(b, a); }                            \
  LANEGRAD_INLINE LaneMask<lanes> ne(Vec<T> a, Vec<T> b) { return ~eq(a, b); }                           \
  LANEGRAD_INLINE LaneMask<lanes> le(Vec<T> a, Vec<T> b) { return ~gt(a, b); }                           \
  LANEGRAD_INLINE LaneMask<lanes> ge(Vec<T> a, Vec<T> b) { return ~gt(b, a); }                           \
  LANEGRAD_INLINE Vec<T> select(LaneMask<lanes> m, Vec<T> a, Vec<T> b) {                                 \
    return {_mm256_blendv_epi8(b.v, a.v, m.m)};                                                          \
  }                                                                                                      \
  LANEGRAD_INLINE Vec<T> min(Vec<T> a, Vec<T> b) { return select(lt(a, b), a, b); }                      \
  LANEGRAD_INLINE Vec<T> max(Vec<T> a, Vec<T> b) { return select(gt(a, b), a, b); }                      \
  LANEGRAD_INLINE Vec<T> operator&(Vec<T> a, Vec<T> b) { return {_mm256_and_si256(a.v, b.v)}; }          \
  LANEGRAD_INLINE Vec<T> operator|(Vec<T> a, Vec<T> b) { return {_mm256_or_si256(a.v, b.v)}; }           \
  LANEGRAD_INLINE Vec<T> operator^(Vec<T> a, Vec<T> b) { return {_mm256_xor_si256(a.v, b.v)}; }          \
  LANEGRAD_INLINE Vec<T> shift_left_by(Vec<T> a, Vec<T> n) { return {_mm256_sllv_##suffix(a.v, n.v)}; }  \
  LANEGRAD_INLINE Vec<T> shift_right_by(Vec<T> a, Vec<T> n) { return {_mm256_srlv_##suffix(a.v, n.v)}; } \
  template <int n>                                                                                       \
  LANEGRAD_INLINE Vec<T> shift_left(Vec<T> a) {                                                          \
    return {_mm256_slli_##suffix(a.v, n)};                                                               \
  }                                                                                                      \
  template <int n>                                                                                       \
  LANEGRAD_INLINE Vec<T> shift_right(Vec<T> a) {                                                         \
    return {_mm256_srli_##suffix(a.v, n)};                                                               \
  }

LANEGRAD_VEC_INTEGER(int32_t, epi32, 8)
LANEGRAD_VEC_INTEGER(int64_t, epi64, 4)
#undef LANEGRAD_VEC_INTEGER

template <int n>
LANEGRAD_INLINE Vec<int32_t> shift_right_arithmetic(Vec<int32_t> a) {
  return {_mm256_srai_epi32(a.v, n)};
}
template <int n>
LANEGRAD_INLINE Vec<int64_t> shift_right_arithmetic(Vec<int64_t> a) {
  // No such instruction: shift the bits of a number made non-negative, and turn them back.
  const __m256i negative = _mm256_cmpgt_epi64(_mm256_setzero_si256(), a.v);
  return {_mm256_xor_si256(_mm256_srli_epi64(_mm256_xor_si256(a.v, negative), n), negative)};
}

LANEGRAD_INLINE Vec<int32_t> to_int(Vec<float> a) { return {_mm256_cvtps_epi32(a.v)}; }
LANEGRAD_INLINE Vec<float> to_float(Vec<int32_t> a) { return {_mm256_cvtepi32_ps(a.v)}; }
// |a| < 2^51, where adding 1.5 * 2^52 leaves the integer in the low mantissa bits.
LANEGRAD_INLINE Vec<int64_t> to_int(Vec<double> a) {
  const __m256d magic = _mm256_set1_pd(0x1.8p52);
  return {_mm256_sub_epi64(_mm256_castpd_si256(_mm256_add_pd(a.v, magic)), _mm256_castpd_si256(magic))};
}
LANEGRAD_INLINE Vec<double> to_float(Vec<int64_t> a) {
  const __m256d magic = _mm256_set1_pd(0x1.8p52);
  return {_mm256_sub_pd(_mm256_castsi256_pd(_mm256_add_epi64(a.v, _mm256_castpd_si256(magic))), magic)};
}

// The lesser or greater of x and a number, NaN if x is: the instruction gives its second operand then.
LANEGRAD_INLINE Vec<double> at_most(Vec<double> x, double bound) {
  return {_mm256_min_pd(_mm256_set1_pd(bound), x.v)};
}
LANEGRAD_INLINE Vec<double> at_least(Vec<double> x, double bound) {
  return {_mm256_max_pd(_mm256_set1_pd(bound), x.v)};
}

LANEGRAD_INLINE Vec<float> at_most(Vec<float> x, float bound) {
  return {_mm256_min_ps(_mm256_set1_ps(bound), x.v)};
}
LANEGRAD_INLINE Vec<float> at_least(Vec<float> x, float bound) {
  return {_mm256_max_ps(_mm256_set1_ps(bound), x.v)};
}

// Whether to_float takes every int64.
inline constexpr bool kConvertsInt64 = false;
LANEGRAD_INLINE Vec<double> low_double(Vec<float> a) {
  return {_mm256_cvtps_pd(_mm256_castps256_ps128(a.v))};
}
LANEGRAD_INLINE Vec<double> high_double(Vec<float> a) {
  return {_mm256_cvtps_pd(_mm256_extractf128_ps(a.v, 1))};
}
LANEGRAD_INLINE Vec<float> narrow(Vec<double> low, Vec<double> high) {
  return {_mm256_set_m128(_mm256_cvtpd_ps(high.v), _mm256_cvtpd_ps(low.v))};
}

#define LANEGRAD_VEC_REDUCE(T)                                        \
  LANEGRAD_INLINE T reduce_add(Vec<T> a) {                            \
    return reduce_lanes(a, [](auto x, auto y) { return x + y; });     \
  }                                                                   \
  LANEGRAD_INLINE T reduce_max(Vec<T> a) {                            \
    return reduce_lanes(a, [](auto x, auto y) { return max(x, y); }); \
  }                                                                   \
  LANEGRAD_INLINE T reduce_min(Vec<T> a) {                            \
    return reduce_lanes(a, [](auto x, auto y) { return min(x, y); }); \
  }

template <class F>
LANEGRAD_INLINE float reduce_lanes(Vec<float> a, F combine) {
  a = combine(a, Vec<float>{_mm256_permute2f128_ps(a.v, a.v, 1)});
  a = combine(a, Vec<float>{_mm256_permute_ps(a.v, 0x4E)});
  a = combine(a, Vec<float>{_mm256_permute_ps(a.v, 0xB1)});
  return _mm256_cvtss_f32(a.v);
}
template <class F>
LANEGRAD_INLINE double reduce_lanes(Vec<double> a, F combine) {
  a = combine(a, Vec<double>{_mm256_permute2f128_pd(a.v, a.v, 1)});
  a = combine(a, Vec<double>{_mm256_permute_pd(a.v, 0x5)});
  return _mm256_cvtsd_f64(a.v);
}
template <class F>
LANEGRAD_INLINE int32_t reduce_lanes(Vec<int32_t> a, F combine) {
  a = combine(a, Vec<int32_t>{_mm256_permute2x128_si256(a.v, a.v, 1)});
  a = combine(a, Vec<int32_t>{_mm256_shuffle_epi32(a.v, 0x4E)});
  a = combine(a, Vec<int32_t>{_mm256_shuffle_epi32(a.v, 0xB1)});
  return _mm_cvtsi128_si32(_mm256_castsi256_si128(a.v));
}
template <class F>
LANEGRAD_INLINE int64_t reduce_lanes(Vec<int64_t> a, F combine) {
  a = combine(a, Vec<int64_t>{_mm256_permute2x128_si256(a.v, a.v, 1)});
  a = combine(a, Vec<int64_t>{_mm256_shuffle_epi32(a.v, 0x4E)});
  return _mm_cvtsi128_si64(_mm256_castsi256_si128(a.v));
}
LANEGRAD_VEC_REDUCE(float)
LANEGRAD_VEC_REDUCE(double)
LANEGRAD_VEC_REDUCE(int32_t)
LANEGRAD_VEC_REDUCE(int64_t)
#undef LANEGRAD_VEC_REDUCE

// b where a is NaN (b is a number): a clamp that takes NaN away.
LANEGRAD_INLINE Vec<float> min_number(Vec<float> a, Vec<float> b) { return {_mm256_min_ps(a.v, b.v)}; }
LANEGRAD_INLINE Vec<float> max_number(Vec<float> a, Vec<float> b) { return {_mm256_max_ps(a.v, b.v)}; }

// Four loads: a gather is no faster, and far slower where its leak of data has been mended in microcode.
LANEGRAD_INLINE Vec<double> lookup16(const double* table, Vec<int64_t> i) {
  const __m256i index = _mm256_and_si256(i.v, _mm256_set1_epi64x(15));
  const __m128i low = _mm256_castsi256_si128(index), high = _mm256_extracti128_si256(index, 1);
  return {_mm256_setr_pd(table[_mm_cvtsi128_si64(low)], table[_mm_extract_epi64(low, 1)],
                         table[_mm_cvtsi128_si64(high)], table[_mm_extract_epi64(high, 1)])};
}

// The full product of the low 32 bits of each lane, unsigned.
LANEGRAD_INLINE Vec<int64_t> multiply_wide(Vec<int64_t> a, Vec<int64_t> b) {
  return {_mm256_mul_epu32(a.v, b.v)};
}

// a0 b0 a1 b1 ...: the first and the second half.
LANEGRAD_INLINE Vec<int64_t> zip_low(Vec<int64_t> a, Vec<int64_t> b) {
  return {_mm256_permute2x128_si256(_mm256_unpacklo_epi64(a.v, b.v), _mm256_unpackhi_epi64(a.v, b.v), 0x20)};
}
LANEGRAD_INLINE Vec<int64_t> zip_high(Vec<int64_t> a, Vec<int64_t> b) {
  return {_mm256_permute2x128_si256(_mm256_unpacklo_epi64(a.v, b.v), _mm256_unpackhi_epi64(a.v, b.v), 0x31)};
}

// ---- float16: loads and stores of kFloat16Lanes elements

inline constexpr bool kHasFloat16 = true;
inline constexpr int64_t kFloat16Lanes = 8;
LANEGRAD_INLINE void widen_float16(float* out, const uint16_t* in) {
  _mm256_storeu_ps(out, _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(in))));
}
LANEGRAD_INLINE void round_float16(uint16_t* out, const float* in) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(out),
                   _mm256_cvtps_ph(_mm256_loadu_ps(in), _MM_FROUND_TO_NEAREST_INT));
}

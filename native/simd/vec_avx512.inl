// Vectors of 512 bits.

inline constexpr int kVectorBytes = 64;
inline constexpr int kVectorRegisters = 32;

template <class T>
struct Vec;

// One bit for each lane.
template <int kLanes>
struct LaneMask {
  using Bits = std::conditional_t<kLanes == 16, __mmask16, __mmask8>;
  Bits m;
  static LANEGRAD_INLINE LaneMask load(const void* p) {
    if constexpr (kLanes == 16) {
      const __m128i bytes = _mm_loadu_si128(static_cast<const __m128i*>(p));
      return {_mm_test_epi8_mask(bytes, bytes)};
    } else {
      const __m128i bytes = _mm_loadl_epi64(static_cast<const __m128i*>(p));
      return {static_cast<Bits>(_mm_test_epi8_mask(bytes, bytes))};
    }
  }
  LANEGRAD_INLINE void store(void* p) const {
    const __m128i bytes = _mm_maskz_set1_epi8(m, 1);
    if constexpr (kLanes == 16)
      _mm_storeu_si128(static_cast<__m128i*>(p), bytes);
    else
      _mm_storel_epi64(static_cast<__m128i*>(p), bytes);
  }
};
template <int n>
LANEGRAD_INLINE LaneMask<n> operator&(LaneMask<n> a, LaneMask<n> b) {
  return {static_cast<typename LaneMask<n>::Bits>(a.m & b.m)};
}
template <int n>
LANEGRAD_INLINE LaneMask<n> operator|(LaneMask<n> a, LaneMask<n> b) {
  return {static_cast<typename LaneMask<n>::Bits>(a.m | b.m)};
}
template <int n>
LANEGRAD_INLINE LaneMask<n> operator~(LaneMask<n> a) {
  return {static_cast<typename LaneMask<n>::Bits>(~a.m)};
}
template <int n>
LANEGRAD_INLINE bool any(LaneMask<n> a) {
  return a.m != 0;
}
template <int n>
LANEGRAD_INLINE bool all(LaneMask<n> a) {
  return static_cast<unsigned>(a.m) == (1u << n) - 1;
}

LANEGRAD_INLINE __mmask16 first_lanes16(int64_t n) { return static_cast<__mmask16>((1u << n) - 1); }
LANEGRAD_INLINE __mmask8 first_lanes8(int64_t n) { return static_cast<__mmask8>((1u << n) - 1); }

#define LANEGRAD_VEC(T, Register, suffix, load_suffix, lanes, zero_suffix)                         \
  template <>                                                                                      \
  struct Vec<T> {                                                                                  \
    using Mask = LaneMask<lanes>;                                                                  \
    static constexpr int kWidth = lanes;                                                           \
    Register v;                                                                                    \
    static LANEGRAD_INLINE Vec load(const T* p) { return {_mm512_loadu_##load_suffix(p)}; }        \
    static LANEGRAD_INLINE Vec load_n(const T* p, int64_t n) {                                     \
      return {_mm512_maskz_loadu_##suffix(first_lanes##lanes(n), p)};                              \
    }                                                                                              \
    LANEGRAD_INLINE void store(T* p) const { _mm512_storeu_##load_suffix(p, v); }                  \
    LANEGRAD_INLINE void store_n(T* p, int64_t n) const {                                          \
      _mm512_mask_storeu_##suffix(p, first_lanes##lanes(n), v);                                    \
    }                                                                                              \
    static LANEGRAD_INLINE Vec broadcast(T x) { return {_mm512_set1_##suffix(x)}; }                \
    static LANEGRAD_INLINE Vec zero() { return {_mm512_setzero_##zero_suffix()}; }                 \
  };                                                                                               \
  LANEGRAD_INLINE Vec<T> operator+(Vec<T> a, Vec<T> b) { return {_mm512_add_##suffix(a.v, b.v)}; } \
  LANEGRAD_INLINE Vec<T> operator-(Vec<T> a, Vec<T> b) { return {_mm512_sub_##suffix(a.v, b.v)}; } \
  LANEGRAD_INLINE Vec<T> select(LaneMask<lanes> m, Vec<T> a, Vec<T> b) {                           \
    return {_mm512_mask_mov_##suffix(b.v, m.m, a.v)};                                              \
  }

LANEGRAD_VEC(float, __m512, ps, ps, 16, ps)
LANEGRAD_VEC(double, __m512d, pd, pd, 8, pd)
LANEGRAD_VEC(int32_t, __m512i, epi32, si512, 16, si512)
LANEGRAD_VEC(int64_t, __m512i, epi64, si512, 8, si512)
#undef LANEGRAD_VEC

LANEGRAD_INLINE Vec<int32_t> to_bits(Vec<float> a) { return {_mm512_castps_si512(a.v)}; }
LANEGRAD_INLINE Vec<int64_t> to_bits(Vec<double> a) { return {_mm512_castpd_si512(a.v)}; }
LANEGRAD_INLINE Vec<float> from_bits(Vec<int32_t> a) { return {_mm512_castsi512_ps(a.v)}; }
LANEGRAD_INLINE Vec<double> from_bits(Vec<int64_t> a) { return {_mm512_castsi512_pd(a.v)}; }

#define LANEGRAD_VEC_FLOATING(T, suffix, lanes)                                                    \
  LANEGRAD_INLINE Vec<T> operator*(Vec<T> a, Vec<T> b) { return {_mm512_mul_##suffix(a.v, b.v)}; } \
  LANEGRAD_INLINE Vec<T> operator/(Vec<T> a, Vec<T> b) { return {_mm512_div_##suffix(a.v, b.v)}; } \
  LANEGRAD_INLINE Vec<T> fma(Vec<T> a, Vec<T> b, Vec<T> c) {                                       \
    return {_mm512_fmadd_##suffix(a.v, b.v, c.v)};                                                 \
  }                                                                                                \
  LANEGRAD_INLINE Vec<T> neg_fma(Vec<T> a, Vec<T> b, Vec<T> c) {                                   \
    return {_mm512_fnmadd_##suffix(a.v, b.v, c.v)};                                                \
  }                                                                                                \
  LANEGRAD_INLINE LaneMask<lanes> eq(Vec<T> a, Vec<T> b) {                                         \
    return {_mm512_cmp_##suffix##_mask(a.v, b.v, _CMP_EQ_OQ)};                                     \
  }                                                                                                \
  LANEGRAD_INLINE LaneMask<lanes> ne(Vec<T> a, Vec<T> b) {                                         \
    return {_mm512_cmp_##suffix##_mask(a.v, b.v, _CMP_NEQ_UQ)};                                    \
  }                                                                                                \
  LANEGRAD_INLINE LaneMask<lanes> lt(Vec<T> a, Vec<T> b) {                                         \
    return {_mm512_cmp_##suffix##_mask(a.v, b.v, _CMP_LT_OQ)};                                     \
  }                                                                                                \
  LANEGRAD_INLINE LaneMask<lanes> le(Vec<T> a, Vec<T> b) {                                         \
    return {_mm512_cmp_##suffix##_mask(a.v, b.v, _CMP_LE_OQ)};                                     \
  }                                                                                                \
  LANEGRAD_INLINE LaneMask<lanes> gt(Vec<T> a, Vec<T> b) {                                         \
    return {_mm512_cmp_##suffix##_mask(a.v, b.v, _CMP_GT_OQ)};                                     \
  }                                                                                                \
  LANEGRAD_INLINE LaneMask<lanes> ge(Vec<T> a, Vec<T> b) {                                         \
    return {_mm512_cmp_##suffix##_mask(a.v, b.v, _CMP_GE_OQ)};                                     \
  }                                                                                                \
  /* The instruction gives its second operand when either is NaN. */                               \
  LANEGRAD_INLINE Vec<T> min(Vec<T> a, Vec<T> b) {                                                 \
    return select(ne(a, a), a, {_mm512_min_##suffix(a.v, b.v)});                                   \
  }                                                                                                \
  LANEGRAD_INLINE Vec<T> max(Vec<T> a, Vec<T> b) {                                                 \
    return select(ne(a, a), a, {_mm512_max_##suffix(a.v, b.v)});                                   \
  }                                                                                                \
  LANEGRAD_INLINE Vec<T> sqrt(Vec<T> a) { return {_mm512_sqrt_##suffix(a.v)}; }                    \
  LANEGRAD_INLINE Vec<T> floor(Vec<T> a) { return {_mm512_roundscale_##suffix(a.v, 0x9)}; }        \
  LANEGRAD_INLINE Vec<T> ceil(Vec<T> a) { return {_mm512_roundscale_##suffix(a.v, 0xA)}; }         \
  LANEGRAD_INLINE Vec<T> round_even(Vec<T> a) { return {_mm512_roundscale_##suffix(a.v, 0x8)}; }   \
  LANEGRAD_INLINE Vec<T> trunc(Vec<T> a) { return {_mm512_roundscale_##suffix(a.v, 0xB)}; }

LANEGRAD_VEC_FLOATING(float, ps, 16)
LANEGRAD_VEC_FLOATING(double, pd, 8)
#undef LANEGRAD_VEC_FLOATING

#define LANEGRAD_VEC_INTEGER(T, suffix, lanes)                                                           \
  LANEGRAD_INLINE Vec<T> operator*(Vec<T> a, Vec<T> b) { return {_mm512_mullo_##suffix(a.v, b.v)}; }     \
  LANEGRAD_INLINE Vec<T> fma(Vec<T> a, Vec<T> b, Vec<T> c) { return a * b + c; }                         \
  LANEGRAD_INLINE Vec<T> neg_fma(Vec<T> a, Vec<T> b, Vec<T> c) { return c - a * b; }                     \
  LANEGRAD_INLINE LaneMask<lanes> eq(Vec<T> a, Vec<T> b) {                                               \
    return {_mm512_cmpeq_##suffix##_mask(a.v, b.v)};                                                     \
  }                                                                                                      \
  LANEGRAD_INLINE LaneMask<lanes> ne(Vec<T> a, Vec<T> b) {                                               \
    return {_mm512_cmpneq_##suffix##_mask(a.v, b.v)};                                                    \
  }                                                                                                      \
  LANEGRAD_INLINE LaneMask<lanes> lt(Vec<T> a, Vec<T> b) {                                               \
    return {_mm512_cmplt_##suffix##_mask(a.v, b.v)};                                                     \
  }                                                                                                      \
  LANEGRAD_INLINE LaneMask<lanes> le(Vec<T> a, Vec<T> b) {                                               \
    return {_mm512_cmple_##suffix##_mask(a.v, b.v)};                                                     \
  }                                                                                                      \
  LANEGRAD_INLINE LaneMask<lanes> gt(Vec<T> a, Vec<T> b) {                                               \
    return {_mm512_cmpgt_##suffix##_mask(a.v, b.v)};                                                     \
  }                                                                                                      \
  LANEGRAD_INLINE LaneMask<lanes> ge(Vec<T> a, Vec<T> b) {                                               \
    return {_mm512_cmpge_##suffix##_mask(a.v, b.v)};                                                     \
  }                                                                                                      \
  LANEGRAD_INLINE Vec<T> min(Vec<T> a, Vec<T> b) { return {_mm512_min_##suffix(a.v, b.v)}; }             \
  LANEGRAD_INLINE Vec<T> max(Vec<T> a, Vec<T> b) { return {_mm512_max_##suffix(a.v, b.v)}; }             \
  LANEGRAD_INLINE Vec<T> operator&(Vec<T> a, Vec<T> b) { return {_mm512_and_si512(a.v, b.v)}; }          \
  LANEGRAD_INLINE Vec<T> operator|(Vec<T> a, Vec<T> b) { return {_mm512_or_si512(a.v, b.v)}; }           \
  LANEGRAD_INLINE Vec<T> operator^(Vec<T> a, Vec<T> b) { return {_mm512_xor_si512(a.v, b.v)}; }          \
  LANEGRAD_INLINE Vec<T> shift_left_by(Vec<T> a, Vec<T> n) { return {_mm512_sllv_##suffix(a.v, n.v)}; }  \
  LANEGRAD_INLINE Vec<T> shift_right_by(Vec<T> a, Vec<T> n) { return {_mm512_srlv_##suffix(a.v, n.v)}; } \
  template <int n>                                                                                       \
  LANEGRAD_INLINE Vec<T> shift_left(Vec<T> a) {                                                          \
    return {_mm512_slli_##suffix(a.v, n)};                                                               \
  }                                                                                                      \
  template <int n>                                                                                       \
  LANEGRAD_INLINE Vec<T> shift_right(Vec<T> a) {                                                         \
    return {_mm512_srli_##suffix(a.v, n)};                                                               \
  }                                                                                                      \
  template <int n>                                                                                       \
  LANEGRAD_INLINE Vec<T> shift_right_arithmetic(Vec<T> a) {                                              \
    return {_mm512_srai_##suffix(a.v, n)};                                                               \
  }

LANEGRAD_VEC_INTEGER(int32_t, epi32, 16)
LANEGRAD_VEC_INTEGER(int64_t, epi64, 8)
#undef LANEGRAD_VEC_INTEGER

LANEGRAD_INLINE Vec<int32_t> to_int(Vec<float> a) { return {_mm512_cvtps_epi32(a.v)}; }
LANEGRAD_INLINE Vec<float> to_float(Vec<int32_t> a) { return {_mm512_cvtepi32_ps(a.v)}; }
LANEGRAD_INLINE Vec<int64_t> to_int(Vec<double> a) { return {_mm512_cvtpd_epi64(a.v)}; }
LANEGRAD_INLINE Vec<double> to_float(Vec<int64_t> a) { return {_mm512_cvtepi64_pd(a.v)}; }

// The lesser or greater of x and a number, NaN if x is: the instruction gives its second operand then.
LANEGRAD_INLINE Vec<double> at_most(Vec<double> x, double bound) {
  return {_mm512_min_pd(_mm512_set1_pd(bound), x.v)};
}
LANEGRAD_INLINE Vec<double> at_least(Vec<double> x, double bound) {
  return {_mm512_max_pd(_mm512_set1_pd(bound), x.v)};
}

LANEGRAD_INLINE Vec<float> at_most(Vec<float> x, float bound) {
  return {_mm512_min_ps(_mm512_set1_ps(bound), x.v)};
}
LANEGRAD_INLINE Vec<float> at_least(Vec<float> x, float bound) {
  return {_mm512_max_ps(_mm512_set1_ps(bound), x.v)};
}

// Whether to_float takes every int64.
inline constexpr bool kConvertsInt64 = true;
LANEGRAD_INLINE Vec<double> low_double(Vec<float> a) {
  return {_mm512_cvtps_pd(_mm512_castps512_ps256(a.v))};
}
LANEGRAD_INLINE Vec<double> high_double(Vec<float> a) {
  return {_mm512_cvtps_pd(_mm512_extractf32x8_ps(a.v, 1))};
}
LANEGRAD_INLINE Vec<float> narrow(Vec<double> low, Vec<double> high) {
  return {_mm512_insertf32x8(_mm512_castps256_ps512(_mm512_cvtpd_ps(low.v)), _mm512_cvtpd_ps(high.v), 1)};
}

// Halves are folded onto each other: 16 lanes, then 8, 4, 2.
template <class F>
LANEGRAD_INLINE float reduce_lanes(Vec<float> a, F combine) {
  a = combine(a, Vec<float>{_mm512_shuffle_f32x4(a.v, a.v, 0x4E)});
  a = combine(a, Vec<float>{_mm512_shuffle_f32x4(a.v, a.v, 0xB1)});
  a = combine(a, Vec<float>{_mm512_permute_ps(a.v, 0x4E)});
  a = combine(a, Vec<float>{_mm512_permute_ps(a.v, 0xB1)});
  return _mm512_cvtss_f32(a.v);
}
template <class F>
LANEGRAD_INLINE double reduce_lanes(Vec<double> a, F combine) {
  a = combine(a, Vec<double>{_mm512_shuffle_f64x2(a.v, a.v, 0x4E)});
  a = combine(a, Vec<double>{_mm512_shuffle_f64x2(a.v, a.v, 0xB1)});
  a = combine(a, Vec<double>{_mm512_permute_pd(a.v, 0x55)});
  return _mm512_cvtsd_f64(a.v);
}
template <class F>
LANEGRAD_INLINE int32_t reduce_lanes(Vec<int32_t> a, F combine) {
  a = combine(a, Vec<int32_t>{_mm512_shuffle_i32x4(a.v, a.v, 0x4E)});
  a = combine(a, Vec<int32_t>{_mm512_shuffle_i32x4(a.v, a.v, 0xB1)});
  a = combine(a, Vec<int32_t>{_mm512_shuffle_epi32(a.v, static_cast<_MM_PERM_ENUM>(0x4E))});
  a = combine(a, Vec<int32_t>{_mm512_shuffle_epi32(a.v, static_cast<_MM_PERM_ENUM>(0xB1))});
  return _mm512_cvtsi512_si32(a.v);
}
template <class F>
LANEGRAD_INLINE int64_t reduce_lanes(Vec<int64_t> a, F combine) {
  a = combine(a, Vec<int64_t>{_mm512_shuffle_i64x2(a.v, a.v, 0x4E)});
  a = combine(a, Vec<int64_t>{_mm512_shuffle_i64x2(a.v, a.v, 0xB1)});
  a = combine(a, Vec<int64_t>{_mm512_shuffle_epi32(a.v, static_cast<_MM_PERM_ENUM>(0x4E))});
  return _mm_cvtsi128_si64(_mm512_castsi512_si128(a.v));
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
LANEGRAD_VEC_REDUCE(float)
LANEGRAD_VEC_REDUCE(double)
LANEGRAD_VEC_REDUCE(int32_t)
LANEGRAD_VEC_REDUCE(int64_t)
#undef LANEGRAD_VEC_REDUCE

// b where a is NaN (b is a number): a clamp that takes NaN away.
LANEGRAD_INLINE Vec<float> min_number(Vec<float> a, Vec<float> b) { return {_mm512_min_ps(a.v, b.v)}; }
LANEGRAD_INLINE Vec<float> max_number(Vec<float> a, Vec<float> b) { return {_mm512_max_ps(a.v, b.v)}; }

// y * 2^n for an integral n, rounded once.
#define LANEGRAD_HAS_SCALE2
LANEGRAD_INLINE Vec<float> scale2(Vec<float> y, Vec<float> n) { return {_mm512_scalef_ps(y.v, n.v)}; }

// 2^n may itself be out of range.
#define LANEGRAD_HAS_SCALE2_DOUBLE
LANEGRAD_INLINE Vec<double> scale2(Vec<double> y, Vec<double> n) { return {_mm512_scalef_pd(y.v, n.v)}; }

// table[i mod 16] of sixteen floats, in each lane: one instruction, as at no other level.
#define LANEGRAD_HAS_LOOKUP_FLOAT
LANEGRAD_INLINE Vec<float> lookup16(const float* table, Vec<int32_t> i) {
  return {_mm512_permutexvar_ps(i.v, _mm512_loadu_ps(table))};
}

LANEGRAD_INLINE Vec<double> lookup16(const double* table, Vec<int64_t> i) {
  return {_mm512_permutex2var_pd(_mm512_loadu_pd(table), i.v, _mm512_loadu_pd(table + 8))};
}

// The full product of the low 32 bits of each lane, unsigned.
LANEGRAD_INLINE Vec<int64_t> multiply_wide(Vec<int64_t> a, Vec<int64_t> b) {
  return {_mm512_mul_epu32(a.v, b.v)};
}

// a0 b0 a1 b1 ...: the first and the second half.
LANEGRAD_INLINE Vec<int64_t> zip_low(Vec<int64_t> a, Vec<int64_t> b) {
  return {_mm512_permutex2var_epi64(a.v, _mm512_setr_epi64(0, 8, 1, 9, 2, 10, 3, 11), b.v)};
}
LANEGRAD_INLINE Vec<int64_t> zip_high(Vec<int64_t> a, Vec<int64_t> b) {
  return {_mm512_permutex2var_epi64(a.v, _mm512_setr_epi64(4, 12, 5, 13, 6, 14, 7, 15), b.v)};
}

// ---- float16: loads and stores of kFloat16Lanes elements

inline constexpr bool kHasFloat16 = true;
inline constexpr int64_t kFloat16Lanes = 16;
LANEGRAD_INLINE void widen_float16(float* out, const uint16_t* in) {
  _mm512_storeu_ps(out, _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(in))));
}
LANEGRAD_INLINE void round_float16(uint16_t* out, const float* in) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(out),
                      _mm512_cvtps_ph(_mm512_loadu_ps(in), _MM_FROUND_TO_NEAREST_INT));
}

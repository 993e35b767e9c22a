// Vectors of 128 bits.

inline constexpr int kVectorBytes = 16;
inline constexpr int kVectorRegisters = 32;

template <class T>
struct Vec;

// All ones or all zeros in each lane.
template <int kLanes>
struct LaneMask {
  using Bits = std::conditional_t<kLanes == 4, uint32x4_t, uint64x2_t>;
  Bits m;
  static LANEGRAD_INLINE LaneMask load(const void* p) {
    if constexpr (kLanes == 4) {
      uint32_t four;
      std::memcpy(&four, p, 4);
      const uint8x8_t bytes = vreinterpret_u8_u32(vdup_n_u32(four));
      const uint32x4_t wide = vmovl_u16(vget_low_u16(vmovl_u8(bytes)));
      return {vtstq_u32(wide, wide)};
    } else {
      const uint8_t* bytes = static_cast<const uint8_t*>(p);
      const uint64x2_t wide = vcombine_u64(vcreate_u64(bytes[0]), vcreate_u64(bytes[1]));
      return {vtstq_u64(wide, wide)};
    }
  }
  LANEGRAD_INLINE void store(void* p) const {
    if constexpr (kLanes == 4) {
      const uint16x4_t half = vand_u16(vmovn_u32(m), vdup_n_u16(1));
      const uint8x8_t bytes = vmovn_u16(vcombine_u16(half, half));
      const uint32_t four = vget_lane_u32(vreinterpret_u32_u8(bytes), 0);
      std::memcpy(p, &four, 4);
    } else {
      uint8_t* bytes = static_cast<uint8_t*>(p);
      bytes[0] = static_cast<uint8_t>(vgetq_lane_u64(m, 0) & 1);
      bytes[1] = static_cast<uint8_t>(vgetq_lane_u64(m, 1) & 1);
    }
  }
};
LANEGRAD_INLINE LaneMask<4> operator&(LaneMask<4> a, LaneMask<4> b) { return {vandq_u32(a.m, b.m)}; }
LANEGRAD_INLINE LaneMask<2> operator&(LaneMask<2> a, LaneMask<2> b) { return {vandq_u64(a.m, b.m)}; }
LANEGRAD_INLINE LaneMask<4> operator|(LaneMask<4> a, LaneMask<4> b) { return {vorrq_u32(a.m, b.m)}; }
LANEGRAD_INLINE LaneMask<2> operator|(LaneMask<2> a, LaneMask<2> b) { return {vorrq_u64(a.m, b.m)}; }
LANEGRAD_INLINE LaneMask<4> operator~(LaneMask<4> a) { return {vmvnq_u32(a.m)}; }
LANEGRAD_INLINE LaneMask<2> operator~(LaneMask<2> a) {
  return {vreinterpretq_u64_u32(vmvnq_u32(vreinterpretq_u32_u64(a.m)))};
}
LANEGRAD_INLINE bool any(LaneMask<4> a) { return vmaxvq_u32(a.m) != 0; }
LANEGRAD_INLINE bool any(LaneMask<2> a) { return vmaxvq_u32(vreinterpretq_u32_u64(a.m)) != 0; }
template <int n>
LANEGRAD_INLINE bool all(LaneMask<n> a) {
  return !any(~a);
}

#define LANEGRAD_VEC(T, Register, suffix, lanes)                                                \
  template <>                                                                                   \
  struct Vec<T> {                                                                               \
    using Mask = LaneMask<lanes>;                                                               \
    static constexpr int kWidth = lanes;                                                        \
    Register v;                                                                                 \
    static LANEGRAD_INLINE Vec load(const T* p) { return {vld1q_##suffix(p)}; }                 \
    static LANEGRAD_INLINE Vec load_n(const T* p, int64_t n) {                                  \
      T lane[lanes] = {};                                                                       \
      for (int64_t i = 0; i < n; ++i) lane[i] = p[i];                                           \
      return load(lane);                                                                        \
    }                                                                                           \
    LANEGRAD_INLINE void store(T* p) const { vst1q_##suffix(p, v); }                            \
    LANEGRAD_INLINE void store_n(T* p, int64_t n) const {                                       \
      T lane[lanes];                                                                            \
      store(lane);                                                                              \
      for (int64_t i = 0; i < n; ++i) p[i] = lane[i];                                           \
    }                                                                                           \
    static LANEGRAD_INLINE Vec broadcast(T x) { return {vdupq_n_##suffix(x)}; }                 \
    static LANEGRAD_INLINE Vec zero() { return {vdupq_n_##suffix(0)}; }                         \
  };                                                                                            \
  LANEGRAD_INLINE Vec<T> operator+(Vec<T> a, Vec<T> b) { return {vaddq_##suffix(a.v, b.v)}; }   \
  LANEGRAD_INLINE Vec<T> operator-(Vec<T> a, Vec<T> b) { return {vsubq_##suffix(a.v, b.v)}; }   \
  LANEGRAD_INLINE LaneMask<lanes> eq(Vec<T> a, Vec<T> b) { return {vceqq_##suffix(a.v, b.v)}; } \
  LANEGRAD_INLINE LaneMask<lanes> ne(Vec<T> a, Vec<T> b) { return ~eq(a, b); }                  \
  LANEGRAD_INLINE LaneMask<lanes> lt(Vec<T> a, Vec<T> b) { return {vcltq_##suffix(a.v, b.v)}; } \
  LANEGRAD_INLINE LaneMask<lanes> le(Vec<T> a, Vec<T> b) { return {vcleq_##suffix(a.v, b.v)}; } \
  LANEGRAD_INLINE LaneMask<lanes> gt(Vec<T> a, Vec<T> b) { return {vcgtq_##suffix(a.v, b.v)}; } \
  LANEGRAD_INLINE LaneMask<lanes> ge(Vec<T> a, Vec<T> b) { return {vcgeq_##suffix(a.v, b.v)}; } \
  LANEGRAD_INLINE Vec<T> select(LaneMask<lanes> m, Vec<T> a, Vec<T> b) {                        \
    return {vbslq_##suffix(m.m, a.v, b.v)};                                                     \
  }

LANEGRAD_VEC(float, float32x4_t, f32, 4)
LANEGRAD_VEC(double, float64x2_t, f64, 2)
LANEGRAD_VEC(int32_t, int32x4_t, s32, 4)
LANEGRAD_VEC(int64_t, int64x2_t, s64, 2)
#undef LANEGRAD_VEC

LANEGRAD_INLINE Vec<int32_t> to_bits(Vec<float> a) { return {vreinterpretq_s32_f32(a.v)}; }
LANEGRAD_INLINE Vec<int64_t> to_bits(Vec<double> a) { return {vreinterpretq_s64_f64(a.v)}; }
LANEGRAD_INLINE Vec<float> from_bits(Vec<int32_t> a) { return {vreinterpretq_f32_s32(a.v)}; }
LANEGRAD_INLINE Vec<double> from_bits(Vec<int64_t> a) { return {vreinterpretq_f64_s64(a.v)}; }

#define LANEGRAD_VEC_FLOATING(T, suffix)                                                                   \
  LANEGRAD_INLINE Vec<T> operator*(Vec<T> a, Vec<T> b) { return {vmulq_##suffix(a.v, b.v)}; }              \
  LANEGRAD_INLINE Vec<T> operator/(Vec<T> a, Vec<T> b) { return {vdivq_##suffix(a.v, b.v)}; }              \
  LANEGRAD_INLINE Vec<T> fma(Vec<T> a, Vec<T> b, Vec<T> c) { return {vfmaq_##suffix(c.v, a.v, b.v)}; }     \
  LANEGRAD_INLINE Vec<T> neg_fma(Vec<T> a, Vec<T> b, Vec<T> c) { return {vfmsq_##suffix(c.v, a.v, b.v)}; } \
  LANEGRAD_INLINE Vec<T> min(Vec<T> a, Vec<T> b) { return {vminq_##suffix(a.v, b.v)}; }                    \
  LANEGRAD_INLINE Vec<T> max(Vec<T> a, Vec<T> b) { return {vmaxq_##suffix(a.v, b.v)}; }                    \
  LANEGRAD_INLINE Vec<T> sqrt(Vec<T> a) { return {vsqrtq_##suffix(a.v)}; }                                 \
  LANEGRAD_INLINE Vec<T> floor(Vec<T> a) { return {vrndmq_##suffix(a.v)}; }                                \
  LANEGRAD_INLINE Vec<T> ceil(Vec<T> a) { return {vrndpq_##suffix(a.v)}; }                                 \
  LANEGRAD_INLINE Vec<T> round_even(Vec<T> a) { return {vrndnq_##suffix(a.v)}; }                           \
  LANEGRAD_INLINE Vec<T> trunc(Vec<T> a) { return {vrndq_##suffix(a.v)}; }

LANEGRAD_VEC_FLOATING(float, f32)
LANEGRAD_VEC_FLOATING(double, f64)
#undef LANEGRAD_VEC_FLOATING

LANEGRAD_INLINE Vec<int32_t> operator*(Vec<int32_t> a, Vec<int32_t> b) { return {vmulq_s32(a.v, b.v)}; }
LANEGRAD_INLINE Vec<int64_t> operator*(Vec<int64_t> a, Vec<int64_t> b) {
  const uint64_t low =
      static_cast<uint64_t>(vgetq_lane_s64(a.v, 0)) * static_cast<uint64_t>(vgetq_lane_s64(b.v, 0));
  const uint64_t high =
      static_cast<uint64_t>(vgetq_lane_s64(a.v, 1)) * static_cast<uint64_t>(vgetq_lane_s64(b.v, 1));
  return {vreinterpretq_s64_u64(vcombine_u64(vcreate_u64(low), vcreate_u64(high)))};
}
LANEGRAD_INLINE Vec<int32_t> min(Vec<int32_t> a, Vec<int32_t> b) { return {vminq_s32(a.v, b.v)}; }
LANEGRAD_INLINE Vec<int32_t> max(Vec<int32_t> a, Vec<int32_t> b) { return {vmaxq_s32(a.v, b.v)}; }
LANEGRAD_INLINE Vec<int64_t> min(Vec<int64_t> a, Vec<int64_t> b) { return select(lt(a, b), a, b); }
LANEGRAD_INLINE Vec<int64_t> max(Vec<int64_t> a, Vec<int64_t> b) { return select(gt(a, b), a, b); }

#define LANEGRAD_VEC_INTEGER(T, suffix, unsigned_suffix)                                                 \
  LANEGRAD_INLINE Vec<T> fma(Vec<T> a, Vec<T> b, Vec<T> c) { return a * b + c; }                         \
  LANEGRAD_INLINE Vec<T> neg_fma(Vec<T> a, Vec<T> b, Vec<T> c) { return c - a * b; }                     \
  LANEGRAD_INLINE Vec<T> operator&(Vec<T> a, Vec<T> b) { return {vandq_##suffix(a.v, b.v)}; }            \
  LANEGRAD_INLINE Vec<T> operator|(Vec<T> a, Vec<T> b) { return {vorrq_##suffix(a.v, b.v)}; }            \
  LANEGRAD_INLINE Vec<T> operator^(Vec<T> a, Vec<T> b) { return {veorq_##suffix(a.v, b.v)}; }            \
  LANEGRAD_INLINE Vec<T> shift_left_by(Vec<T> a, Vec<T> n) { return {vshlq_##suffix(a.v, n.v)}; }        \
  LANEGRAD_INLINE Vec<T> shift_right_by(Vec<T> a, Vec<T> n) {                                            \
    return {vreinterpretq_##suffix##_##unsigned_suffix(                                                  \
        vshlq_##unsigned_suffix(vreinterpretq_##unsigned_suffix##_##suffix(a.v), vnegq_##suffix(n.v)))}; \
  }                                                                                                      \
  template <int n>                                                                                       \
  LANEGRAD_INLINE Vec<T> shift_left(Vec<T> a) {                                                          \
    return {vshlq_n_##suffix(a.v, n)};                                                                   \
  }                                                                                                      \
  template <int n>                                                                                       \
  LANEGRAD_INLINE Vec<T> shift_right(Vec<T> a) {                                                         \
    return {vreinterpretq_##suffix##_##unsigned_suffix(                                                  \
        vshrq_n_##unsigned_suffix(vreinterpretq_##unsigned_suffix##_##suffix(a.v), n))};                 \
  }                                                                                                      \
  template <int n>                                                                                       \
  LANEGRAD_INLINE Vec<T> shift_right_arithmetic(Vec<T> a) {                                              \
    return {vshrq_n_##suffix(a.v, n)};                                                                   \
  }

LANEGRAD_VEC_INTEGER(int32_t, s32, u32)
LANEGRAD_VEC_INTEGER(int64_t, s64, u64)
#undef LANEGRAD_VEC_INTEGER

LANEGRAD_INLINE Vec<int32_t> to_int(Vec<float> a) { return {vcvtnq_s32_f32(a.v)}; }
LANEGRAD_INLINE Vec<float> to_float(Vec<int32_t> a) { return {vcvtq_f32_s32(a.v)}; }
LANEGRAD_INLINE Vec<int64_t> to_int(Vec<double> a) { return {vcvtnq_s64_f64(a.v)}; }
LANEGRAD_INLINE Vec<double> to_float(Vec<int64_t> a) { return {vcvtq_f64_s64(a.v)}; }

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
LANEGRAD_INLINE Vec<double> low_double(Vec<float> a) { return {vcvt_f64_f32(vget_low_f32(a.v))}; }
LANEGRAD_INLINE Vec<double> high_double(Vec<float> a) { return {vcvt_high_f64_f32(a.v)}; }
LANEGRAD_INLINE Vec<float> narrow(Vec<double> low, Vec<double> high) {
  return {vcombine_f32(vcvt_f32_f64(low.v), vcvt_f32_f64(high.v))};
}

// Halves are folded onto each other: 4 lanes, then 2.
template <class F>
LANEGRAD_INLINE float reduce_lanes(Vec<float> a, F combine) {
  a = combine(a, Vec<float>{vextq_f32(a.v, a.v, 2)});
  a = combine(a, Vec<float>{vrev64q_f32(a.v)});
  return vgetq_lane_f32(a.v, 0);
}
template <class F>
LANEGRAD_INLINE double reduce_lanes(Vec<double> a, F combine) {
  a = combine(a, Vec<double>{vextq_f64(a.v, a.v, 1)});
  return vgetq_lane_f64(a.v, 0);
}
template <class F>
LANEGRAD_INLINE int32_t reduce_lanes(Vec<int32_t> a, F combine) {
  a = combine(a, Vec<int32_t>{vextq_s32(a.v, a.v, 2)});
  a = combine(a, Vec<int32_t>{vrev64q_s32(a.v)});
  return vgetq_lane_s32(a.v, 0);
}
template <class F>
LANEGRAD_INLINE int64_t reduce_lanes(Vec<int64_t> a, F combine) {
  a = combine(a, Vec<int64_t>{vextq_s64(a.v, a.v, 1)});
  return vgetq_lane_s64(a.v, 0);
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
LANEGRAD_INLINE Vec<float> min_number(Vec<float> a, Vec<float> b) { return {vminnmq_f32(a.v, b.v)}; }
LANEGRAD_INLINE Vec<float> max_number(Vec<float> a, Vec<float> b) { return {vmaxnmq_f32(a.v, b.v)}; }

LANEGRAD_INLINE Vec<double> lookup16(const double* table, Vec<int64_t> i) {
  return {vcombine_f64(vld1_f64(table + (vgetq_lane_s64(i.v, 0) & 15)),
                       vld1_f64(table + (vgetq_lane_s64(i.v, 1) & 15)))};
}

// The full product of the low 32 bits of each lane, unsigned.
LANEGRAD_INLINE Vec<int64_t> multiply_wide(Vec<int64_t> a, Vec<int64_t> b) {
  const uint32x2_t x = vmovn_u64(vreinterpretq_u64_s64(a.v)), y = vmovn_u64(vreinterpretq_u64_s64(b.v));
  return {vreinterpretq_s64_u64(vmull_u32(x, y))};
}

// a0 b0 a1 b1 ...: the first and the second half.
LANEGRAD_INLINE Vec<int64_t> zip_low(Vec<int64_t> a, Vec<int64_t> b) { return {vzip1q_s64(a.v, b.v)}; }
LANEGRAD_INLINE Vec<int64_t> zip_high(Vec<int64_t> a, Vec<int64_t> b) { return {vzip2q_s64(a.v, b.v)}; }

// ---- float16: loads and stores of kFloat16Lanes elements

inline constexpr bool kHasFloat16 = true;
inline constexpr int64_t kFloat16Lanes = 4;
LANEGRAD_INLINE void widen_float16(float* out, const uint16_t* in) {
  vst1q_f32(out, vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(in))));
}
LANEGRAD_INLINE void round_float16(uint16_t* out, const float* in) {
  vst1_u16(out, vreinterpret_u16_f16(vcvt_f16_f32(vld1q_f32(in))));
}

// uint8 and bool with the interface of Vec, one element at a time: loops over them are left to the compiler,
// which vectorizes the simple ones for the level of the region. On bool, + and max are "or", * and min are
// "and".

struct ByteMask {
  bool v;
  static LANEGRAD_INLINE ByteMask load(const void* p) { return {*static_cast<const uint8_t*>(p) != 0}; }
  LANEGRAD_INLINE void store(void* p) const { *static_cast<uint8_t*>(p) = v; }
};
LANEGRAD_INLINE ByteMask operator&(ByteMask a, ByteMask b) { return {a.v && b.v}; }
LANEGRAD_INLINE ByteMask operator|(ByteMask a, ByteMask b) { return {a.v || b.v}; }
LANEGRAD_INLINE ByteMask operator~(ByteMask a) { return {!a.v}; }

#define LANEGRAD_VEC_BYTE(T)                                                                  \
  template <>                                                                                 \
  struct Vec<T> {                                                                             \
    using Mask = ByteMask;                                                                    \
    static constexpr int kWidth = 1;                                                          \
    T v;                                                                                      \
    static LANEGRAD_INLINE Vec load(const T* p) { return {*p}; }                              \
    static LANEGRAD_INLINE Vec load_n(const T* p, int64_t n) { return {n > 0 ? *p : T(0)}; }  \
    LANEGRAD_INLINE void store(T* p) const { *p = v; }                                        \
    LANEGRAD_INLINE void store_n(T* p, int64_t n) const {                                     \
      if (n > 0) *p = v;                                                                      \
    }                                                                                         \
    static LANEGRAD_INLINE Vec broadcast(T x) { return {x}; }                                 \
    static LANEGRAD_INLINE Vec zero() { return {T(0)}; }                                      \
  };                                                                                          \
  LANEGRAD_INLINE ByteMask eq(Vec<T> a, Vec<T> b) { return {a.v == b.v}; }                    \
  LANEGRAD_INLINE ByteMask ne(Vec<T> a, Vec<T> b) { return {a.v != b.v}; }                    \
  LANEGRAD_INLINE ByteMask lt(Vec<T> a, Vec<T> b) { return {a.v < b.v}; }                     \
  LANEGRAD_INLINE ByteMask le(Vec<T> a, Vec<T> b) { return {a.v <= b.v}; }                    \
  LANEGRAD_INLINE ByteMask gt(Vec<T> a, Vec<T> b) { return {a.v > b.v}; }                     \
  LANEGRAD_INLINE ByteMask ge(Vec<T> a, Vec<T> b) { return {a.v >= b.v}; }                    \
  LANEGRAD_INLINE Vec<T> select(ByteMask m, Vec<T> a, Vec<T> b) { return {m.v ? a.v : b.v}; } \
  LANEGRAD_INLINE Vec<T> min(Vec<T> a, Vec<T> b) { return {a.v < b.v ? a.v : b.v}; }          \
  LANEGRAD_INLINE Vec<T> max(Vec<T> a, Vec<T> b) { return {a.v > b.v ? a.v : b.v}; }

LANEGRAD_VEC_BYTE(uint8_t)
LANEGRAD_VEC_BYTE(bool)
#undef LANEGRAD_VEC_BYTE

LANEGRAD_INLINE Vec<uint8_t> operator+(Vec<uint8_t> a, Vec<uint8_t> b) {
  return {static_cast<uint8_t>(a.v + b.v)};
}
LANEGRAD_INLINE Vec<uint8_t> operator-(Vec<uint8_t> a, Vec<uint8_t> b) {
  return {static_cast<uint8_t>(a.v - b.v)};
}
LANEGRAD_INLINE Vec<uint8_t> operator*(Vec<uint8_t> a, Vec<uint8_t> b) {
  return {static_cast<uint8_t>(a.v * b.v)};
}
LANEGRAD_INLINE Vec<bool> operator+(Vec<bool> a, Vec<bool> b) { return {static_cast<bool>(a.v | b.v)}; }
LANEGRAD_INLINE Vec<bool> operator*(Vec<bool> a, Vec<bool> b) { return {static_cast<bool>(a.v & b.v)}; }

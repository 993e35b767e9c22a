// Sums of a function of each element: the function costs no pass of its own.

struct NumberOrZero {
  template <class T>
  static LANEGRAD_INLINE Vec<T> add(Vec<T> acc, Vec<T> x) {
    return acc + select(eq(x, x), x, Vec<T>::zero());
  }
  template <class T>
  static LANEGRAD_INLINE T add(T acc, T x) {
    return x == x ? acc + x : acc;
  }
};
struct Squared {
  template <class T>
  static LANEGRAD_INLINE Vec<T> add(Vec<T> acc, Vec<T> x) {
    return fma(x, x, acc);
  }
  template <class T>
  static LANEGRAD_INLINE T add(T acc, T x) {
    return std::fma(x, x, acc);
  }
};
struct Magnitude {
  template <class T>
  static LANEGRAD_INLINE Vec<T> add(Vec<T> acc, Vec<T> x) {
    return acc + abs(x);
  }
  template <class T>
  static LANEGRAD_INLINE T add(T acc, T x) {
    return acc + std::fabs(x);
  }
};

// All three take 0 to 0, which therefore pads.
template <class T, class Map>
struct MappedSum {
  static constexpr bool kMapped = true;
  T pad() const { return T(0); }
  static LANEGRAD_INLINE Vec<T> start() { return Vec<T>::zero(); }
  LANEGRAD_INLINE Vec<T> step(Vec<T> acc, Vec<T> x) const { return Map::add(acc, x); }
  LANEGRAD_INLINE T step(T acc, T x) const { return Map::add(acc, x); }
  static LANEGRAD_INLINE Vec<T> join(Vec<T> a, Vec<T> b) { return a + b; }
  static LANEGRAD_INLINE T join(T a, T b) { return a + b; }
  static LANEGRAD_INLINE T lanes(Vec<T> a) { return reduce_add(a); }
};

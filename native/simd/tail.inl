// The last lanes of a row. To be included inside a region, as math.inl.

// 0, 1, 2 ... in floating lanes.
template <class T>
static LANEGRAD_INLINE Vec<T> lane_numbers() {
  alignas(64) static constexpr T numbers[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  static_assert(Vec<T>::kWidth <= 16);
  return Vec<T>::load(numbers);
}

// x in the first n lanes, pad in the others. Floating types only.
template <class T>
static LANEGRAD_INLINE Vec<T> pad_lanes(Vec<T> x, int64_t n, Vec<T> pad) {
  return select(lt(lane_numbers<T>(), Vec<T>::broadcast(static_cast<T>(n))), x, pad);
}

// fn(first, lanes) for each vector of n elements; a full one has a constant number of lanes.
template <class T, class F>
static LANEGRAD_INLINE void for_vectors(int64_t n, F fn) {
  constexpr int w = Vec<T>::kWidth;
  int64_t i = 0;
  for (; i + w <= n; i += w) fn(i, std::integral_constant<int, w>{});
  if (i < n) fn(i, n - i);
}

template <class T, class N>
static LANEGRAD_INLINE Vec<T> load_lanes(const T* p, N n) {
  if constexpr (std::is_same_v<N, int64_t>)
    return Vec<T>::load_n(p, n);
  else
    return Vec<T>::load(p);
}
template <class T, class N>
static LANEGRAD_INLINE void store_lanes(Vec<T> v, T* p, N n) {
  if constexpr (std::is_same_v<N, int64_t>)
    v.store_n(p, n);
  else
    v.store(p);
}

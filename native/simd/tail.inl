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

// The one text of pooling. Maxima of 2 x 2 with stride 2 over contiguous rows go by vectors, all others
// window by window. Limit: reading the input once.

#include "kernels/conv/deinterleave.inl"
#include "simd/stream.inl"
#include "simd/tail.inl"

namespace {

// An integer as wide as T, for lanes that carry an index.
template <class T>
using IndexLane = std::conditional_t<sizeof(T) == 4, int32_t, int64_t>;

template <class T>
struct RunningMax {
  Vec<T> value;
  Vec<IndexLane<T>> place;
  LANEGRAD_INLINE void offer(Vec<T> other, IndexLane<T> at) {
    const auto wins = gt(other, value) | is_nan(other);
    value = select(wins, other, value);
    place = select(wins, Vec<IndexLane<T>>::broadcast(at), place);
  }
};

template <class T>
void max_two_by_two(const PoolGeometry& g, const PoolView<T>& in, T* out, int64_t* indices) {
  constexpr int kLanes = Vec<T>::kWidth;
  using Lane = IndexLane<T>;
  const int64_t width = g.size[2], columns = g.out[2];
  for (int64_t i = 0; i < g.out[1]; ++i) {
    const T* const top = in.data + 2 * i * in.strides[1];
    const T* const bottom = top + in.strides[1];
    T* const y = out + i * columns;
    int64_t* const at = indices + i * columns;
    int64_t j = 0;
    for (; kLanes > 1 && j + kLanes <= columns; j += kLanes) {
      const EvenOdd<T> a = load_even_odd(top + 2 * j), b = load_even_odd(bottom + 2 * j);
      RunningMax<T> best{a.even, Vec<Lane>::zero()};
      best.offer(a.odd, 1);
      best.offer(b.even, static_cast<Lane>(width));
      best.offer(b.odd, static_cast<Lane>(width + 1));
      best.value.store(y + j);
      alignas(64) Lane places[kLanes];
      best.place.store(places);
      for (int l = 0; l < kLanes; ++l) at[j + l] = 2 * i * width + 2 * (j + l) + places[l];
    }
    for (; j < columns; ++j)
      max_window(g, in, g.windows[0][0], g.windows[1][i], g.windows[2][j], y[j], at[j]);
  }
}

template <class T>
void max_pool(const PoolGeometry& g, const PoolView<T>& in, T* out, int64_t* indices) {
  // The lanes carry offsets of up to a row of the input.
  if (in.strides[2] == 1 && g.two_by_two && g.size[2] < (int64_t{1} << 30))
    max_two_by_two(g, in, out, indices);
  else
    max_windows(g, in, out, indices);
}

}  // namespace

#include "kernels/pool/average.inl"

namespace {

template <class T>
constexpr PoolTable<T> make_pool_table() {
  return {max_pool<T>, average_pool<T>, average_pool_backward<T>};
}

}  // namespace

const PoolTables& pool_tables() {
  static constexpr PoolTables tables{make_pool_table<float>(), make_pool_table<double>()};
  return tables;
}

#include "kernels/pool/window_max.inl"

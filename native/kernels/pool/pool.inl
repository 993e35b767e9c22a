// The one text of pooling. Windows of 2 x 2 with stride 2 over contiguous rows go by vectors; all others
// window by window, the mean of long contiguous rows by vectors. Limit: reading the input once.

#include "kernels/conv/deinterleave.inl"
#include "simd/stream.inl"

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

template <class T>
LANEGRAD_INLINE T sum_row(const T* row, int64_t step, int64_t n) {
  constexpr int kLanes = Vec<T>::kWidth;
  T sum = 0;
  int64_t i = 0;
  if (step == 1 && kLanes > 1 && n >= 2 * kLanes) {
    Vec<T> lanes = Vec<T>::load(row);
    for (i = kLanes; i + kLanes <= n; i += kLanes) lanes += Vec<T>::load(row + i);
    sum = reduce_add(lanes);
  }
  for (; i < n; ++i) sum += row[i * step];
  return sum;
}

// What the sum over a window is divided by.
template <class T>
LANEGRAD_INLINE T divisor_of(const PoolGeometry& g, const PoolWindow& z, const PoolWindow& y,
                             const PoolWindow& x) {
  return static_cast<T>(g.divisor != 0 ? g.divisor : z.extent * y.extent * x.extent);
}

template <class T>
T average_window(const PoolGeometry& g, const PoolView<T>& in, const PoolWindow& z, const PoolWindow& y,
                 const PoolWindow& x) {
  if (z.begin >= z.end || y.begin >= y.end || x.begin >= x.end) return T{0};
  T sum = 0;
  for (int64_t q = z.begin; q < z.end; ++q) {
    for (int64_t r = y.begin; r < y.end; ++r) {
      const T* const row = in.data + q * in.strides[0] + r * in.strides[1] + x.begin * in.strides[2];
      sum += sum_row(row, in.strides[2], x.end - x.begin);
    }
  }
  return sum / divisor_of<T>(g, z, y, x);
}

template <class T>
void average_pool(const PoolGeometry& g, const PoolView<T>& in, T* out) {
  constexpr int kLanes = Vec<T>::kWidth;
  const bool by_vectors = kLanes > 1 && in.strides[2] == 1 && g.two_by_two && (g.divisor & ~int64_t{4}) == 0;
  for (int64_t k = 0; k < g.out[0]; ++k) {
    for (int64_t i = 0; i < g.out[1]; ++i, out += g.out[2]) {
      int64_t j = 0;
      for (; by_vectors && j + kLanes <= g.out[2]; j += kLanes) {
        const T* const top = in.data + 2 * i * in.strides[1] + 2 * j;
        const EvenOdd<T> a = load_even_odd(top), b = load_even_odd(top + in.strides[1]);
        (((a.even + a.odd) + b.even + b.odd) * Vec<T>::broadcast(T(0.25))).store(out + j);
      }
      for (; j < g.out[2]; ++j)
        out[j] = average_window(g, in, g.windows[0][k], g.windows[1][i], g.windows[2][j]);
    }
  }
}

template <class T>
void spread(const PoolGeometry& g, const PoolWindow& z, const PoolWindow& y, const PoolWindow& x, T grad,
            T* out) {
  if (z.begin >= z.end || y.begin >= y.end || x.begin >= x.end) return;
  const T share = grad / divisor_of<T>(g, z, y, x);
  for (int64_t q = z.begin; q < z.end; ++q) {
    for (int64_t r = y.begin; r < y.end; ++r) {
      T* const row = out + (q * g.size[1] + r) * g.size[2];
      for (int64_t s = x.begin; s < x.end; ++s) row[s] += share;
    }
  }
}

template <class T>
void average_pool_backward(const PoolGeometry& g, const PoolView<T>& grad, T* out) {
  for (int64_t p = 0; p < g.volume(); ++p) out[p] = 0;
  for (int64_t k = 0; k < g.out[0]; ++k) {
    for (int64_t i = 0; i < g.out[1]; ++i) {
      const T* const row = grad.data + k * grad.strides[0] + i * grad.strides[1];
      for (int64_t j = 0; j < g.out[2]; ++j)
        spread(g, g.windows[0][k], g.windows[1][i], g.windows[2][j], row[j * grad.strides[2]], out);
    }
  }
}

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

// The one text of pooling. Windows of 2 x 2 with stride 2 over contiguous rows go by vectors; all others by
// elements.

#include "kernels/conv/deinterleave.inl"

namespace {

// An integer as wide as T, for lanes that carry an index.
template <class T>
using IndexLane = std::conditional_t<sizeof(T) == 4, int32_t, int64_t>;

// The part of a window that lies inside the input, in one direction.
struct Window {
  int64_t begin, end;
};
inline Window window(const PoolGeometry& g, int d, int64_t i) {
  int64_t begin = i * g.stride[d] - g.padding[d];
  const int64_t past = begin + (g.kernel[d] - 1) * g.dilation[d] + 1;
  if (begin < 0) begin += (-begin + g.dilation[d] - 1) / g.dilation[d] * g.dilation[d];
  return {begin, past < g.size[d] ? past : g.size[d]};
}

inline bool is_two_by_two(const PoolGeometry& g) {
  for (int d = 0; d < 2; ++d) {
    if (g.kernel[d] != 2 || g.stride[d] != 2 || g.padding[d] != 0 || g.dilation[d] != 1) return false;
    if (2 * g.out[d] > g.size[d]) return false;
  }
  return true;
}

// As PyTorch scans: row by row, a later element wins only if it is greater, or NaN.
template <class T>
void max_element(const PoolGeometry& g, PlaneView<T> in, int64_t i, int64_t j, T& out, int64_t& index) {
  const Window y = window(g, 0, i), x = window(g, 1, j);
  T best = -std::numeric_limits<T>::infinity();
  int64_t at = y.begin * g.size[1] + x.begin;
  for (int64_t r = y.begin; r < y.end; r += g.dilation[0]) {
    for (int64_t s = x.begin; s < x.end; s += g.dilation[1]) {
      const T value = in.data[r * in.row + s * in.column];
      if (value > best || value != value) {
        best = value;
        at = r * g.size[1] + s;
      }
    }
  }
  out = best;
  index = at;
}

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
void max_two_by_two(const PoolGeometry& g, PlaneView<T> in, T* out, int64_t* indices) {
  constexpr int kLanes = Vec<T>::kWidth;
  using Lane = IndexLane<T>;
  for (int64_t i = 0; i < g.out[0]; ++i) {
    const T* const top = in.data + 2 * i * in.row;
    const T* const bottom = top + in.row;
    T* const y = out + i * g.out[1];
    int64_t* const at = indices + i * g.out[1];
    int64_t j = 0;
    for (; kLanes > 1 && j + kLanes <= g.out[1]; j += kLanes) {
      const EvenOdd<T> a = load_even_odd(top + 2 * j), b = load_even_odd(bottom + 2 * j);
      RunningMax<T> best{a.even, Vec<Lane>::zero()};
      best.offer(a.odd, 1);
      best.offer(b.even, static_cast<Lane>(g.size[1]));
      best.offer(b.odd, static_cast<Lane>(g.size[1] + 1));
      best.value.store(y + j);
      alignas(64) Lane places[kLanes];
      best.place.store(places);
      for (int l = 0; l < kLanes; ++l) at[j + l] = 2 * i * g.size[1] + 2 * (j + l) + places[l];
    }
    for (; j < g.out[1]; ++j) max_element(g, in, i, j, y[j], at[j]);
  }
}

template <class T>
void max_pool(const PoolGeometry& g, PlaneView<T> in, T* out, int64_t* indices) {
  // The lanes carry offsets of up to a row of the input.
  if (in.column == 1 && is_two_by_two(g) && g.size[1] < (int64_t{1} << 30)) {
    return max_two_by_two(g, in, out, indices);
  }
  for (int64_t i = 0; i < g.out[0]; ++i) {
    for (int64_t j = 0; j < g.out[1]; ++j) {
      max_element(g, in, i, j, out[i * g.out[1] + j], indices[i * g.out[1] + j]);
    }
  }
}

// The number a window's sum is divided by: its elements within the padded input, or within the input alone.
inline int64_t divisor(const PoolGeometry& g, int64_t i, int64_t j, const Window& y, const Window& x) {
  if (!g.count_include_pad) return (y.end - y.begin) * (x.end - x.begin);
  const auto extent = [&](int d, int64_t at) {
    const int64_t begin = at * g.stride[d] - g.padding[d], limit = g.size[d] + g.padding[d];
    const int64_t end = begin + g.kernel[d] < limit ? begin + g.kernel[d] : limit;
    return end - begin;
  };
  return extent(0, i) * extent(1, j);
}

template <class T>
T average_element(const PoolGeometry& g, PlaneView<T> in, int64_t i, int64_t j) {
  const Window y = window(g, 0, i), x = window(g, 1, j);
  T sum = 0;
  for (int64_t r = y.begin; r < y.end; ++r) {
    for (int64_t s = x.begin; s < x.end; ++s) sum += in.data[r * in.row + s * in.column];
  }
  return y.begin < y.end && x.begin < x.end ? sum / static_cast<T>(divisor(g, i, j, y, x)) : T{0};
}

template <class T>
void average_pool(const PoolGeometry& g, PlaneView<T> in, T* out) {
  constexpr int kLanes = Vec<T>::kWidth;
  const bool by_vectors = kLanes > 1 && in.column == 1 && is_two_by_two(g);
  for (int64_t i = 0; i < g.out[0]; ++i) {
    T* const y = out + i * g.out[1];
    int64_t j = 0;
    for (; by_vectors && j + kLanes <= g.out[1]; j += kLanes) {
      const EvenOdd<T> a = load_even_odd(in.data + 2 * i * in.row + 2 * j);
      const EvenOdd<T> b = load_even_odd(in.data + (2 * i + 1) * in.row + 2 * j);
      (((a.even + a.odd) + b.even + b.odd) * Vec<T>::broadcast(T(0.25))).store(y + j);
    }
    for (; j < g.out[1]; ++j) y[j] = average_element(g, in, i, j);
  }
}

template <class T>
void average_pool_backward(const PoolGeometry& g, PlaneView<T> grad, T* out) {
  for (int64_t p = 0; p < g.size[0] * g.size[1]; ++p) out[p] = 0;
  for (int64_t i = 0; i < g.out[0]; ++i) {
    for (int64_t j = 0; j < g.out[1]; ++j) {
      const Window y = window(g, 0, i), x = window(g, 1, j);
      if (y.begin >= y.end || x.begin >= x.end) continue;
      const T share = grad.data[i * grad.row + j * grad.column] / static_cast<T>(divisor(g, i, j, y, x));
      for (int64_t r = y.begin; r < y.end; ++r) {
        for (int64_t s = x.begin; s < x.end; ++s) out[r * g.size[1] + s] += share;
      }
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

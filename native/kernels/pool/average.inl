// Means over windows, and their transpose. A row of windows first adds up its rows of the input, column by
// column, into a buffer in L1; then each window adds its columns of that. The transpose goes the other way:
// a row of shares is spread over a row of columns, which is added to each row of the windows. So an element
// costs as many vector operations as its window has rows, and then as many as it has columns over a row.
// Windows of 2 x 2 with stride 2 stay in registers. Limit: memory.

namespace {

// Columns of the input that are worked on at once.
constexpr int64_t kColumnSpan = 1024;
// Windows of stride one up to this width spread by vectors.
constexpr int64_t kWidestSpread = 64;

// What the sum over a window is divided by.
template <class T>
LANEGRAD_INLINE T divisor_of(const PoolGeometry& g, const PoolWindow& z, const PoolWindow& y,
                             const PoolWindow& x) {
  return static_cast<T>(g.divisor != 0 ? g.divisor : z.extent * y.extent * x.extent);
}

LANEGRAD_INLINE bool is_empty(const PoolWindow& w) { return w.begin >= w.end; }

template <class T>
LANEGRAD_INLINE bool averages_by_four(const PoolGeometry& g) {
  return Vec<T>::kWidth > 1 && g.two_by_two && (g.divisor & ~int64_t{4}) == 0;
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

// One window by itself: of one that is wider than the buffer.
template <class T>
T average_window(const PoolGeometry& g, const PoolView<T>& in, const PoolWindow& z, const PoolWindow& y,
                 const PoolWindow& x) {
  if (is_empty(x)) return T{0};
  T sum = 0;
  for (int64_t q = z.begin; q < z.end; ++q) {
    for (int64_t r = y.begin; r < y.end; ++r) {
      const T* const row = in.data + q * in.strides[0] + r * in.strides[1] + x.begin * in.strides[2];
      sum += sum_row(row, in.strides[2], x.end - x.begin);
    }
  }
  return sum / divisor_of<T>(g, z, y, x);
}

// sums[i] = the sum of column first + i over the rows of windows, i < n.
template <class T>
void sum_columns(const PoolView<T>& in, const PoolWindow& z, const PoolWindow& y, int64_t first, int64_t n,
                 T* sums) {
  const int64_t step = in.strides[2];
  const T* const corner = in.data + z.begin * in.strides[0] + y.begin * in.strides[1] + first * step;
  if (step == 1) {
    for_vectors<T>(n, [&](int64_t i, auto lanes) {
      Vec<T> sum = Vec<T>::zero();
      for (int64_t q = 0; q < z.end - z.begin; ++q) {
        const T* row = corner + q * in.strides[0] + i;
        for (int64_t r = y.begin; r < y.end; ++r, row += in.strides[1]) sum += load_lanes(row, lanes);
      }
      store_lanes(sum, sums + i, lanes);
    });
    return;
  }
  std::fill_n(sums, n, T{0});
  for (int64_t q = 0; q < z.end - z.begin; ++q) {
    const T* row = corner + q * in.strides[0];
    for (int64_t r = y.begin; r < y.end; ++r, row += in.strides[1]) {
      for (int64_t i = 0; i < n; ++i) sums[i] += row[i * step];
    }
  }
}

// The means of the windows [from, to) of a row, all of the same width and divided by the same, of the sums of
// columns from that of window `from` on. The buffer has 2 * lanes more elements than columns.
template <int kStride, class T>
LANEGRAD_INLINE void average_full(const T* sums, int64_t width, int64_t n, T divisor, T* out) {
  constexpr int kLanes = Vec<T>::kWidth;
  for (int64_t j = 0; j < n; j += kLanes) {
    Vec<T> sum = Vec<T>::zero();
    const T* const at = sums + j * kStride;
    if constexpr (kStride == 1) {
      for (int64_t s = 0; s < width; ++s) sum += Vec<T>::load(at + s);
    } else {
      for (int64_t s = 0; s < width; s += 2) {
        const EvenOdd<T> e = load_even_odd(at + s);
        sum += e.even;
        if (s + 1 < width) sum += e.odd;
      }
    }
    const Vec<T> mean = sum / Vec<T>::broadcast(divisor);
    if (n - j >= kLanes)
      mean.store(out + j);
    else
      mean.store_n(out + j, n - j);
  }
}

// The means of the windows [from, to) of a row; sums: of the columns from `first` on.
template <class T>
void average_columns(const PoolGeometry& g, const PoolWindow& z, const PoolWindow& y, const T* sums,
                     int64_t first, int64_t from, int64_t to, T* out) {
  const PoolWindow* const x = g.windows[2];
  const int64_t begin = std::clamp(g.full.begin, from, to), end = std::clamp(g.full.end, begin, to);
  const auto one_by_one = [&](int64_t j, int64_t past) {
    for (; j < past; ++j) {
      out[j] = is_empty(x[j]) ? T{0}
                              : sum_row(sums + (x[j].begin - first), 1, x[j].end - x[j].begin) /
                                    divisor_of<T>(g, z, y, x[j]);
    }
  };
  one_by_one(from, begin);
  if (begin < end) {
    const T* const at = sums + x[begin].begin - first;
    const T divisor = divisor_of<T>(g, z, y, x[begin]);
    const int64_t width = x[begin].end - x[begin].begin;
    if (g.full.stride == 1)
      average_full<1, T>(at, width, end - begin, divisor, out + begin);
    else if (g.full.stride == 2)
      average_full<2, T>(at, width, end - begin, divisor, out + begin);
    else
      one_by_one(begin, end);
  }
  one_by_one(end, to);
}

// sums: a buffer.
template <class T>
void average_row(const PoolGeometry& g, const PoolView<T>& in, const PoolWindow& z, const PoolWindow& y,
                 T* sums, T* out) {
  const PoolWindow* const x = g.windows[2];
  const int64_t columns = g.out[2];
  if (is_empty(z) || is_empty(y)) {
    std::fill_n(out, columns, T{0});
    return;
  }
  if (g.size[2] <= kColumnSpan) {
    sum_columns(in, z, y, 0, g.size[2], sums);
    return average_columns(g, z, y, sums, 0, 0, columns, out);
  }
  for (int64_t j = 0; j < columns;) {
    int64_t to = j;
    while (to < columns && x[to].end - x[j].begin <= kColumnSpan) ++to;
    if (to == j) {
      out[j] = average_window(g, in, z, y, x[j]);
      ++j;
    } else {
      sum_columns(in, z, y, x[j].begin, std::max<int64_t>(0, x[to - 1].end - x[j].begin), sums);
      average_columns(g, z, y, sums, x[j].begin, j, to, out);
      j = to;
    }
  }
}

// Vectors of neighbours that two rows have two by two; the last one overlaps the one before it.
template <class T>
void average_two_by_two(const PoolGeometry& g, const PoolView<T>& in, T* out) {
  constexpr int kLanes = Vec<T>::kWidth;
  const int64_t columns = g.out[2];
  const Vec<T> quarter = Vec<T>::broadcast(T(0.25));
  const auto mean = [&](EvenOdd<T> a, EvenOdd<T> b) { return ((a.even + a.odd) + b.even + b.odd) * quarter; };
  for (int64_t i = 0; i < g.out[1]; ++i, out += columns) {
    const T* const top = in.data + 2 * i * in.strides[1];
    const T* const bottom = top + in.strides[1];
    if (columns < kLanes) {
      mean(load_even_odd_n(top, 2 * columns), load_even_odd_n(bottom, 2 * columns)).store_n(out, columns);
      continue;
    }
    for (int64_t at = 0; at < columns; at += kLanes) {
      const int64_t j = std::min(at, columns - kLanes);
      mean(load_even_odd(top + 2 * j), load_even_odd(bottom + 2 * j)).store(out + j);
    }
  }
}

template <class T>
void average_pool(const PoolGeometry& g, const PoolView<T>& in, T* out) {
  if (averages_by_four<T>(g) && in.strides[2] == 1) return average_two_by_two(g, in, out);
  alignas(64) T sums[kColumnSpan + 2 * Vec<T>::kWidth] = {};
  for (int64_t k = 0; k < g.out[0]; ++k) {
    for (int64_t i = 0; i < g.out[1]; ++i, out += g.out[2])
      average_row(g, in, g.windows[0][k], g.windows[1][i], sums, out);
  }
}

// ---- the transpose

// shares[j - from] = grad[j] over what window j divides by, j in [from, to); 0 of windows outside the input.
template <class T>
void share_out(const PoolGeometry& g, const PoolWindow& z, const PoolWindow& y, const T* grad, int64_t step,
               int64_t from, int64_t to, T* shares) {
  const PoolWindow* const x = g.windows[2];
  const int64_t begin = std::clamp(g.full.begin, from, to), end = std::clamp(g.full.end, begin, to);
  const auto one_by_one = [&](int64_t j, int64_t past) {
    for (; j < past; ++j)
      shares[j - from] = is_empty(x[j]) ? T{0} : grad[j * step] / divisor_of<T>(g, z, y, x[j]);
  };
  one_by_one(from, begin);
  if (step == 1 && begin < end) {
    const Vec<T> divisor = Vec<T>::broadcast(divisor_of<T>(g, z, y, x[begin]));
    for_vectors<T>(end - begin, [&](int64_t j, auto lanes) {
      store_lanes(load_lanes(grad + begin + j, lanes) / divisor, shares + begin - from + j, lanes);
    });
  } else {
    one_by_one(begin, end);
  }
  one_by_one(end, to);
}

// What the windows of a row give to the columns [first, first + n); `seen`: windows that end before them.
// shares: a buffer of kColumnSpan + 2 * kWidestSpread elements.
template <class T>
void spread_row(const PoolGeometry& g, const PoolWindow& z, const PoolWindow& y, const T* grad, int64_t step,
                int64_t first, int64_t n, int64_t& seen, T* shares, T* columns) {
  const PoolWindow* const x = g.windows[2];
  const int64_t past = first + n, width = g.full.width;
  while (seen < g.out[2] && x[seen].end <= first) ++seen;
  if (g.full.stride == 1 && width <= kWidestSpread) {
    // Column i has the windows from i + padding - (width - 1) to i + padding.
    const int64_t from = first + g.full.padding - (width - 1), to = past + g.full.padding;
    const int64_t begin = std::clamp<int64_t>(from, 0, g.out[2]), end = std::clamp(to, begin, g.out[2]);
    std::fill_n(shares, begin - from, T{0});
    share_out(g, z, y, grad, step, begin, end, shares + (begin - from));
    std::fill_n(shares + (end - from), to - end, T{0});
    for_vectors<T>(n, [&](int64_t i, auto lanes) {
      Vec<T> sum = Vec<T>::zero();
      for (int64_t s = 0; s < width; ++s) sum += load_lanes(shares + i + s, lanes);
      store_lanes(sum, columns + i, lanes);
    });
    return;
  }
  std::fill_n(columns, n, T{0});
  for (int64_t j = seen; j < g.out[2] && x[j].begin < past; j += kColumnSpan) {
    const int64_t to = std::min(j + kColumnSpan, g.out[2]);
    share_out(g, z, y, grad, step, j, to, shares);
    for (int64_t k = j; k < to; ++k) {
      const int64_t end = std::min(x[k].end, past);
      for (int64_t s = std::max(x[k].begin, first); s < end; ++s) columns[s - first] += shares[k - j];
    }
  }
}

// Writes or adds columns to a row.
template <class T>
LANEGRAD_INLINE void put_row(const T* columns, int64_t n, bool fresh, T* row) {
  for_vectors<T>(n, [&](int64_t i, auto lanes) {
    const Vec<T> v = load_lanes(columns + i, lanes);
    store_lanes(fresh ? v : load_lanes<T>(row + i, lanes) + v, row + i, lanes);
  });
}

template <class T>
void spread_two_by_two(const PoolGeometry& g, const PoolView<T>& grad, T* out) {
  constexpr int kLanes = Vec<T>::kWidth;
  const int64_t columns = g.out[2], width = g.size[2];
  const Vec<T> quarter = Vec<T>::broadcast(T(0.25));
  for (int64_t i = 0; i < g.out[1]; ++i, out += 2 * width) {
    const T* const row = grad.data + i * grad.strides[1];
    const auto put = [&](Vec<T> share, int64_t j, int64_t n) {
      const EvenOdd<T> two = interleave(share, share);
      for (T* const to : {out + 2 * j, out + width + 2 * j}) {
        if (n == kLanes) {
          two.even.store(to);
          two.odd.store(to + kLanes);
        } else {
          two.even.store_n(to, std::min<int64_t>(2 * n, kLanes));
          if (2 * n > kLanes) two.odd.store_n(to + kLanes, 2 * n - kLanes);
        }
      }
    };
    if (columns < kLanes) {
      put(Vec<T>::load_n(row, columns) * quarter, 0, columns);
      continue;
    }
    for (int64_t at = 0; at < columns; at += kLanes) {
      const int64_t j = std::min(at, columns - kLanes);
      put(Vec<T>::load(row + j) * quarter, j, kLanes);
    }
  }
}

// Rows below `done` of a slice have been written: they are added to. Those that no window has are zero.
template <class T>
void average_pool_backward(const PoolGeometry& g, const PoolView<T>& grad, T* out) {
  const int64_t height = g.size[1], width = g.size[2], area = height * width;
  if (averages_by_four<T>(g) && grad.strides[2] == 1 && 2 * g.out[1] == height && 2 * g.out[2] == width)
    return spread_two_by_two(g, grad, out);
  alignas(64) T shares[kColumnSpan + 2 * kWidestSpread], columns[kColumnSpan];
  for (int64_t first = 0, seen = 0; first < width; first += kColumnSpan) {
    const int64_t n = std::min(kColumnSpan, width - first);
    const auto clear = [&](int64_t q, int64_t from, int64_t to) {
      for (int64_t r = from; r < to; ++r) std::fill_n(out + q * area + r * width + first, n, T{0});
    };
    int64_t slices = 0;
    for (int64_t k = 0; k < g.out[0]; ++k) {
      const PoolWindow& z = g.windows[0][k];
      for (; slices < z.begin && slices < g.size[0]; ++slices) clear(slices, 0, height);
      int64_t done = 0;
      const auto clear_to = [&](int64_t row) {
        for (int64_t q = std::max(slices, z.begin); q < z.end; ++q) clear(q, done, row);
        done = std::max(done, row);
      };
      for (int64_t i = 0; i < g.out[1]; ++i) {
        const PoolWindow& y = g.windows[1][i];
        if (is_empty(y) || is_empty(z)) continue;
        clear_to(y.begin);
        const T* const row = grad.data + k * grad.strides[0] + i * grad.strides[1];
        spread_row(g, z, y, row, grad.strides[2], first, n, seen, shares, columns);
        for (int64_t q = z.begin; q < z.end; ++q) {
          for (int64_t r = y.begin; r < y.end; ++r)
            put_row(columns, n, q >= slices && r >= done, out + q * area + r * width + first);
        }
        done = std::max(done, y.end);
      }
      clear_to(height);
      slices = std::max(slices, z.end);
    }
    for (; slices < g.size[0]; ++slices) clear(slices, 0, height);
  }
}

}  // namespace

// Maxima of windows of one size, with the place in the window that each came from: a byte, where an index
// into the plane would be as much memory again as the input of a 2 x 2 pool. As PyTorch scans: row by row, a
// later element wins only if it is greater, or NaN. Lanes are neighbouring windows of a row, or channels
// where these lie side by side. Limit: memory.

namespace {

// What of a window lies inside the input, in one direction.
struct WindowPart {
  int64_t at;  // of element 0
  int64_t begin, end;
};

LANEGRAD_INLINE WindowPart window_part(const MaxWindows& m, int d, int64_t out) {
  const int64_t at = out * m.stride[d] - m.padding[d], step = m.dilation[d];
  return {at, at < 0 ? (-at + step - 1) / step : 0,
          std::min(m.kernel[d], (m.size[d] - at + step - 1) / step)};
}

template <class T>
LANEGRAD_INLINE Vec<T> lowest() {
  return Vec<T>::broadcast(-std::numeric_limits<T>::infinity());
}

template <class T>
LANEGRAD_INLINE void store_places(Vec<IndexLane<T>> place, uint8_t* to, int64_t n) {
  constexpr int kLanes = Vec<T>::kWidth;
  alignas(64) IndexLane<T> lanes[kLanes];
  place.store(lanes);
  if (n == kLanes) {
    for (int l = 0; l < kLanes; ++l) to[l] = static_cast<uint8_t>(lanes[l]);
  } else {
    for (int64_t l = 0; l < n; ++l) to[l] = static_cast<uint8_t>(lanes[l]);
  }
}

template <class T>
LANEGRAD_INLINE void one_window(const MaxWindows& m, const PoolView<T>& in, const WindowPart& z,
                                const WindowPart& y, const WindowPart& x, T* out, uint8_t* place) {
  T best = -std::numeric_limits<T>::infinity();
  int64_t at = (z.begin * m.kernel[1] + y.begin) * m.kernel[2] + x.begin;
  for (int64_t q = z.begin; q < z.end; ++q) {
    for (int64_t r = y.begin; r < y.end; ++r) {
      const T* const row =
          in.data + (z.at + q * m.dilation[0]) * in.strides[0] + (y.at + r * m.dilation[1]) * in.strides[1];
      for (int64_t s = x.begin; s < x.end; ++s) {
        const T value = row[(x.at + s * m.dilation[2]) * in.strides[2]];
        if (value > best || value != value) {
          best = value;
          at = (q * m.kernel[1] + r) * m.kernel[2] + s;
        }
      }
    }
  }
  *out = best;
  *place = static_cast<uint8_t>(at);
}

// n <= lanes windows of a row, all of them inside in this direction. kStride: 1, or 2 with neighbours side by
// side, which come two by two.
template <int kStride, class T>
LANEGRAD_INLINE void window_lanes(const MaxWindows& m, const PoolView<T>& in, const WindowPart& z,
                                  const WindowPart& y, int64_t x, int64_t n, T* out, uint8_t* place) {
  using Lane = IndexLane<T>;
  constexpr int kLanes = Vec<T>::kWidth;
  const int64_t width = m.kernel[2];
  const int64_t first = (z.begin * m.kernel[1] + y.begin) * width;
  RunningMax<T> best{lowest<T>(), Vec<Lane>::broadcast(static_cast<Lane>(first))};
  for (int64_t q = z.begin; q < z.end; ++q) {
    for (int64_t r = y.begin; r < y.end; ++r) {
      const T* const row = in.data + (z.at + q * m.dilation[0]) * in.strides[0] +
                           (y.at + r * m.dilation[1]) * in.strides[1] + x;
      const Lane at = static_cast<Lane>((q * m.kernel[1] + r) * width);
      if constexpr (kStride == 1) {
        for (int64_t s = 0; s < width; ++s)
          best.offer(Vec<T>::load_n(row + s * m.dilation[2], n), at + static_cast<Lane>(s));
      } else {
        for (int64_t s = 0; s < width; s += 2) {
          const bool pair = s + 1 < width;
          const int64_t count = pair ? 2 * n : 2 * n - 1;
          const EvenOdd<T> e = count == 2 * kLanes ? load_even_odd(row + s) : load_even_odd_n(row + s, count);
          best.offer(e.even, at + static_cast<Lane>(s));
          if (pair) best.offer(e.odd, at + static_cast<Lane>(s + 1));
        }
      }
    }
  }
  if (n == kLanes)
    best.value.store(out);
  else
    best.value.store_n(out, n);
  store_places<T>(best.place, place, n);
}

// Windows of 2 x 2 with stride 2 inside a plane of contiguous rows.
LANEGRAD_INLINE bool are_two_by_two(const MaxWindows& m) {
  bool two = m.size[0] == 1 && m.kernel[0] == 1 && m.padding[0] == 0;
  for (int d = 1; d < kPoolDims; ++d) {
    two = two && m.kernel[d] == 2 && m.stride[d] == 2 && m.padding[d] == 0 && m.dilation[d] == 1 &&
          2 * m.out[d] <= m.size[d];
  }
  return two;
}

// The last vector overlaps the one before it: cheaper than part of a vector.
template <class T>
void window_max_two_by_two(const MaxWindows& m, const PoolView<T>& in, T* out, uint8_t* place) {
  using Lane = IndexLane<T>;
  constexpr int kLanes = Vec<T>::kWidth;
  const int64_t columns = m.out[2];
  const auto best_of = [](EvenOdd<T> a, EvenOdd<T> b) {
    RunningMax<T> best{a.even, Vec<Lane>::zero()};
    best.offer(a.odd, 1);
    best.offer(b.even, 2);
    best.offer(b.odd, 3);
    return best;
  };
  for (int64_t i = 0; i < m.out[1]; ++i, out += columns, place += columns) {
    const T* const top = in.data + 2 * i * in.strides[1];
    const T* const bottom = top + in.strides[1];
    if (columns < kLanes) {
      const RunningMax<T> best =
          best_of(load_even_odd_n(top, 2 * columns), load_even_odd_n(bottom, 2 * columns));
      best.value.store_n(out, columns);
      store_places<T>(best.place, place, columns);
      continue;
    }
    for (int64_t at = 0; at < columns; at += kLanes) {
      const int64_t j = std::min(at, columns - kLanes);
      const RunningMax<T> best = best_of(load_even_odd(top + 2 * j), load_even_odd(bottom + 2 * j));
      best.value.store(out + j);
      store_places<T>(best.place, place + j, kLanes);
    }
  }
}

template <class T>
void window_max_plane(const MaxWindows& m, const PoolView<T>& in, T* out, uint8_t* place) {
  constexpr int kLanes = Vec<T>::kWidth;
  if (kLanes > 1 && in.strides[2] == 1 && are_two_by_two(m)) return window_max_two_by_two(m, in, out, place);
  const int64_t stride = m.stride[2], columns = m.out[2];
  const bool by_vectors =
      kLanes > 1 && in.strides[2] == 1 && (stride == 1 || (stride == 2 && m.dilation[2] == 1));
  // The windows that lie inside.
  const int64_t reach = m.size[2] - 1 + m.padding[2] - (m.kernel[2] - 1) * m.dilation[2];
  const int64_t begin = std::min(columns, (m.padding[2] + stride - 1) / stride);
  const int64_t end = !by_vectors || reach < 0 ? begin : std::clamp(reach / stride + 1, begin, columns);
  for (int64_t k = 0; k < m.out[0]; ++k) {
    const WindowPart z = window_part(m, 0, k);
    for (int64_t i = 0; i < m.out[1]; ++i, out += columns, place += columns) {
      const WindowPart y = window_part(m, 1, i);
      const auto one = [&](int64_t j) { one_window(m, in, z, y, window_part(m, 2, j), out + j, place + j); };
      for (int64_t j = 0; j < begin; ++j) one(j);
      for (int64_t at = begin; at < end; at += kLanes) {
        // The last vector overlaps the one before it: cheaper than part of a vector.
        const int64_t j = end - begin >= kLanes ? std::min(at, end - kLanes) : at;
        const int64_t n = std::min<int64_t>(kLanes, end - j), x = j * stride - m.padding[2];
        if (stride == 1)
          window_lanes<1, T>(m, in, z, y, x, n, out + j, place + j);
        else
          window_lanes<2, T>(m, in, z, y, x, n, out + j, place + j);
      }
      for (int64_t j = end; j < columns; ++j) one(j);
    }
  }
}

// kBlock vectors of channels at a time: their maxima do not wait for each other.
template <int kBlock, class T>
LANEGRAD_INLINE void window_channels(const MaxWindows& m, const T* in, int64_t channels, const WindowPart& z,
                                     const WindowPart& y, const WindowPart& x, int64_t n, bool past, T* out,
                                     uint8_t* place) {
  using Lane = IndexLane<T>;
  constexpr int kLanes = Vec<T>::kWidth;
  const int64_t first = (z.begin * m.kernel[1] + y.begin) * m.kernel[2] + x.begin;
  RunningMax<T> best[kBlock];
  for (int b = 0; b < kBlock; ++b) best[b] = {lowest<T>(), Vec<Lane>::broadcast(static_cast<Lane>(first))};
  for (int64_t q = z.begin; q < z.end; ++q) {
    for (int64_t r = y.begin; r < y.end; ++r) {
      const int64_t row = ((z.at + q * m.dilation[0]) * m.size[1] + y.at + r * m.dilation[1]) * m.size[2];
      for (int64_t s = x.begin; s < x.end; ++s) {
        const T* const pixel = in + (row + x.at + s * m.dilation[2]) * channels;
        const Lane at = static_cast<Lane>((q * m.kernel[1] + r) * m.kernel[2] + s);
        for (int b = 0; b < kBlock; ++b)
          best[b].offer(kBlock > 1 ? Vec<T>::load(pixel + b * kLanes) : Vec<T>::load_n(pixel, n), at);
      }
    }
  }
  for (int b = 0; b < kBlock; ++b) {
    if (kBlock > 1 || n == kLanes)
      store_or_stream(best[b].value, out + b * kLanes, past);
    else
      best[b].value.store_n(out, n);
    store_places<T>(best[b].place, place + b * kLanes, kBlock > 1 ? kLanes : n);
  }
}

template <class T>
void window_max_channels(const MaxWindows& m, const T* in, int64_t channels, int64_t row, bool past, T* out,
                         uint8_t* place) {
  constexpr int kLanes = Vec<T>::kWidth;
  const WindowPart z = window_part(m, 0, row / m.out[1]), y = window_part(m, 1, row % m.out[1]);
  for (int64_t j = 0; j < m.out[2]; ++j, out += channels, place += channels) {
    const WindowPart x = window_part(m, 2, j);
    int64_t c = 0;
    for (; c + 4 * kLanes <= channels; c += 4 * kLanes)
      window_channels<4, T>(m, in + c, channels, z, y, x, kLanes, past, out + c, place + c);
    for (; c < channels; c += kLanes)
      window_channels<1, T>(m, in + c, channels, z, y, x, std::min<int64_t>(kLanes, channels - c), past,
                            out + c, place + c);
  }
}

// ---- gradients: each element goes back to where it came from

// Windows that do not meet; then each place of the input is written once.
LANEGRAD_INLINE bool are_apart(const MaxWindows& m) {
  bool apart = true;
  for (int d = 0; d < kPoolDims; ++d) apart = apart && m.stride[d] > (m.kernel[d] - 1) * m.dilation[d];
  return apart;
}
// Windows that cover the input without meeting.
LANEGRAD_INLINE bool are_tiles(const MaxWindows& m) {
  bool tiles = true;
  for (int d = 0; d < kPoolDims; ++d)
    tiles = tiles && m.padding[d] == 0 && m.kernel[d] == m.stride[d] && m.out[d] * m.stride[d] == m.size[d] &&
            (m.dilation[d] == 1 || m.kernel[d] == 1);
  return tiles;
}

template <class T>
LANEGRAD_INLINE Vec<IndexLane<T>> load_places(const uint8_t* place, int64_t n) {
  constexpr int kLanes = Vec<T>::kWidth;
  alignas(64) IndexLane<T> lanes[kLanes] = {};
  if (n == kLanes) {
    for (int l = 0; l < kLanes; ++l) lanes[l] = place[l];
  } else {
    for (int64_t l = 0; l < n; ++l) lanes[l] = place[l];
  }
  return Vec<IndexLane<T>>::load(lanes);
}

template <class T>
LANEGRAD_INLINE void store_pairs(Vec<T> a, Vec<T> b, T* p) {
  const EvenOdd<T> pairs = interleave(a, b);
  pairs.even.store(p);
  pairs.odd.store(p + Vec<T>::kWidth);
}

// Each gradient becomes two neighbours in two rows.
template <class T>
void two_by_two_backward(const MaxWindows& m, const T* grad, const uint8_t* place, T* dx) {
  using Lane = IndexLane<T>;
  constexpr int kLanes = Vec<T>::kWidth;
  const int64_t columns = m.out[2];
  for (int64_t i = 0; i < m.out[1]; ++i, grad += columns, place += columns, dx += 4 * columns) {
    const int64_t whole = columns >= kLanes ? columns : 0;
    for (int64_t at = 0; at < whole; at += kLanes) {
      const int64_t j = std::min<int64_t>(at, columns - kLanes);
      const Vec<T> g = Vec<T>::load(grad + j);
      const auto from = load_places<T>(place + j, kLanes);
      const auto share = [&](Lane k) { return select(eq(from, Vec<Lane>::broadcast(k)), g, Vec<T>::zero()); };
      store_pairs(share(0), share(1), dx + 2 * j);
      store_pairs(share(2), share(3), dx + 2 * (columns + j));
    }
    for (int64_t j = whole; j < columns; ++j) {
      for (int k = 0; k < 4; ++k) dx[2 * (j + k / 2 * columns) + k % 2] = place[j] == k ? grad[j] : T{0};
    }
  }
}

template <class T>
void window_max_plane_backward(const MaxWindows& m, const T* grad, const uint8_t* place, T* dx) {
  if (are_tiles(m) && m.size[0] == 1 && m.kernel[1] == 2 && m.kernel[2] == 2)
    return two_by_two_backward(m, grad, place, dx);
  const int64_t volume = m.size[0] * m.size[1] * m.size[2];
  int64_t offsets[256];
  for (int64_t p = 0; p < 256; ++p) {
    const int64_t s = p % m.kernel[2], r = p / m.kernel[2] % m.kernel[1], q = p / (m.kernel[2] * m.kernel[1]);
    offsets[p] = (q * m.dilation[0] * m.size[1] + r * m.dilation[1]) * m.size[2] + s * m.dilation[2];
  }
  std::fill_n(dx, volume, T{0});
  for (int64_t k = 0; k < m.out[0]; ++k) {
    for (int64_t i = 0; i < m.out[1]; ++i) {
      const int64_t row =
          ((k * m.stride[0] - m.padding[0]) * m.size[1] + i * m.stride[1] - m.padding[1]) * m.size[2];
      for (int64_t j = 0; j < m.out[2]; ++j) {
        const int64_t at = row + j * m.stride[2] - m.padding[2] + offsets[*place++];
        const T g = *grad++;
        if (at >= 0 && at < volume) dx[at] += g;
      }
    }
  }
}

template <class T>
void window_max_channels_backward(const MaxWindows& m, const T* grad, const uint8_t* place, int64_t channels,
                                  int64_t count, bool past, T* dx) {
  constexpr int kLanes = Vec<T>::kWidth;
  using Lane = IndexLane<T>;
  const bool apart = are_apart(m), stream_all = past && are_tiles(m) && count % kLanes == 0;
  if (!are_tiles(m)) {
    for (int64_t p = 0; p < m.size[0] * m.size[1] * m.size[2]; ++p)
      std::fill_n(dx + p * channels, count, T{0});
  }
  for (int64_t o = 0; o < m.out[0] * m.out[1] * m.out[2]; ++o, grad += channels, place += channels) {
    const WindowPart z = window_part(m, 0, o / (m.out[1] * m.out[2]));
    const WindowPart y = window_part(m, 1, o / m.out[2] % m.out[1]), x = window_part(m, 2, o % m.out[2]);
    for (int64_t c = 0; c < count; c += kLanes) {
      const int64_t n = std::min<int64_t>(kLanes, count - c);
      const auto from = load_places<T>(place + c, n);
      const Vec<T> g = Vec<T>::load_n(grad + c, n);
      for (int64_t q = z.begin; q < z.end; ++q) {
        for (int64_t r = y.begin; r < y.end; ++r) {
          const int64_t row = ((z.at + q * m.dilation[0]) * m.size[1] + y.at + r * m.dilation[1]) * m.size[2];
          for (int64_t s = x.begin; s < x.end; ++s) {
            T* const to = dx + (row + x.at + s * m.dilation[2]) * channels + c;
            const Lane at = static_cast<Lane>((q * m.kernel[1] + r) * m.kernel[2] + s);
            const Vec<T> share = select(eq(from, Vec<Lane>::broadcast(at)), g, Vec<T>::zero());
            if (stream_all)
              store_or_stream(share, to, true);
            else if (apart)
              share.store_n(to, n);
            else
              (Vec<T>::load_n(to, n) + share).store_n(to, n);
          }
        }
      }
    }
  }
}

template <class T>
constexpr WindowMaxTable<T> make_window_max_table() {
  return {window_max_plane<T>, window_max_channels<T>, window_max_plane_backward<T>,
          window_max_channels_backward<T>};
}

}  // namespace

const WindowMaxTables& window_max_tables() {
  static constexpr WindowMaxTables tables{make_window_max_table<float>(), make_window_max_table<double>()};
  return tables;
}

// The one text of the depthwise convolutions. Lanes run along a row. A window's kernel takes kPixelRows rows
// of one vector at a time: each vector of the image is loaded once and serves every row that sees it, 4.5
// loads a vector of output for 3 x 3 where the taps alone would take 9. Expected limit: the bandwidth to the
// planes.

#include "kernels/gemm/tile.inl"
#include "kernels/gemm/transpose.inl"
#include "kernels/conv/deinterleave.inl"

namespace {

template <class T, int kSide, int kStride, int kPixelRows>
LANEGRAD_INLINE void window_tile(const PlaneBlock<T>& b, int64_t i, int64_t j, int64_t count) {
  Vec<T> acc[1][kPixelRows];
  clear_tile(acc);
  const T* row = b.image + i * b.row_step + j;
  LANEGRAD_UNROLL
  for (int r = 0; r < kStride * (kPixelRows - 1) + kSide; ++r) {
    LANEGRAD_UNROLL
    for (int t = 0; t < kSide; ++t) {
      const Vec<T> x = Vec<T>::load(row + b.offsets[t]);
      LANEGRAD_UNROLL
      for (int q = 0; q < kPixelRows; ++q) {
        const int tap = r - kStride * q;
        if (tap >= 0 && tap < kSide)
          acc[0][q] = fma(x, Vec<T>::broadcast(b.weights[tap * kSide + t]), acc[0][q]);
      }
    }
    row += b.pitch;
  }
  const Vec<T> bias = Vec<T>::broadcast(b.bias);
  LANEGRAD_UNROLL
  for (int q = 0; q < kPixelRows; ++q) {
    T* const out = b.out + (i + q) * b.out_row + j;
    if (count == Vec<T>::kWidth)
      (acc[0][q] + bias).store(out);
    else
      (acc[0][q] + bias).store_n(out, count);
  }
}

template <class T, int kSide, int kStride>
void window_plane(const PlaneBlock<T>& b) {
  constexpr int kLanes = Vec<T>::kWidth, kPixelRows = 4;
  for (int64_t j = 0; j < b.columns; j += kLanes) {
    const int64_t count = b.columns - j < kLanes ? b.columns - j : int64_t{kLanes};
    int64_t i = 0;
    for (; i + kPixelRows <= b.rows; i += kPixelRows)
      window_tile<T, kSide, kStride, kPixelRows>(b, i, j, count);
    for (; i < b.rows; ++i) window_tile<T, kSide, kStride, 1>(b, i, j, count);
  }
}

template <class T, int kVectors>
LANEGRAD_INLINE void taps_tile(const PlaneBlock<T>& b, const T* image, T* out, int64_t last) {
  constexpr int kLanes = Vec<T>::kWidth;
  Vec<T> acc[1][kVectors];
  clear_tile(acc);
  for (int64_t t = 0; t < b.taps; ++t) {
    const Vec<T> weight = Vec<T>::broadcast(b.weights[t]);
    LANEGRAD_UNROLL
    for (int v = 0; v < kVectors; ++v)
      acc[0][v] = fma(Vec<T>::load(image + b.offsets[t] + v * kLanes), weight, acc[0][v]);
  }
  const Vec<T> bias = Vec<T>::broadcast(b.bias);
  LANEGRAD_UNROLL
  for (int v = 0; v < kVectors; ++v) {
    if (v == kVectors - 1 && last < kLanes)
      (acc[0][v] + bias).store_n(out + v * kLanes, last);
    else
      (acc[0][v] + bias).store(out + v * kLanes);
  }
}

template <class T>
void plane_forward(const PlaneBlock<T>& b) {
  constexpr int kLanes = Vec<T>::kWidth, kVectors = 4;
  if (b.window == 3 && b.row_step == b.pitch) return window_plane<T, 3, 1>(b);
  if (b.window == 3 && b.row_step == 2 * b.pitch) return window_plane<T, 3, 2>(b);
  if (b.window == 5 && b.row_step == b.pitch) return window_plane<T, 5, 1>(b);
  if (b.window == 5 && b.row_step == 2 * b.pitch) return window_plane<T, 5, 2>(b);
  for (int64_t i = 0; i < b.rows; ++i) {
    const T* const image = b.image + i * b.row_step;
    T* const out = b.out + i * b.out_row;
    int64_t j = 0;
    for (; j + kVectors * kLanes <= b.columns; j += kVectors * kLanes)
      taps_tile<T, kVectors>(b, image + j, out + j, kLanes);
    for (; j < b.columns; j += kLanes)
      taps_tile<T, 1>(b, image + j, out + j, b.columns - j < kLanes ? b.columns - j : int64_t{kLanes});
  }
}

template <class T, int kTaps>
void weight_taps(const PlaneWeightBlock<T>& b, int64_t first) {
  constexpr int kLanes = Vec<T>::kWidth;
  Vec<T> acc[1][kTaps];
  T* const sums = b.sums + first * kLanes;
  LANEGRAD_UNROLL
  for (int t = 0; t < kTaps; ++t) acc[0][t] = Vec<T>::load(sums + t * kLanes);
  const int64_t whole = b.columns / kLanes * kLanes, left = b.columns - whole;
  for (int64_t i = 0; i < b.rows; ++i) {
    const T* const image = b.image + i * b.row_step;
    const T* const grads = b.grads + i * b.grad_row;
    for (int64_t j = 0; j < whole; j += kLanes) {
      const Vec<T> g = Vec<T>::load(grads + j);
      LANEGRAD_UNROLL
      for (int t = 0; t < kTaps; ++t)
        acc[0][t] = fma(g, Vec<T>::load(image + j + b.offsets[first + t]), acc[0][t]);
    }
    if (left == 0) continue;
    // Lanes past the end must not take part: what lies there may be infinite.
    const Vec<T> g = Vec<T>::load_n(grads + whole, left);
    LANEGRAD_UNROLL
    for (int t = 0; t < kTaps; ++t)
      acc[0][t] = fma(g, Vec<T>::load_n(image + whole + b.offsets[first + t], left), acc[0][t]);
  }
  LANEGRAD_UNROLL
  for (int t = 0; t < kTaps; ++t) acc[0][t].store(sums + t * kLanes);
}

template <class T>
void plane_weight_grad(const PlaneWeightBlock<T>& b) {
  int64_t t = 0;
  for (; t + 9 <= b.taps; t += 9) weight_taps<T, 9>(b, t);
  for (; t + 5 <= b.taps; t += 5) weight_taps<T, 5>(b, t);
  for (; t + 3 <= b.taps; t += 3) weight_taps<T, 3>(b, t);
  for (; t < b.taps; ++t) weight_taps<T, 1>(b, t);
}

template <class T>
void place_pairs(const PlaneRows<T>& p, const T* from, T* to) {
  constexpr int kLanes = Vec<T>::kWidth;
  const int64_t odd = p.lead % 2;
  T* const first = to + odd * p.part + p.lead / 2;
  T* const second = to + (1 - odd) * p.part + p.lead / 2 + odd;
  for (int64_t c = 0; c < p.columns; c += 2 * kLanes) {
    const int64_t left = p.columns - c;
    if (left >= 2 * kLanes) {
      const EvenOdd<T> x = load_even_odd(from + c);
      x.even.store(first + c / 2);
      x.odd.store(second + c / 2);
    } else {
      const EvenOdd<T> x = load_even_odd_n(from + c, left);
      x.even.store_n(first + c / 2, (left + 1) / 2);
      x.odd.store_n(second + c / 2, left / 2);
    }
  }
}

template <class T>
void place_rows(const PlaneRows<T>& p) {
  constexpr bool kPairs = Vec<T>::kWidth > 1;
  if (p.split == 1 && p.step == 1)
    return copy_rows<T>(p.from, p.from_row, p.rows, p.columns, p.to + p.lead, p.to_row);
  for (int64_t r = 0; r < p.rows; ++r) {
    const T* const from = p.from + r * p.from_row;
    T* const to = p.to + r * p.to_row;
    if (kPairs && p.split == 2 && p.step == 1) {
      place_pairs(p, from, to);
    } else {
      for (int64_t c = 0; c < p.columns; ++c)
        to[(c + p.lead) % p.split * p.part + (c + p.lead) / p.split] = from[c * p.step];
    }
  }
}

template <class T>
void merge_rows(const PlaneRows<T>& p) {
  constexpr int kLanes = Vec<T>::kWidth;
  for (int64_t r = 0; r < p.rows; ++r) {
    const T* const from = p.from + r * p.from_row;
    T* const to = p.to + r * p.to_row;
    int64_t c = 0;
    if (kLanes > 1 && p.split == 2) {
      for (; c + 2 * kLanes <= p.columns; c += 2 * kLanes) {
        const Vec<T> even = Vec<T>::load(from + c / 2), odd = Vec<T>::load(from + p.part + c / 2);
        const EvenOdd<T> x = interleave(even, odd);
        x.even.store(to + c);
        x.odd.store(to + c + kLanes);
      }
      if (c < p.columns) {
        const int64_t left = p.columns - c;
        const EvenOdd<T> x = interleave(Vec<T>::load_n(from + c / 2, (left + 1) / 2),
                                        Vec<T>::load_n(from + p.part + c / 2, left / 2));
        x.even.store_n(to + c, left < kLanes ? left : int64_t{kLanes});
        if (left > kLanes) x.odd.store_n(to + c + kLanes, left - kLanes);
      }
      continue;
    }
    for (; c < p.columns; ++c) to[c] = from[c % p.split * p.part + c / p.split];
  }
}

template <class T>
constexpr DepthwiseTable<T> make_depthwise_table() {
  return {Vec<T>::kWidth, plane_forward<T>, plane_weight_grad<T>, place_rows<T>, merge_rows<T>};
}

}  // namespace

const DepthwiseTables& depthwise_tables() {
  static constexpr DepthwiseTables tables{make_depthwise_table<float>(), make_depthwise_table<double>()};
  return tables;
}

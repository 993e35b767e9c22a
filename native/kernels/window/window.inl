// The one text of the 3 x 3 windows. A tile is R rows of one vector of columns; rows of tiles outermost, so
// that memory is read as it lies. Each of the R + 2 rows of the image is loaded three times, a column apart,
// and each of those vectors serves every row of the tile that sees it: 3.9 loads a vector of the result with
// R = 7. The sums of the weight's gradient take their vectors of the image from the same registers, as sums
// of the places that see them.
//
// Expected limit: the bandwidth to the planes; in the L1 cache the multiply-adds, 4.5 cycles a vector of 16
// for the result and as many for the sums.

#include "kernels/gemm/tile.inl"
#include "kernels/window/lanes.inl"

namespace {

// One vector of columns: where it starts, how many of its lanes count, and which of them each of three
// neighbouring columns of the image has.
template <class T>
struct WindowColumns {
  int64_t j, count;
  typename Vec<T>::Mask places, seen[kWindowSide];
  bool whole;

  template <class In>
  LANEGRAD_INLINE void see(const WindowRows<In>& b, int64_t column) {
    constexpr int kLanes = Vec<T>::kWidth;
    j = column;
    count = b.columns - j < kLanes ? b.columns - j : int64_t{kLanes};
    places = lanes_between<T>(0, count);
    for (int t = 0; t < kWindowSide; ++t) {
      const int64_t end = b.width + b.left - j - t;
      seen[t] = lanes_between<T>(b.left - j - t, end < count ? end : count);
    }
    whole = count == kLanes && j >= b.left && j + kLanes + kWindowSide - 1 - b.left <= b.width;
  }
};

template <class T, bool kMasked, class In>
LANEGRAD_INLINE Vec<T> load_seen(const In* p, typename Vec<T>::Mask mask) {
  if constexpr (kMasked) return load_masked<T>(p, mask);
  return load_wide<T>(p);
}

// Rows i to i + R; the vectors of the image go to use(r, t, x).
template <class In, int R, bool kMasked, class F>
LANEGRAD_INLINE void each_seen(const WindowRows<In>& b, const WindowColumns<GemmSum<In>>& c, int64_t i,
                               F&& use) {
  using T = GemmSum<In>;
  int64_t y = i - b.top;
  const In* from = b.image + y * b.image_row + c.j - b.left;
  const typename Vec<T>::Mask seen[kWindowSide] = {c.seen[0], c.seen[1], c.seen[2]};
  LANEGRAD_UNROLL
  for (int r = 0; r < R + kWindowSide - 1; ++r, ++y, from += b.image_row) {
    if (y < 0 || y >= b.height) continue;
    LANEGRAD_UNROLL
    for (int t = 0; t < kWindowSide; ++t) use(r, t, load_seen<T, kMasked>(from + t, seen[t]));
  }
}

template <class In, int R>
LANEGRAD_INLINE void store_rows(const WindowRows<In>& b, const WindowColumns<GemmSum<In>>& c, int64_t row,
                                const Vec<GemmSum<In>> (&acc)[1][R]) {
  const auto bias = Vec<GemmSum<In>>::broadcast(b.bias);
  LANEGRAD_UNROLL
  for (int q = 0; q < R; ++q) store_first(acc[0][q] + bias, b.out + (row + q) * b.out_row + c.j, c.count);
}

template <class In, int R, bool kMasked>
LANEGRAD_INLINE void window_tile(const WindowRows<In>& b, const WindowColumns<GemmSum<In>>& c, int64_t row,
                                 const Vec<GemmSum<In>> (&weights)[kWindowTaps]) {
  using T = GemmSum<In>;
  Vec<T> acc[1][R];
  clear_tile(acc);
  each_seen<In, R, kMasked>(b, c, b.first + row, [&](int r, int t, Vec<T> x) {
    LANEGRAD_UNROLL
    for (int q = 0; q < R; ++q) {
      const int tap = r - q;
      if (tap >= 0 && tap < kWindowSide) acc[0][q] = fma(x, weights[kWindowSide * tap + t], acc[0][q]);
    }
  });
  store_rows<In, R>(b, c, row, acc);
}

template <class In, int R, bool kMasked, bool kResult>
LANEGRAD_INLINE void sums_tile(const WindowSums<In>& b, const WindowColumns<GemmSum<In>>& c, int64_t row,
                               const Vec<GemmSum<In>> (&weights)[kWindowTaps],
                               Vec<GemmSum<In>> (&sums)[kWindowTaps]) {
  using T = GemmSum<In>;
  Vec<T> acc[1][R], place[R];
  clear_tile(acc);
  LANEGRAD_UNROLL
  for (int q = 0; q < R; ++q)
    place[q] = load_seen<T, kMasked>(b.place + (row + q) * b.place_row + c.j, c.places);
  each_seen<In, R, kMasked>(b, c, b.first + row, [&](int r, int t, Vec<T> x) {
    LANEGRAD_UNROLL
    for (int q = 0; q < R; ++q) {
      const int tap = r - q;
      if (tap < 0 || tap >= kWindowSide) continue;
      if (kResult) acc[0][q] = fma(x, weights[kWindowSide * tap + t], acc[0][q]);
      sums[kWindowSide * tap + t] = fma(x, place[q], sums[kWindowSide * tap + t]);
    }
  });
  if (kResult) store_rows<In, R>(b, c, row, acc);
}

// Calls tile(rows, columns, row) for tiles of R rows, then for those of the rest, over as many vectors of
// columns at a time as there are masks for.
template <int R, class In, class F>
LANEGRAD_INLINE void each_tile(const WindowRows<In>& b, F&& tile) {
  using T = GemmSum<In>;
  constexpr int kVectors = 8;
  constexpr int64_t kColumns = kVectors * Vec<T>::kWidth;
  WindowColumns<T> all[kVectors];
  for (int64_t j = 0; j < b.columns; j += kColumns) {
    int vectors = 0;
    for (int64_t k = j; k < b.columns && vectors < kVectors; k += Vec<T>::kWidth) all[vectors++].see(b, k);
    int64_t row = 0;
    for (; row + R <= b.rows; row += R)
      for (int v = 0; v < vectors; ++v) tile(std::integral_constant<int, R>{}, all[v], row);
    for (; row + 2 <= b.rows; row += 2)
      for (int v = 0; v < vectors; ++v) tile(std::integral_constant<int, 2>{}, all[v], row);
    for (; row < b.rows; ++row)
      for (int v = 0; v < vectors; ++v) tile(std::integral_constant<int, 1>{}, all[v], row);
  }
}

template <class In>
LANEGRAD_INLINE void broadcast_weights(const WindowRows<In>& b, Vec<GemmSum<In>> (&weights)[kWindowTaps]) {
  LANEGRAD_UNROLL
  for (int t = 0; t < kWindowTaps; ++t) weights[t] = Vec<GemmSum<In>>::broadcast(b.weights[t]);
}

template <class In>
void window_forward(const WindowRows<In>& b) {
  Vec<GemmSum<In>> weights[kWindowTaps];
  broadcast_weights(b, weights);
  each_tile<kVectorRegisters == 32 ? 7 : 4>(b, [&](auto rows, const auto& c, int64_t row) {
    if (kMasksAll || !c.whole)
      window_tile<In, rows.value, true>(b, c, row, weights);
    else
      window_tile<In, rows.value, false>(b, c, row, weights);
  });
}

template <class In, bool kResult>
void window_sums_of(const WindowSums<In>& b) {
  using T = GemmSum<In>;
  constexpr int kLanes = Vec<T>::kWidth;
  Vec<T> weights[kWindowTaps], sums[kWindowTaps];
  if constexpr (kResult) broadcast_weights(b, weights);
  LANEGRAD_UNROLL
  for (int t = 0; t < kWindowTaps; ++t) sums[t] = Vec<T>::load(b.sums + t * kLanes);
  each_tile<kVectorRegisters == 32 ? 4 : 2>(b, [&](auto rows, const auto& c, int64_t row) {
    if (kMasksAll || !c.whole)
      sums_tile<In, rows.value, true, kResult>(b, c, row, weights, sums);
    else
      sums_tile<In, rows.value, false, kResult>(b, c, row, weights, sums);
  });
  LANEGRAD_UNROLL
  for (int t = 0; t < kWindowTaps; ++t) sums[t].store(b.sums + t * kLanes);
}

template <class In>
void window_sums(const WindowSums<In>& b) {
  if (b.out)
    window_sums_of<In, true>(b);
  else
    window_sums_of<In, false>(b);
}

template <class T>
void add_window_lanes(const T* sums, T* to) {
  for (int t = 0; t < kWindowTaps; ++t) to[t] += reduce_add(Vec<T>::load(sums + t * Vec<T>::kWidth));
}

template <class In>
constexpr WindowTable<In> make_window_table() {
  using T = GemmSum<In>;
  return {Vec<T>::kWidth, window_forward<In>, window_sums<In>, add_window_lanes<T>};
}

}  // namespace

const WindowTables& window_tables() {
  static constexpr WindowTables tables{make_window_table<float>(), make_window_table<double>(),
                                       make_window_table<BFloat16>(), make_window_table<Float16>()};
  return tables;
}

// The one text of the windows. A tile is R rows of one vector of columns. Each row of the image that it sees
// is loaded once, and what each tap sees of it serves every row of the tile. The sums of the weight's
// gradient take the same vectors, as sums of the places that see them; in 5 x 5 windows as many rows of taps
// at a time as there are registers for.
//
// Expected limit: the bandwidth to the planes; in the L1 cache the multiply-adds, 4.5 or 12.5 cycles a vector
// of 16 for the result and as many for the sums.

#include "kernels/window/rows.inl"
#include "kernels/window/spread.inl"

namespace {

inline constexpr bool kManyRegisters = kVectorRegisters == 32;

template <class In, int kSide, int kStride, int R>
LANEGRAD_INLINE void store_rows(const WindowRows<In>& b, const WindowColumns<GemmSum<In>, kSide, kStride>& c,
                                int64_t row, const Vec<GemmSum<In>> (&acc)[1][R]) {
  const auto bias = Vec<GemmSum<In>>::broadcast(b.bias);
  LANEGRAD_UNROLL
  for (int q = 0; q < R; ++q) {
    In* const out = b.out + (row + q) * b.out_row + c.j;
    if (kVectorBytes >= 16 && b.asks_out) __builtin_prefetch(out + ask_ahead<In>(R, b.out_row), 1);
    store_first(acc[0][q] + bias, out, c.count);
  }
}

template <class In, int kSide, int kStride, int R, bool kMasked>
LANEGRAD_INLINE void window_tile(const WindowRows<In>& b, const WindowColumns<GemmSum<In>, kSide, kStride>& c,
                                 int64_t row, const Vec<GemmSum<In>> (&weights)[kSide * kSide]) {
  using T = GemmSum<In>;
  Vec<T> acc[1][R];
  clear_tile(acc);
  constexpr int kRows = kStride * (R - 1) + kSide;
  each_seen<In, kSide, kStride, 0, kRows, kStride * R, kMasked>(
      b, c, kStride * (b.first + row) - b.top, [&](int r, int t, Vec<T> x) {
        LANEGRAD_UNROLL
        for (int q = 0; q < R; ++q) {
          const int tap = r - kStride * q;
          if (tap >= 0 && tap < kSide) acc[0][q] = fma(x, weights[kSide * tap + t], acc[0][q]);
        }
      });
  store_rows<In, kSide, kStride, R>(b, c, row, acc);
}

template <class In, int kSide, int kStride>
void window_forward(const WindowRows<In>& b) {
  using T = GemmSum<In>;
  Vec<T> weights[kSide * kSide];
  broadcast_weights<In, kSide>(b, weights);
  constexpr int kRows = !kManyRegisters ? 4 : kSide == 3 && kStride == 1 ? 14 : 7;
  each_tile<T, kSide, kStride, kRows>(
      {b.rows, b.columns, b.width, b.left}, [&](auto rows, const auto& c, int64_t row) {
        if (kMasksAll || !c.whole)
          window_tile<In, kSide, kStride, rows.value, true>(b, c, row, weights);
        else
          window_tile<In, kSide, kStride, rows.value, false>(b, c, row, weights);
      });
}

// Sums of the rows of taps [kFirst, kFirst + kTapRows), and with kResult, which takes all, the result.
template <class In, int kSide, int kStride, int kFirst, int kTapRows, int R, bool kMasked, bool kResult>
LANEGRAD_INLINE void sums_tile(const WindowSums<In>& b, const WindowColumns<GemmSum<In>, kSide, kStride>& c,
                               int64_t row, const Vec<GemmSum<In>> (&weights)[kSide * kSide],
                               Vec<GemmSum<In>> (&sums)[kTapRows * kSide]) {
  using T = GemmSum<In>;
  Vec<T> acc[1][R], place[R];
  clear_tile(acc);
  const In* from = b.place + row * b.place_row + c.j;
  const int64_t ahead = ask_ahead<In>(R, b.place_row);
  LANEGRAD_UNROLL
  for (int q = 0; q < R; ++q, from += b.place_row) {
    if constexpr (kVectorBytes >= 16) __builtin_prefetch(from + ahead);
    if constexpr (kMasked)
      place[q] = load_masked<T>(from, c.places);
    else
      place[q] = load_wide<T>(from);
  }
  constexpr int kRows = kStride * (R - 1) + kTapRows;
  each_seen<In, kSide, kStride, kFirst, kRows, kStride * R, kMasked>(
      b, c, kStride * (b.first + row) - b.top, [&](int r, int t, Vec<T> x) {
        // Lanes past the last column must not take part: what they see may be infinite.
        const Vec<T> counted = kMasked ? select(c.places, x, Vec<T>::zero()) : x;
        LANEGRAD_UNROLL
        for (int q = 0; q < R; ++q) {
          const int tap = r - kStride * q;
          if (tap < kFirst || tap >= kFirst + kTapRows) continue;
          if (kResult) acc[0][q] = fma(x, weights[kSide * tap + t], acc[0][q]);
          Vec<T>& sum = sums[kSide * (tap - kFirst) + t];
          sum = fma(counted, place[q], sum);
        }
      });
  if constexpr (kResult) store_rows<In, kSide, kStride, R>(b, c, row, acc);
}

template <class In, int kSide, int kStride, int kFirst, int kTapRows, bool kResult>
void sums_of(const WindowSums<In>& b) {
  using T = GemmSum<In>;
  constexpr int kLanes = Vec<T>::kWidth;
  Vec<T> weights[kSide * kSide], sums[kTapRows * kSide];
  if constexpr (kResult) broadcast_weights<In, kSide>(b, weights);
  T* const all = b.sums + kFirst * kSide * kLanes;
  LANEGRAD_UNROLL
  for (int t = 0; t < kTapRows * kSide; ++t) sums[t] = Vec<T>::load(all + t * kLanes);
  each_tile<T, kSide, kStride, kManyRegisters ? 4 : 2>(
      {b.rows, b.columns, b.width, b.left}, [&](auto rows, const auto& c, int64_t row) {
        if (!c.whole)
          sums_tile<In, kSide, kStride, kFirst, kTapRows, rows.value, true, kResult>(b, c, row, weights,
                                                                                     sums);
        else
          sums_tile<In, kSide, kStride, kFirst, kTapRows, rows.value, false, kResult>(b, c, row, weights,
                                                                                      sums);
      });
  LANEGRAD_UNROLL
  for (int t = 0; t < kTapRows * kSide; ++t) sums[t].store(all + t * kLanes);
}

template <class In, int kSide, int kStride>
void window_sums(const WindowSums<In>& b) {
  if constexpr (kSide == 3 && kStride == 1) {
    if (b.out) return sums_of<In, kSide, kStride, 0, kSide, true>(b);
  }
  if constexpr (kSide == 3) {
    sums_of<In, kSide, kStride, 0, 3, false>(b);
  } else if constexpr (kManyRegisters) {
    sums_of<In, kSide, kStride, 0, 5, false>(b);
  } else {
    sums_of<In, kSide, kStride, 0, 2, false>(b);
    sums_of<In, kSide, kStride, 2, 2, false>(b);
    sums_of<In, kSide, kStride, 4, 1, false>(b);
  }
}

template <class T>
void add_window_lanes(const T* sums, int taps, T* to) {
  for (int t = 0; t < taps; ++t) to[t] += reduce_add(Vec<T>::load(sums + t * Vec<T>::kWidth));
}

template <class In, int kSide, int kStride>
constexpr WindowKernels<In> window_kernels() {
  return {window_forward<In, kSide, kStride>, window_sums<In, kSide, kStride>, kSide == 3 && kStride == 1,
          kStride == 2 ? window_spread<In, kSide> : nullptr};
}

template <class In>
constexpr WindowTable<In> make_window_table() {
  using T = GemmSum<In>;
  return {Vec<T>::kWidth,
          {{window_kernels<In, 3, 1>(), window_kernels<In, 3, 2>()},
           {window_kernels<In, 5, 1>(), window_kernels<In, 5, 2>()}},
          add_window_lanes<T>};
}

}  // namespace

const WindowTables& window_tables() {
  static constexpr WindowTables tables{make_window_table<float>(), make_window_table<double>(),
                                       make_window_table<BFloat16>(), make_window_table<Float16>()};
  return tables;
}

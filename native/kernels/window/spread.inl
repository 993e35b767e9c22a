// The gradient of the input of a strided window. Places two apart see the same taps: a tile is R pairs of
// rows of one pair of vectors of columns, the even and the odd places, which the store puts in turn. A row of
// the image is loaded once for all four of a pair that see it.
//
// Expected limit: the bandwidth to the result; in the L1 cache the multiply-adds, 9 or 25 for four vectors of
// the result.
#pragma once

#include "kernels/window/rows.inl"

namespace {

// The tap that sees the k-th of the neighbours from a place of this half; it may be none of the window's.
template <int kSide, bool kOdd>
constexpr int spread_tap(int half, int k) {
  return half - (kOdd ? 1 : 0) + 2 * ((kSide + 1) / 2 - 1 - k);
}
template <int kSide>
constexpr bool is_tap(int t) {
  return t >= 0 && t < kSide;
}

template <class T, int kSide>
using SpreadColumns = WindowColumns<T, (kSide + 1) / 2, 1>;

template <class In, int kSide>
LANEGRAD_INLINE void store_pair(const WindowRows<In>& b, const SpreadColumns<GemmSum<In>, kSide>& c,
                                int64_t row, Vec<GemmSum<In>> even, Vec<GemmSum<In>> odd) {
  using T = GemmSum<In>;
  constexpr int64_t kLanes = Vec<T>::kWidth;
  const auto bias = Vec<T>::broadcast(b.bias);
  const EvenOdd<T> x = interleave(even + bias, odd + bias);
  In* const out = b.out + row * b.out_row + 2 * c.j;
  const int64_t left = b.columns - 2 * c.j;
  if (kVectorBytes >= 16 && b.asks_out) {
    const int64_t ahead = ask_ahead<In>(2, b.out_row);
    __builtin_prefetch(out + ahead, 1);
    __builtin_prefetch(out + ahead + kLanes, 1);
  }
  store_first(x.even, out, left < kLanes ? left : kLanes);
  if (left > kLanes) store_first(x.odd, out + kLanes, left < 2 * kLanes ? left - kLanes : kLanes);
}

// Pairs of rows [pair, pair + R).
template <class In, int kSide, bool kOdd, int R, bool kMasked>
LANEGRAD_INLINE void spread_tile(const WindowRows<In>& b, const SpreadColumns<GemmSum<In>, kSide>& c,
                                 int64_t pair, const Vec<GemmSum<In>> (&weights)[kSide * kSide]) {
  using T = GemmSum<In>;
  constexpr int kSeen = (kSide + 1) / 2;
  Vec<T> acc[4][R];
  clear_tile(acc);
  const int64_t y = b.first / 2 + pair + (b.top + 1) / 2 - (kSeen - 1);
  each_seen<In, kSeen, 1, 0, R + kSeen - 1, R, kMasked>(b, c, y, [&](int r, int k, Vec<T> x) {
    LANEGRAD_UNROLL
    for (int q = 0; q < R; ++q) {
      if (r - q < 0 || r - q >= kSeen) continue;
      LANEGRAD_UNROLL
      for (int half = 0; half < 4; ++half) {
        const int tap_r = spread_tap<kSide, kOdd>(half / 2, r - q),
                  tap_t = spread_tap<kSide, kOdd>(half % 2, k);
        if (is_tap<kSide>(tap_r) && is_tap<kSide>(tap_t))
          acc[half][q] = fma(x, weights[kSide * tap_r + tap_t], acc[half][q]);
      }
    }
  });
  LANEGRAD_UNROLL
  for (int q = 0; q < R; ++q) {
    store_pair<In, kSide>(b, c, 2 * (pair + q), acc[0][q], acc[1][q]);
    if (2 * (pair + q) + 1 < b.rows) store_pair<In, kSide>(b, c, 2 * (pair + q) + 1, acc[2][q], acc[3][q]);
  }
}

template <class In, int kSide, bool kOdd>
void spread_of(const WindowRows<In>& b) {
  using T = GemmSum<In>;
  Vec<T> weights[kSide * kSide];
  broadcast_weights<In, kSide>(b, weights);
  constexpr int64_t kReach = (kSide + 1) / 2 - 1;
  const TileGrid grid{(b.rows + 1) / 2, (b.columns + 1) / 2, b.width, kReach - (b.left + 1) / 2};
  each_tile<T, kReach + 1, 1, kVectorRegisters == 32 ? 3 : 1>(
      grid, [&](auto rows, const auto& c, int64_t pair) {
        if (kMasksAll || !c.whole)
          spread_tile<In, kSide, kOdd, rows.value, true>(b, c, pair, weights);
        else
          spread_tile<In, kSide, kOdd, rows.value, false>(b, c, pair, weights);
      });
}

template <class In, int kSide>
void window_spread(const WindowRows<In>& b) {
  if (b.left % 2)
    spread_of<In, kSide, true>(b);
  else
    spread_of<In, kSide, false>(b);
}

}  // namespace

// What the kernels of windows share: the rows of a tile and the tiles of a plane.
//
// Rows of tiles outermost, so that memory is read as it lies; but within a tile the next row is a jump, which
// hardware does not foresee, so each tile asks for what lies a stretch further on: the tiles below it, or the
// next plane.
#pragma once

#include "kernels/window/taps.inl"

namespace {

// Bytes that are asked for ahead, at least: what comes from memory in a hundred nanoseconds or two.
inline constexpr int64_t kAskAhead = 4096;

template <class In>
LANEGRAD_INLINE int64_t ask_ahead(int64_t rows, int64_t row) {
  constexpr int64_t kLeast = kAskAhead / int64_t{sizeof(In)};
  return rows * row < kLeast ? kLeast : rows * row;
}

// The rows of the image that taps [kFirst, kFirst + ...) of a tile see, kCount of them from row y + kFirst
// on, of which the next tile asks for kFresh; use(r, t, x) with what tap t sees of row y + r.
template <class In, int kSide, int kStride, int kFirst, int kCount, int kFresh, bool kMasked, class F>
LANEGRAD_INLINE void each_seen(const WindowRows<In>& b,
                               const WindowColumns<GemmSum<In>, kSide, kStride>& columns, int64_t y,
                               F&& use) {
  using T = GemmSum<In>;
  const WindowColumns<T, kSide, kStride> c = columns;
  y += kFirst;
  const In* from = b.image + y * b.image_row + c.base;
  const int64_t ahead = ask_ahead<In>(kFresh, b.image_row);
  LANEGRAD_UNROLL
  for (int r = kFirst; r < kFirst + kCount; ++r, ++y, from += b.image_row) {
    if (y < 0 || y >= b.height) continue;
    if constexpr (kVectorBytes >= 16) {
      if (r < kFirst + kFresh) {
        LANEGRAD_UNROLL
        for (int k = 0; k < kStride; ++k) __builtin_prefetch(from + ahead + k * Vec<T>::kWidth);
      }
    }
    Vec<T> x[kSide];
    c.template load<kMasked>(from, x);
    LANEGRAD_UNROLL
    for (int t = 0; t < kSide; ++t) use(r, t, x[t]);
  }
}

// What is cut into tiles: rows and columns of the result, and for the masks the width of the image and the
// column that the first tap sees, negated.
struct TileGrid {
  int64_t rows, columns, width, left;
};

template <int R, class Columns, class F>
LANEGRAD_INLINE void tiles_of(int64_t rows, int64_t row, const Columns* all, int vectors, F&& tile) {
  for (; row + R <= rows; row += R)
    for (int v = 0; v < vectors; ++v) tile(std::integral_constant<int, R>{}, all[v], row);
  if constexpr (R > 1) tiles_of<R / 2>(rows, row, all, vectors, tile);
}

// Calls tile(rows, columns, row) for tiles of R rows, then for smaller ones of the rest, over as many vectors
// of columns at a time as there are masks for.
template <class T, int kSide, int kStride, int R, class F>
LANEGRAD_INLINE void each_tile(const TileGrid& grid, F&& tile) {
  constexpr int kVectors = 8;
  constexpr int64_t kColumns = kVectors * Vec<T>::kWidth;
  WindowColumns<T, kSide, kStride> all[kVectors];
  for (int64_t j = 0; j < grid.columns; j += kColumns) {
    int vectors = 0;
    for (int64_t k = j; k < grid.columns && vectors < kVectors; k += Vec<T>::kWidth)
      all[vectors++].see(k, grid.columns, grid.width, grid.left);
    tiles_of<R>(grid.rows, 0, all, vectors, tile);
  }
}

template <class In, int kSide>
LANEGRAD_INLINE void broadcast_weights(const WindowRows<In>& b, Vec<GemmSum<In>> (&weights)[kSide * kSide]) {
  LANEGRAD_UNROLL
  for (int t = 0; t < kSide * kSide; ++t) weights[t] = Vec<GemmSum<In>>::broadcast(b.weights[t]);
}

}  // namespace

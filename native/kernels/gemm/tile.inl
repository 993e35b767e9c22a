#pragma once

// The micro-kernel: an R x V*lanes tile of C in registers, one broadcast of A times V vectors of B at a time.
// How the rows of A are found is a parameter, so that packed panels, strided matrices and images go through
// the same text.
//
// Per step of p a tile of R rows and V vectors costs R broadcasts, V loads and R*V fused multiply-adds: with
// 14 x 2 (AVX-512) or 6 x 2 (AVX2) the two multiply-add ports are the limit, and the accumulators fill the
// register file.

#include "simd/load_wide.inl"

namespace {

// Element (i, p) of a packed panel of R rows.
template <class T, int R>
struct PackedRows {
  const T* a;
  LANEGRAD_INLINE T at(int i) const { return a[i]; }
  LANEGRAD_INLINE void next() { a += R; }
};

// Row i starts at offset[i]; its elements are `step` apart.
template <class T>
struct OffsetRows {
  const T* a;
  const int64_t* offset;
  int64_t step;
  LANEGRAD_INLINE T at(int i) const { return a[offset[i]]; }
  LANEGRAD_INLINE void next() { a += step; }
};

// Rows that ask for a line of memory with each step, `step` elements on each time: what is multiplied next
// comes into the L2 cache meanwhile.
template <class Rows, class T, class Asked = T>
struct AskingRows {
  Rows rows;
  const Asked* ask;
  int64_t step;
  LANEGRAD_INLINE T at(int i) const { return rows.at(i); }
  LANEGRAD_INLINE void next() {
    rows.next();
    if constexpr (kVectorBytes >= 16) __builtin_prefetch(ask, 0, 2);
    ask += step;
  }
};

// Rows of B are asked for so many steps before they are multiplied: those that come from L2 or beyond are in
// L1 by then. Worth 4 % of a product on an idle core, 10 % and more where its L2 cache is shared.
inline constexpr int64_t kStepsAhead = 8;

template <class B>
LANEGRAD_INLINE void ask_for_row(const B* row, int elements) {
  constexpr int kLine = 64 / sizeof(B);
  LANEGRAD_UNROLL
  for (int j = 0; j < elements; j += kLine) __builtin_prefetch(row + j);
}

// b: rows b_row apart, of T or of a 16-bit float. With kMasked only the first last_lanes lanes of the last
// vector are read (the others count as zero).
template <class T, int R, int V, bool kMasked, bool kAsks = false, class Rows, class B>
LANEGRAD_INLINE void multiply_tile(int64_t k, Rows rows, const B* b, int64_t b_row, int last_lanes,
                                   Vec<T> (&acc)[R][V]) {
  constexpr int kLanes = Vec<T>::kWidth;
  for (int64_t p = 0; p < k; ++p) {
    if constexpr (kAsks) ask_for_row(b + kStepsAhead * b_row, V * kLanes);
    Vec<T> column[V];
    LANEGRAD_UNROLL
    for (int v = 0; v < V; ++v) {
      if (kMasked && v == V - 1) {
        column[v] = load_wide_n<T>(b + v * kLanes, last_lanes);
      } else {
        column[v] = load_wide<T>(b + v * kLanes);
      }
    }
    LANEGRAD_UNROLL
    for (int r = 0; r < R; ++r) {
      const Vec<T> x = Vec<T>::broadcast(rows.at(r));
      LANEGRAD_UNROLL
      for (int v = 0; v < V; ++v) acc[r][v] = fma(x, column[v], acc[r][v]);
    }
    rows.next();
    b += b_row;
  }
}

template <class T, int R, int V>
LANEGRAD_INLINE void clear_tile(Vec<T> (&acc)[R][V]) {
  LANEGRAD_UNROLL
  for (int r = 0; r < R; ++r) {
    LANEGRAD_UNROLL
    for (int v = 0; v < V; ++v) acc[r][v] = Vec<T>::zero();
  }
}

}  // namespace

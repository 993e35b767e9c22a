#pragma once

// The micro-kernel: an R x V*lanes tile of C in registers, one broadcast of A times V vectors of B at a time.
// How the rows of A are found is a parameter, so that packed panels, strided matrices and images go through
// the same text.
//
// Per step of p a tile of R rows and V vectors costs R broadcasts, V loads and R*V fused multiply-adds: with
// 14 x 2 (AVX-512) or 6 x 2 (AVX2) the two multiply-add ports are the limit, and the accumulators fill the
// register file.

#include "simd/load_wide.inl"

#if defined(__clang__)
#define LANEGRAD_UNROLL _Pragma("unroll")
#else
#define LANEGRAD_UNROLL _Pragma("GCC unroll 32")
#endif

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

// b: rows b_row apart, of T or of a 16-bit float. With kMasked only the first last_lanes lanes of the last
// vector are read (the others count as zero).
template <class T, int R, int V, bool kMasked, class Rows, class B>
LANEGRAD_INLINE void multiply_tile(int64_t k, Rows rows, const B* b, int64_t b_row, int last_lanes,
                                   Vec<T> (&acc)[R][V]) {
  constexpr int kLanes = Vec<T>::kWidth;
  for (int64_t p = 0; p < k; ++p) {
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

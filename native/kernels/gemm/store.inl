// How a micro-tile leaves the registers.
#pragma once

namespace {

template <class T>
struct TileTarget {
  T* c;
  int64_t c_row;
  const T* column_bias;
  const T* row_bias;
  bool accumulate;
  int last_lanes;  // of the last vector
};

// The lines of C are asked for before the products are formed, which takes longer than memory does.
template <class T, int R, int V>
LANEGRAD_INLINE void prefetch_tile(const TileTarget<T>& t) {
  constexpr int kLineLanes = 64 / static_cast<int>(sizeof(T)), kTileLanes = V * Vec<T>::kWidth;
  LANEGRAD_UNROLL
  for (int r = 0; r < R; ++r) {
    LANEGRAD_UNROLL
    for (int j = 0; j < kTileLanes; j += kLineLanes) __builtin_prefetch(t.c + r * t.c_row + j, 1);
  }
}

template <class T, int R, int V>
LANEGRAD_INLINE void add_tile(Vec<T> (&acc)[R][V], const T* c, int64_t c_row, int last_lanes) {
  constexpr int kLanes = Vec<T>::kWidth, kLast = (V - 1) * kLanes;
  LANEGRAD_UNROLL
  for (int r = 0; r < R; ++r) {
    LANEGRAD_UNROLL
    for (int v = 0; v < V - 1; ++v) acc[r][v] = acc[r][v] + Vec<T>::load(c + r * c_row + v * kLanes);
  }
  if (last_lanes == kLanes) {
    LANEGRAD_UNROLL
    for (int r = 0; r < R; ++r) acc[r][V - 1] = acc[r][V - 1] + Vec<T>::load(c + r * c_row + kLast);
  } else {
    LANEGRAD_UNROLL
    for (int r = 0; r < R; ++r) {
      acc[r][V - 1] = acc[r][V - 1] + Vec<T>::load_n(c + r * c_row + kLast, last_lanes);
    }
  }
}

template <class T, int R, int V>
LANEGRAD_INLINE void add_biases(Vec<T> (&acc)[R][V], const TileTarget<T>& t) {
  constexpr int kLanes = Vec<T>::kWidth;
  if (t.column_bias) {
    LANEGRAD_UNROLL
    for (int v = 0; v < V; ++v) {
      const T* const from = t.column_bias + v * kLanes;
      const Vec<T> bias = v == V - 1 ? Vec<T>::load_n(from, t.last_lanes) : Vec<T>::load(from);
      LANEGRAD_UNROLL
      for (int r = 0; r < R; ++r) acc[r][v] = acc[r][v] + bias;
    }
  }
  if (t.row_bias) {
    LANEGRAD_UNROLL
    for (int r = 0; r < R; ++r) {
      const Vec<T> bias = Vec<T>::broadcast(t.row_bias[r]);
      LANEGRAD_UNROLL
      for (int v = 0; v < V; ++v) acc[r][v] = acc[r][v] + bias;
    }
  }
}

// Each question is asked once, not for every row: the rows then leave without a branch between them.
template <class T, int R, int V>
LANEGRAD_INLINE void store_tile(Vec<T> (&acc)[R][V], const TileTarget<T>& t) {
  constexpr int kLanes = Vec<T>::kWidth, kLast = (V - 1) * kLanes;
  T* const c = t.c;
  const int64_t c_row = t.c_row;
  const int last_lanes = t.last_lanes;
  if (t.accumulate) {
    add_tile(acc, c, c_row, last_lanes);
  } else {
    add_biases(acc, t);
  }
  LANEGRAD_UNROLL
  for (int r = 0; r < R; ++r) {
    LANEGRAD_UNROLL
    for (int v = 0; v < V - 1; ++v) acc[r][v].store(c + r * c_row + v * kLanes);
  }
  if (last_lanes == kLanes) {
    LANEGRAD_UNROLL
    for (int r = 0; r < R; ++r) acc[r][V - 1].store(c + r * c_row + kLast);
  } else {
    LANEGRAD_UNROLL
    for (int r = 0; r < R; ++r) acc[r][V - 1].store_n(c + r * c_row + kLast, last_lanes);
  }
}

}  // namespace

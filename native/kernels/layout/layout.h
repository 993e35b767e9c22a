// Transposed copies. Elements are moved as bits.
#pragma once

#include <cstdint>

namespace lanegrad {

// A matrix and its transpose: out[r][c] = in[c][r], both with contiguous rows, whose strides are in bytes.
struct TransposedCopy {
  char* out;
  int64_t out_stride;
  const char* in;
  int64_t in_stride;
  int64_t rows, columns;  // of out
  // Lines of `out` that are written whole go past the caches; the caller ends the streams.
  bool past_caches;
};

struct LayoutTable {
  // By the logarithm of the element's size in bytes: 1, 2, 4, 8.
  void (*transpose[4])(const TransposedCopy&);
};

const LayoutTable& layout_table();

}  // namespace lanegrad

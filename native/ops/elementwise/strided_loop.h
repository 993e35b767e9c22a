// How elementwise ops walk operands of any strides: dims sorted by the output's strides and merged where they
// lie evenly in memory, so that what is left is few dims and long rows.
#pragma once

#include <cstdint>

#include "core/dims.h"
#include "core/threads.h"
#include "ops/op.h"

namespace lanegrad {

inline constexpr int kMaxLoopOperands = 4;  // the output first

struct StridedLoop {
  int operands = 0;
  int rank = 0;  // 1 or more; the last dim is the row
  int64_t sizes[kMaxRank];
  int64_t strides[kMaxRank][kMaxLoopOperands];  // in bytes
  char* data[kMaxLoopOperands];

  int64_t row_length() const { return sizes[rank - 1]; }
  const int64_t* row_strides() const { return strides[rank - 1]; }
  int64_t row_count() const {
    int64_t n = 1;
    for (int d = 0; d < rank - 1; ++d) n *= sizes[d];
    return n;
  }
  int64_t count() const { return row_count() * row_length(); }
};

// Inputs are broadcast to the output's shape.
StridedLoop make_loop(const TensorView& out, const TensorView* const* inputs, int count);

// All operands in the same place of memory order, or one element each (bits of `scalars`, from input 0): then
// one kernel call over numel elements does it, and no loop is needed.
bool is_flat(const TensorView& out, const TensorView* const* inputs, int count, unsigned& scalars);

// Calls body(pointers, n) for rows, or pieces of rows, in parallel; a thread gets at least `grain` elements
// and calls finish() after its last row.
template <class F, class Finish>
void for_each_row(const StridedLoop& loop, int64_t grain, F&& body, Finish&& finish) {
  const int64_t length = loop.row_length(), rows = loop.row_count();
  if (length == 0 || rows == 0) return;
  // Rows that are longer than a thread's share are cut.
  const int64_t piece = length >= 2 * grain ? grain : length;
  const int64_t pieces = (length + piece - 1) / piece;
  const int64_t pieces_per_thread = grain / piece > 0 ? grain / piece : 1;
  parallel_for(rows * pieces, pieces_per_thread, [&](int64_t begin, int64_t end) {
    int64_t index[kMaxRank];
    char* at[kMaxLoopOperands];
    for (int k = 0; k < loop.operands; ++k) at[k] = loop.data[k];
    int64_t row = begin / pieces, piece_index = begin % pieces;
    for (int d = loop.rank - 2; d >= 0; --d) {
      index[d] = row % loop.sizes[d];
      row /= loop.sizes[d];
      for (int k = 0; k < loop.operands; ++k) at[k] += index[d] * loop.strides[d][k];
    }
    const int64_t* step = loop.row_strides();
    for (int64_t i = begin; i < end; ++i) {
      const int64_t first = piece_index * piece;
      char* here[kMaxLoopOperands];
      for (int k = 0; k < loop.operands; ++k) here[k] = at[k] + first * step[k];
      body(here, length - first < piece ? length - first : piece);
      if (++piece_index < pieces) continue;
      piece_index = 0;
      for (int d = loop.rank - 2; d >= 0; --d) {
        for (int k = 0; k < loop.operands; ++k) at[k] += loop.strides[d][k];
        if (++index[d] < loop.sizes[d]) break;
        for (int k = 0; k < loop.operands; ++k) at[k] -= loop.sizes[d] * loop.strides[d][k];
        index[d] = 0;
      }
    }
    finish();
  });
}
template <class F>
void for_each_row(const StridedLoop& loop, int64_t grain, F&& body) {
  for_each_row(loop, grain, body, [] {});
}

}  // namespace lanegrad

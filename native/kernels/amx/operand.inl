// Where the operands of a corner of C lie, for the tile registers (stream.inl) and for dot products
// (dots.inl).
#pragma once

namespace {

// Where tiles of one operand lie: those of rows (columns) 16 and up are `second` on.
struct TileStream {
  const uint16_t* data;
  int64_t part, second, row_bytes;
};

// Of a packed panel: see pack.inl.
LANEGRAD_INLINE TileStream packed_stream(const uint16_t* panel) {
  return {panel, 2 * kTileWords, kTileWords, 64};
}

// How an operand goes on from step to step.
struct EvenSteps {
  int64_t step;
  LANEGRAD_INLINE int64_t at(int64_t s) const { return s * step; }
};
struct ListedSteps {
  const int64_t* offsets;
  LANEGRAD_INLINE int64_t at(int64_t s) const { return offsets[s]; }
};

}  // namespace

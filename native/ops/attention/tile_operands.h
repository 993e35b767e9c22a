// What attention on tiles and its gradient share: which calls are theirs, and how operands become tiles.
#pragma once

#include "kernels/amx/amx.h"
#include "ops/attention/attention.h"

namespace lanegrad {

inline constexpr int64_t kTileRowPad = 16;  // between rows of scores, which would else share cache sets

// Whether the operands from input `first` on are for tiles: from two tiles of queries and keys on, a mask of
// bool or none.
template <class Context>
bool operands_suit_tiles(const Context& c, int first) {
  constexpr int64_t kLeastWidth = 16;
  if (!amx_table() || spec_of(c, first + kQuery).dtype != DType::kBFloat16) return false;
  const AttentionSizes z = attention_sizes(c, first);
  if (z.has_mask && spec_of(c, first + kAttnMask).dtype != DType::kBool) return false;
  return z.heads > 0 && z.queries >= kAmxPanel && z.keys >= kAmxPanel && z.width >= kLeastWidth &&
         z.value_width >= kLeastWidth;
}

// What weights are like: those that are too small for a tile count nothing beside the others.
inline constexpr PanelRange kWeightRange{127, 127, true};

// Rows [j, j + n) of a head as columns of tiles, in blocks of sixteen, zeros up to whole panels. `width` in
// whole steps; `lines` is room for sixteen rows.
inline PanelRange pack_columns(const HeadRows<BFloat16>& x, int64_t head, int64_t j, int64_t n, int64_t width,
                               uint16_t* lines, uint16_t* columns) {
  const AmxTable& table = *amx_table();
  const BFloat16* const from = x.head(head) + j * x.row();
  PanelRange range;
  for (int64_t k = 0; k < round_up(n, kAmxPanel); k += 16) {
    const int64_t count = std::clamp<int64_t>(n - k, 0, 16);
    range = merged(range,
                   table.attention.lines(from + k * x.row(), x.row(), count, columns_of(x.spec), 16, lines));
    table.turn(lines, width, width / kAmxStep, columns + k * width);
  }
  return range;
}

}  // namespace lanegrad

// Attention of bfloat16 on the tile unit: packing of queries, keys and values, and the two products of a
// block.
//
// Scores are products of bfloat16, exact but for the sums. Weights are float32 and go into the second product
// in two parts, so that their error is 2^-17: what is rounded to bfloat16 is the result alone. The softmax
// between takes more time than that: sixteen weights cost some 12 cycles, their second part a thirty-second
// of 16 cycles for each column of the values.
#pragma once

#include <cstdint>

#include "core/half.h"
#include "kernels/amx/range.h"

namespace lanegrad {

struct AmxAttentionOps {
  // Rows [rows, width], `row` apart, to rows of whole steps in `lines`, zeros after them; of `padded` rows.
  PanelRange (*lines)(const BFloat16* from, int64_t row, int64_t rows, int64_t width, int64_t padded,
                      uint16_t* lines);
  // The same with neighbouring rows side by side: pair after pair, each of whole panels of columns.
  PanelRange (*pairs)(const BFloat16* from, int64_t row, int64_t rows, int64_t width, int64_t padded,
                      uint16_t* pairs);
  // scores[rows, keys] = scale * queries keys: of queries as lines, rows of steps * kAmxStep; of keys turned,
  // blocks of 16, `block` apart. Whole panels of keys; rows in whole panels, of which 16 may be left out.
  void (*scores)(const uint16_t* queries, const uint16_t* keys, int64_t block, int64_t rows,
                 int64_t keys_count, int64_t steps, float scale, float* scores, int64_t row);
  // out[rows, width] (+)= weights[rows, keys] values: values as pairs, of whole panels of columns; `split` is
  // room for the parts of the weights, 2 * keys in whole steps for each row of whole panels.
  void (*weigh)(const float* weights, int64_t row, int64_t rows, int64_t keys, const uint16_t* values,
                int64_t width, const int64_t* offsets, uint16_t* split, float* out, bool accumulate);
  // Rounds rows of floats.
  void (*round)(const float* from, int64_t from_row, int64_t rows, int64_t width, BFloat16* to,
                int64_t to_row);
};

}  // namespace lanegrad

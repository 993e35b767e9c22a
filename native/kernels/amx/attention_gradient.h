// The gradient of attention of bfloat16 on the tile unit: what it needs beside attention.h.
//
// With the weights P and the gradients dS of a block of scores in rows of queries, dQ = dS K is a product
// like that of weights and values. Of dV = Pᵀ dO and dK = dSᵀ Q the transposes are computed, dVᵀ = dOᵀ P and
// dKᵀ = Qᵀ dS: neighbouring rows of P and dS side by side are tiles of B as they lie. What is turned are the
// operands, once for many keys, and the sums, once for all queries.
//
// P and dS are float32 and go into their products in two parts, so that their error is 2^-17, and what is
// rounded to bfloat16 is the result alone.
#pragma once

#include <cstdint>

#include "core/half.h"
#include "kernels/amx/range.h"

namespace lanegrad {

struct AmxAttentionGradientOps {
  // Columns of [rows, width] as lines, `line` apart; rows in whole steps, zeros after them. Each step stands
  // twice, once for each part of the other factor.
  void (*columns)(const BFloat16* from, int64_t row, int64_t rows, int64_t width, uint16_t* lines,
                  int64_t line);
  // Two parts of [rows, keys], the smaller first, as steps of pairs of rows: `step` apart, in each sixteen
  // keys after another. Zeros after rows and keys, both in whole panels. The range is that of the first part.
  PanelRange (*split_pairs)(const float* from, int64_t row, int64_t rows, int64_t keys, int64_t step,
                            uint16_t* pairs);
  // sums[width, keys] += columns of [rows, width] times pairs of [rows, keys]; keys in whole panels, width in
  // whole panels of which 16 may be left out.
  void (*add_products)(const uint16_t* columns, int64_t line, int64_t rows, int64_t width,
                       const uint16_t* pairs, int64_t step, int64_t keys, float* sums, int64_t row);
  // to[keys, width] = scale * sums[width, keys], turned and rounded; `row` counts keys in whole panels.
  void (*round_turned)(const float* sums, int64_t row, int64_t keys, int64_t width, float scale, BFloat16* to,
                       int64_t to_row);
  // out[r] = a[r] . b[r]
  void (*row_dots)(const BFloat16* a, int64_t a_row, const BFloat16* b, int64_t b_row, int64_t rows,
                   int64_t width, float* out);
};

}  // namespace lanegrad

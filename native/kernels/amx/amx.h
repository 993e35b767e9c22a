// Matrix products on the tile unit of a processor (AMX), or by its dot products of pairs (AVX512_BF16, see
// dots.inl, which take bfloat16 alone): bfloat16 factors, float32 sums.
//
// A float32 is the sum of three bfloat16 (8 + 8 + 8 bits of fraction), exactly unless the last part falls
// below the normal range. Of the nine products of two such sums the six largest are computed; what is left
// out is below 2^-25 |a b|. With two parts and three products 2^-16, with one 2^-8.
//
// Tiles treat denormals as zero, and rounding the greatest floats to bfloat16 gives infinity. So each panel
// knows the least and greatest exponent in it, and where the products of two panels could leave the safe
// range (or hold infinities or NaNs) that tile of C is computed by float32 multiply-adds instead.
//
// Where both panels are first parts alone, the other products are zero and left out.
//
// Every element of C is the sum over depth blocks in order; within a block, over steps of 32 in order, of the
// products of parts, the small ones first. So its bits depend on k, the number of parts and the values alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "core/half.h"
#include "kernels/amx/attention.h"
#include "kernels/amx/attention_gradient.h"
#include "kernels/amx/conv.h"

namespace lanegrad {

constexpr int64_t kAmxDepth = 256;  // of a block, at most

// uint16_t that a packed panel of that depth takes.
constexpr int64_t amx_panel_size(int64_t depth, int parts) {
  return (depth + kAmxStep - 1) / kAmxStep * kAmxStep * kAmxPanel * parts;
}

// One depth block of C[m, n] (+)= A[m, k] B[k, n].
template <class T>
struct AmxBlock {
  int64_t m, n, k;
  int parts;
  const uint16_t* packed_a;   // panels, a_panel apart
  const PanelRange* range_a;  // of each panel
  int64_t a_panel;
  const uint16_t* packed_b;
  const PanelRange* range_b;
  int64_t b_panel;
  const T* a;  // the operands where they lie: element (i, p) at a[i * a_row + p * a_col], (p, j) likewise
  int64_t a_row, a_col;
  const T* b;
  int64_t b_row, b_col;
  float* c;
  int64_t c_row;
  const float* column_bias;  // [n] or null; not used when accumulating
  const float* row_bias;     // [m] or null; not used when accumulating
  bool accumulate;
};

// sums[i * kAmxFew + f] = many[i] . few[f] for one or two of the many. False where one of them has an
// exponent, but of zeros, outside of [least, greatest]: the sums are then good for nothing.
constexpr int64_t kAmxFew = 16;  // at most
struct AmxFew {
  int64_t count, k;
  const BFloat16* many;
  int64_t many_step;
  const BFloat16* few;
  int64_t few_count, few_step;
  int64_t least, greatest;
  float* sums;
};

template <class T>
struct AmxOps {
  // At most kAmxPanel rows (columns) of depth k into one panel: step after step of 32, in each part after
  // part, in each two tiles. What is missing is filled with zeros.
  PanelRange (*pack_a)(const T* a, int64_t row, int64_t col, int64_t rows, int64_t k, int parts,
                       uint16_t* out);
  PanelRange (*pack_b)(const T* b, int64_t row, int64_t col, int64_t k, int64_t columns, int parts,
                       uint16_t* out);
  void (*block)(const AmxBlock<T>&);
  // Of convolutions: a pair of channels, or a channel, into a grid; and output pixels from it.
  PanelRange (*pairs)(const AmxGridRows<T>&);
  PanelRange (*lines)(const AmxGridRows<T>&);
  void (*pixels)(const AmxPixels<T>&);
};

struct AmxTable {
  bool floats;        // whether it takes float32, in parts; dot products are not worth it
  int corner_cycles;  // of 32 x 32 of C and 32 in depth; float32 multiply-adds take 1,280
  AmxOps<float> f32;
  AmxOps<BFloat16> bf16;
  // Sixteen lines, `line` apart, of `steps` times 32 places: step after step a tile of B whose depth is the
  // places and whose columns are the lines.
  void (*turn)(const uint16_t* lines, int64_t line, int64_t steps, uint16_t* out);
  void (*sums)(const AmxSums&);
  bool (*few)(const AmxFew&);  // null of tiles, most of which would be empty
  AmxAttentionOps attention;
  AmxAttentionGradientOps attention_gradient;

  template <class T>
  bool takes() const {
    return floats || !std::is_same_v<T, float>;
  }
  template <class T>
  const AmxOps<T>& of() const {
    if constexpr (std::is_same_v<T, float>)
      return f32;
    else
      return bf16;
  }
};

// Null where the level in force has no unit for bfloat16.
const AmxTable* amx_table();

}  // namespace lanegrad

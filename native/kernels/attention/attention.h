// What attention does between its matrix products: scores to weights, block of keys by block of keys, and
// back. All rows are contiguous along keys (or along the width of a head), and a given distance apart.
#pragma once

#include <cstdint>
#include <type_traits>

namespace lanegrad {

// Scores of some queries against one block of keys. Row r sees the first seen + r * seen_step keys, none if
// that is negative, all if it is more than there are.
template <class T>
struct ScoreBlock {
  int64_t rows, keys;
  T* scores;
  int64_t row;  // from row to row of scores and of keep
  int64_t seen, seen_step;
  const T* bias;  // added to the scores, bias_row apart (0: one row for all); or null
  int64_t bias_row;
  const T* keep;  // what dropout multiplies the weights by; or null
};

template <class T>
struct AttentionKernels {
  // One step of the streaming softmax: scores become exp(score - top), times keep, and 0 where a key is not
  // seen. `top` and `total`, one for each row, are the largest score so far and the sum of the exponentials
  // against it (-infinity and 0 to begin with); when a top rises, the row of `out`, [rows, width], is brought
  // to it.
  void (*fold)(const ScoreBlock<T>& block, T* top, T* total, T* out, int64_t out_row, int64_t width);
  // Divides the rows of `out` by their totals (no total: 0) and gives log sum exp of the scores.
  void (*finish)(const T* top, const T* total, int64_t rows, int64_t width, T* out, int64_t out_row,
                 T* log_sum);
  // The same for rows whose keys were folded in `parts` parts: tops and totals [parts, rows], partial results
  // [parts, rows, width], which is overwritten.
  void (*merge)(const T* top, const T* total, T* partial, int64_t parts, int64_t rows, int64_t width, T* out,
                int64_t out_row, T* log_sum);
  // scores -> weights times keep; grads, the gradient of those, -> scale * gradient of the scores.
  // delta[r]: the sum over all keys of weight times gradient.
  void (*gradient)(const ScoreBlock<T>& block, T* grads, const T* log_sum, const T* delta, T scale);
  // out[r] += sum over keys of weights[r][key] * values[key], for at most kWeighRows rows.
  void (*weigh)(const T* weights, int64_t weights_row, int64_t rows, int64_t keys, const T* values,
                int64_t values_row, int64_t width, T* out, int64_t out_row);
  // out[r] = a[r] . b[r]
  void (*row_dots)(const T* a, int64_t a_row, const T* b, int64_t b_row, int64_t rows, int64_t width, T* out);
  // to[i] = from[i] * factor; to may be from.
  void (*scale)(const T* from, int64_t n, T factor, T* to);
  // 0 where the byte is not 0, else -infinity.
  void (*bias_of)(const uint8_t* seen, int64_t n, T* out);
};

inline constexpr int kWeighRows = 4;

struct AttentionTable {
  AttentionKernels<float> f32;
  AttentionKernels<double> f64;
  template <class T>
  const AttentionKernels<T>& of() const {
    if constexpr (std::is_same_v<T, float>)
      return f32;
    else
      return f64;
  }
};

const AttentionTable& attention_table();

}  // namespace lanegrad

#include <cmath>

#include "ops/attention/attention.h"

namespace lanegrad {
namespace {

constexpr int64_t kMostKeys = 256;  // of a row of a block
constexpr int64_t kWordsOfBlock = 4;

template <class T>
struct Ones {
  alignas(64) T values[kMostKeys + kWordsOfBlock];
  constexpr Ones() : values() {
    for (T& value : values) value = 1;
  }
};
template <class T>
constexpr Ones<T> kOnes;

}  // namespace

template <class T>
AttentionMasks<T>::AttentionMasks(const EvalContext& c, const AttentionSizes& sizes, int first)
    : sizes_(sizes) {
  if (sizes.has_mask) {
    mask_ = c.in(first + kAttnMask);
    const TensorSpec& query = *c.in(first + kQuery).spec;
    Dims wide = query.shape;
    wide[wide.size() - 1] = sizes.keys;
    mask_spec_ = {mask_.spec->dtype, wide, broadcast_strides(mask_.spec->shape, mask_.spec->strides, wide)};
  }
  if (sizes.drops) {
    const TensorView& counter = c.in(first + kDropCounter);
    seed_ = static_cast<uint64_t>(counter.as<int64_t>()[0]);
    offset_ = static_cast<uint64_t>(counter.as<int64_t>()[counter.spec->strides[0]]);
    // As the op dropout decides: u >= p for u = bits / 2^24, in integers.
    const double p = c.attrs().get_float(kDropoutP);
    threshold_ = static_cast<uint32_t>(std::ceil(p * 0x1p24));
    kept_ = p < 1 ? T(1) / (T(1) - static_cast<T>(p)) : T(0);
  }
}

// The rows of the mask from element `offset` on, `row` apart.
template <class T>
void AttentionMasks<T>::set_bias(ScoreBlock<T>& b, int64_t offset, int64_t row, T* buffer) const {
  const int64_t step = mask_spec_.strides[mask_spec_.rank() - 1];
  const bool seen = mask_spec_.dtype == DType::kBool;
  if (!seen && (step == 1 || b.keys == 1)) {
    b.bias = mask_.as<const T>() + offset;
    b.bias_row = row;
    return;
  }
  b.bias = buffer;
  b.bias_row = row == 0 ? 0 : b.row;
  for (int64_t r = 0; r < (row == 0 ? 1 : b.rows); ++r, offset += row, buffer += b.row) {
    if (!seen) {
      for (int64_t k = 0; k < b.keys; ++k) buffer[k] = mask_.as<const T>()[offset + k * step];
      continue;
    }
    const uint8_t* const from = mask_.as<const uint8_t>() + offset;
    uint8_t dense[kMostKeys];
    if (step != 1)
      for (int64_t k = 0; k < b.keys; ++k) dense[k] = from[k * step];
    attention_table().of<T>().bias_of(step == 1 ? from : dense, b.keys, buffer);
  }
}

// The factors of weights [j, j + n) of a query, by their row-major place among all weights. Four of them are
// a block of the generator, in which a row may begin anywhere.
template <class T>
void AttentionMasks<T>::keep_row(int64_t head, int64_t i, int64_t j, int64_t n, T* out) const {
  const int64_t place = (head * sizes_.queries + i) * sizes_.keys + j;
  const int64_t before = place % kWordsOfBlock;
  alignas(64) T factors[kMostKeys + kWordsOfBlock];
  T* const to = before == 0 ? out : factors;
  const uint64_t block = offset_ + static_cast<uint64_t>(place / kWordsOfBlock);
  if constexpr (sizeof(T) == 4)
    random_table().dropout_float(to, kOnes<T>.values, before + n, seed_, block, threshold_, kept_);
  else
    random_table().dropout_double(to, kOnes<T>.values, before + n, seed_, block, threshold_, kept_);
  if (before != 0) std::copy(factors + before, factors + before + n, out);
}

template <class T>
void AttentionMasks<T>::set(ScoreBlock<T>& b, int64_t head, int64_t i, int64_t j, T* bias, T* keep) const {
  b.bias = b.keep = nullptr;
  if (sizes_.has_mask) {
    const int64_t row = mask_spec_.strides[mask_spec_.rank() - 2];
    const int64_t step = mask_spec_.strides[mask_spec_.rank() - 1];
    set_bias(b, matrix_offset(mask_spec_, head) + i * row + j * step, row, bias);
  }
  if (sizes_.drops) {
    for (int64_t r = 0; r < b.rows; ++r) keep_row(head, i + r, j, b.keys, keep + r * b.row);
    b.keep = keep;
  }
}

template <class T>
void AttentionMasks<T>::set_across(ScoreBlock<T>& b, int64_t head, int64_t j, T* bias, T* keep) const {
  b.bias = b.keep = nullptr;
  if (sizes_.has_mask) {
    const int rank = mask_spec_.rank();
    const int64_t row = rank > 2 ? mask_spec_.strides[rank - 3] : 0;
    set_bias(b, matrix_offset(mask_spec_, head) + j * mask_spec_.strides[rank - 1], row, bias);
  }
  if (sizes_.drops) {
    for (int64_t r = 0; r < b.rows; ++r) keep_row(head + r, 0, j, b.keys, keep + r * b.row);
    b.keep = keep;
  }
}

template class AttentionMasks<float>;
template class AttentionMasks<double>;

}  // namespace lanegrad

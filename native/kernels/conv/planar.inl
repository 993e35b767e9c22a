// Convolutions with few output channels: lanes run along the pixels of a row instead of along the channels.
// Depthwise convolutions are of this kind, and the input gradient of a first layer.
#pragma once

#include "kernels/conv/deinterleave.inl"

namespace {

inline constexpr int kPlanarChannels = 4;

// Elements p[0], p[kStep], ... of the first `count` lanes; the others are zero. One full vector may read up
// to p[2 * lanes - 1].
template <class T, int kStep, bool kFull>
LANEGRAD_INLINE Vec<T> load_steps(const T* p, int64_t count) {
  if constexpr (kStep == 1) {
    if constexpr (kFull)
      return Vec<T>::load(p);
    else
      return Vec<T>::load_n(p, count);
  } else if constexpr (kFull) {
    return load_even_odd(p).even;
  } else {
    return load_even_odd_n(p, 2 * count - 1).even;
  }
}

// Whether a vector of pixels from column j on may be loaded as a whole. Two steps a pixel read one element
// too many, which is there only if another pixel follows.
template <class T, int kStep>
LANEGRAD_INLINE bool is_full(int64_t j, int64_t columns) {
  return j + Vec<T>::kWidth + (kStep - 1) <= columns;
}

template <class T>
LANEGRAD_INLINE void store_steps(Vec<T> v, T* out, int64_t step, int64_t count) {
  constexpr int kLanes = Vec<T>::kWidth;
  if (step == 1) return v.store_n(out, count);
  alignas(64) T lanes[kLanes];
  v.store(lanes);
  for (int64_t l = 0; l < count; ++l) out[l * step] = lanes[l];
}

// kPixelRows rows of one vector of pixels, kChannels channels: each image vector serves all channels, each
// weight all rows.
template <class T, int kChannels, int kPixelRows, int kStep, bool kFull>
LANEGRAD_INLINE void planar_tile(const ConvBlock<T>& b, int64_t i, int64_t j, int64_t count) {
  constexpr int kLanes = Vec<T>::kWidth;
  const int64_t width = (b.channels + kLanes - 1) / kLanes * kLanes;
  Vec<T> acc[kChannels][kPixelRows];
  clear_tile(acc);
  const T* const image = b.image + i * b.row_step + j * kStep;
  for (int64_t p = 0; p < b.depth; ++p) {
    const T* const at = image + b.offsets[p];
    Vec<T> x[kPixelRows];
    LANEGRAD_UNROLL
    for (int r = 0; r < kPixelRows; ++r) x[r] = load_steps<T, kStep, kFull>(at + r * b.row_step, count);
    LANEGRAD_UNROLL
    for (int c = 0; c < kChannels; ++c) {
      const Vec<T> weight = Vec<T>::broadcast(b.weights[p * width + c]);
      LANEGRAD_UNROLL
      for (int r = 0; r < kPixelRows; ++r) acc[c][r] = fma(x[r], weight, acc[c][r]);
    }
  }
  LANEGRAD_UNROLL
  for (int c = 0; c < kChannels; ++c) {
    const Vec<T> bias = b.bias ? Vec<T>::broadcast(b.bias[c]) : Vec<T>::zero();
    LANEGRAD_UNROLL
    for (int r = 0; r < kPixelRows; ++r) {
      store_steps(acc[c][r] + bias, b.out + c * b.out_channel + (i + r) * b.out_row + j * b.out_column,
                  b.out_column, count);
    }
  }
}

template <class T, int kChannels, int kStep, bool kFull>
void planar_column(const ConvBlock<T>& b, int64_t j, int64_t count) {
  constexpr int kPixelRows = kChannels == 4 ? 2 : 4;
  int64_t i = 0;
  for (; i + kPixelRows <= b.rows; i += kPixelRows)
    planar_tile<T, kChannels, kPixelRows, kStep, kFull>(b, i, j, count);
  for (; i < b.rows; ++i) planar_tile<T, kChannels, 1, kStep, kFull>(b, i, j, count);
}

template <class T, int kChannels, int kStep>
void planar_block(const ConvBlock<T>& b) {
  constexpr int kLanes = Vec<T>::kWidth;
  for (int64_t j = 0; j < b.columns; j += kLanes) {
    const int64_t count = b.columns - j < kLanes ? b.columns - j : int64_t{kLanes};
    if (is_full<T, kStep>(j, b.columns))
      planar_column<T, kChannels, kStep, true>(b, j, count);
    else
      planar_column<T, kChannels, kStep, false>(b, j, count);
  }
}

template <class T>
void planar_image(const ConvBlock<T>& b) {
  const bool two = b.column_step == 2;
  switch (b.channels) {
    case 1:
      return two ? planar_block<T, 1, 2>(b) : planar_block<T, 1, 1>(b);
    case 2:
      return two ? planar_block<T, 2, 2>(b) : planar_block<T, 2, 1>(b);
    case 3:
      return two ? planar_block<T, 3, 2>(b) : planar_block<T, 3, 1>(b);
    default:
      return two ? planar_block<T, 4, 2>(b) : planar_block<T, 4, 1>(b);
  }
}

template <class T>
void planar_forward(const ConvBlock<T>& b) {
  ConvBlock<T> one = b;
  for (int64_t n = 0; n < b.images; ++n) {
    planar_image(one);
    one.image += b.image_step;
    one.out += b.out_image;
  }
}

// kTaps entries of depth for one channel; lanes run along the pixels and are added up at the end.
template <class T, int kTaps, int kStep>
void planar_taps(const ConvWeightBlock<T>& b, int64_t p, int64_t channel) {
  constexpr int kLanes = Vec<T>::kWidth;
  Vec<T> acc[1][kTaps];
  clear_tile(acc);
  for (int64_t i = 0; i < b.rows; ++i) {
    const T* const grads = b.grads + channel * b.grad_channel + i * b.grad_row;
    const T* const image = b.image + i * b.row_step;
    for (int64_t j = 0; j < b.columns; j += kLanes) {
      const int64_t count = b.columns - j < kLanes ? b.columns - j : int64_t{kLanes};
      const T* const at = image + j * kStep;
      if (is_full<T, kStep>(j, b.columns)) {
        const Vec<T> g = Vec<T>::load(grads + j);
        LANEGRAD_UNROLL
        for (int t = 0; t < kTaps; ++t) {
          acc[0][t] = fma(g, load_steps<T, kStep, true>(at + b.offsets[p + t], count), acc[0][t]);
        }
      } else {
        const Vec<T> g = Vec<T>::load_n(grads + j, count);
        LANEGRAD_UNROLL
        for (int t = 0; t < kTaps; ++t) {
          acc[0][t] = fma(g, load_steps<T, kStep, false>(at + b.offsets[p + t], count), acc[0][t]);
        }
      }
    }
  }
  const int64_t width = (b.channels + kLanes - 1) / kLanes * kLanes;
  LANEGRAD_UNROLL
  for (int t = 0; t < kTaps; ++t) b.sums[(p + t) * width + channel] += reduce_add(acc[0][t]);
}

template <class T, int kStep>
void planar_weight_steps(const ConvWeightBlock<T>& b) {
  for (int64_t channel = 0; channel < b.channels; ++channel) {
    int64_t p = 0;
    for (; p + 9 <= b.depth; p += 9) planar_taps<T, 9, kStep>(b, p, channel);
    for (; p + 3 <= b.depth; p += 3) planar_taps<T, 3, kStep>(b, p, channel);
    for (; p < b.depth; ++p) planar_taps<T, 1, kStep>(b, p, channel);
  }
}

template <class T>
void planar_weight_grad(const ConvWeightBlock<T>& b) {
  if (b.column_step == 2)
    planar_weight_steps<T, 2>(b);
  else
    planar_weight_steps<T, 1>(b);
}

}  // namespace

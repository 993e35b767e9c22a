// Convolutions without an im2col matrix: the micro-kernel of the matrix product reads the image itself.
//
// A convolution is C[pixels, channels] = A[pixels, depth] B[depth, channels] where depth runs over (input
// channel, tap) and A[pixel, (c, r, s)] is the image element at the pixel's place plus an offset that depends
// on (c, r, s) alone. So A is never built: a table of offsets stands for it. The same kernel serves the
// gradient of the input (a convolution of the output's gradient, one per phase of the stride), and with the
// roles of pixels and depth exchanged the gradient of the weight.
#pragma once

#include <cstdint>

namespace lanegrad {

// The weights of a panel that are not packed: weight (p, channel) at data[channel * row + places[p]], or at
// data[channel * row + p] without places.
template <class T>
struct PlainWeights {
  const T* data;
  int64_t row;
  const int64_t* places;
  T* room;  // ConvTable::room elements
};

// out[channel, i, j] = bias[channel] + sum over p of weights[p, channel] * image[i * row_step + j *
// column_step + offsets[p]], for one panel of output channels of some images.
template <class T>
struct ConvBlock {
  const T* image;
  const int64_t* offsets;  // [depth], in elements
  int64_t depth;
  // [depth][channels rounded up to whole vectors], as GemmTable::pack_b makes them; or null, and they are
  // packed from where they lie while they pass.
  const T* weights;
  PlainWeights<T> plain{};
  bool in_blocks = false;                 // of the depth, whose sums are added: of few channels, too
  int64_t channels;                       // at most ConvTable::channels
  int64_t images, image_step, out_image;  // their number and strides
  int64_t rows, columns;
  int64_t row_step, column_step;
  T* out;
  int64_t out_channel, out_row, out_column;  // strides
  const T* bias;                             // [channels] or null
};

// sums[p][channel] += sum over i, j of image[i * row_step + j * column_step + offsets[p]] * grads(i, j,
// channel).
template <class T>
struct ConvWeightBlock {
  const T* image;
  const int64_t* offsets;  // [depth]
  int64_t depth;
  const T* grads;                  // packed: [rows * columns][channels rounded up to whole vectors]
  int64_t grad_channel, grad_row;  // planar: strides of unpacked planes with contiguous rows
  int64_t channels;
  int64_t rows, columns;
  int64_t row_step, column_step;
  T* sums;  // [depth][channels rounded up]
};

template <class T>
struct ConvTable {
  int channels;  // of a panel
  int room;      // for the weights of a panel that are packed at a time
  int lanes;
  void (*forward)(const ConvBlock<T>&);
  void (*weight_grad)(const ConvWeightBlock<T>&);         // packed gradients
  void (*planar_weight_grad)(const ConvWeightBlock<T>&);  // of at most planar_channels channels
  int planar_channels;
};

struct ConvTables {
  ConvTable<float> f32;
  ConvTable<double> f64;
};

const ConvTables& conv_tables();

template <class T>
const ConvTable<T>& conv_table();
template <>
inline const ConvTable<float>& conv_table<float>() {
  return conv_tables().f32;
}
template <>
inline const ConvTable<double>& conv_table<double>() {
  return conv_tables().f64;
}

}  // namespace lanegrad

// Input gradients of a stride of two: the even and the odd columns of a row come from different taps. Each is
// computed into a room where its pixels are neighbours, which the kernel stores as vectors, and both are then
// written together.
#pragma once

#include "ops/conv/pixels.h"

namespace lanegrad::conv_detail {

// Of every task that runs at once; none: columns are written where they belong, one by one.
template <class T>
struct PairRoom {
  T* room = nullptr;
  int64_t slot = 0;  // elements of a task
};

// What a block of one panel takes, of so many images, rows and even columns.
template <class T>
int64_t pair_elements(int64_t images, int64_t rows, int64_t columns) {
  return 2 * images * conv_table<T>().channels * rows * columns;
}

template <class T>
void join_columns(const T* even, const T* odd, int64_t evens, int64_t odds, T* out) {
  for (int64_t j = 0; j < odds; ++j) {
    out[2 * j] = even[j];
    out[2 * j + 1] = odd[j];
  }
  if (evens > odds) out[2 * odds] = even[odds];
}

// The blocks differ in taps and columns; that of the even columns is the first.
template <class T>
void run_pair(const ConvBlock<T>& even, const ConvBlock<T>& odd, T* room) {
  const auto run = [](ConvBlock<T> b, T* to) {
    b.out = to;
    b.out_column = 1;
    b.out_row = b.columns;
    b.out_channel = b.rows * b.columns;
    b.out_image = b.channels * b.out_channel;
    conv_table<T>().forward(b);
    return to + b.images * b.out_image;
  };
  T* const odds = run(even, room);
  run(odd, odds);
  for (int64_t i = 0; i < even.images; ++i) {
    for (int64_t c = 0; c < even.channels; ++c) {
      for (int64_t r = 0; r < even.rows; ++r) {
        const int64_t row = (i * even.channels + c) * even.rows + r;
        join_columns(room + row * even.columns, odds + row * odd.columns, even.columns, odd.columns,
                     even.out + i * even.out_image + c * even.out_channel + r * even.out_row);
      }
    }
  }
}

}  // namespace lanegrad::conv_detail

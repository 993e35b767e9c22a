// Convolutions on the tile unit, without an im2col matrix: tiles are loaded from where the pixels lie.
//
// Images are copied once into a grid: padded, in bfloat16 parts, and flattened, so that what a tap sees lies
// at the same distance from every output pixel, over the ends of rows too. What is computed for the places
// between the end of a row of outputs and that of a row of the grid is dropped. A stride cuts the grid into
// planes, one for each remainder, in which it is one.
//
// For the pixels (forward, and the gradient of the input) the grid has pairs of channels side by side: 16
// rows of 16 places are a tile of B as they lie. For the gradient of the weight it has lines of a channel
// each: 16 of them are a tile of A whose depth is the places, and the gradient is turned into tiles of B.
#pragma once

#include <cstdint>

#include "kernels/amx/range.h"

namespace lanegrad {

// What of one channel, or of two, goes into a grid.
template <class T>
struct AmxGridRows {
  const T* first;         // null: zeros
  const T* second;        // of a pair; null: zeros
  int64_t rows, columns;  // of the grid
  const int64_t*
      starts;           // [rows]: where the grid's column `left` lies in a channel; negative: a row of zeros
  int64_t left, right;  // columns that lie in the image; the others are zero
  int64_t column;       // from column to column of the image
  int64_t ahead;        // how far on lies what is asked for early: rows are short, and follow no order that
                        // the processor would see
  int parts;
  // Places one after another, row by row; what follows the last up to the next kAmxPanel places is zero or
  // whatever was there, and kAmxPanel more of a line are zero.
  uint16_t* out;
  int64_t part;  // from part to part
};

// out[channel, place] = bias[channel] + sum over the steps of weights[channel, 32 k] grid[32 k, place]
template <class T>
struct AmxPixels {
  int parts;
  bool one_part;  // the others are all zero
  int64_t channels;
  const uint16_t* weights;  // panels of channels as pack_a makes them, step after step
  int64_t panel;            // from panel to panel
  int64_t steps;
  const int64_t* offsets;  // [steps]: of each step's 16 pairs in the grid
  const uint16_t* grid;
  int64_t pair, part;                            // from pair to pair, and from part to part
  int64_t images, slices, rows, columns;         // of outputs
  int64_t grid_slices, grid_rows, grid_columns;  // places from one to the next of each
  T* out;
  int64_t out_channel, out_image, out_slice, out_row, out_column;
  const float* bias;  // [channels] or null
};

// sums[tap][channel][out] (+)= sum over places of lines[channel, place + offset of the tap] turned[place,
// out]
struct AmxSums {
  int parts;
  bool one_part;
  int64_t steps;  // of 32 places
  int64_t channels;
  const uint16_t* lines;
  int64_t line, lines_part;
  int64_t outs;            // whole panels
  const uint16_t* turned;  // blocks of 16 outs, as AmxTable::turn makes them
  int64_t block, turned_part;
  int64_t taps;
  const int64_t* offsets;  // [taps]
  float* sums;             // whole panels of channels
  int64_t sums_tap, sums_row;
  bool accumulate;
};

}  // namespace lanegrad

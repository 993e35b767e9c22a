// Pixels of a channels-last image as the rows of a matrix: for each the channels that its taps see, side by
// side, zeros where a tap lies outside. Neighbouring taps of a kernel's row are one run of memory.
#pragma once

#include <algorithm>
#include <cstring>

#include "ops/conv/convolution.h"

namespace lanegrad::conv_detail {

// Taps that lie side by side in the image. Of the place (i, j) of a phase the first one lies at row
// i * advance + row, column j * advance + column.
struct TapRun {
  int64_t row, column, taps;
  int64_t first;  // of its taps, in the list of the phase
};

// Places that see the same taps, but for edges: all of a convolution, or one phase of the stride of an input
// gradient.
struct GatherPhase {
  int64_t rows, columns;            // of its places, in an image
  int64_t first_row, first_column;  // where the first lies in the result
  int64_t advance_rows, advance_columns;
  int64_t taps, runs;
  const ConvSizes* kernel;  // [taps]: which they are
  const TapRun* run;        // [runs]
  int64_t pixels() const { return rows * columns; }
};

template <class In>
struct GatherSource {
  const In* data;
  ConvStrides strides;  // channels one element apart
  int64_t rows, columns, channels;
};

// Rows of taps * channels elements for the places [first, first + count) of all images, through `runs` of the
// phase's runs from `run` on.
template <class In>
void gather_pixels(const GatherPhase& p, int64_t run, int64_t runs, const GatherSource<In>& from,
                   int64_t first, int64_t count, In* to) {
  int64_t image = first / p.pixels(), i = first % p.pixels() / p.columns, j = first % p.columns;
  const auto zeros = [&](int64_t elements) {
    std::memset(static_cast<void*>(to), 0, static_cast<size_t>(elements) * sizeof(In));
    to += elements;
  };
  for (int64_t n = 0; n < count; ++n) {
    for (int64_t r = run; r < run + runs; ++r) {
      const TapRun& taps = p.run[r];
      const int64_t y = i * p.advance_rows + taps.row, x = j * p.advance_columns + taps.column;
      if (y < 0 || y >= from.rows) {
        zeros(taps.taps * from.channels);
        continue;
      }
      const int64_t low = std::clamp<int64_t>(-x, 0, taps.taps);
      const int64_t high = std::clamp<int64_t>(from.columns - x, low, taps.taps);
      if (low > 0) zeros(low * from.channels);
      const int64_t elements = (high - low) * from.channels;
      if (elements > 0) {
        const In* const at =
            from.data + image * from.strides[0] + y * from.strides[3] + (x + low) * from.strides[4];
        std::memcpy(static_cast<void*>(to), at, static_cast<size_t>(elements) * sizeof(In));
        to += elements;
      }
      if (high < taps.taps) zeros((taps.taps - high) * from.channels);
    }
    if (++j == p.columns) {
      j = 0;
      if (++i == p.rows) {
        i = 0;
        ++image;
      }
    }
  }
}

// The phases of a convolution (one), or of its input gradient.
int64_t phase_count(const ConvGeometry& g, bool gradient);
// `kernel` and `run` have room for as many entries as there are taps, shared by all phases.
void find_phases(const ConvGeometry& g, bool gradient, GatherPhase* phases, ConvSizes* kernel, TapRun* run);

}  // namespace lanegrad::conv_detail

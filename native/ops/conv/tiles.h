// What the convolutions by Winograd's transforms share: how an output is cut into tiles.
#pragma once

#include <algorithm>

#include "core/threads.h"
#include "kernels/gemm/gemm.h"
#include "kernels/winograd/winograd.h"
#include "ops/conv/pixels.h"

namespace lanegrad::conv_detail {

inline int64_t round_up(int64_t a, int64_t b) { return ceil_div(a, b) * b; }

// The tiles of all images in rows, image after image.
struct TileGrid {
  int64_t rows, columns, all_rows;  // of an image, and of all
  TileGrid(int64_t images, int64_t pixel_rows, int64_t pixel_columns)
      : rows(ceil_div(pixel_rows, kWinogradStep)),
        columns(ceil_div(pixel_columns, kWinogradStep)),
        all_rows(images * rows) {}
};

// Calls body(image, row, count, tile) for the pieces of rows [begin, end) that lie in one image; `tile`
// counts from the first.
template <class F>
void each_image(const TileGrid& tiles, int64_t begin, int64_t end, F&& body) {
  for (int64_t r = begin; r < end;) {
    const int64_t row = r % tiles.rows, count = std::min(tiles.rows - row, end - r);
    body(r / tiles.rows, row, count, (r - begin) * tiles.columns);
    r += count;
  }
}

// C[m, n] (+)= A[m, k] B[k, n] with a B that lies in panels.
inline void multiply_panels(int64_t m, int64_t n, int64_t k, const float* a, int64_t a_row, int64_t a_col,
                            const float* b, float* c, int64_t c_row, bool accumulate) {
  const GemmTable<float>& gemm = gemm_table<float>();
  GemmBlock<float> block{};
  block.m = m;
  block.n = n;
  block.k = k;
  block.a = a;
  block.a_row = a_row;
  block.a_col = a_col;
  block.b = b;
  block.c = c;
  block.c_row = c_row;
  block.packed_b = true;
  block.accumulate = accumulate;
  gemm.block(block);
}

}  // namespace lanegrad::conv_detail

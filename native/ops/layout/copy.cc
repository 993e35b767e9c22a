#include "ops/layout/copy.h"

#include <algorithm>

#include "core/streaming.h"
#include "core/threads.h"
#include "kernels/elementwise/elementwise.h"
#include "kernels/elementwise/strided.h"
#include "kernels/layout/layout.h"
#include "ops/elementwise/strided_loop.h"

namespace lanegrad {
namespace {

constexpr int64_t kGrain = 32768;

// Where the source runs along another dim than the target: those two dims are copied as a transposed matrix,
// in blocks. Returns that dim, or -1.
int transposed_dim(const StridedLoop& loop, int64_t size) {
  const int row = loop.rank - 1;
  if (loop.strides[row][0] != size || loop.strides[row][1] == size || loop.sizes[row] < 4) return -1;
  for (int d = 0; d < row; ++d) {
    if (loop.strides[d][1] == size && loop.sizes[d] >= 4) return d;
  }
  return -1;
}

void copy_transposed(const StridedLoop& loop, int dim, size_t size, bool past_caches) {
  // The matrix: `dim` by the row; the remaining dims are walked outside.
  const int64_t rows = loop.sizes[dim], columns = loop.row_length();
  const int64_t out_stride = loop.strides[dim][0], in_stride = loop.row_strides()[1];
  int64_t outer = 1;
  for (int d = 0; d < loop.rank - 1; ++d) {
    if (d != dim) outer *= loop.sizes[d];
  }
  // Work is split over bands of rows: some neighbouring lines of the source, which come from memory together.
  const int64_t band = 128 / static_cast<int64_t>(size);
  const auto transpose = layout_table().transpose[log2_size(size)];
  const int64_t bands = (rows + band - 1) / band;
  const int64_t bands_per_thread = kGrain / (band * columns) + 1;
  parallel_for(outer * bands, bands_per_thread, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      int64_t which = i / bands;
      const int64_t first = i % bands * band;
      char* out = loop.data[0] + first * out_stride;
      const char* in = loop.data[1] + first * static_cast<int64_t>(size);
      for (int d = loop.rank - 2; d >= 0; --d) {
        if (d == dim) continue;
        const int64_t index = which % loop.sizes[d];
        which /= loop.sizes[d];
        out += index * loop.strides[d][0];
        in += index * loop.strides[d][1];
      }
      transpose({out, out_stride, in, in_stride, std::min(band, rows - first), columns, past_caches});
    }
    if (past_caches) end_streams();
  });
}

// The rows in the order of the source. Lines that are written whole past the caches may come in any order,
// and what reads memory from one end to the other is read ahead.
void order_by_source(StridedLoop& loop) {
  for (int i = 1; i < loop.rank - 1; ++i) {
    for (int j = i; j > 0 && loop.strides[j][1] > loop.strides[j - 1][1]; --j) {
      std::swap(loop.sizes[j], loop.sizes[j - 1]);
      std::swap(loop.strides[j], loop.strides[j - 1]);
    }
  }
}

void copy_same_dtype(StridedLoop loop, size_t size) {
  const bool past_caches = exceeds_caches(static_cast<size_t>(loop.count()) * size);
  const int64_t step_out = loop.row_strides()[0], step_in = loop.row_strides()[1];
  const int64_t dense = static_cast<int64_t>(size);
  const bool whole_lines = loop.row_length() * dense % static_cast<int64_t>(kStreamAlignment) == 0;
  if (past_caches && whole_lines && step_out == dense && step_in == dense) order_by_source(loop);
  if (const int dim = transposed_dim(loop, dense); dim >= 0)
    return copy_transposed(loop, dim, size, past_caches);
  const OutputCopy copy(static_cast<size_t>(loop.count()) * size);
  const auto fill = elementwise_table().fill[log2_size(size)];
  const auto body = [&](char* const* at, int64_t n) {
    const size_t bytes = static_cast<size_t>(n) * size;
    if (step_out == dense && step_in == dense) {
      copy(at[0], at[1], bytes);
    } else if (step_out == dense && step_in == 0) {
      past_caches ? stream_fill(at[0], at[1], size, bytes) : fill(at[0], at[1], n);
    } else {
      move_row(at[0], step_out, at[1], step_in, n, size);
    }
  };
  for_each_row(loop, kGrain, body, [&] {
    if (past_caches) end_streams();
  });
}

constexpr int64_t kTile = 1024;

void copy_cast(const StridedLoop& loop, DType to, DType from) {
  const auto cast = elementwise_table().casts[static_cast<int>(from)][static_cast<int>(to)];
  const size_t out_size = size_of(to), in_size = size_of(from);
  const int64_t step_out = loop.row_strides()[0], step_in = loop.row_strides()[1];
  const bool scatter = step_out != static_cast<int64_t>(out_size),
             gather = step_in != static_cast<int64_t>(in_size);
  const OutputCopy copy(static_cast<size_t>(loop.count()) * out_size);
  const bool direct = !scatter && !copy.past_caches();
  const auto body = [&](char* const* at, int64_t n) {
    if (direct && !gather) return cast(at[0], at[1], n);
    alignas(64) char in_tile[kTile * 8], out_tile[kTile * 8];
    for (int64_t first = 0; first < n; first += kTile) {
      const int64_t count = n - first < kTile ? n - first : kTile;
      const char* source = at[1] + first * step_in;
      char* target = at[0] + first * step_out;
      if (gather) gather_row(in_tile, source, step_in, count, in_size);
      cast(direct ? target : out_tile, gather ? in_tile : source, count);
      if (scatter)
        scatter_row(target, step_out, out_tile, count, out_size);
      else if (!direct)
        copy(target, out_tile, static_cast<size_t>(count) * out_size);
    }
  };
  for_each_row(loop, kGrain, body, [&] { copy.finish(); });
}

}  // namespace

void copy_view(const TensorView& target, const TensorView& source) {
  const TensorSpec &to = *target.spec, &from = *source.spec;
  if (to.dtype == from.dtype && to.shape == from.shape && to.is_contiguous() && from.is_contiguous()) {
    const int64_t bytes = static_cast<int64_t>(to.bytes());
    if (target.data == source.data) return;
    const OutputCopy copy(to.bytes());
    parallel_for(bytes, kGrain * 8, [&](int64_t begin, int64_t end) {
      copy(target.as<char>() + begin, source.as<char>() + begin, static_cast<size_t>(end - begin));
      copy.finish();
    });
    return;
  }
  const TensorView* const inputs[] = {&source};
  const StridedLoop loop = make_loop(target, inputs, 1);
  if (to.dtype == from.dtype) return copy_same_dtype(loop, size_of(to.dtype));
  copy_cast(loop, to.dtype, from.dtype);
}

}  // namespace lanegrad

#include "ops/tile/fold.h"

#include <algorithm>

#include "core/streaming.h"
#include "ops/reduce/results.h"

namespace lanegrad {
namespace {

// Values of one chunk, in the second-level cache of any processor.
constexpr int64_t kChunk = kRowChunk;
constexpr int64_t kFewColumns = kChunk / kColumnChunk;

// Makes values of a thread's chunks: in a buffer, or where an output wants them, from where they are then
// read.
class Chunks {
 public:
  Chunks(const TileSetup& setup, void* const* operands, const TileTarget* targets)
      : loop_(setup.loop), worker_(setup, operands, targets) {
    for (int j = 0; j < setup.outputs; ++j)
      if (setup.code.outputs[static_cast<size_t>(j)].folded && targets[j].direct)
        in_memory_ = reinterpret_cast<float*>(targets[j].data);
  }

  // `count` elements from `first` on, in memory order.
  const float* make(int64_t first, int64_t count, float* buffer) {
    float* const values = in_memory_ ? in_memory_ + first : buffer;
    for (int64_t done = 0; done < count;) {
      const Tile tile = loop_.run_tile(first + done, count - done);
      worker_.run(tile, values + done);
      done += tile.rows * tile.columns;
    }
    return values;
  }
  // The same, in the buffer in any case.
  void copy(int64_t first, int64_t count, float* buffer) {
    const float* const values = make(first, count, buffer);
    if (values != buffer) std::copy_n(values, count, buffer);
  }

 private:
  const TileLoop& loop_;
  TileWorker worker_;
  float* in_memory_ = nullptr;
};

// Where the result of an item of the outer dims goes.
Walk<1> outer_walk(const ReduceLevel& level) {
  Walk<1> walk;
  for (const ReduceDim& d : level.outer) walk.add(d.size, {d.out});
  return walk;
}

void fold_rows(Chunks& chunks, const ReduceLevel& level, float* to, int64_t begin, int64_t end) {
  alignas(64) float buffer[kChunk];
  const auto& kernels = reduce_table().sum<float>();
  const int64_t n = level.fold.size;
  Walk<1> at = outer_walk(level);
  at.seek(begin / level.chunks);
  for (int64_t i = begin; i < end;) {
    const int64_t row = i / level.chunks, chunk = i % level.chunks;
    if (level.chunks > 1) {
      const int64_t first = chunk * level.chunk, count = std::min(level.chunk, n - first);
      const float* const values = chunks.make(row * n + first, count, buffer);
      kernels.rows(values, 1, 0, count, 1, to + at.offset(0) + chunk * level.chunk_out, 1);
      if (chunk + 1 == level.chunks) at.advance(1);
      ++i;
      continue;
    }
    const int64_t rows = std::min({at.run(), end - i, std::max<int64_t>(1, kChunk / n)});
    const float* const values = chunks.make(row * n, rows * n, buffer);
    kernels.rows(values, rows, n, n, 1, to + at.offset(0), at.run_stride(0));
    at.advance(rows);
    i += rows;
  }
}

// Rows of more than a few columns: the sums of even and of odd rows, as the column kernel has them.
void add_rows(Chunks& chunks, int64_t first, int64_t stride, int64_t rows, int64_t columns, float* out,
              int64_t out_stride) {
  alignas(64) float even[kColumnTile], odd[kColumnTile], row[kColumnTile];
  static const ElementwiseKernel add =
      elementwise_table().kernels[kCode_add][static_cast<int>(DType::kFloat32)];
  chunks.copy(first, columns, even);
  if (rows > 1) chunks.copy(first + stride, columns, odd);
  for (int64_t r = 2; r < rows; ++r) {
    float* const sum = r % 2 == 0 ? even : odd;
    const void* in[] = {sum, chunks.make(first + r * stride, columns, row)};
    add(sum, in, columns, 0);
  }
  if (rows > 1) {
    const void* in[] = {even, odd};
    add(even, in, columns, 0);
  }
  for (int64_t c = 0; c < columns; ++c) out[c * out_stride] = even[c];
}

void fold_columns(Chunks& chunks, const ReduceLevel& level, float* to, int64_t begin, int64_t end) {
  alignas(64) float buffer[kChunk];
  const auto& kernels = reduce_table().sum<float>();
  const int64_t n = level.fold.size, cols = level.cols;
  const int64_t tiles = (cols + kColumnTile - 1) / kColumnTile, each = tiles * level.chunks;
  Walk<1> at = outer_walk(level);
  for (int64_t i = begin; i < end; ++i) {
    at.seek(i / each);
    const int64_t chunk = i % each / tiles, col = i % tiles * kColumnTile;
    const int64_t row = chunk * level.chunk, rows = std::min(level.chunk, n - row);
    const int64_t first = (i / each * n + row) * cols + col;
    float* const out = to + at.offset(0) + chunk * level.chunk_out + col * level.col_out;
    if (cols > kFewColumns) {
      add_rows(chunks, first, cols, rows, std::min(kColumnTile, cols - col), out, level.col_out);
      continue;
    }
    const float* const values = chunks.make(first, rows * cols, buffer);
    kernels.columns(values, rows, cols, cols, 1, out, level.col_out);
  }
}

}  // namespace

std::optional<TileFoldPlan> TileFoldPlan::make(const TileProgram& program, const TileLoop& loop) {
  const TensorSpec& value = program.fold.value;
  const bool dense = value.is_contiguous() || is_dense(value.shape, value.strides);
  if (computed_dtype(value.dtype) != DType::kFloat32 || !dense || !loop.takes_runs() || value.numel() == 0)
    return std::nullopt;
  TileFoldPlan fold;
  fold.plan_ = plan_reduction(value, program.fold.mask);
  const ReduceLevel& level = fold.plan_.levels[0];
  if (level.columns ? level.fold.in != level.cols || level.col_in != 1 : level.fold.in != 1)
    return std::nullopt;
  fold.dtype_ = value.dtype;
  const int64_t behind = reduced_count(value.shape, program.fold.mask);
  fold.results_ = value.numel() / behind;
  if (program.fold.mean) fold.divisor_ = behind;
  return fold;
}

size_t TileFoldPlan::workspace() const {
  const int64_t rounded = is_narrow(dtype_) ? aligned(results_) : 0;
  return static_cast<size_t>(rounded + plan_.intermediate_elements) * sizeof(float);
}

void TileFoldPlan::first_level(const TileSetup& setup, void* const* operands, const TileTarget* targets,
                               const ReduceLevel& level, float* to) const {
  bool streams = false;
  for (int j = 0; j < setup.outputs; ++j) streams = streams || targets[j].past_caches;
  int64_t items = level.chunks, work = level.chunk;
  for (const ReduceDim& d : level.outer) items *= d.size;
  if (level.columns) {
    items *= (level.cols + kColumnTile - 1) / kColumnTile;
    work *= std::min(level.cols, kColumnTile);
  }
  const auto grain = static_cast<int64_t>(setup.grain() / static_cast<double>(work));
  parallel_for(items, std::max<int64_t>(1, grain), [&](int64_t begin, int64_t end) {
    Chunks chunks(setup, operands, targets);
    level.columns ? fold_columns(chunks, level, to, begin, end) : fold_rows(chunks, level, to, begin, end);
    if (streams) end_streams();
  });
}

void TileFoldPlan::run(const TileSetup& setup, void* const* operands, const TileTarget* targets, void* out,
                       void* workspace) const {
  float* const rest = static_cast<float*>(workspace) + (is_narrow(dtype_) ? aligned(results_) : 0);
  float* const results = static_cast<float*>(is_narrow(dtype_) ? workspace : out);
  run_levels<float, float>(
      plan_, nullptr, results, rest,
      [&](const ReduceLevel& level, const float*, float* to) {
        first_level(setup, operands, targets, level, to);
      },
      reduce_table().sum<float>());
  if (divisor_ > 0) divide_all<float>(results, results_, static_cast<float>(divisor_));
  if (results == out) return;
  elementwise_table().casts[static_cast<int>(DType::kFloat32)][static_cast<int>(dtype_)](out, results,
                                                                                         results_);
}

}  // namespace lanegrad

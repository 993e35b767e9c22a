#include "ops/elementwise/loop.h"

#include <cstring>
#include <limits>

#include "core/streaming.h"
#include "kernels/elementwise/saturating_cast.h"
#include "kernels/elementwise/strided.h"
#include "kernels/layout/layout.h"

namespace lanegrad {
namespace {

// A number out of an integer's range becomes the nearest in it: as a bound it then bounds nothing.
template <class T>
T clamped(double value) {
  if constexpr (std::is_integral_v<T> && sizeof(T) < 4) {
    constexpr double kLow = std::numeric_limits<T>::min(), kHigh = std::numeric_limits<T>::max();
    value = value < kLow ? kLow : value > kHigh ? kHigh : value;
  }
  return saturating_cast<T>(value);
}

constexpr int64_t kTile = 512;  // elements: with three operands and the output 16 KB, a third of L1

// A block of the matrix that a transposed operand makes with the row: 32 KB with two such operands of 8
// bytes, and as wide as what comes from memory together.
constexpr int64_t kBlockRows = 32;
constexpr int64_t kBlockColumns = 64;

// Rows of any strides: operands that are not contiguous are gathered into a tile, a strided output is
// scattered. Where operands run along another dim than the output, that dim and the row are taken in blocks,
// in which the operands are transposed: row by row, every element would touch a cache line of its own.
class Evaluator {
 public:
  Evaluator(const StridedLoop& loop, const ElementwiseCall& call)
      : kernel_(call.kernel),
        loop_(loop),
        constants_(call.constants),
        in_size_(size_of(call.dtype)),
        out_size_(size_of(call.out)),
        past_caches_(call.past_caches) {
    operands_ = loop.operands - 1;
    const int64_t* step = loop.row_strides();
    direct_ = step[0] == static_cast<int64_t>(out_size_) || loop.row_length() == 1;
    for (int k = 0; k < operands_; ++k) {
      if (step[k + 1] == 0)
        scalars_ |= 1u << k;
      else if (step[k + 1] != static_cast<int64_t>(in_size_))
        direct_ = false;
    }
    if (!takes_scalars(operands_, scalars_)) direct_ = false;
    if (!direct_) find_transposed_dim();
  }

  // The whole loop, in parallel.
  void run_all(int64_t grain) const {
    const auto finish = [this] {
      if (past_caches_) end_streams();
    };
    if (dim_ < 0)
      return for_each_row(loop_, grain, [this](char* const* at, int64_t n) { run(at, n); }, finish);
    const int64_t bands = (loop_.sizes[dim_] + kBlockRows - 1) / kBlockRows;
    const int64_t outer = loop_.row_count() / loop_.sizes[dim_];
    parallel_for(outer * bands, grain / (kBlockRows * loop_.row_length()) + 1,
                 [&](int64_t begin, int64_t end) {
                   for (int64_t i = begin; i < end; ++i) run_band(i / bands, i % bands * kBlockRows);
                   finish();
                 });
  }

 private:
  void find_transposed_dim() {
    const int row = loop_.rank - 1;
    if (loop_.strides[row][0] != static_cast<int64_t>(out_size_) || loop_.sizes[row] < 8) return;
    for (int d = 0; d < row && dim_ < 0; ++d) {
      if (loop_.sizes[d] < 8) continue;
      for (int k = 0; k < operands_; ++k) {
        if (is_transposed(k, d)) dim_ = d;
      }
    }
  }

  bool is_transposed(int k, int d) const {
    const int64_t size = static_cast<int64_t>(in_size_), step = loop_.row_strides()[k + 1];
    return step != 0 && step != size && loop_.strides[d][k + 1] == size;
  }

  // kBlockRows rows along dim_, from `first` on; `which` numbers the places in the other outer dims.
  void run_band(int64_t which, int64_t first) const {
    char* at[kMaxLoopOperands];
    for (int k = 0; k <= operands_; ++k) at[k] = loop_.data[k] + first * loop_.strides[dim_][k];
    for (int d = loop_.rank - 2; d >= 0; --d) {
      if (d == dim_) continue;
      const int64_t index = which % loop_.sizes[d];
      which /= loop_.sizes[d];
      for (int k = 0; k <= operands_; ++k) at[k] += index * loop_.strides[d][k];
    }
    const int64_t left = loop_.sizes[dim_] - first, rows = left < kBlockRows ? left : kBlockRows;
    alignas(64) char blocks[kMaxElementwiseOperands][kBlockRows * kBlockColumns * 8];
    alignas(64) char tiles[kMaxElementwiseOperands][kBlockColumns * 8];
    const int64_t* step = loop_.row_strides();
    const int64_t size = static_cast<int64_t>(in_size_), block_stride = kBlockColumns * size;
    const bool keep_scalars = takes_scalars(operands_, scalars_);
    const void* in[kMaxElementwiseOperands + kMaxElementwiseConstants];
    for (int i = 0; i < constants_.count; ++i) in[operands_ + i] = constants_.value[i];
    for (int64_t column = 0; column < loop_.row_length(); column += kBlockColumns) {
      const int64_t rest = loop_.row_length() - column, columns = rest < kBlockColumns ? rest : kBlockColumns;
      for (int k = 0; k < operands_; ++k) {
        if (!is_transposed(k, dim_)) continue;
        layout_table().transpose[log2_size(in_size_)](
            {blocks[k], block_stride, at[k + 1] + column * step[k + 1], step[k + 1], rows, columns, false});
      }
      for (int64_t r = 0; r < rows; ++r) {
        for (int k = 0; k < operands_; ++k) {
          const char* source = at[k + 1] + r * loop_.strides[dim_][k + 1] + column * step[k + 1];
          if (is_transposed(k, dim_)) {
            in[k] = blocks[k] + r * block_stride;
          } else if (step[k + 1] == size || (step[k + 1] == 0 && keep_scalars)) {
            in[k] = source;
          } else {
            gather_row(tiles[k], source, step[k + 1], columns, in_size_);
            in[k] = tiles[k];
          }
        }
        char* const target = at[0] + r * loop_.strides[dim_][0] + column * step[0];
        kernel_(target, in, columns, (keep_scalars ? scalars_ : 0) | past(target));
      }
    }
  }

  void run(char* const* at, int64_t n) const {
    const void* in[kMaxElementwiseOperands + kMaxElementwiseConstants];
    for (int i = 0; i < constants_.count; ++i) in[operands_ + i] = constants_.value[i];
    if (direct_) {
      for (int k = 0; k < operands_; ++k) in[k] = at[k + 1];
      kernel_(at[0], in, n, scalars_ | past(at[0]));
      return;
    }
    alignas(64) char tiles[kMaxLoopOperands][kTile * 8];
    const int64_t* step = loop_.row_strides();
    const bool scatter = step[0] != static_cast<int64_t>(out_size_);
    for (int64_t first = 0; first < n; first += kTile) {
      const int64_t count = n - first < kTile ? n - first : kTile;
      for (int k = 0; k < operands_; ++k) {
        const char* source = at[k + 1] + first * step[k + 1];
        if (step[k + 1] == static_cast<int64_t>(in_size_)) {
          in[k] = source;
        } else {
          if (step[k + 1] != 0 || first == 0) gather_row(tiles[k], source, step[k + 1], count, in_size_);
          in[k] = tiles[k];
        }
      }
      char* const target = at[0] + first * step[0];
      kernel_(scatter ? tiles[kMaxLoopOperands - 1] : target, in, count, scatter ? 0 : past(target));
      if (scatter) scatter_row(target, step[0], tiles[kMaxLoopOperands - 1], count, out_size_);
    }
  }

  unsigned past(const void* target) const {
    return past_caches_ && is_stream_aligned(target) ? kPastCaches : 0;
  }

  ElementwiseKernel kernel_;
  const StridedLoop& loop_;
  const ElementwiseConstants& constants_;
  size_t in_size_, out_size_;
  int operands_ = 0;
  unsigned scalars_ = 0;
  bool direct_ = true;
  bool past_caches_;
  int dim_ = -1;  // the one along which transposed operands run, if any
};

// int8, int16 and the 16-bit floats: tiles of the operands are widened, the kernel of the wide dtype runs on
// them, and its tile is rounded into the output. All tiles together stay in L1, so memory sees 16 bits an
// element.
void run_narrow(const StridedLoop& loop, const ElementwiseCall& call) {
  const ElementwiseKernel kernel = call.kernel;
  const ElementwiseConstants& constants = call.constants;
  const DType dtype = call.dtype, out = call.out;
  const bool past_caches = call.past_caches;
  const auto& casts = elementwise_table().casts;
  const int wide = static_cast<int>(computed_dtype(dtype));
  const CastKernel widen = casts[static_cast<int>(dtype)][wide];
  const CastKernel round = is_narrow(out) ? casts[wide][static_cast<int>(out)] : nullptr;
  const size_t in_size = size_of(dtype), out_size = size_of(out);
  const int operands = loop.operands - 1;
  const int64_t* step = loop.row_strides();
  const auto body = [&](char* const* at, int64_t n) {
    alignas(64) char wide_tiles[kMaxElementwiseOperands][kTile * 4];
    alignas(64) char result[kTile * 4], narrow[kTile * 2];
    const void* in[kMaxElementwiseOperands + kMaxElementwiseConstants];
    for (int i = 0; i < constants.count; ++i) in[operands + i] = constants.value[i];
    for (int64_t first = 0; first < n; first += kTile) {
      const int64_t count = n - first < kTile ? n - first : kTile;
      for (int k = 0; k < operands; ++k) {
        in[k] = wide_tiles[k];
        if (step[k + 1] == 0 && first > 0) continue;
        if (call.wide_numbers >> k & 1) {
          gather_row(wide_tiles[k], at[k + 1], 0, count, sizeof(float));
          continue;
        }
        const char* source = at[k + 1] + first * step[k + 1];
        if (step[k + 1] != static_cast<int64_t>(in_size)) {
          gather_row(narrow, source, step[k + 1], count, in_size);
          source = narrow;
        }
        widen(wide_tiles[k], source, count);
      }
      char* const target = at[0] + first * step[0];
      const bool scatter = step[0] != static_cast<int64_t>(out_size);
      char* const rounded = scatter || past_caches ? narrow : target;
      kernel(round ? result : rounded, in, count, 0);
      if (round) round(rounded, result, count);
      if (scatter)
        scatter_row(target, step[0], narrow, count, out_size);
      else if (past_caches)
        stream_copy(target, narrow, static_cast<size_t>(count) * out_size);
    }
  };
  for_each_row(loop, call.grain, body, [&] {
    if (past_caches) end_streams();
  });
}

}  // namespace

ElementwiseConstants::ElementwiseConstants(const Attrs& attrs, DType dtype)
    : count(static_cast<int>(attrs.size())) {
  for (int i = 0; i < count; ++i) {
    dispatch_dtype(dtype, [&]<class T>(T) {
      const T x = clamped<T>(attrs.get_float(i));
      std::memcpy(value[i], &x, sizeof(T));
    });
  }
}

bool takes_scalars(int operands, unsigned scalars) {
  if (scalars == 0) return true;
  if (operands == 2) return scalars != 3;
  return operands == 3 && scalars == 4;
}

void run_elementwise(const StridedLoop& loop, const ElementwiseCall& call) {
  if (is_narrow(call.dtype)) return run_narrow(loop, call);
  Evaluator(loop, call).run_all(call.grain);
}

}  // namespace lanegrad

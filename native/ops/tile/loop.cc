#include "ops/tile/loop.h"

#include <algorithm>
#include <utility>

namespace lanegrad {
namespace {

// Of a block with transposed operands: as wide as what comes from memory together.
constexpr int64_t kBlockColumns = 64;

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

}  // namespace

TileLoop::TileLoop(std::span<const TensorSpec* const> operands, std::span<const TensorSpec* const> outputs,
                   const Dims& shape, int64_t most)
    : first_output_(static_cast<int>(operands.size())), elements_(numel(shape)) {
  for (const auto list : {operands, outputs}) {
    for (const TensorSpec* spec : list) {
      TileLane& lane = lanes_.emplace_back();
      lane.size = static_cast<int64_t>(size_of(spec->dtype));
    }
  }
  for (int i = 0; i < shape.size(); ++i) {
    if (shape[i] == 1) continue;
    sizes_[rank_] = shape[i];
    for (size_t k = 0; k < lanes_.size(); ++k) {
      const TensorSpec& spec = k < operands.size() ? *operands[k] : *outputs[k - operands.size()];
      const int j = i - (shape.size() - spec.rank());
      const bool stretched = j < 0 || spec.shape[j] == 1;
      lanes_[k].strides[rank_] = stretched ? 0 : spec.strides[j] * lanes_[k].size;
    }
    ++rank_;
  }
  if (rank_ == 0) sizes_[rank_++] = 1;
  sort_dims();
  merge_dims();
  cut(most);
  for (TileLane& lane : lanes_) classify(lane);
}

// By the strides of the last output, then by those of the others and of the operands.
void TileLoop::sort_dims() {
  const auto outside = [&](int x, int y) {
    for (size_t i = 0; i < lanes_.size(); ++i) {
      const TileLane& lane = lanes_[(lanes_.size() - 1 + i) % lanes_.size()];
      if (lane.strides[x] != lane.strides[y]) return lane.strides[x] > lane.strides[y];
    }
    return false;
  };
  for (int i = 1; i < rank_; ++i) {
    for (int j = i; j > 0 && outside(j, j - 1); --j) {
      std::swap(sizes_[j], sizes_[j - 1]);
      for (TileLane& lane : lanes_) std::swap(lane.strides[j], lane.strides[j - 1]);
    }
  }
}

void TileLoop::merge_dims() {
  int kept = 0;
  for (int d = 1; d < rank_; ++d) {
    bool even = true;
    for (const TileLane& lane : lanes_) even = even && lane.strides[kept] == lane.strides[d] * sizes_[d];
    if (even) {
      sizes_[kept] *= sizes_[d];
    } else {
      sizes_[++kept] = sizes_[d];
    }
    for (TileLane& lane : lanes_) lane.strides[kept] = lane.strides[d];
  }
  rank_ = kept + 1;
}

void TileLoop::cut(int64_t most) {
  const int last = rank_ - 1;
  // The dim along which a transposed operand runs takes the place of the rows.
  bool block = false;
  for (int d = last - 1; d >= 0 && !block && sizes_[last] >= 8; --d) {
    if (sizes_[d] < 8) continue;
    for (int k = 0; k < first_output_ && !block; ++k) {
      TileLane& lane = lanes_[static_cast<size_t>(k)];
      lane.transposed =
          lane.strides[d] == lane.size && lane.strides[last] != lane.size && lane.strides[last] != 0;
      block = lane.transposed;
    }
    if (!block) continue;
    std::swap(sizes_[d], sizes_[last - 1]);
    for (TileLane& lane : lanes_) std::swap(lane.strides[d], lane.strides[last - 1]);
  }
  const int64_t length = sizes_[last], height = rank_ > 1 ? sizes_[last - 1] : 1;
  runs_ = !block;
  if (block) {
    columns_ = std::min(length, kBlockColumns);
    rows_ = std::max<int64_t>(1, std::min(height, most / columns_));
  } else if (2 * length <= most) {
    columns_ = std::max<int64_t>(1, length);
    rows_ = std::max<int64_t>(1, std::min(height, most / columns_));
  } else {
    // Parts of about the same length, whole cache lines of any dtype.
    const int64_t parts = ceil_div(length, most);
    columns_ = parts == 1 ? length : std::min(length, ceil_div(ceil_div(length, parts), 64) * 64);
  }
  row_blocks_ = ceil_div(height, rows_);
  column_blocks_ = ceil_div(length, columns_);
  tiles_ = elements_ == 0 ? 0 : row_blocks_ * column_blocks_;
  for (int d = 0; d < rank_ - 2; ++d) tiles_ *= sizes_[d];
}

void TileLoop::classify(TileLane& lane) const {
  const int64_t across = column_stride(lane), down = row_stride(lane);
  const bool no_step = (columns_ == 1 || across == 0) && (rows_ == 1 || down == 0);
  const bool still = std::all_of(lane.strides, lane.strides + rank_, [](int64_t s) { return s == 0; });
  lane.transposed = rows_ > 1 && down == lane.size && across != lane.size && across != 0;
  if (still)
    lane.access = TileAccess::kSame;
  else if (no_step && columns_ * rows_ > 1)
    lane.access = TileAccess::kOne;
  else if ((columns_ == 1 || across == lane.size) &&
           (rows_ == 1 || (column_blocks_ == 1 && down == columns_ * lane.size)))
    lane.access = TileAccess::kDirect;
  else
    lane.access = TileAccess::kGathered;
}

Tile TileLoop::tile(int64_t number) const {
  Tile t;
  const int last = rank_ - 1;
  const int64_t column = number % column_blocks_ * columns_;
  number /= column_blocks_;
  t.index[last] = column;
  t.columns = std::min(columns_, sizes_[last] - column);
  t.rows = 1;
  if (rank_ == 1) return t;
  const int64_t row = number % row_blocks_ * rows_;
  number /= row_blocks_;
  t.index[last - 1] = row;
  t.rows = std::min(rows_, sizes_[last - 1] - row);
  for (int d = last - 2; d >= 0; --d) {
    t.index[d] = number % sizes_[d];
    number /= sizes_[d];
  }
  return t;
}

Tile TileLoop::run_tile(int64_t first, int64_t count) const {
  Tile t;
  const int last = rank_ - 1;
  for (int d = last; d >= 0; --d) {
    t.index[d] = first % sizes_[d];
    first /= sizes_[d];
  }
  t.rows = 1;
  t.columns = std::min({columns_, sizes_[last] - t.index[last], count});
  if (rows_ > 1 && t.index[last] == 0 && count >= 2 * columns_)
    t.rows = std::min({rows_, sizes_[last - 1] - t.index[last - 1], count / columns_});
  return t;
}

}  // namespace lanegrad

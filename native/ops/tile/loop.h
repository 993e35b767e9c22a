// How the tile machine goes over operands of any strides: the dims sorted and merged as strided_loop.h does,
// and cut into tiles of some rows by some columns. Where rows are long, a tile is a part of one; where they
// are short, some whole rows, in which a row vector is repeated once for all tiles; where an operand runs
// along another dim than the outputs, a block of both dims, in which it is transposed.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/dims.h"
#include "core/tensor.h"

namespace lanegrad {

// How an operand or output (a lane) lies under a tile.
enum class TileAccess : uint8_t {
  kSame,      // one element for the whole loop
  kOne,       // one element a tile
  kDirect,    // the tile is contiguous in memory
  kGathered,  // its rows are apart, or its elements
};

struct TileLane {
  int64_t size = 0;  // of an element
  TileAccess access = TileAccess::kSame;
  bool transposed = false;   // contiguous along the rows' dim
  int64_t strides[kMaxRank]  // in bytes, by dim of the loop
      = {};
};

// What one tile is: where its first element lies in each dim, and its extents.
struct Tile {
  int64_t index[kMaxRank];
  int64_t rows, columns;
};

class TileLoop {
 public:
  // `shape` is that of the outputs; all others broadcast to it. The outputs stand behind the operands, and
  // the first of them decides the order of the dims. A tile has at most `most` elements.
  TileLoop(std::span<const TensorSpec* const> operands, std::span<const TensorSpec* const> outputs,
           const Dims& shape, int64_t most);

  const TileLane& lane(int k) const { return lanes_[static_cast<size_t>(k)]; }
  int64_t tiles() const { return tiles_; }
  int64_t elements() const { return elements_; }          // of the whole loop
  int64_t tile_size() const { return rows_ * columns_; }  // the most elements of a tile

  Tile tile(int64_t number) const;
  // Whether any run of elements in the order of the dims consists of tiles, or parts of them; and the first
  // of `count` elements from `first` on.
  bool takes_runs() const { return runs_; }
  Tile run_tile(int64_t first, int64_t count) const;
  // From the start of the lane's memory to the tile, in bytes.
  int64_t offset(const TileLane& lane, const Tile& tile) const {
    int64_t at = 0;
    for (int d = 0; d < rank_; ++d) at += tile.index[d] * lane.strides[d];
    return at;
  }
  // From the start of the first element of a lane to the end of its last one.
  int64_t reach(const TileLane& lane) const {
    int64_t bytes = lane.size;
    for (int d = 0; d < rank_; ++d) bytes += (sizes_[d] - 1) * lane.strides[d];
    return elements_ == 0 ? 0 : bytes;
  }
  int64_t row_stride(const TileLane& lane) const { return rank_ > 1 ? lane.strides[rank_ - 2] : 0; }
  int64_t column_stride(const TileLane& lane) const { return lane.strides[rank_ - 1]; }

 private:
  void sort_dims();
  void merge_dims();
  void cut(int64_t most);
  void classify(TileLane& lane) const;

  std::vector<TileLane> lanes_;
  int first_output_ = 0;
  int rank_ = 0;  // 1 or more; the last dim has the columns, the one before it the rows
  int64_t sizes_[kMaxRank] = {};
  int64_t rows_ = 1, columns_ = 1;
  int64_t row_blocks_ = 1, column_blocks_ = 1;
  int64_t tiles_ = 0, elements_ = 0;
  bool runs_ = true;
};

}  // namespace lanegrad

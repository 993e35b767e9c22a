// Memory that is wanted soon comes nearer while multiply-adds are at work: a copy that waits for it line by
// line costs a tenth of a product and more.
#pragma once

namespace {

// Rows of memory that are asked for line by line, a share with each tile, into the L1 cache.
class LinesAhead {
 public:
  LinesAhead() = default;
  // `shares`: the number of tiles.
  LinesAhead(const GemmAhead& region, int64_t shares) : row_(region.row), rows_(region.rows) {
    if (rows_ <= 0 || region.bytes <= 0) return;
    const int64_t into = static_cast<int64_t>(reinterpret_cast<uintptr_t>(region.at) % kLine);
    at_ = static_cast<const char*>(region.at) - into;
    lines_ = (into + region.bytes + kLine - 1) / kLine;
    share_ = (rows_ * lines_ + shares - 1) / shares;
  }
  LANEGRAD_INLINE void ask() {
    for (int64_t left = share_; left > 0 && rows_ > 0; --left) {
      __builtin_prefetch(at_ + line_ * kLine, 0);
      if (++line_ < lines_) continue;
      line_ = 0;
      at_ += row_;
      --rows_;
    }
  }

 private:
  static constexpr int64_t kLine = 64;
  const char* at_ = nullptr;
  int64_t row_ = 0, rows_ = 0, lines_ = 0, line_ = 0, share_ = 0;
};

// What a tile asks for, a line with each step of its depth: no burst has to wait for those before it.
struct TileAhead {
  const char* at;
  int64_t step;
};

// A block's region, cut for its tiles: one takes a line of each of as many rows as the block is deep; the
// tiles that do lie apart where there are more than it needs. The last rows may be asked for twice.
class BlockAhead {
 public:
  // `idle`: what the others ask for, again and again.
  BlockAhead(const GemmAhead& region, int64_t depth, int64_t tiles, const void* idle)
      : region_(region), depth_(depth), idle_{static_cast<const char*>(idle), 0} {
    const int64_t into = static_cast<int64_t>(reinterpret_cast<uintptr_t>(region.at) % kLine);
    const int64_t lines = region.rows > 0 ? (into + region.bytes + kLine - 1) / kLine : 0;
    left_ = lines * ((region.rows + depth - 1) / (depth > 0 ? depth : 1));
    every_ = left_ > 0 && tiles > left_ ? tiles / left_ : 1;
  }
  LANEGRAD_INLINE TileAhead next() {
    if (left_ <= 0 || ++tile_ < every_) return idle_;
    tile_ = 0;
    --left_;
    const TileAhead ahead{static_cast<const char*>(region_.at) + row_ * region_.row + byte_, region_.row};
    if (row_ + depth_ < region_.rows) {
      row_ = row_ + 2 * depth_ < region_.rows ? row_ + depth_ : region_.rows - depth_;
    } else {
      row_ = 0;
      byte_ += kLine;
    }
    return ahead;
  }

 private:
  static constexpr int64_t kLine = 64;
  const GemmAhead& region_;
  const int64_t depth_;
  const TileAhead idle_;
  int64_t left_ = 0, every_ = 1, tile_ = 0, row_ = 0, byte_ = 0;
};

}  // namespace

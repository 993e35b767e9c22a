// One thread's part of the run of a tile program: the pointers of each tile, what is gathered and scattered.
#pragma once

#include <utility>
#include <vector>

#include "ops/tile/lower.h"

namespace lanegrad {

// Registers and what streams by them, of one tile: the smallest first-level cache of all processors.
inline constexpr int64_t kTileBytes = 32768;

inline constexpr int kMaxTileSlots = 512;
inline constexpr int kMaxTileScalars = 128;
inline constexpr int kMaxTileRegisters = 96;

// What is made once for all runs.
struct TileSetup {
  TileSetup(TileLoop loop, LoweredTiles code, const TileProgram& program);

  TileLoop loop;
  LoweredTiles code;
  int operands;
  int outputs;  // without the value that is folded
  bool folds;
  std::vector<int64_t> register_offset;

  const TileLane& output_lane(int j) const { return loop.lane(operands + j); }
  // Elements that are worth a thread: as much work as 32,768 of an addition, whose cost is 3.25.
  double grain() const { return 32768 * 3.25 / code.cost; }
};

// What a run decides of an output.
struct TileTarget {
  char* data = nullptr;
  bool direct = false;  // instructions write to it
  bool past_caches = false;
};

class TileWorker {
 public:
  TileWorker(const TileSetup& setup, void* const* operands, const TileTarget* targets);

  // `folded`: where the values that are folded go, one after the other.
  void run(const Tile& tile, void* folded = nullptr);

 private:
  char* at(int register_index) {
    return registers_ + setup_.register_offset[static_cast<size_t>(register_index)];
  }
  void place_operands(const Tile& tile);
  void place_outputs(const Tile& tile);
  void gather(char* to, const char* from, const TileLane& lane, const Tile& tile) const;
  void store_outputs(const Tile& tile) const;
  void store(const TileTarget& target, const char* from, const TileLane& lane, const Tile& tile) const;

  struct Gathered {
    const char* source = nullptr;
    int64_t rows = 0, columns = 0;
  };

  const TileSetup& setup_;
  const TileTarget* targets_;
  unsigned past_ = 0;
  void* slots_[kMaxTileSlots];
  const char* base_[kMaxTileOperands];
  Gathered gathered_[kMaxTileOperands];
  alignas(8) unsigned char scalars_[kMaxTileScalars][8];
  alignas(64) char registers_[kTileBytes + 64 * kMaxTileRegisters];
};

}  // namespace lanegrad

#include "ops/tile/run.h"

#include <cstring>

#include "core/streaming.h"
#include "kernels/elementwise/strided.h"
#include "kernels/layout/layout.h"

namespace lanegrad {

TileSetup::TileSetup(TileLoop loop_of, LoweredTiles code_of, const TileProgram& program)
    : loop(std::move(loop_of)),
      code(std::move(code_of)),
      operands(program.operand_count()),
      outputs(static_cast<int>(program.outputs.size())),
      folds(program.fold.step >= 0) {
  int64_t at = 0;
  for (int64_t bytes : code.registers) {
    register_offset.push_back(at);
    at += (bytes * loop.tile_size() + 63) & ~int64_t{63};
  }
}

TileWorker::TileWorker(const TileSetup& setup, void* const* operands, const TileTarget* targets)
    : setup_(setup), targets_(targets) {
  for (size_t s = 0; s < setup.code.slots.size(); ++s) {
    const TileSlot slot = setup.code.slots[s];
    switch (slot.kind) {
      case TileSlot::kMemory:
        slots_[s] = s < static_cast<size_t>(setup.operands) ? operands[s] : nullptr;
        break;
      case TileSlot::kRegister:
        slots_[s] = at(slot.index);
        break;
      case TileSlot::kScalar:
        slots_[s] = scalars_[slot.index];
        break;
      case TileSlot::kConstant:
        slots_[s] = const_cast<unsigned char*>(setup.code.constants[static_cast<size_t>(slot.index)].data());
        break;
    }
  }
  for (int k = 0; k < setup.operands; ++k) base_[k] = static_cast<const char*>(operands[k]);
  for (int j = 0; j < setup.outputs; ++j)
    if (targets[j].direct && targets[j].past_caches) past_ |= 1u << j;
  const auto& prologue = setup.code.prologue;
  run_tile(prologue.data(), static_cast<int>(prologue.size()), slots_, setup.loop.tile_size(), 0);
}

void TileWorker::run(const Tile& tile, void* folded) {
  place_operands(tile);
  place_outputs(tile);
  if (setup_.folds) slots_[setup_.operands + setup_.outputs] = folded;
  const auto& body = setup_.code.body;
  run_tile(body.data(), static_cast<int>(body.size()), slots_, tile.rows * tile.columns, past_);
  store_outputs(tile);
}

void TileWorker::place_operands(const Tile& tile) {
  for (int k = 0; k < setup_.operands; ++k) {
    const TileLane& lane = setup_.loop.lane(k);
    if (lane.access == TileAccess::kSame) continue;
    const char* const source = base_[k] + setup_.loop.offset(lane, tile);
    const int r = setup_.code.gather_register[static_cast<size_t>(k)];
    if (r < 0) {
      slots_[k] = const_cast<char*>(source);
      continue;
    }
    slots_[k] = at(r);
    Gathered& last = gathered_[k];
    if (last.source == source && last.rows == tile.rows && last.columns == tile.columns) continue;
    last = {source, tile.rows, tile.columns};
    gather(at(r), source, lane, tile);
  }
}

void TileWorker::gather(char* to, const char* from, const TileLane& lane, const Tile& tile) const {
  const int64_t across = setup_.loop.column_stride(lane), down = setup_.loop.row_stride(lane);
  const int64_t length = tile.columns * lane.size;
  const auto size = static_cast<size_t>(lane.size);
  if (lane.transposed) {
    layout_table().transpose[log2_size(size)]({to, length, from, across, tile.rows, tile.columns, false});
    return;
  }
  const FillKernel fill = elementwise_table().fill[log2_size(size)];
  for (int64_t r = 0; r < tile.rows; ++r, to += length, from += down) {
    if (across == lane.size)
      std::memcpy(to, from, static_cast<size_t>(length));
    else if (across == 0)
      fill(to, from, tile.columns);
    else
      gather_row(to, from, across, tile.columns, size);
  }
}

void TileWorker::place_outputs(const Tile& tile) {
  for (int j = 0; j < setup_.outputs; ++j) {
    const TileTarget& target = targets_[j];
    if (setup_.code.outputs[static_cast<size_t>(j)].folded) continue;
    slots_[setup_.operands + j] = target.direct
                                      ? target.data + setup_.loop.offset(setup_.output_lane(j), tile)
                                      : at(setup_.code.outputs[static_cast<size_t>(j)].register_index);
  }
}

void TileWorker::store_outputs(const Tile& tile) const {
  for (int j = 0; j < setup_.outputs; ++j) {
    if (targets_[j].direct) continue;
    const bool folded = setup_.code.outputs[static_cast<size_t>(j)].folded;
    const void* const from = slots_[setup_.operands + (folded ? setup_.outputs : j)];
    store(targets_[j], static_cast<const char*>(from), setup_.output_lane(j), tile);
  }
}

void TileWorker::store(const TileTarget& target, const char* from, const TileLane& lane,
                       const Tile& tile) const {
  char* const to = target.data + setup_.loop.offset(lane, tile);
  const int64_t length = tile.columns * lane.size;
  const auto copy = [&](char* out, int64_t bytes) {
    if (target.past_caches)
      stream_copy(out, from, static_cast<size_t>(bytes));
    else
      std::memcpy(out, from, static_cast<size_t>(bytes));
  };
  if (lane.access != TileAccess::kGathered) return copy(to, tile.rows * length);
  const int64_t across = setup_.loop.column_stride(lane), down = setup_.loop.row_stride(lane);
  for (int64_t r = 0; r < tile.rows; ++r, from += length) {
    if (across == lane.size || tile.columns == 1)
      copy(to + r * down, length);
    else
      scatter_row(to + r * down, across, from, tile.columns, static_cast<size_t>(lane.size));
  }
}

}  // namespace lanegrad

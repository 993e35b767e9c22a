// Runs tile programs: the split among threads, the pointers of each tile, what is gathered and scattered.
#include <algorithm>
#include <cstring>

#include "core/streaming.h"
#include "core/threads.h"
#include "kernels/elementwise/strided.h"
#include "kernels/layout/layout.h"
#include "ops/tile_lower.h"

namespace lanegrad {
namespace {

// Registers and what streams by them, of one tile: the smallest first-level cache of all processors.
constexpr int64_t kTileBytes = 32768;
constexpr int64_t kMostElements = 1024;
constexpr int64_t kLeastElements = 64;

constexpr int kMaxSlots = 512;
constexpr int kMaxScalars = 128;
constexpr int kMaxRegisters = 96;

// Elements of an addition that are worth a thread; its cost is about 3 (ops/tile_lower.h).
constexpr double kGrainCost = 32768 * 3.25;

// What a run decides of an output.
struct Target {
  char* data = nullptr;
  bool direct = false;  // instructions write to it
  bool past_caches = false;
};

class Plan final : public TilePlan {
 public:
  Plan(TileLoop loop, LoweredTiles code, int operands)
      : loop_(std::move(loop)), code_(std::move(code)), operands_(operands) {
    int64_t at = 0;
    for (int64_t bytes : code_.registers) {
      register_offset_.push_back(at);
      at += (bytes * loop_.tile_size() + 63) & ~int64_t{63};
    }
    grain_ = std::max<int64_t>(
        1, static_cast<int64_t>(kGrainCost / code_.cost) / std::max<int64_t>(1, loop_.tile_size()));
  }

  void run(void* const* operands, void* const* outputs) const override;

 private:
  friend class Worker;
  Target target_of(size_t j, void* const* operands, void* const* outputs) const;

  TileLoop loop_;
  LoweredTiles code_;
  int operands_;
  std::vector<int64_t> register_offset_;
  int64_t grain_;
};

// One thread's part of a run.
class Worker {
 public:
  Worker(const Plan& plan, void* const* operands, const Target* targets) : plan_(plan), targets_(targets) {
    for (size_t s = 0; s < plan.code_.slots.size(); ++s) {
      const TileSlot slot = plan.code_.slots[s];
      switch (slot.kind) {
        case TileSlot::kMemory:
          slots_[s] = s < static_cast<size_t>(plan.operands_) ? operands[s] : nullptr;
          break;
        case TileSlot::kRegister:
          slots_[s] = at(slot.index);
          break;
        case TileSlot::kScalar:
          slots_[s] = scalars_[slot.index];
          break;
        case TileSlot::kConstant:
          slots_[s] =
              const_cast<unsigned char*>(plan.code_.constants[static_cast<size_t>(slot.index)].data());
          break;
      }
    }
    for (int k = 0; k < plan.operands_; ++k) base_[k] = static_cast<const char*>(operands[k]);
    for (size_t j = 0; j < plan.code_.outputs.size(); ++j)
      if (targets[j].direct && targets[j].past_caches) past_ |= 1u << j;
    const auto& prologue = plan.code_.prologue;
    run_tile(prologue.data(), static_cast<int>(prologue.size()), slots_, plan.loop_.tile_size(), 0);
  }

  void run(int64_t begin, int64_t end) {
    const auto& body = plan_.code_.body;
    for (int64_t i = begin; i < end; ++i) {
      const Tile tile = plan_.loop_.tile(i);
      place_operands(tile);
      place_outputs(tile);
      run_tile(body.data(), static_cast<int>(body.size()), slots_, tile.rows * tile.columns, past_);
      store_outputs(tile);
    }
  }

 private:
  char* at(int register_index) {
    return registers_ + plan_.register_offset_[static_cast<size_t>(register_index)];
  }

  void place_operands(const Tile& tile) {
    for (int k = 0; k < plan_.operands_; ++k) {
      const TileLane& lane = plan_.loop_.lane(k);
      if (lane.access == TileAccess::kSame) continue;
      const char* const source = base_[k] + plan_.loop_.offset(lane, tile);
      const int r = plan_.code_.gather_register[static_cast<size_t>(k)];
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

  void gather(char* to, const char* from, const TileLane& lane, const Tile& tile) const {
    const int64_t across = plan_.loop_.column_stride(lane), down = plan_.loop_.row_stride(lane);
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

  void place_outputs(const Tile& tile) {
    for (size_t j = 0; j < plan_.code_.outputs.size(); ++j) {
      const size_t slot = static_cast<size_t>(plan_.operands_) + j;
      const TileLane& lane = plan_.loop_.lane(static_cast<int>(slot));
      slots_[slot] = targets_[j].direct ? targets_[j].data + plan_.loop_.offset(lane, tile)
                                        : at(plan_.code_.outputs[j].register_index);
    }
  }

  void store_outputs(const Tile& tile) const {
    for (size_t j = 0; j < plan_.code_.outputs.size(); ++j) {
      if (targets_[j].direct) continue;
      const size_t slot = static_cast<size_t>(plan_.operands_) + j;
      const TileLane& lane = plan_.loop_.lane(static_cast<int>(slot));
      char* const to = targets_[j].data + plan_.loop_.offset(lane, tile);
      const char* from = static_cast<const char*>(slots_[slot]);
      const auto copy = [&](char* out, int64_t bytes) {
        if (targets_[j].past_caches)
          stream_copy(out, from, static_cast<size_t>(bytes));
        else
          std::memcpy(out, from, static_cast<size_t>(bytes));
      };
      if (lane.access != TileAccess::kGathered) {
        copy(to, tile.rows * tile.columns * lane.size);
        continue;
      }
      const int64_t across = plan_.loop_.column_stride(lane), down = plan_.loop_.row_stride(lane);
      for (int64_t r = 0; r < tile.rows; ++r, from += tile.columns * lane.size) {
        if (across == lane.size || tile.columns == 1)
          copy(to + r * down, tile.columns * lane.size);
        else
          scatter_row(to + r * down, across, from, tile.columns, static_cast<size_t>(lane.size));
      }
    }
  }

  struct Gathered {
    const char* source = nullptr;
    int64_t rows = 0, columns = 0;
  };

  const Plan& plan_;
  const Target* targets_;
  unsigned past_ = 0;
  void* slots_[kMaxSlots];
  const char* base_[kMaxTileOperands];
  Gathered gathered_[kMaxTileOperands];
  alignas(8) unsigned char scalars_[kMaxScalars][8];
  alignas(64) char registers_[kTileBytes + 64 * kMaxRegisters];
};

Target Plan::target_of(size_t j, void* const* operands, void* const* outputs) const {
  const TileOutput& out = code_.outputs[j];
  const TileLane& lane = loop_.lane(operands_ + static_cast<int>(j));
  Target t{.data = static_cast<char*>(outputs[j])};
  bool in_place = false, overtaken = false;
  for (int k = 0; k < operands_; ++k) {
    const TileLane& other = loop_.lane(k);
    const char* const data = static_cast<const char*>(operands[k]);
    if (data + loop_.reach(other) <= t.data || t.data + loop_.reach(lane) <= data) continue;
    in_place = true;
    // Written only when the last instruction that wants the operand has read it.
    overtaken = overtaken || code_.last_read[static_cast<size_t>(k)] > out.writer;
  }
  t.past_caches = !in_place && exceeds_caches(static_cast<size_t>(loop_.elements() * lane.size));
  t.direct = lane.access != TileAccess::kGathered && !overtaken &&
             !(t.past_caches && (out.read_later || !out.streamable));
  return t;
}

void Plan::run(void* const* operands, void* const* outputs) const {
  Target targets[kMaxOutputs];
  bool streams = false;
  for (size_t j = 0; j < code_.outputs.size(); ++j) {
    targets[j] = target_of(j, operands, outputs);
    streams = streams || targets[j].past_caches;
  }
  parallel_for(loop_.tiles(), grain_, [&](int64_t begin, int64_t end) {
    Worker(*this, operands, targets).run(begin, end);
    if (streams) end_streams();
  });
}

}  // namespace

std::unique_ptr<const TilePlan> TilePlan::make(const TileProgram& program,
                                               std::span<const TensorSpec> outputs) {
  std::vector<const TensorSpec*> in, out;
  for (const TensorSpec& spec : program.operands) in.push_back(&spec);
  for (const TensorSpec& spec : outputs) out.push_back(&spec);
  for (int64_t most = kMostElements; most >= kLeastElements;) {
    TileLoop loop(in, out, outputs[0].shape, most);
    LoweredTiles code = lower_tiles(program, loop);
    if (static_cast<int>(code.slots.size()) > kMaxSlots || code.scalars > kMaxScalars ||
        static_cast<int>(code.registers.size()) > kMaxRegisters)
      return nullptr;
    int64_t bytes = code.register_bytes();
    for (size_t k = 0; k < in.size(); ++k)
      if (loop.lane(static_cast<int>(k)).access == TileAccess::kDirect)
        bytes += loop.lane(static_cast<int>(k)).size;
    const int64_t fits = kTileBytes / bytes / 64 * 64;
    if (loop.tile_size() <= fits)
      return std::make_unique<Plan>(std::move(loop), std::move(code), program.operand_count());
    most = std::min(most - 64, fits);
  }
  return nullptr;
}

}  // namespace lanegrad

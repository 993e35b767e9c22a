// Runs tile programs: what becomes of each output, and the split among threads.
#include <algorithm>

#include "core/streaming.h"
#include "core/threads.h"
#include "ops/tile/fold.h"

namespace lanegrad {
namespace {

constexpr int64_t kMostElements = 1024;
constexpr int64_t kLeastElements = 64;

class Plan final : public TilePlan {
 public:
  Plan(TileSetup setup, std::optional<TileFoldPlan> fold)
      : setup_(std::move(setup)), fold_(std::move(fold)) {}

  size_t workspace() const override { return fold_ ? fold_->workspace() : 0; }
  void run(void* const* operands, void* const* outputs, void* workspace) const override;

 private:
  TileTarget target_of(int j, void* const* operands, void* const* outputs) const;

  TileSetup setup_;
  std::optional<TileFoldPlan> fold_;
};

TileTarget Plan::target_of(int j, void* const* operands, void* const* outputs) const {
  const TileOutput& out = setup_.code.outputs[static_cast<size_t>(j)];
  const TileLoop& loop = setup_.loop;
  const TileLane& lane = setup_.output_lane(j);
  TileTarget t{.data = static_cast<char*>(outputs[j])};
  bool in_place = false, overtaken = false;
  for (int k = 0; k < setup_.operands; ++k) {
    const char* const data = static_cast<const char*>(operands[k]);
    if (data + loop.reach(loop.lane(k)) <= t.data || t.data + loop.reach(lane) <= data) continue;
    in_place = true;
    // Written only when the last instruction that wants the operand has read it.
    overtaken = overtaken || setup_.code.last_read[static_cast<size_t>(k)] > out.writer;
  }
  if (out.folded) {  // added from where it lies, if it lies as the fold goes over it
    const TileLane& folded = setup_.output_lane(setup_.outputs);
    t.direct = !overtaken && std::equal(lane.strides, lane.strides + kMaxRank, folded.strides);
    return t;
  }
  t.past_caches = !in_place && exceeds_caches(static_cast<size_t>(loop.elements() * lane.size));
  t.direct = lane.access != TileAccess::kGathered && !overtaken &&
             !(t.past_caches && (out.read_later || !out.streamable));
  return t;
}

void Plan::run(void* const* operands, void* const* outputs, void* workspace) const {
  TileTarget targets[kMaxOutputs];
  bool streams = false;
  for (int j = 0; j < setup_.outputs; ++j) {
    targets[j] = target_of(j, operands, outputs);
    streams = streams || targets[j].past_caches;
  }
  if (fold_) return fold_->run(setup_, operands, targets, outputs[setup_.outputs], workspace);
  const TileLoop& loop = setup_.loop;
  const auto grain = static_cast<int64_t>(setup_.grain()) / std::max<int64_t>(1, loop.tile_size());
  parallel_for(loop.tiles(), std::max<int64_t>(1, grain), [&](int64_t begin, int64_t end) {
    TileWorker worker(setup_, operands, targets);
    for (int64_t i = begin; i < end; ++i) worker.run(loop.tile(i));
    if (streams) end_streams();
  });
}

}  // namespace

std::unique_ptr<const TilePlan> TilePlan::make(const TileProgram& program,
                                               std::span<const TensorSpec> outputs) {
  const bool folds = program.fold.step >= 0;
  const TensorSpec& value =
      program.steps[static_cast<size_t>(folds ? program.fold.step : program.outputs[0])].spec;
  TensorSpec folded = value;
  folded.dtype = computed_dtype(value.dtype);
  std::vector<const TensorSpec*> in, out;
  for (const TensorSpec& spec : program.operands) in.push_back(&spec);
  for (size_t j = 0; j < program.outputs.size(); ++j) out.push_back(&outputs[j]);
  if (folds) out.push_back(&folded);
  for (int64_t most = kMostElements; most >= kLeastElements;) {
    TileLoop loop(in, out, value.shape, most);
    LoweredTiles code = lower_tiles(program, loop);
    if (static_cast<int>(code.slots.size()) > kMaxTileSlots || code.scalars > kMaxTileScalars ||
        static_cast<int>(code.registers.size()) > kMaxTileRegisters)
      return nullptr;
    int64_t bytes = code.register_bytes();
    for (int k = 0; k < static_cast<int>(in.size()); ++k)
      if (loop.lane(k).access == TileAccess::kDirect) bytes += loop.lane(k).size;
    const int64_t fits = bytes == 0 ? most : kTileBytes / bytes / 64 * 64;
    if (loop.tile_size() <= fits) {
      std::optional<TileFoldPlan> fold;
      if (folds && !(fold = TileFoldPlan::make(program, loop))) return nullptr;
      return std::make_unique<Plan>(TileSetup(std::move(loop), std::move(code), program), std::move(fold));
    }
    most = std::min(most - 64, fits);
  }
  return nullptr;
}

}  // namespace lanegrad

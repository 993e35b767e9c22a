// A program ready to run: every operand's view and every call's context stand in rows, made once. What a call
// brings (arguments, gradients, memory for results) is patched in by address; then the kernels run one after
// the other. No allocation, no shape rule, no tensor.
#pragma once

#include <atomic>
#include <span>
#include <vector>

#include "program/plan.h"

namespace lanegrad {

// When a run is to end early.
enum class Stop : uint8_t {
  kNo,
  kBeforeWrites,  // at the next node, unless memory that is seen after the call was written
  kNow,           // at the next node
};

class Replay {
 public:
  // `code` must stay where it is. Workspaces are in the arena, or all in `scratch` if there is one.
  Replay(const Code& code, const MemoryPlan& plan, Ref<Storage> arena, Ref<Storage> scratch);
  Replay(const Replay&) = delete;
  Replay& operator=(const Replay&) = delete;

  // The storages whose memory comes with each call, in the order of `bases`.
  std::span<const int> dynamic() const { return dynamic_; }
  // False if it was stopped.
  bool run(std::span<char* const> bases, const std::atomic<Stop>& stop);
  // A hoisted node, which run() leaves out: nothing that it touches comes with a call.
  void run_one(size_t node) { steps_[node](contexts_[node]); }
  // The same, adding each node's microseconds to `times`.
  bool run(std::span<char* const> bases, const std::atomic<Stop>& stop, std::span<double> times);

 private:
  using Step = void (*)(const EvalContext&);
  struct Patch {
    uint32_t view, base;
    int64_t offset;
  };
  TensorView view_of(const CodeOperand& o, const Code& code, const MemoryPlan& plan);
  bool stopped(Stop stop, size_t node) const {
    return stop == Stop::kNow || (stop == Stop::kBeforeWrites && node <= first_write_);
  }
  void patch(std::span<char* const> bases);

  const Ref<Storage> arena_, scratch_;
  std::vector<int> dynamic_;
  std::vector<int> base_of_;  // by storage: its place in dynamic_, or -1
  std::vector<TensorView> views_;
  std::vector<EvalContext> contexts_;
  std::vector<Step> steps_;
  size_t first_ = 0;        // behind the hoisted ones
  size_t first_write_ = 0;  // the first node that writes what is seen after the call
  std::vector<Patch> patches_;
  std::vector<char*> patched_;  // the bases that stand in the views
};

}  // namespace lanegrad

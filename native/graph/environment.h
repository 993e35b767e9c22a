// The state of one JavaScript environment (the main thread or a worker): grad mode, autocast, counters, and
// the two callbacks by which gradients written in TypeScript are reached. Everything here is used on that
// environment's thread only.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "graph/cast_scope.h"
#include "graph/node.h"
#include "graph/observer.h"
#include "graph/pending_read.h"

namespace lanegrad {

struct Counters {
  uint64_t ops = 0;
  uint64_t crossings = 0;
  uint64_t allocations = 0;
  uint64_t allocated_bytes = 0;
  uint64_t handles_made = 0;
  uint64_t tape_nodes = 0;
  uint64_t saved_bytes = 0;
};

// What only TypeScript can compute. Gradients that are not wanted or not there are undefined tensors.
class Hooks {
 public:
  virtual ~Hooks() = default;
  virtual std::vector<Tensor> custom_backward(const CustomCall& call, std::span<const Tensor> grads,
                                              std::span<const Tensor> saved, bool create_graph) = 0;
  // Differentiates the TypeScript composite of a fused op at its inputs, recording.
  virtual std::vector<Tensor> composite_vjp(const Op& op, const Attrs& attrs, std::span<const Tensor> inputs,
                                            std::span<const Start> starts, std::span<const Tensor> grads) = 0;
  // Frees what JavaScript has dropped; false where that may not be done now.
  virtual bool reclaim() = 0;
};

class Environment {
 public:
  bool grad_mode = true;
  // Off while a native gradient runs that nobody will differentiate: its views are temporaries that no user
  // can write to, so the way back to their base need not be kept.
  bool track_views = true;
  uint64_t next_sequence = 1;
  int passes = 0;  // backward passes under way, one in the other
  Counters counters;
  Hooks* hooks = nullptr;
  std::shared_ptr<DroppedHooks> dropped_hooks = std::make_shared<DroppedHooks>();
  CastScope autocast;
  std::unique_ptr<Observer> observer;  // as a rule null
  std::vector<std::shared_ptr<PendingRead>> reads;
};

// Counts a backward pass for a block.
class PassGuard {
 public:
  explicit PassGuard(Environment& env) : env_(env) { ++env_.passes; }
  ~PassGuard() { --env_.passes; }
  PassGuard(const PassGuard&) = delete;
  PassGuard& operator=(const PassGuard&) = delete;

 private:
  Environment& env_;
};

// Sets a flag of the environment for a block.
class FlagGuard {
 public:
  FlagGuard(bool& flag, bool value) : flag_(flag), former_(flag) { flag = value; }
  ~FlagGuard() { flag_ = former_; }
  FlagGuard(const FlagGuard&) = delete;
  FlagGuard& operator=(const FlagGuard&) = delete;

 private:
  bool& flag_;
  bool former_;
};

}  // namespace lanegrad

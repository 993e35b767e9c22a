// What watches ops while they run: for a profile, or for the first value that is no number. In a normal run
// there is none (Environment::observer is null), and an op pays one branch for it.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/tensor.h"
#include "ops/finite.h"
#include "ops/op.h"

namespace lanegrad {

struct Call;
class Environment;
class Node;

// The ops of a stretch of time, each as a row of numbers that JavaScript reads:
//   op (index in the registry), 1 if a backward pass ran it, start and duration in microseconds,
//   bytes written, numbers of inputs and outputs noted, then per tensor: dtype, rank, sizes.
class Profile {
 public:
  explicit Profile(size_t most_events) : most_events_(most_events) {}

  double now() const;
  void add(const Call& call, std::span<const Tensor> outputs, bool backward, double start, double end);

  std::span<const double> rows() const { return rows_; }
  uint64_t events() const { return events_; }
  uint64_t dropped() const { return dropped_; }

 private:
  const std::chrono::steady_clock::time_point origin_ = std::chrono::steady_clock::now();
  const size_t most_events_;
  std::vector<double> rows_;
  uint64_t events_ = 0;
  uint64_t dropped_ = 0;
};

// What is looked for.
enum class AnomalyCheck : uint8_t { kNone, kNan, kNanOrInf };

// What was found last, for the message that JavaScript completes with the line of the call.
struct Anomaly {
  std::string op;
  bool backward = false;
  bool nan = false;
  uint64_t node = 0;  // its number on the tape, of a gradient
};

struct Observer {
  std::unique_ptr<Profile> profile;
  AnomalyCheck check = AnomalyCheck::kNone;
  Anomaly anomaly;

  bool needed() const { return profile || check != AnomalyCheck::kNone; }
};

// Stands around one call: begin before anything is computed, finish when `outputs` (what was written, views
// left out) are there. Throws kAnomaly.
class ObservedCall {
 public:
  ObservedCall(Environment& env, const Call& call, bool in_place);
  void finish(std::span<const Tensor> outputs);

 private:
  void check(std::span<const Tensor> outputs);

  Environment& env_;
  const Call& call_;
  Finite before_ = Finite::kFinite;  // of the operands, if the call overwrites some
  bool overwrites_;
  double start_ = 0;
};

// Looks at the gradients that a node gave for `arrived`. Throws kAnomaly.
void check_gradients(Environment& env, const Node& node, std::span<const Tensor> arrived,
                     std::span<const Tensor> gradients);

}  // namespace lanegrad

#include "program/replay.h"

#include <algorithm>
#include <chrono>

#include "ops/widen.h"

namespace lanegrad {
namespace {

// What runs the node: its record, unless narrow operands have to be widened on the way.
void (*step_of(const CodeNode& node))(const EvalContext&) {
  if (node.op->is(kTakesNarrow)) return node.op->eval;
  const auto narrow = [](const CodeOperand& o) {
    return o.storage != CodeOperand::kNothing && is_narrow(o.spec.dtype);
  };
  const bool any = std::any_of(node.inputs.begin(), node.inputs.end(), narrow) ||
                   std::any_of(node.outputs.begin(), node.outputs.end(), narrow);
  return any ? run_eval : node.op->eval;
}

}  // namespace

Replay::Replay(const Code& code, const MemoryPlan& plan, Ref<Storage> arena, Ref<Storage> scratch)
    : arena_(std::move(arena)), scratch_(std::move(scratch)), base_of_(code.storages.size(), -1) {
  for (size_t s = 0; s < code.storages.size(); ++s) {
    if (!comes_with_call(code.storages[s].holding)) continue;
    base_of_[s] = static_cast<int>(dynamic_.size());
    dynamic_.push_back(static_cast<int>(s));
  }
  patched_.resize(dynamic_.size());
  const auto writes_outside = [&](const CodeNode& node) {
    bool any = false;
    for_each_write(node, [&](const CodeOperand& o) {
      const Holding holding = code.storages[static_cast<size_t>(o.storage)].holding;
      any = any || (holding != Holding::kTemporary && holding != Holding::kResult && !node.hoisted);
    });
    return any;
  };
  while (first_write_ < code.nodes.size() && !writes_outside(code.nodes[first_write_])) ++first_write_;
  while (first_ < code.nodes.size() && code.nodes[first_].hoisted) ++first_;
  size_t count = 0;
  for (const CodeNode& node : code.nodes) count += node.inputs.size() + node.outputs.size();
  views_.reserve(count);
  contexts_.reserve(code.nodes.size());
  for (size_t i = 0; i < code.nodes.size(); ++i) {
    const CodeNode& node = code.nodes[i];
    const TensorView* const inputs = views_.data() + views_.size();
    for (const CodeOperand& o : node.inputs) views_.push_back(view_of(o, code, plan));
    const TensorView* const outputs = views_.data() + views_.size();
    for (const CodeOperand& o : node.outputs) views_.push_back(view_of(o, code, plan));
    void* workspace = nullptr;
    if (scratch_) {
      workspace = scratch_->data();
    } else if (plan.workspaces[i] >= 0) {
      workspace = static_cast<char*>(arena_->data()) + plan.workspaces[i];
    }
    contexts_.emplace_back(*node.op, Operands<TensorView>({inputs, node.inputs.size()}, node.starts),
                           std::span<const TensorView>(outputs, node.outputs.size()), workspace, node.attrs,
                           node.plan.get());
    steps_.push_back(step_of(node));
  }
}

TensorView Replay::view_of(const CodeOperand& o, const Code& code, const MemoryPlan& plan) {
  if (o.storage == CodeOperand::kNothing) return {};
  if (o.storage == CodeOperand::kNumber) return {const_cast<unsigned char*>(o.number), &o.spec};
  const size_t s = static_cast<size_t>(o.storage);
  char* base = nullptr;
  if (base_of_[s] >= 0) {
    patches_.push_back({static_cast<uint32_t>(views_.size()), static_cast<uint32_t>(base_of_[s]), o.offset});
  } else if (plan.storages[s] >= 0) {
    base = static_cast<char*>(arena_->data()) + plan.storages[s];
  } else {
    base = static_cast<char*>(code.storages[s].memory->data());
  }
  return {base ? base + o.offset : nullptr, &o.spec};
}

void Replay::patch(std::span<char* const> bases) {
  if (std::equal(bases.begin(), bases.end(), patched_.begin())) return;
  std::copy(bases.begin(), bases.end(), patched_.begin());
  for (const Patch& p : patches_) views_[p.view].data = bases[p.base] + p.offset;
}

bool Replay::run(std::span<char* const> bases, const std::atomic<Stop>& stop) {
  patch(bases);
  for (size_t i = first_; i < steps_.size(); ++i) {
    const Stop now = stop.load(std::memory_order_relaxed);
    if (now != Stop::kNo && stopped(now, i)) [[unlikely]]
      return false;
    steps_[i](contexts_[i]);
  }
  return true;
}

bool Replay::run(std::span<char* const> bases, const std::atomic<Stop>& stop, std::span<double> times) {
  using Clock = std::chrono::steady_clock;
  patch(bases);
  Clock::time_point last = Clock::now();
  for (size_t i = first_; i < steps_.size(); ++i) {
    if (stopped(stop.load(std::memory_order_relaxed), i)) return false;
    steps_[i](contexts_[i]);
    const Clock::time_point now = Clock::now();
    times[i] += std::chrono::duration<double, std::micro>(now - last).count();
    last = now;
  }
  return true;
}

}  // namespace lanegrad

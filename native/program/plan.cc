#include "program/plan.h"

#include <algorithm>
#include <limits>
#include <numeric>

namespace lanegrad {
namespace {

constexpr int64_t kAlign = 64;

int64_t aligned(size_t bytes) { return (static_cast<int64_t>(bytes) + kAlign - 1) / kAlign * kAlign; }

struct Block {
  int64_t bytes = 0;
  Lifetime life;
  int64_t offset = -1;
};

bool meet(const Lifetime& a, const Lifetime& b) { return a.first <= b.last && b.first <= a.last; }

bool same_window(const CodeOperand& a, const CodeOperand& b) {
  return a.offset == b.offset && a.spec.dtype == b.spec.dtype && a.spec.shape == b.spec.shape &&
         a.spec.strides == b.spec.strides;
}

// Storages that share memory: each is in the group of the operand whose place it takes.
class Groups {
 public:
  explicit Groups(const Code& code) : code_(code), lives_(lifetimes(code)), group_(code.storages.size()) {
    std::iota(group_.begin(), group_.end(), 0);
  }

  bool in_arena(int storage) const {
    return lanegrad::in_arena(code_.storages[static_cast<size_t>(storage)]);
  }
  int of(int storage) const { return group_[static_cast<size_t>(storage)]; }
  const Lifetime& life(int storage) const { return lives_[static_cast<size_t>(of(storage))]; }

  // out[i] depends on the operands at i alone, so an operand of the same layout that nobody needs afterwards
  // can be overwritten, unless another operand sees the same memory differently.
  bool take_place(const CodeNode& node, int index) {
    if (!node.op->is(kElementwise) || !node.is_pure() || node.outputs.size() != 1 || !node.writes(0))
      return false;
    const CodeOperand& out = node.outputs[0];
    if (!in_arena(out.storage) || lives_[static_cast<size_t>(out.storage)].first != index) return false;
    for (const CodeOperand& in : node.inputs) {
      if (!in.on_storage() || !in_arena(in.storage) || in.storage == out.storage) continue;
      if (life(in.storage).last != index || !same_window(in, out)) continue;
      if (bytes(in.storage) != bytes(out.storage)) continue;
      const bool clear = std::all_of(node.inputs.begin(), node.inputs.end(), [&](const CodeOperand& other) {
        return !other.on_storage() || !in_arena(other.storage) || of(other.storage) != of(in.storage) ||
               same_window(other, in);
      });
      if (!clear) continue;
      const int group = of(in.storage);
      lives_[static_cast<size_t>(group)].last = lives_[static_cast<size_t>(out.storage)].last;
      group_[static_cast<size_t>(out.storage)] = group;
      return true;
    }
    return false;
  }

 private:
  size_t bytes(int storage) const { return code_.storages[static_cast<size_t>(storage)].bytes; }

  const Code& code_;
  std::vector<Lifetime> lives_;
  std::vector<int> group_;
};

// The smallest gap between blocks that live at the same time, or the end.
int64_t best_gap(const std::vector<Block*>& placed, const Block& block) {
  int64_t end = 0, best = -1, best_room = std::numeric_limits<int64_t>::max();
  for (const Block* other : placed) {  // by offset
    if (!meet(other->life, block.life)) continue;
    const int64_t room = other->offset - end;
    if (room >= block.bytes && room < best_room) {
      best = end;
      best_room = room;
    }
    end = std::max(end, other->offset + other->bytes);
  }
  return best >= 0 ? best : end;
}

int64_t place(std::vector<Block>& blocks) {
  std::vector<Block*> by_size, placed;
  for (Block& block : blocks)
    if (block.bytes > 0) by_size.push_back(&block);
  std::stable_sort(by_size.begin(), by_size.end(),
                   [](const Block* a, const Block* b) { return a->bytes > b->bytes; });
  int64_t end = 0;
  for (Block* block : by_size) {
    block->offset = best_gap(placed, *block);
    end = std::max(end, block->offset + block->bytes);
    placed.insert(std::upper_bound(placed.begin(), placed.end(), block,
                                   [](const Block* a, const Block* b) { return a->offset < b->offset; }),
                  block);
  }
  return end;
}

}  // namespace

std::vector<Lifetime> lifetimes(const Code& code) {
  std::vector<Lifetime> lives(code.storages.size(), Lifetime{std::numeric_limits<int>::max(), -1});
  for (size_t i = 0; i < code.nodes.size(); ++i) {
    const int now = static_cast<int>(i);
    const auto touch = [&](const CodeOperand& o) {
      if (!o.on_storage()) return;
      Lifetime& life = lives[static_cast<size_t>(o.storage)];
      life.first = std::min(life.first, now);
      life.last = now;
    };
    for (const CodeOperand& o : code.nodes[i].inputs) touch(o);
    for (const CodeOperand& o : code.nodes[i].outputs) touch(o);
  }
  for (size_t s = 0; s < code.storages.size(); ++s)
    if (code.storages[s].holding == Holding::kKept) lives[s].last = static_cast<int>(code.nodes.size());
  return lives;
}

MemoryPlan plan_memory(const Code& code, bool in_place) {
  MemoryPlan plan;
  Groups groups(code);
  for (size_t i = 0; in_place && i < code.nodes.size(); ++i)
    plan.reused += groups.take_place(code.nodes[i], static_cast<int>(i));
  const size_t storages = code.storages.size();
  std::vector<Block> blocks(storages + code.nodes.size());
  for (size_t s = 0; s < storages; ++s) {
    const int storage = static_cast<int>(s);
    const Lifetime& life = groups.life(storage);
    // An empty tensor has a place too: null stands for an absent one.
    if (groups.in_arena(storage) && groups.of(storage) == storage && life.last >= 0)
      blocks[s] = {std::max(aligned(code.storages[s].bytes), kAlign), life};
  }
  for (size_t i = 0; i < code.nodes.size(); ++i) {
    const int now = static_cast<int>(i);
    if (code.nodes[i].workspace > 0) blocks[storages + i] = {aligned(code.nodes[i].workspace), {now, now}};
  }
  plan.bytes = static_cast<size_t>(place(blocks));
  for (size_t s = 0; s < storages; ++s)
    plan.storages.push_back(blocks[static_cast<size_t>(groups.of(static_cast<int>(s)))].offset);
  for (size_t i = 0; i < code.nodes.size(); ++i) plan.workspaces.push_back(blocks[storages + i].offset);
  return plan;
}

}  // namespace lanegrad

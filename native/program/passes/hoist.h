// What depends on state alone: which operands do, and how a node is made to run only when state was written.
#pragma once

#include <vector>

#include "program/code.h"

namespace lanegrad {

// State that the program writes itself is no such state. Hoisted nodes come first, in the order in which they
// were hoisted, and what they make stays in memory of the program.
class Hoisting {
 public:
  explicit Hoisting(Code& code);

  // State that the program does not write, what was made of it, a constant, a number, or nothing.
  bool is_settled(const CodeOperand& o) const;
  // Of those, what depends on state at all.
  bool is_state(const CodeOperand& o) const;
  // Whether the node, as it stands, could run when state was written instead.
  bool can_hoist(const CodeNode& node) const;

  // From now on it does; its outputs get memory.
  void hoist(CodeNode& node);
  // A new such node; returns where its outputs are. They have the specs that the op infers.
  std::vector<CodeOperand> add(const Op& op, const Attrs& attrs, const std::vector<CodeOperand>& inputs);
  // Puts the hoisted nodes before the others; nodes without an op are left out. Returns how many were
  // hoisted.
  int finish();

 private:
  const CodeStorage& storage(const CodeOperand& o) const {
    return code_.storages[static_cast<size_t>(o.storage)];
  }
  Code& code_;
  std::vector<bool> written_;  // by storage, by nodes that run in every call
  std::vector<CodeNode> added_;
  int hoisted_ = 0;
};

}  // namespace lanegrad

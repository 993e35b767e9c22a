// A recorded program as data: storages, and the ops that ran on them in their order. Views are descriptors,
// so an operand is a window on a storage and passes never meet a tensor.
//
// A storage has a row of versions, one more with each write. The order of the nodes never changes: a node
// that reads version v of a storage stands between the writes that made v and v + 1, so memory that is
// written in place is right by itself, and a pass that wants to move a read elsewhere compares versions.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/tensor.h"
#include "ops/op.h"

namespace lanegrad {

// What a storage of a program is.
enum class Holding : uint8_t {
  kArgument,   // of a tensor that each call brings
  kGradient,   // of the gradient that a tensor has when a call begins
  kState,      // was there before, and is held
  kConstant,   // the same, known never to change
  kTemporary,  // made by a node and dead at the end
  kResult,     // made by a node and returned: fresh memory with each call
  kKept,       // made by a node and referenced from outside: every call writes the same memory
  kHoisted,    // made of state alone, and made again only when that was written
};

struct CodeStorage {
  Holding holding = Holding::kTemporary;
  size_t bytes = 0;
  int slot = -1;          // of an argument, gradient or result: which
  uint32_t versions = 0;  // writes
  Ref<Storage> memory;    // of state, constants and what is kept, unless it is kept in the arena
};

// A window on a storage, or a number, or nothing (an absent entry of a list of gradients).
struct CodeOperand {
  static constexpr int kNothing = -1, kNumber = -2;
  int storage = kNothing;
  uint32_t version = 0;  // that is read; of an output, that is made
  int64_t offset = 0;    // in bytes
  TensorSpec spec;
  alignas(8) unsigned char number[8] = {};

  bool on_storage() const { return storage >= 0; }
};

struct CodeNode {
  const Op* op = nullptr;
  Attrs attrs;
  std::vector<CodeOperand> inputs;
  std::vector<Start> starts;
  std::vector<CodeOperand> outputs;
  uint32_t views = 0;     // bit j: output j is a view of an input, which the op does not write
  bool in_place = false;  // outputs[0] is memory that is there already, and may be part of a storage
  bool hoisted = false;   // runs only when what it reads was written; such nodes come first
  size_t workspace = 0;   // bytes
  std::shared_ptr<const NodePlan> plan;  // of ops that passes make
  std::string detail;                    // which ops it stands for, for people

  bool writes(size_t output) const { return !(views >> output & 1); }
  // Makes its outputs from its operands and does nothing else.
  bool is_pure() const;
};

// Calls body(operand) for each that the node writes: its outputs, and operands that the op changes.
template <class Node, class F>
void for_each_write(Node& node, F&& body) {
  for (size_t j = 0; j < node.outputs.size(); ++j)
    if (node.writes(j)) body(node.outputs[j]);
  for (size_t i = 0; i + 1 < node.starts.size(); ++i) {
    if (!node.op->inputs[i].mutates) continue;
    for (Start k = node.starts[i]; k < node.starts[i + 1]; ++k)
      if (node.inputs[k].on_storage()) body(node.inputs[k]);
  }
}

// A tensor that is handed out at the end of a call: a window on a storage.
struct CodeResult {
  int storage = -1;
  int64_t offset = 0;  // in elements
  TensorSpec spec;
};

struct Code {
  std::vector<CodeStorage> storages;
  std::vector<CodeNode> nodes;
  std::vector<CodeResult> results;
};

// Nodes that run in every call.
size_t running_nodes(const Code& code);

// By storage: the nodes that read or write it, in order, each once.
using Touches = std::vector<std::vector<size_t>>;
Touches find_touches(const Code& code);

// The op of plain copies: source -> target, which may be part of a storage.
const Op& copy_op();

// Whether each call brings its memory.
inline bool comes_with_call(Holding holding) {
  return holding == Holding::kArgument || holding == Holding::kGradient || holding == Holding::kResult;
}

// Whether what is at the end of a call in this memory can be seen after it.
inline bool outlives_call(const CodeStorage& s) { return s.holding != Holding::kTemporary; }

// Whether it lies in the arena: from where it is made to its last use, or, kept, to the end.
inline bool in_arena(const CodeStorage& s) {
  return s.holding == Holding::kTemporary || (s.holding == Holding::kKept && !s.memory);
}

// The bytes of workspace that the op wants with the threads and the precision in force.
size_t workspace_bytes(const CodeNode& node);

bool same_operand(const CodeOperand& a, const CodeOperand& b);
bool same_attrs(const Op& op, const Attrs& a, const Attrs& b);

// One line a node: what it writes, the op, what it reads.
std::string print_code(const Code& code);
// Adds a word to a line of them.
void add_word(std::string& line, const char* word);
const char* name_of(Holding holding);

}  // namespace lanegrad

#include "program/passes/hoist.h"

#include <algorithm>

#include "ops/widen.h"

namespace lanegrad {

Hoisting::Hoisting(Code& code) : code_(code), written_(code.storages.size()) {
  for (const CodeNode& node : code.nodes) {
    if (node.hoisted) continue;
    for_each_write(node, [&](const CodeOperand& o) { written_[static_cast<size_t>(o.storage)] = true; });
  }
}

bool Hoisting::is_settled(const CodeOperand& o) const {
  return !o.on_storage() || storage(o).holding == Holding::kConstant || is_state(o);
}

bool Hoisting::is_state(const CodeOperand& o) const {
  if (!o.on_storage()) return false;
  const Holding holding = storage(o).holding;
  return holding == Holding::kHoisted ||
         (holding == Holding::kState && !written_[static_cast<size_t>(o.storage)]);
}

bool Hoisting::can_hoist(const CodeNode& node) const {
  if (node.hoisted || !node.op || !node.is_pure() || node.views != 0 || node.outputs.empty()) return false;
  if (!std::all_of(node.inputs.begin(), node.inputs.end(), [&](auto& o) { return is_settled(o); }))
    return false;
  if (!std::any_of(node.inputs.begin(), node.inputs.end(), [&](auto& o) { return is_state(o); }))
    return false;
  return std::all_of(node.outputs.begin(), node.outputs.end(), [&](const CodeOperand& o) {
    const CodeStorage& s = storage(o);
    return s.holding == Holding::kTemporary && s.versions == 0;
  });
}

void Hoisting::hoist(CodeNode& node) {
  for (const CodeOperand& o : node.outputs) {
    CodeStorage& s = code_.storages[static_cast<size_t>(o.storage)];
    s.holding = Holding::kHoisted;
    s.memory = Storage::allocate(node.op->name, s.bytes);
  }
  node.hoisted = true;
  ++hoisted_;
}

std::vector<CodeOperand> Hoisting::add(const Op& op, const Attrs& attrs,
                                       const std::vector<CodeOperand>& inputs) {
  CodeNode node;
  node.op = &op;
  node.attrs = attrs;
  std::vector<const TensorSpec*> specs;
  for (const CodeOperand& o : inputs) {
    node.starts.push_back(static_cast<Start>(node.inputs.size()));
    if (o.storage == CodeOperand::kNothing) continue;
    node.inputs.push_back(o);
    specs.push_back(&o.spec);
  }
  node.starts.push_back(static_cast<Start>(node.inputs.size()));
  InferContext c(op, Operands<const TensorSpec*>(specs, node.starts), node.attrs);
  op.infer(c);
  for (const OutputSpec& spec : c.outputs()) {
    CodeStorage& s = code_.storages.emplace_back();
    s.bytes = spec.bytes();
    CodeOperand out;
    out.storage = static_cast<int>(code_.storages.size()) - 1;
    out.spec = spec;
    node.outputs.push_back(out);
  }
  node.workspace = evaluation_bytes(c);
  written_.resize(code_.storages.size());
  hoist(node);
  return added_.emplace_back(std::move(node)).outputs;
}

int Hoisting::finish() {
  std::vector<CodeNode>& nodes = code_.nodes;
  std::erase_if(nodes, [](const CodeNode& node) { return node.op == nullptr; });
  if (hoisted_ == 0) return 0;
  const auto end =
      std::stable_partition(nodes.begin(), nodes.end(), [](const CodeNode& node) { return node.hoisted; });
  nodes.insert(end, std::make_move_iterator(added_.begin()), std::make_move_iterator(added_.end()));
  return hoisted_;
}

}  // namespace lanegrad

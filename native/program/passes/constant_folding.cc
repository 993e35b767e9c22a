// Constant folding: what depends on numbers and constants alone is computed once, when the program is made.
//
//   c = f(2, 3); g(x, c)   =>   g(x, C)   with C computed
//
// Only for temporaries that nothing writes to afterwards, and small ones: a large block of equal numbers is
// sooner written anew than read from memory that nothing else uses.
#include <algorithm>

#include "ops/widen.h"
#include "program/passes.h"

namespace lanegrad {
namespace {

constexpr size_t kMostBytes = 64 << 10;

bool is_constant(const Code& code, const CodeOperand& o) {
  return !o.on_storage() || code.storages[static_cast<size_t>(o.storage)].holding == Holding::kConstant;
}

bool can_fold(const Code& code, const CodeNode& node) {
  if (!node.is_pure() || node.views != 0 || node.outputs.empty()) return false;
  if (!std::all_of(node.inputs.begin(), node.inputs.end(), [&](auto& o) { return is_constant(code, o); }))
    return false;
  return std::all_of(node.outputs.begin(), node.outputs.end(), [&](const CodeOperand& o) {
    const CodeStorage& s = code.storages[static_cast<size_t>(o.storage)];
    return s.holding == Holding::kTemporary && s.versions == 0 && s.bytes <= kMostBytes;
  });
}

TensorView view_of(const Code& code, const CodeOperand& o) {
  if (o.storage == CodeOperand::kNothing) return {};
  if (o.storage == CodeOperand::kNumber) return {const_cast<unsigned char*>(o.number), &o.spec};
  return {static_cast<char*>(code.storages[static_cast<size_t>(o.storage)].memory->data()) + o.offset,
          &o.spec};
}

void compute(Code& code, const CodeNode& node) {
  std::vector<TensorView> inputs, outputs;
  for (const CodeOperand& o : node.outputs) {
    CodeStorage& s = code.storages[static_cast<size_t>(o.storage)];
    s.memory = Storage::allocate(node.op->name, s.bytes);
    s.holding = Holding::kConstant;
    outputs.push_back(view_of(code, o));
  }
  for (const CodeOperand& o : node.inputs) inputs.push_back(view_of(code, o));
  Ref<Storage> workspace;
  if (node.workspace > 0) workspace = Storage::allocate(node.op->name, node.workspace);
  run_eval(EvalContext(*node.op, Operands<TensorView>(inputs, node.starts), outputs,
                       workspace ? workspace->data() : nullptr, node.attrs));
}

}  // namespace

int constant_folding(Code& code) {
  std::vector<CodeNode> kept;
  for (CodeNode& node : code.nodes) {
    if (can_fold(code, node)) {
      compute(code, node);
    } else {
      kept.push_back(std::move(node));
    }
  }
  const int removed = static_cast<int>(code.nodes.size() - kept.size());
  code.nodes = std::move(kept);
  return removed;
}

}  // namespace lanegrad

// An elementwise node that reads what another one made through a row-major view of another shape is computed
// in the shape in which that was made.
//
//   y = f(x); z = g(y.reshape(S))   =>   y = f(x); z' = g(y), and z is z' in the shape S
//
// Exact: element i of the result is made of elements i of the operands, and all of them lie in the same order
// in either shape. Who reads z has a window of its own on that memory, so nothing else changes; the two nodes
// now have one shape, and fuseElementwise joins them. Operands of one element stay; one that broadcasts
// otherwise, or whose elements lie in another order, keeps the node as it is, and so does one that is read as
// it was made.
#include <algorithm>

#include "ops/tile/program.h"
#include "program/passes.h"

namespace lanegrad {
namespace {

bool is_elementwise(const CodeNode& node) {
  if (node.hoisted || !node.is_pure() || node.views != 0 || node.outputs.size() != 1) return false;
  if (node.inputs.empty() || node.inputs.size() > 3 || node.outputs[0].spec.numel() < 2) return false;
  InlineVector<const TensorSpec*, 3> specs;
  for (const CodeOperand& o : node.inputs) {
    if (o.storage == CodeOperand::kNothing) return false;
    specs.push_back(&o.spec);
  }
  return is_tile_step(*node.op, specs);
}

// Whether the node can be computed in another shape of as many elements.
bool can_turn(const CodeNode& node) {
  const TensorSpec& out = node.outputs[0].spec;
  if (!out.is_contiguous()) return false;
  return std::all_of(node.inputs.begin(), node.inputs.end(), [&](const CodeOperand& o) {
    return o.spec.numel() == 1 || (o.spec.numel() == out.numel() && o.spec.is_contiguous());
  });
}

void turn(CodeNode& node, const Dims& shape) {
  const auto in_shape = [&](CodeOperand& o, const Dims& dims) {
    o.spec = TensorSpec::contiguous(o.spec.dtype, dims);
  };
  for (CodeOperand& o : node.inputs) in_shape(o, o.spec.numel() == 1 ? Dims{} : shape);
  in_shape(node.outputs[0], shape);
}

}  // namespace

int view_elimination(Code& code) {
  std::vector<const CodeOperand*> made(code.storages.size());  // by an elementwise node, which wrote it last
  int turned = 0;
  for (CodeNode& node : code.nodes) {
    const bool elementwise = is_elementwise(node);
    if (elementwise && can_turn(node)) {
      const CodeOperand* other = nullptr;
      bool as_made = false;
      for (const CodeOperand& o : node.inputs) {
        const CodeOperand* const m = o.on_storage() ? made[static_cast<size_t>(o.storage)] : nullptr;
        if (!m || m->spec.dtype != o.spec.dtype || m->offset != o.offset || m->version != o.version) continue;
        if (m->spec.shape == o.spec.shape)
          as_made = true;
        else if (m->spec.numel() == o.spec.numel() && m->spec.is_contiguous())
          other = m;
      }
      if (other && !as_made) {
        turn(node, Dims(other->spec.shape));
        ++turned;
      }
    }
    for_each_write(node, [&](const CodeOperand& o) { made[static_cast<size_t>(o.storage)] = nullptr; });
    if (elementwise) made[static_cast<size_t>(node.outputs[0].storage)] = &node.outputs[0];
  }
  return turned;
}

}  // namespace lanegrad

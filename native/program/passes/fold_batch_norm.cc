// A dense layer whose channels are then moved, scaled and moved again by what depends on state alone, as a
// batch norm in evaluation does, has that in its weight and bias.
//
//   y = linear(x, w, b); z = (y - m) * s + c   =>   z = linear(x, w * s, (b - m) * s + c)
//
// A convolution takes such numbers as they are, while its result is in cache (finish_products.cc).
//
// Rounding: s is multiplied into the weight before instead of into the sum after. The products are hoisted
// nodes, so m and s have to be state or hoisted: without hoistState only a norm whose factors are state is
// folded. Only where nobody else reads y or what is made of it on the way.
#include "ops/registry.h"
#include "program/passes.h"
#include "program/passes/channel_numbers.h"
#include "program/passes/hoist.h"

namespace lanegrad {
namespace {

struct Affine {
  ChannelNumbers numbers;
  CodeOperand out;
  std::vector<size_t> nodes;
};

class Folder {
 public:
  explicit Folder(Code& code) : code_(code), touches_(find_touches(code)), hoisting_(code) {}

  int run() {
    int removed = 0;
    const size_t count = code_.nodes.size();
    for (size_t i = 0; i < count; ++i) {
      Affine a;
      if (!begin(a, i)) continue;
      while (extend(a)) {
      }
      if (!a.numbers.scale.on_storage()) continue;
      removed += static_cast<int>(a.nodes.size()) - 1;
      replace(a);
    }
    hoisting_.finish();
    return removed;
  }

 private:
  bool begin(Affine& a, size_t index) const {
    const CodeNode& node = code_.nodes[index];
    if (node.op != &linear_ || node.hoisted) return false;
    const CodeOperand &out = node.outputs[0], &weight = node.inputs[1];
    if (is_narrow(out.spec.dtype) || out.spec.rank() < 2 || !hoisting_.is_state(weight) ||
        !weight.spec.is_contiguous() || weight.spec.dtype != out.spec.dtype)
      return false;
    if (has_bias(node) && (!hoisting_.is_settled(node.inputs[2]) ||
                           !is_channel_vector(node.inputs[2], out.spec, weight.spec.shape[0], 1)))
      return false;
    a.out = out;
    a.nodes = {index};
    return true;
  }
  static bool has_bias(const CodeNode& node) { return node.starts[2] != node.starts[3]; }

  // Takes the one node that reads the result, if it moves or scales channels.
  bool extend(Affine& a) const {
    const CodeStorage& made = code_.storages[static_cast<size_t>(a.out.storage)];
    const std::vector<size_t>& readers = touches_[static_cast<size_t>(a.out.storage)];
    if (made.holding != Holding::kTemporary || made.versions != 0) return false;
    if (readers.size() != 2 || readers[0] != a.nodes.back()) return false;
    const CodeNode &layer = code_.nodes[a.nodes[0]], &node = code_.nodes[readers[1]];
    if (node.inputs.size() != 2 || !hoisting_.is_settled(node.inputs[1])) return false;
    if (!a.numbers.take(node, a.out, layer.inputs[1].spec.shape[0], 1)) return false;
    a.out = node.outputs[0];
    a.nodes.push_back(readers[1]);
    return true;
  }

  // The layer stays where it is: all else that it reads now is there before the others run.
  void replace(const Affine& a) {
    static const Op& scale_channels = find_op("scaleChannels");
    CodeNode layer = std::move(code_.nodes[a.nodes[0]]);
    const CodeOperand bias = has_bias(layer) ? layer.inputs[2] : CodeOperand();
    const std::vector<CodeOperand> made =
        hoisting_.add(scale_channels, Attrs(),
                      {layer.inputs[1], a.numbers.scale, bias.on_storage() ? channel_vector(bias) : bias,
                       a.numbers.shift, a.numbers.offset});
    layer.inputs = {layer.inputs[0], made[0], made[1]};
    layer.starts = {0, 1, 2, 3};
    layer.outputs = {a.out};
    layer.detail.clear();
    for (const size_t i : a.nodes) {
      add_word(layer.detail, i == a.nodes[0] ? layer.op->name : code_.nodes[i].op->name);
      code_.nodes[i] = CodeNode();
    }
    layer.workspace = workspace_bytes(layer);
    code_.nodes[a.nodes[0]] = std::move(layer);
  }

  Code& code_;
  const Touches touches_;
  Hoisting hoisting_;
  const Op& linear_ = find_op("linear");
};

}  // namespace

int fold_batch_norm(Code& code) { return Folder(code).run(); }

}  // namespace lanegrad

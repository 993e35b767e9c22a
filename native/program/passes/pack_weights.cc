// Weights that are state are laid out for the kernels once, instead of in each call.
//
//   y = linear(x, W)        =>   P = linearPack(W), when W was written; y = linearFinished(x, W, packed P)
//   y = convolution(x, W)   =>   P = convPack(W), when W was written;   y = convFinished(x, W, packed P)
//
// Exact: P is what the op would have made of W in its workspace. Only where the program does not write W, and
// where the op packs at all: one row of a product reads the weight where it lies. Winograd's transforms of 3
// x 3 windows take four times their memory.
#include "ops/product/linear.h"
#include "ops/registry.h"
#include "program/passes.h"
#include "program/passes/hoist.h"

namespace lanegrad {
namespace {

constexpr size_t kWeight = 1;  // the input of all; of those that finish the last one is the packed weight

class Packer {
 public:
  explicit Packer(Code& code) : code_(code), hoisting_(code) {}

  int run() {
    int packed = 0;
    const size_t count = code_.nodes.size();
    for (size_t i = 0; i < count; ++i) {
      CodeNode& node = code_.nodes[i];
      if (node.hoisted) continue;
      if (node.op == &linear_ || node.op == &linear_finished_) packed += pack_linear(node);
      if (node.op == &convolution_ || node.op == &conv_finished_) packed += pack_convolution(node);
    }
    hoisting_.finish();
    return packed;
  }

 private:
  const CodeOperand& weight_of(const CodeNode& node) const { return node.inputs[node.starts[kWeight]]; }

  bool pack_linear(CodeNode& node) {
    const CodeOperand& weight = weight_of(node);
    if (!hoisting_.is_state(weight)) return false;
    for (const CodeOperand& o : node.inputs)
      if (o.spec.dtype != node.outputs[0].spec.dtype) return false;
    if (!linear_packs(node.inputs[0].spec, weight.spec, node.outputs[0].spec)) return false;
    const CodeOperand packed = made(linear_pack_, Attrs(), weight);
    if (node.op == &linear_) {
      if (node.detail.empty()) node.detail = node.op->name;
      node.op = &linear_finished_;
      node.attrs.add_enum(0);
    }
    take(node, packed);
    return true;
  }

  bool pack_convolution(CodeNode& node) {
    const CodeOperand& weight = weight_of(node);
    const TensorSpec& out = node.outputs[0].spec;
    if (!hoisting_.is_state(weight) || !weight.spec.is_contiguous() || !out.is_contiguous()) return false;
    for (const CodeOperand& o : node.inputs)
      if (o.spec.dtype != out.dtype || is_narrow(o.spec.dtype)) return false;
    Attrs attrs;
    attrs.add_ints(node.inputs[0].spec.shape);
    for (int k = 0; k < 3; ++k) attrs.add_ints(node.attrs.get_ints(k));
    attrs.add_int(node.attrs.get_int(3));
    if (packed_elements(attrs, weight) == 0) return false;
    const CodeOperand packed = made(conv_pack_, attrs, weight);
    if (node.op == &convolution_) {
      if (node.detail.empty()) node.detail = node.op->name;
      node.op = &conv_finished_;
      node.attrs.add_enum(0).add_bool(false);
    }
    take(node, packed);
    return true;
  }

  int64_t packed_elements(const Attrs& attrs, const CodeOperand& weight) const {
    const TensorSpec* const spec = &weight.spec;
    constexpr Start kStarts[] = {0, 1};
    InferContext c(conv_pack_, Operands<const TensorSpec*>({&spec, 1}, kStarts), attrs);
    conv_pack_.infer(c);
    return c.out(0).numel();
  }

  // Two layers may share a weight.
  CodeOperand made(const Op& op, const Attrs& attrs, const CodeOperand& weight) {
    for (const Packed& p : packed_)
      if (p.op == &op && same_operand(p.weight, weight) && same_attrs(op, p.attrs, attrs)) return p.out;
    const CodeOperand out = hoisting_.add(op, attrs, {weight})[0];
    packed_.push_back({&op, attrs, weight, out});
    return out;
  }

  // The node reads `packed`, too.
  static void take(CodeNode& node, const CodeOperand& packed) {
    const size_t end = static_cast<size_t>(node.op->input_count());
    while (node.starts.size() <= end) node.starts.push_back(static_cast<Start>(node.inputs.size()));
    node.inputs.push_back(packed);
    node.starts[end] = static_cast<Start>(node.inputs.size());
    node.workspace = workspace_bytes(node);
  }

  struct Packed {
    const Op* op;
    Attrs attrs;
    CodeOperand weight, out;
  };
  Code& code_;
  Hoisting hoisting_;
  std::vector<Packed> packed_;
  const Op &linear_ = find_op("linear"), &linear_finished_ = find_op("linearFinished"),
           &convolution_ = find_op("convolution"), &conv_finished_ = find_op("convFinished"),
           &linear_pack_ = find_op("linearPack"), &conv_pack_ = find_op("convPack");
};

}  // namespace

int pack_weights(Code& code) { return Packer(code).run(); }

}  // namespace lanegrad

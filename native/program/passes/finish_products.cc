// Layers whose result goes into an activation, a sum with another tensor, or both, finish it while it is in
// cache.
//
//   y = linear(x, w, b); z = f(y); t = z + r         =>   t = linearFinished(x, w, b, r; f)
//   y = convolution(x, w, b); z = f(y); t = z + r    =>   t = convFinished(x, w, b, r; f)
//   y = convolution(x, w, b); z = y + r; t = f(z)    =>   t = convFinished(x, w, b, r; f, residual first)
//   y = convolution(x, w, b); z = (y - m) * s + c    =>   z = convFinished(x, w, b, m, s, c), each for a
//   channel
//
// The last is a batch norm in evaluation, before what the others say. Its numbers are not multiplied into the
// weight: the copy would be as large as the weight, and what is scaled here is in cache.
//
// Exact: a tile of the product, or a part of the convolution's result, goes through the same kernels. Only
// where nobody else reads y (the gradient of gelu does, that of relu does not), and where what the layer
// reads is not written between. The new node stands where the last of those that it replaces stood.
#include <algorithm>
#include <cstring>

#include "ops/product/finish_activation.h"
#include "ops/registry.h"
#include "program/passes.h"
#include "program/passes/channel_numbers.h"

namespace lanegrad {
namespace {

constexpr int kBias = 2;  // the input of both
// The value of the attribute `activation`, 0 for none.
int activation_of(const Op& op) {
  for (size_t i = 1; i < kFinishNames.size(); ++i)
    if (std::strcmp(kFinishNames[i], op.name) == 0) return static_cast<int>(i);
  return 0;
}

bool is_dense(const CodeOperand& o) { return o.on_storage() && o.spec.is_contiguous(); }

// A layer on its way to being finished.
struct Product {
  CodeOperand x, weight, bias, residual;  // the last two may be nothing
  ChannelNumbers channels;
  int activation = 0;
  bool residual_first = false;
  CodeOperand out;
  std::vector<size_t> nodes;  // that it stands for
};

class Finisher {
 public:
  // Of `layer` it makes `finished`. That of a convolution takes numbers of each channel, and a residual
  // before the activation, too.
  Finisher(Code& code, const char* layer, const char* finished)
      : code_(code),
        touches_(find_touches(code)),
        layer_(find_op(layer)),
        finished_(find_op(finished)),
        is_convolution_(&layer_ == &find_op("convolution")) {}

  int run() {
    int replaced = 0;
    for (size_t i = 0; i < code_.nodes.size(); ++i) {
      Product p;
      if (!begin(p, i)) continue;
      while (extend(p)) {
      }
      if (p.nodes.size() < 2) continue;
      replaced += static_cast<int>(p.nodes.size());
      replace(p);
    }
    code_.nodes.erase(std::remove_if(code_.nodes.begin(), code_.nodes.end(),
                                     [](const CodeNode& node) { return node.op == nullptr; }),
                      code_.nodes.end());
    return replaced;
  }

 private:
  const std::vector<size_t>& touches(const CodeOperand& o) const {
    return touches_[static_cast<size_t>(o.storage)];
  }

  bool begin(Product& p, size_t index) {
    const CodeNode& node = code_.nodes[index];
    if (node.op != &layer_ || node.hoisted || !is_dense(node.outputs[0])) return false;
    if (node.outputs[0].spec.numel() == 0) return false;
    // Of 16-bit floats a convolution rounds once, at its end.
    if (is_convolution_ && is_narrow(node.outputs[0].spec.dtype)) return false;
    p.x = node.inputs[node.starts[0]];
    p.weight = node.inputs[node.starts[1]];
    if (node.starts[kBias] != node.starts[kBias + 1]) p.bias = node.inputs[node.starts[kBias]];
    p.out = node.outputs[0];
    p.nodes = {index};
    return std::all_of(node.inputs.begin(), node.inputs.end(), [&](const CodeOperand& o) {
      return o.on_storage() && o.spec.dtype == p.out.spec.dtype;
    });
  }

  // Whether something before node `last` writes what the layer reads.
  bool is_written(const Product& p, size_t last) const {
    bool any = false;
    for (size_t i = p.nodes.back() + 1; i < last && !any; ++i) {
      for_each_write(code_.nodes[i], [&](const CodeOperand& o) {
        for (const CodeOperand* read : {&p.x, &p.weight, &p.bias, &p.channels.shift, &p.channels.scale,
                                        &p.channels.offset, &p.residual})
          any = any || read->storage == o.storage;
      });
    }
    return any;
  }

  // Takes the one node that reads the result, if it can be taken.
  bool extend(Product& p) {
    const CodeStorage& made = code_.storages[static_cast<size_t>(p.out.storage)];
    const std::vector<size_t>& readers = touches(p.out);
    if (made.holding != Holding::kTemporary || made.versions != 0) return false;
    if (readers.size() != 2 || readers[0] != p.nodes.back()) return false;
    const CodeNode& node = code_.nodes[readers[1]];
    if (!node.op) return false;  // another layer has taken it, with this one as its residual
    if (!node.is_pure() || node.views != 0 || node.outputs.size() != 1) return false;
    const CodeOperand& out = node.outputs[0];
    if (!is_dense(out) || out.spec.dtype != p.out.spec.dtype || out.spec.shape != p.out.spec.shape)
      return false;
    if (is_written(p, readers[1])) return false;
    if (!take_channels(p, node) && !take_activation(p, node) && !take_residual(p, node)) return false;
    p.out = out;
    p.nodes.push_back(readers[1]);
    return true;
  }

  bool take_channels(Product& p, const CodeNode& node) const {
    if (!is_convolution_ || p.activation != 0 || p.residual.on_storage()) return false;
    return p.channels.take(node, p.out, p.weight.spec.shape[0], p.out.spec.rank() - 1);
  }

  bool take_activation(Product& p, const CodeNode& node) const {
    const int activation = activation_of(*node.op);
    if (activation == 0 || p.activation != 0 || !same_operand(node.inputs[0], p.out)) return false;
    if (p.residual.on_storage() && !is_convolution_) return false;
    p.activation = activation;
    p.residual_first = p.residual.on_storage();
    return true;
  }

  bool take_residual(Product& p, const CodeNode& node) const {
    static const Op& add = find_op("add");
    if (node.op != &add || p.residual.on_storage()) return false;
    const size_t own = same_operand(node.inputs[0], p.out) ? 0 : 1;
    const CodeOperand& other = node.inputs[1 - own];
    if (!same_operand(node.inputs[own], p.out) || !is_dense(other) || other.storage == p.out.storage)
      return false;
    if (other.spec.dtype != p.out.spec.dtype || other.spec.shape != p.out.spec.shape) return false;
    p.residual = other;
    return true;
  }

  void replace(const Product& p) {
    CodeNode node;
    node.op = &finished_;
    node.attrs = code_.nodes[p.nodes.front()].attrs;
    node.attrs.add_enum(p.activation);
    if (is_convolution_) node.attrs.add_bool(p.residual_first);
    const auto take = [&node](const CodeOperand& o) {
      node.starts.push_back(static_cast<Start>(node.inputs.size()));
      if (o.on_storage()) node.inputs.push_back(o);
    };
    for (const CodeOperand* o : {&p.x, &p.weight, &p.bias}) take(*o);
    if (is_convolution_)
      for (const CodeOperand* o : {&p.channels.shift, &p.channels.scale, &p.channels.offset}) take(*o);
    take(p.residual);
    // Without a packed weight.
    node.starts.insert(node.starts.end(), 2, static_cast<Start>(node.inputs.size()));
    node.outputs = {p.out};
    node.workspace = workspace_bytes(node);
    for (const size_t i : p.nodes) {
      const CodeNode& part = code_.nodes[i];
      add_word(node.detail, part.detail.empty() ? part.op->name : part.detail.c_str());
      code_.nodes[i] = CodeNode();
    }
    code_.nodes[p.nodes.back()] = std::move(node);
  }

  Code& code_;
  const Touches touches_;
  const Op &layer_, &finished_;
  const bool is_convolution_;
};

}  // namespace

int finish_products(Code& code) { return Finisher(code, "linear", "linearFinished").run(); }

int finish_convolutions(Code& code) { return Finisher(code, "convolution", "convFinished").run(); }

}  // namespace lanegrad

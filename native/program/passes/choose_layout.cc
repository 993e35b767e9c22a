// Chains of convolutions, norms and activations in the order of dims in which they are faster. A convolution
// that gains by it gets a channels-last copy of its image; from there the shape rules of the ops say what
// follows: an op that makes its output in the order of its input hands it on, through forward and backward
// alike. An op whose outputs must lie as they were recorded, and a convolution without a channels-last
// kernel, get a row-major copy.
//
// Whether a copy pays is tried: the program is followed to its end with and without it, and what
// convolutions save (layout_cost.cc) is held against the copies. Sums are made in another order, so results
// are not the same bits.
#include <algorithm>
#include <map>
#include <tuple>

#include "program/passes.h"
#include "program/passes/layout_cost.h"

namespace lanegrad {
namespace {

// What an operand sees: a window on a version of a storage. Of an argument, the parts of a batch are several.
struct Value {
  int storage;
  uint32_t version;
  int64_t offset;
  DType dtype;
  Dims shape, strides;

  bool operator<(const Value& other) const {
    const auto a = std::tie(storage, version, offset, dtype);
    const auto b = std::tie(other.storage, other.version, other.offset, other.dtype);
    if (a != b) return a < b;
    if (!(shape == other.shape)) return std::ranges::lexicographical_compare(shape, other.shape);
    return std::ranges::lexicographical_compare(strides, other.strides);
  }
};

Value value_of(const CodeOperand& o) {
  return {o.storage, o.version, o.offset, o.spec.dtype, o.spec.shape, o.spec.strides};
}

// Images in temporaries that every node sees as a whole: those may lie in any order.
class Movable {
 public:
  explicit Movable(const Code& code) : spec_(code.storages.size()), is_(code.storages.size()) {
    for (size_t i = 0; i < is_.size(); ++i) is_[i] = code.storages[i].holding == Holding::kTemporary;
    for (const CodeResult& r : code.results) is_[static_cast<size_t>(r.storage)] = false;
    for (const CodeNode& node : code.nodes) look(node);
    for (size_t i = 0; i < is_.size(); ++i) is_[i] = is_[i] && spec_[i] != nullptr;
  }
  bool has(const CodeOperand& o) const { return o.on_storage() && is_[static_cast<size_t>(o.storage)]; }

 private:
  void look(const CodeNode& node) {
    for (size_t i = 0; i + 1 < node.starts.size(); ++i)
      for (Start k = node.starts[i]; k < node.starts[i + 1]; ++k)
        look(node.inputs[k], node.plan || node.views != 0 || node.op->inputs[i].mutates);
    for (const CodeOperand& o : node.outputs) look(o, node.plan || node.views != 0);
  }
  void look(const CodeOperand& o, bool fixed) {
    if (!o.on_storage()) return;
    const size_t at = static_cast<size_t>(o.storage);
    const TensorSpec*& seen = spec_[at];
    if (fixed || o.offset != 0 || !is_plain_image(o.spec) ||
        (seen && (seen->dtype != o.spec.dtype || !(seen->shape == o.spec.shape))))
      is_[at] = false;
    seen = &o.spec;
  }

  std::vector<const TensorSpec*> spec_;
  std::vector<bool> is_;
};

// What is decided up to a node.
struct Layouts {
  std::vector<bool> last;        // by storage: it lies channels-last
  std::map<Value, int> to_last;  // copies in the other order, and their storages (-1 in a trial)
  std::map<Value, int> to_plain;
  double cost = 0;
};

enum class Wish : uint8_t { kAsItIs, kLast, kPlain };

// How a node is to run: what it wants of its flat inputs, and which outputs then change their order.
struct Decision {
  std::vector<Wish> wishes;
  uint32_t moved = 0;
};

class Chooser {
 public:
  explicit Chooser(Code& code) : code_(code), movable_(code) {
    for (const CodeNode& node : code.nodes) costs_.push_back(layout_cost(node));
    now_.last.resize(code.storages.size());
  }

  int run() {
    int changes = 0;
    std::vector<CodeNode> nodes;
    for (size_t i = 0; i < code_.nodes.size(); ++i) {
      const Decision d = decide(i, now_, pays(i));
      emit(code_.nodes[i], d, nodes);
      follow(i, d, now_);
      changes += d.moved != 0;
    }
    if (nodes.size() > code_.nodes.size()) code_.nodes = std::move(nodes);
    return changes;
  }

 private:
  const CodeOperand& input(size_t i, size_t k) const { return code_.nodes[i].inputs[k]; }
  bool moved(const CodeOperand& o, const Layouts& l) const {
    return o.on_storage() && l.last[static_cast<size_t>(o.storage)];
  }
  bool has_last(const CodeOperand& o, const Layouts& l) const {
    return moved(o, l) || lies_last(o.spec) || l.to_last.contains(value_of(o));
  }
  // Whether the operand, as it lies, is not as wished.
  bool needs_copy(const CodeOperand& o, Wish wish, const Layouts& l) const {
    if (wish == Wish::kLast) return !moved(o, l) && !lies_last(o.spec);
    return wish == Wish::kPlain && moved(o, l);
  }
  TensorSpec spec_of(const CodeOperand& o, Wish wish, const Layouts& l) const {
    const bool last = wish == Wish::kLast || (wish == Wish::kAsItIs && moved(o, l));
    return last ? in_last(o.spec) : o.spec;
  }

  // Whether a convolution gains by a copy that nothing before it made.
  bool pays(size_t i) const {
    const LayoutCost& cost = costs_[i];
    if (!cost.has_kernel || cost.saved == 0) return false;
    for (int k = 0; k < cost.images; ++k)
      if (has_last(input(i, static_cast<size_t>(k)), now_)) return false;
    return cost_from(i, true) < cost_from(i, false);
  }
  double cost_from(size_t i, bool seed) const {
    Layouts l = now_;
    for (size_t j = i; j < code_.nodes.size(); ++j) follow(j, decide(j, l, seed && j == i), l);
    return l.cost;
  }

  Decision decide(size_t i, const Layouts& l, bool seed) const {
    const CodeNode& node = code_.nodes[i];
    Decision d{std::vector<Wish>(node.inputs.size(), Wish::kAsItIs)};
    if (node.in_place || node.views != 0 || node.plan) return d;
    const size_t images = static_cast<size_t>(costs_[i].images);
    bool last = seed, any_moved = seed;
    for (size_t k = 0; k < images; ++k) last = last || has_last(node.inputs[k], l);
    for (size_t k = 0; k < images; ++k)
      d.wishes[k] = last && costs_[i].has_kernel ? Wish::kLast : Wish::kPlain;
    for (size_t k = 0; k < node.inputs.size(); ++k)
      any_moved = any_moved || moved(node.inputs[k], l) || needs_copy(node.inputs[k], d.wishes[k], l);
    if (!any_moved || make_outputs(node, d, l)) return d;
    // An output has to lie as it was recorded, so all that it follows from does.
    std::fill(d.wishes.begin(), d.wishes.end(), Wish::kPlain);
    return d;
  }

  // Sets d.moved; false if an output cannot lie as the shape rule wants it.
  bool make_outputs(const CodeNode& node, Decision& d, const Layouts& l) const {
    std::vector<TensorSpec> specs(node.inputs.size());
    std::vector<const TensorSpec*> pointers;
    for (size_t k = 0; k < specs.size(); ++k) {
      specs[k] = spec_of(node.inputs[k], d.wishes[k], l);
      pointers.push_back(node.inputs[k].storage == CodeOperand::kNothing ? nullptr : &specs[k]);
    }
    InferContext c(*node.op, Operands<const TensorSpec*>(pointers, node.starts), node.attrs);
    node.op->infer(c);
    uint32_t moved = 0;
    for (size_t j = 0; j < node.outputs.size(); ++j) {
      const CodeOperand& o = node.outputs[j];
      const OutputSpec& made = c.out(static_cast<int>(j));
      if (made.alias >= 0) return false;
      if (made.strides == o.spec.strides) continue;
      if (!movable_.has(o) || !(made.strides == in_last(o.spec).strides)) return false;
      moved |= 1u << j;
    }
    d.moved = moved;
    return true;
  }

  void follow(size_t i, const Decision& d, Layouts& l) const {
    const CodeNode& node = code_.nodes[i];
    const LayoutCost& cost = costs_[i];
    for (size_t k = 0; k < node.inputs.size(); ++k) {
      const CodeOperand& o = node.inputs[k];
      if (!needs_copy(o, d.wishes[k], l)) continue;
      auto& copies = d.wishes[k] == Wish::kLast ? l.to_last : l.to_plain;
      if (copies.try_emplace(value_of(o), -1).second) l.cost += copy_cost(o.spec.numel());
    }
    if (cost.images > 0 && d.wishes[0] == Wish::kLast) l.cost -= cost.saved;
    if (cost.lost > 0 && d.wishes[0] == Wish::kAsItIs && moved(node.inputs[0], l)) l.cost += cost.lost;
    for (size_t j = 0; j < node.outputs.size(); ++j)
      if (d.moved >> j & 1) l.last[static_cast<size_t>(node.outputs[j].storage)] = true;
  }

  // The node as decided, behind the copies that it needs first.
  void emit(const CodeNode& from, const Decision& d, std::vector<CodeNode>& nodes) {
    CodeNode node = from;
    bool changed = d.moved != 0;
    for (size_t k = 0; k < node.inputs.size(); ++k) {
      CodeOperand& o = node.inputs[k];
      if (needs_copy(o, d.wishes[k], now_)) {
        o = copied(o, d.wishes[k] == Wish::kLast, nodes);
        changed = true;
      } else if (moved(o, now_)) {
        o.spec = in_last(o.spec);
        changed = true;
      }
    }
    for (size_t j = 0; j < node.outputs.size(); ++j) {
      CodeOperand& o = node.outputs[j];
      if (!(d.moved >> j & 1) && !moved(o, now_)) continue;
      o.spec = in_last(o.spec);
      changed = true;
    }
    if (changed) node.workspace = workspace_bytes(node);
    nodes.push_back(std::move(node));
  }

  // What reads the operand in the other order; made where nothing before made it.
  CodeOperand copied(const CodeOperand& o, bool to_last, std::vector<CodeNode>& nodes) {
    auto& copies = to_last ? now_.to_last : now_.to_plain;
    const auto [at, fresh] = copies.try_emplace(value_of(o), static_cast<int>(code_.storages.size()));
    CodeOperand target = o;
    target.storage = at->second;
    target.version = 0;
    target.offset = 0;
    if (to_last) target.spec = in_last(o.spec);
    if (!fresh) return target;
    CodeStorage& storage = code_.storages.emplace_back();
    storage.bytes = target.spec.bytes();
    now_.last.push_back(false);
    CodeNode copy;
    copy.op = &copy_op();
    copy.starts = {0, 1};
    copy.inputs = {o};
    if (moved(o, now_)) copy.inputs[0].spec = in_last(o.spec);
    copy.outputs = {target};
    nodes.push_back(std::move(copy));
    return target;
  }

  Code& code_;
  const Movable movable_;
  std::vector<LayoutCost> costs_;
  Layouts now_;
};

}  // namespace

int choose_layout(Code& code) { return Chooser(code).run(); }

}  // namespace lanegrad

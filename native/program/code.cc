#include "program/code.h"

#include <algorithm>
#include <cstring>
#include <sstream>

#include "ops/layout/copy.h"
#include "ops/widen.h"

namespace lanegrad {
namespace {

void copy_infer(InferContext& c) { c.add_output(c.in(0)); }
void copy_eval(const EvalContext& c) { copy_view(c.out(0), c.in(0)); }

const Op kCopy = {.name = "copy",
                  .inputs = {{{"source"}}},
                  .outputs = {{{"target"}}},
                  .flags = kTakesNarrow,
                  .infer = copy_infer,
                  .eval = copy_eval};

void print_window(std::ostream& out, const Code& code, const CodeOperand& o) {
  if (o.storage == CodeOperand::kNothing) {
    out << "none";
    return;
  }
  if (o.storage == CodeOperand::kNumber) {
    dispatch_storage(o.spec.dtype, [&]<class T>(T value) {
      std::memcpy(&value, o.number, sizeof(T));
      out << static_cast<double>(value);
    });
    return;
  }
  const Holding holding = code.storages[static_cast<size_t>(o.storage)].holding;
  out << name_of(holding)[0] << o.storage;
  if (o.version > 0) out << '.' << o.version;
  out << ':' << name_of(o.spec.dtype) << o.spec.shape;
  if (o.offset != 0) out << '+' << o.offset;
  if (!o.spec.is_contiguous()) out << " strides " << o.spec.strides;
}

void print_list(std::ostream& out, const Code& code, const std::vector<CodeOperand>& list) {
  for (size_t k = 0; k < list.size(); ++k) {
    if (k > 0) out << ", ";
    print_window(out, code, list[k]);
  }
}

}  // namespace

Touches find_touches(const Code& code) {
  Touches touches(code.storages.size());
  for (size_t i = 0; i < code.nodes.size(); ++i) {
    for (const auto* list : {&code.nodes[i].inputs, &code.nodes[i].outputs}) {
      for (const CodeOperand& o : *list) {
        if (!o.on_storage()) continue;
        std::vector<size_t>& at = touches[static_cast<size_t>(o.storage)];
        if (at.empty() || at.back() != i) at.push_back(i);
      }
    }
  }
  return touches;
}

size_t running_nodes(const Code& code) {
  return static_cast<size_t>(std::count_if(code.nodes.begin(), code.nodes.end(),
                                           [](const CodeNode& node) { return !node.hoisted; }));
}

const Op& copy_op() { return kCopy; }

bool CodeNode::is_pure() const {
  if (in_place || op->is(kRandom) || op->is(kDynamic)) return false;
  return std::none_of(op->inputs.begin(), op->inputs.end(), [](const InputDef& def) { return def.mutates; });
}

bool same_operand(const CodeOperand& a, const CodeOperand& b) {
  if (a.storage != b.storage) return false;
  if (a.storage == CodeOperand::kNothing) return true;
  if (a.spec.dtype != b.spec.dtype || !(a.spec.shape == b.spec.shape) || !(a.spec.strides == b.spec.strides))
    return false;
  if (a.storage == CodeOperand::kNumber) return std::memcmp(a.number, b.number, size_of(a.spec.dtype)) == 0;
  return a.version == b.version && a.offset == b.offset;
}

bool same_attrs(const Op& op, const Attrs& a, const Attrs& b) {
  if (a.size() != b.size()) return false;
  for (int k = 0; k < static_cast<int>(a.size()); ++k) {
    if (op.attrs[static_cast<size_t>(k)].type == AttrType::kInts) {
      const auto x = a.get_ints(k), y = b.get_ints(k);
      if (!std::equal(x.begin(), x.end(), y.begin(), y.end())) return false;
    } else if (a.get_int(k) != b.get_int(k)) {  // of a float: its bits
      return false;
    }
  }
  return true;
}

size_t workspace_bytes(const CodeNode& node) {
  InlineVector<const TensorSpec*, 8> specs;
  for (const CodeOperand& o : node.inputs)
    specs.push_back(o.storage == CodeOperand::kNothing ? nullptr : &o.spec);
  InferContext c(*node.op, Operands<const TensorSpec*>(specs, node.starts), node.attrs);
  for (const CodeOperand& o : node.outputs) c.add_output(OutputSpec(o.spec));
  return evaluation_bytes(c);
}

const char* name_of(Holding holding) {
  constexpr const char* kNames[] = {"argument",  "gradient", "state", "constant",
                                    "temporary", "result",   "kept",  "hoisted"};
  return kNames[static_cast<int>(holding)];
}

void add_word(std::string& line, const char* word) {
  if (!line.empty()) line += ' ';
  line += word;
}

std::string print_code(const Code& code) {
  std::ostringstream out;
  for (size_t i = 0; i < code.nodes.size(); ++i) {
    const CodeNode& node = code.nodes[i];
    out << i << "  ";
    if (!node.outputs.empty()) {
      print_list(out, code, node.outputs);
      out << (node.in_place ? " <- " : " = ");
    }
    out << node.op->name << '(';
    print_list(out, code, node.inputs);
    out << ')';
    if (node.hoisted) out << "  // hoisted";
    if (!node.detail.empty()) out << "  // " << node.detail;
    out << '\n';
  }
  return out.str();
}

}  // namespace lanegrad

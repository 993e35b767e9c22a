// Steps of optimizers, one after the other, become one: of several groups or optimizers, or of one parameter
// each.
//
//   s(P, G, S, n, lr); s(Q, H, T, m, mu)   =>   s(P Q, G H, S T, (n, m), (lr, mu))
//
// Exact: a step changes each parameter by itself, by the numbers of its group, which stay tensors of their
// own and need not be equal. The first step is moved to the last, so nothing between them may touch what it
// writes, nor write what it reads. All parameters are then updated in one parallel region: small groups fill
// each other's tails, and many steps of little work are enough for all threads together.
#include <algorithm>

#include "ops/optim/groups.h"
#include "program/passes.h"

namespace lanegrad {
namespace {

// The storages that a node reads and writes.
class Uses {
 public:
  Uses(const Code& code, const CodeNode& node) : read_(code.storages.size()), written_(code.storages.size()) {
    for (const CodeOperand& o : node.inputs)
      if (o.on_storage()) read_[static_cast<size_t>(o.storage)] = true;
    for_each_write(node, [&](const CodeOperand& o) { written_[static_cast<size_t>(o.storage)] = true; });
  }

  // Whether the node may run after `other` as well as before it.
  bool commute(const CodeNode& other) const {
    bool apart = true;
    for (const auto* list : {&other.inputs, &other.outputs})
      for (const CodeOperand& o : *list)
        apart = apart && !(o.on_storage() && written_[static_cast<size_t>(o.storage)]);
    for_each_write(other,
                   [&](const CodeOperand& o) { apart = apart && !read_[static_cast<size_t>(o.storage)]; });
    return apart;
  }

 private:
  std::vector<bool> read_, written_;
};

size_t length(const CodeNode& node, size_t input) { return node.starts[input + 1] - node.starts[input]; }

// Lists that are left out in one are left out in both; what there is, is there for each parameter.
bool same_lists(const Op& op, const CodeNode& a, const CodeNode& b) {
  if (length(a, 0) == 0 || length(b, 0) == 0) return false;
  for (size_t i = 1; i + 1 < a.starts.size(); ++i) {
    if (op.inputs[i].kind != InputKind::kList) continue;
    const size_t in_a = length(a, i), in_b = length(b, i);
    if (!(in_a == 0 && in_b == 0) && !(in_a == length(a, 0) && in_b == length(b, 0))) return false;
  }
  return true;
}

// Tensors of 16 bits are updated by way of wide copies of a node's all, which would be there at once.
bool has_copies(const CodeNode& node) {
  return std::any_of(node.inputs.begin(), node.inputs.end(),
                     [](const CodeOperand& o) { return o.on_storage() && is_narrow(o.spec.dtype); });
}

bool join(const CodeNode& a, const CodeNode& b) {
  const Op* const groups = optim_groups_op(*b.op);
  if (!groups || groups != optim_groups_op(*a.op) || !same_attrs(*b.op, a.attrs, b.attrs)) return false;
  if (has_copies(a) || has_copies(b)) return false;
  // By the record of one group, where there is one: rows and numbers are no lists there.
  return same_lists(a.op == groups ? *b.op : *a.op, a, b);
}

// `b`, with the groups of `a` before its own.
void put_before(const CodeNode& a, CodeNode& b) {
  std::vector<CodeOperand> inputs;
  std::vector<Start> starts = {0};
  for (size_t i = 0; i + 1 < b.starts.size(); ++i) {
    for (const CodeNode* node : {&a, static_cast<const CodeNode*>(&b)})
      inputs.insert(inputs.end(), node->inputs.begin() + node->starts[i],
                    node->inputs.begin() + node->starts[i + 1]);
    starts.push_back(static_cast<Start>(inputs.size()));
  }
  const auto names = [](const CodeNode& node) {
    return node.detail.empty() ? std::string(node.op->name) : node.detail;
  };
  b.detail = names(a) + ' ' + names(b);
  b.op = optim_groups_op(*b.op);
  b.inputs = std::move(inputs);
  b.starts = std::move(starts);
  b.workspace = workspace_bytes(b);
}

// The step behind `index` that it can join; 0 if there is none.
size_t find_other(const Code& code, size_t index) {
  const CodeNode& node = code.nodes[index];
  const Uses uses(code, node);
  for (size_t j = index + 1; j < code.nodes.size() && uses.commute(code.nodes[j]); ++j)
    if (join(node, code.nodes[j])) return j;
  return 0;
}

}  // namespace

int fuse_optimizers(Code& code) {
  std::vector<CodeNode> kept;
  int joined = 0;
  for (size_t i = 0; i < code.nodes.size(); ++i) {
    const size_t other = optim_groups_op(*code.nodes[i].op) ? find_other(code, i) : 0;
    if (other == 0) {
      kept.push_back(std::move(code.nodes[i]));
      continue;
    }
    put_before(code.nodes[i], code.nodes[other]);
    ++joined;
  }
  code.nodes = std::move(kept);
  return joined;
}

}  // namespace lanegrad

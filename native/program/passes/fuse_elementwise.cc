// Elementwise fusion: nodes whose outputs have one shape, and of which one reads what another makes (or both
// read the same), become one node of the tile machine: memory is read and written once. Exact: every step
// runs the kernel of the op that it was.
//
// A group is gathered while going through the nodes in their order, and stands in the end where its last
// member stood, so each member is moved behind the nodes between. That is right as long as none of those
// reads what a member writes, or writes what a member reads or writes; at the first that does, the group is
// closed. Within a group an operand is what another member made only through the same window on the storage:
// element i is then made of elements i.
//
// A sum or mean of what a member makes joins the node of the group from wherever it stands: it needs nothing
// else, and nobody reads its result before it was made.
#include <algorithm>
#include <optional>
#include <utility>

#include "core/streaming.h"
#include "ops/reduce/dims.h"
#include "ops/registry.h"
#include "ops/tile/program.h"
#include "program/passes.h"

namespace lanegrad {
namespace {

constexpr size_t kMaxOpen = 32;

bool same_window(const CodeOperand& a, const CodeOperand& b) {
  return a.storage == b.storage && a.offset == b.offset && a.spec.dtype == b.spec.dtype &&
         a.spec.shape == b.spec.shape && a.spec.strides == b.spec.strides;
}

// The same elements in the same order of memory, perhaps in another shape.
bool same_elements(const CodeOperand& a, const CodeOperand& b) {
  if (same_window(a, b)) return true;
  return a.storage == b.storage && a.offset == b.offset && a.spec.dtype == b.spec.dtype &&
         a.spec.numel() == b.spec.numel() && a.spec.is_contiguous() && b.spec.is_contiguous();
}

// A node as a step.
struct Candidate {
  const Op* op = nullptr;
  Attrs attrs;
  InlineVector<const CodeOperand*, 3> inputs;
  const CodeOperand* output = nullptr;
};

std::optional<Candidate> candidate_of(const CodeNode& node) {
  static const Op &to = find_op("to"), &copy = find_op("copy");
  if (node.hoisted) return std::nullopt;
  if (node.outputs.size() != 1 || !node.writes(0) || !node.outputs[0].on_storage()) return std::nullopt;
  Candidate c;
  c.op = node.op;
  c.attrs = node.attrs;
  c.output = &node.outputs[0];
  if (c.output->spec.numel() == 0) return std::nullopt;
  if (node.op == &copy_op() || node.op == &copy) {  // the source, in the dtype of the target
    c.op = &to;
    c.attrs = Attrs().add_dtype(c.output->spec.dtype);
    c.inputs.push_back(&node.inputs.back());
    return c;
  }
  InlineVector<const TensorSpec*, 3> specs;
  if (node.inputs.empty() || node.inputs.size() > 3) return std::nullopt;
  for (const CodeOperand& o : node.inputs) {
    if (o.storage == CodeOperand::kNothing) return std::nullopt;
    c.inputs.push_back(&o);
    specs.push_back(&o.spec);
  }
  if (!is_tile_step(*node.op, specs)) return std::nullopt;
  return c;
}

// Whether the node is a sum that can be made of the values before they are in memory.
bool is_fold(const CodeNode& node) {
  static const Op &sum = find_op("sum"), &mean = find_op("mean");
  if ((node.op != &sum && node.op != &mean) || node.in_place || node.hoisted || node.outputs.size() != 1)
    return false;
  const CodeOperand& x = node.inputs[0];
  return x.on_storage() && is_floating(x.spec.dtype) && computed_dtype(x.spec.dtype) == DType::kFloat32;
}

class Group {
 public:
  enum class Relation { kNone, kFits, kBars };

  const std::vector<int>& members() const { return members_; }
  int fold() const { return fold_; }  // the node of the sum; -1: none
  bool shares_operand(const Candidate& c) const {
    if (!(c.output->spec.shape == shape_)) return false;
    return std::any_of(c.inputs.begin(), c.inputs.end(), [&](const CodeOperand* o) {
      return o->on_storage() && o->spec.numel() == c.output->spec.numel() &&
             std::any_of(reads_.begin(), reads_.end(),
                         [&](const CodeOperand* r) { return same_operand(*o, *r); });
    });
  }

  // What a node that does not join means to the group.
  bool bars(const CodeNode& node) const {
    for (const CodeOperand& o : node.inputs)
      if (o.on_storage() && (written(o.storage) || is_folded(o.storage))) return true;
    bool barred = false;
    for_each_write(node,
                   [&](const CodeOperand& o) { barred = barred || written(o.storage) || read(o.storage); });
    for (const CodeOperand& o : node.outputs) barred = barred || written(o.storage);
    return barred;
  }

  bool takes_fold(const CodeNode& node) const {
    const CodeOperand* const made = fold_ < 0 ? written(node.inputs[0].storage) : nullptr;
    return made && made->version == node.inputs[0].version && same_elements(*made, node.inputs[0]);
  }
  void add_fold(int index, const CodeNode& node) {
    fold_ = index;
    folded_ = &node.outputs[0];
  }

  // Whether a step can join: kNone where they have nothing to do with each other.
  Relation relation(const Candidate& c) const {
    // A sum is there when the whole group is done.
    if (reads_fold(c)) return Relation::kBars;
    bool touches = false, fits = c.output->spec.shape == shape_;
    const int exponent = tile_exponent(*c.op);
    for (size_t k = 0; k < c.inputs.size(); ++k) {
      const CodeOperand& o = *c.inputs[k];
      const CodeOperand* const made = o.on_storage() ? written(o.storage) : nullptr;
      if (!made) continue;
      touches = true;
      fits = fits && same_window(o, *made) && o.version == made->version;
      if (static_cast<int>(k) == exponent && o.spec.numel() == 1) fits = false;
    }
    if (const CodeOperand* const made = written(c.output->storage)) {
      touches = true;
      fits = fits && same_window(*c.output, *made);
    }
    for (const CodeOperand* r : reads_) {
      if (r->storage != c.output->storage) continue;
      touches = true;
      fits = fits && same_window(*r, *c.output);
    }
    // Its own operands may lie where it writes, too.
    for (const CodeOperand* o : c.inputs)
      if (o->storage == c.output->storage) fits = fits && same_window(*o, *c.output);
    return !touches ? Relation::kNone : fits ? Relation::kFits : Relation::kBars;
  }

  bool full(const Group& other) const {
    return members_.size() + other.members_.size() >= kMaxTileSteps || (fold_ >= 0 && other.fold_ >= 0);
  }
  void add(int index, const Candidate& c) {
    if (members_.empty()) shape_ = c.output->spec.shape;
    members_.push_back(index);
    for (const CodeOperand* o : c.inputs)
      if (o->on_storage() && !written(o->storage)) reads_.push_back(o);
    set_written(c.output);
  }
  void merge(const Group& other) {
    members_.insert(members_.end(), other.members_.begin(), other.members_.end());
    std::sort(members_.begin(), members_.end());
    reads_.insert(reads_.end(), other.reads_.begin(), other.reads_.end());
    for (const CodeOperand* o : other.writes_) set_written(o);
    if (other.fold_ < 0) return;
    fold_ = other.fold_;
    folded_ = other.folded_;
  }

 private:
  const CodeOperand* written(int storage) const {
    for (const CodeOperand* o : writes_)
      if (o->storage == storage) return o;
    return nullptr;
  }
  bool is_folded(int storage) const { return folded_ && folded_->storage == storage; }
  bool reads_fold(const Candidate& c) const {
    return std::any_of(c.inputs.begin(), c.inputs.end(),
                       [&](const CodeOperand* o) { return is_folded(o->storage); });
  }
  bool read(int storage) const {
    return std::any_of(reads_.begin(), reads_.end(),
                       [&](const CodeOperand* o) { return o->storage == storage; });
  }
  void set_written(const CodeOperand* output) {
    for (const CodeOperand*& o : writes_) {
      if (o->storage == output->storage) {
        o = output;
        return;
      }
    }
    writes_.push_back(output);
  }

  Dims shape_;
  int fold_ = -1;
  const CodeOperand* folded_ = nullptr;
  std::vector<int> members_;
  std::vector<const CodeOperand*> reads_;   // what none of them made
  std::vector<const CodeOperand*> writes_;  // the last of each storage
};

// By storage: the nodes that touch it.
// One node of the members, if they make a program.
class Builder {
 public:
  Builder(const Code& code, const Touches& touches) : code_(code), touches_(touches) {}

  // `fold`: the node of a sum that joins; -1: none.
  std::optional<CodeNode> build(std::span<const int> members, int fold) {
    program_ = {};
    node_ = {};
    made_.clear();
    for (int index : members) add_operands(*candidate_of(code_.nodes[static_cast<size_t>(index)]));
    if (program_.operand_count() > kMaxTileOperands || members.size() > kMaxTileSteps) return std::nullopt;
    made_.clear();
    for (int index : members) add_step(code_.nodes[static_cast<size_t>(index)]);
    std::vector<TensorSpec> specs;
    for (const auto& [output, step] : made_) {
      if (!is_needed(output->storage, members.back(), fold)) continue;
      program_.outputs.push_back(step);
      node_.outputs.push_back(*output);
      specs.push_back(output->spec);
    }
    if (fold >= 0 && !add_fold(code_.nodes[static_cast<size_t>(fold)])) return std::nullopt;
    if (fold >= 0) specs.push_back(node_.outputs.back().spec);
    if (specs.empty() || specs.size() > static_cast<size_t>(kMaxOutputs)) return std::nullopt;
    node_.op = &tiles_op();
    node_.starts = {0, static_cast<Start>(node_.inputs.size())};
    node_.plan = TilePlan::make(program_, specs);
    if (!node_.plan) return std::nullopt;
    node_.workspace = static_cast<const TilePlan&>(*node_.plan).workspace();
    return std::move(node_);
  }

 private:
  // Whether somebody reads it after the node that stands at `place`.
  bool is_needed(int storage, int place, int fold) const {
    if (outlives_call(code_.storages[static_cast<size_t>(storage)])) return true;
    const std::vector<size_t>& at = touches_[static_cast<size_t>(storage)];
    return std::any_of(at.begin(), at.end(), [&](size_t index) {
      return static_cast<int>(index) > place && static_cast<int>(index) != fold;
    });
  }
  bool add_fold(const CodeNode& node) {
    const CodeOperand& x = node.inputs[0];
    program_.fold.step = maker(x);
    program_.fold.value = x.spec;
    program_.fold.mask = reduce_mask(node.op->name, node.attrs.get_ints(0), x.spec.rank());
    program_.fold.mean = node.op == &find_op("mean");
    // A large value that is wanted besides is written past the caches, and then better read again.
    const bool kept = std::find(program_.outputs.begin(), program_.outputs.end(), program_.fold.step) !=
                      program_.outputs.end();
    if (kept && exceeds_caches(x.spec.bytes())) return false;
    node_.outputs.push_back(node.outputs[0]);
    add_word(node_.detail, node.op->name);
    return program_.fold.step >= 0;
  }
  // The step that made what the operand reads; -1: none of them.
  int maker(const CodeOperand& o) const {
    if (!o.on_storage()) return -1;
    for (const auto& [output, step] : made_)
      if (output->storage == o.storage && output->version == o.version) return step;
    return -1;
  }
  void note_made(const CodeOperand* output, int step) {
    for (auto& [other, maker] : made_) {
      if (other->storage != output->storage) continue;
      other = output;
      maker = step;
      return;
    }
    made_.emplace_back(output, step);
  }
  size_t operand_index(const CodeOperand& o) const {
    size_t k = 0;
    while (k < node_.inputs.size() && !same_operand(node_.inputs[k], o)) ++k;
    return k;
  }
  void add_operands(const Candidate& c) {
    for (const CodeOperand* o : c.inputs) {
      if (maker(*o) >= 0 || operand_index(*o) < node_.inputs.size()) continue;
      node_.inputs.push_back(*o);
      program_.operands.push_back(o->spec);
    }
    note_made(c.output, 0);
  }
  void add_step(const CodeNode& node) {
    const Candidate c = *candidate_of(node);
    TileStep& step = program_.steps.emplace_back();
    step.op = c.op;
    step.attrs = c.attrs;
    step.spec = c.output->spec;
    for (size_t k = 0; k < c.inputs.size(); ++k) {
      const int made = maker(*c.inputs[k]);
      step.inputs[k] =
          made >= 0 ? program_.operand_count() + made : static_cast<int>(operand_index(*c.inputs[k]));
    }
    note_made(c.output, static_cast<int>(program_.steps.size()) - 1);
    node_.in_place = node_.in_place || node.in_place;
    add_word(node_.detail, node.op->name);
  }

  const Code& code_;
  const Touches& touches_;
  TileProgram program_;
  CodeNode node_;
  std::vector<std::pair<const CodeOperand*, int>> made_;  // by storage, the last write and its step
};

// The last group that made what the node sums, if it sums nothing yet.
Group* folding(std::vector<Group>& groups, const CodeNode& node) {
  for (size_t g = groups.size(); g-- > 0;)
    if (groups[g].takes_fold(node)) return &groups[g];
  return nullptr;
}

std::vector<Group> find_groups(const Code& code) {
  std::vector<Group> open, closed;
  const auto close = [&](size_t g) {
    closed.push_back(std::move(open[g]));
    open.erase(open.begin() + static_cast<std::ptrdiff_t>(g));
  };
  for (size_t i = 0; i < code.nodes.size(); ++i) {
    const CodeNode& node = code.nodes[i];
    const std::optional<Candidate> c = candidate_of(node);
    Group joined;
    if (is_fold(node)) {
      Group* group = folding(open, node);
      if (!group) group = folding(closed, node);
      if (group) group->add_fold(static_cast<int>(i), node);
    }
    for (size_t g = 0; g < open.size();) {
      if (open[g].fold() == static_cast<int>(i)) {
        ++g;
        continue;
      }
      const Group::Relation relation = c ? open[g].relation(*c) : Group::Relation::kNone;
      const bool joins = relation == Group::Relation::kFits ||
                         (relation == Group::Relation::kNone && c && open[g].shares_operand(*c));
      const bool fits = joins && !joined.full(open[g]);
      if (fits && joined.members().empty()) {
        joined = std::move(open[g]);
        open.erase(open.begin() + static_cast<std::ptrdiff_t>(g));
      } else if (fits) {
        joined.merge(open[g]);
        open.erase(open.begin() + static_cast<std::ptrdiff_t>(g));
      } else if (open[g].bars(node)) {
        close(g);
      } else {
        ++g;
      }
    }
    if (!c) continue;
    joined.add(static_cast<int>(i), *c);
    open.push_back(std::move(joined));
    if (open.size() > kMaxOpen) close(0);
  }
  for (Group& g : open) closed.push_back(std::move(g));
  return closed;
}

// One round; groups that are too large leave their last members to the next.
int fuse_once(Code& code) {
  const Touches touches = find_touches(code);
  std::vector<std::optional<CodeNode>> fused(code.nodes.size());
  std::vector<bool> gone(code.nodes.size());
  int removed = 0;
  for (const Group& group : find_groups(code)) {
    for (size_t count = group.members().size(); count >= 1; --count) {
      const std::span<const int> members(group.members().data(), count);
      std::optional<CodeNode> node;
      int fold = group.fold();
      if (fold >= 0) node = Builder(code, touches).build(members, fold);
      if (!node && (fold < 0 || members.back() < fold) && count > 1) {  // else the sum would stand before it
        fold = -1;
        node = Builder(code, touches).build(members, fold);
      }
      if (!node) continue;
      for (int index : members) gone[static_cast<size_t>(index)] = true;
      if (fold >= 0) gone[static_cast<size_t>(fold)] = true;
      fused[static_cast<size_t>(members.back())] = std::move(node);
      removed += static_cast<int>(count) - (fold >= 0 ? 0 : 1);
      break;
    }
  }
  if (removed == 0) return 0;
  std::vector<CodeNode> nodes;
  for (size_t i = 0; i < code.nodes.size(); ++i) {
    if (fused[i])
      nodes.push_back(std::move(*fused[i]));
    else if (!gone[i])
      nodes.push_back(std::move(code.nodes[i]));
  }
  code.nodes = std::move(nodes);
  return removed;
}

}  // namespace

int fuse_elementwise(Code& code) {
  int removed = 0;
  while (const int more = fuse_once(code)) removed += more;
  return removed;
}

}  // namespace lanegrad

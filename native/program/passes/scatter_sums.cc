// Gradients of views that together make up a tensor (the parts of a chunk, the heads of a projection): each
// is put into zeros of the whole shape, and those are added.
//
//   a = viewScatter(zeros, p); b = viewScatter(zeros, q); a += b   =>   a[p's window] = p + 0; a[q's] = q + 0
//
// Exact where the windows do not overlap and leave nothing out: in its window each part meets zeros only, and
// a sum with zero changes nothing but the sign of a negative zero, which the additions that are left do, too.
//
// The zeros go with the dead code.
//
// Where the sum is then read by nothing but a copy into another order of dims, the parts are written there.
#include <algorithm>
#include <optional>

#include "ops/registry.h"
#include "ops/layout/view_chain.h"
#include "program/passes.h"

namespace lanegrad {
namespace {

constexpr size_t kMostParts = 64;

// A part of a dense tensor: where it begins and how long it is, by dim of the whole.
struct Box {
  Dims start, size;
};

// The window as a box of the dims of `whole`, if it is one. Dims are told by their strides.
std::optional<Box> box_of(const TensorSpec& whole, const OutputSpec& window) {
  Box box{Dims::filled(whole.rank(), 0), Dims::filled(whole.rank(), 1)};
  for (int i = 0; i < window.rank(); ++i) {
    if (window.shape[i] == 1) continue;
    int d = 0;
    while (d < whole.rank() && (whole.shape[d] == 1 || whole.strides[d] != window.strides[i])) ++d;
    if (d == whole.rank()) return std::nullopt;
    box.size[d] = window.shape[i];
  }
  int64_t rest = window.offset;
  for (int64_t last = whole.numel() + 1;;) {  // the largest stride first
    int64_t stride = 0;
    int dim = -1;
    for (int d = 0; d < whole.rank(); ++d)
      if (whole.shape[d] > 1 && whole.strides[d] < last && whole.strides[d] > stride) {
        stride = whole.strides[d];
        dim = d;
      }
    if (dim < 0) break;
    box.start[dim] = rest / stride;
    rest %= stride;
    last = stride;
    if (box.start[dim] + box.size[dim] > whole.shape[dim]) return std::nullopt;
  }
  return rest == 0 ? std::optional(box) : std::nullopt;
}

bool disjoint(const Box& a, const Box& b) {
  for (int d = 0; d < a.start.size(); ++d)
    if (a.start[d] + a.size[d] <= b.start[d] || b.start[d] + b.size[d] <= a.start[d]) return true;
  return false;
}

struct Part {
  size_t node;  // its viewScatter
  OutputSpec window;
  Box box;
};

// A sum of parts: the storage that has it, the additions, and the first node behind.
struct Sum {
  int storage = -1;
  std::vector<Part> parts;
  std::vector<size_t> additions;
  TensorSpec whole;
};

class Finder {
 public:
  explicit Finder(const Code& code) : code_(code), touches_(find_touches(code)) {}

  const std::vector<size_t>& touches(int storage) const { return touches_[static_cast<size_t>(storage)]; }

  // The sum that begins with the node.
  std::optional<Sum> sum_from(size_t index) const {
    Sum sum;
    if (!add_part(sum, index)) return std::nullopt;
    const CodeOperand& first = code_.nodes[index].outputs[0];
    sum.storage = first.storage;
    sum.whole = first.spec;
    const std::vector<size_t>& at = touches(sum.storage);
    for (size_t k = 1; k < at.size() && adds_part(sum, at[k]); ++k) sum.additions.push_back(at[k]);
    if (sum.parts.size() < 2 || sum.parts.size() != sum.additions.size() + 1) return std::nullopt;
    int64_t covered = 0;
    for (size_t i = 0; i < sum.parts.size(); ++i) {
      covered += sum.parts[i].window.numel();
      for (size_t j = 0; j < i; ++j)
        if (!disjoint(sum.parts[i].box, sum.parts[j].box)) return std::nullopt;
    }
    return covered == sum.whole.numel() ? std::optional(sum) : std::nullopt;
  }

 private:
  bool is_zero(const CodeOperand& o) const {
    static const Op& full = find_op("full");
    if (!o.on_storage() || o.version != 0 || code_.storages[static_cast<size_t>(o.storage)].versions != 0)
      return false;
    const CodeNode& maker = code_.nodes[touches(o.storage)[0]];
    if (maker.op != &full || maker.outputs[0].storage != o.storage) return false;
    constexpr int kValue = 1;
    return maker.attrs.get_int(kValue) == 0;  // the bits: a negative zero is none
  }

  bool add_part(Sum& sum, size_t index) const {
    static const Op& scatter = find_op("viewScatter");
    const CodeNode& node = code_.nodes[index];
    if (node.op != &scatter || node.in_place || !is_zero(node.inputs[0])) return false;
    const CodeOperand& out = node.outputs[0];
    if (!is_floating(out.spec.dtype) || out.spec.numel() == 0 || out.offset != 0 ||
        code_.storages[static_cast<size_t>(out.storage)].holding != Holding::kTemporary)
      return false;
    const OutputSpec window = view_of(out.spec, decode_chain(node.attrs.get_ints(0)).steps);
    if (window.dtype != node.inputs[1].spec.dtype) return false;
    const std::optional<Box> box = box_of(out.spec, window);
    if (!box || sum.parts.size() == kMostParts) return false;
    sum.parts.push_back({index, window, *box});
    return true;
  }

  // storage += another part, which nobody else sees.
  bool adds_part(Sum& sum, size_t index) const {
    static const Op& add = find_op("add");
    const CodeNode& node = code_.nodes[index];
    if (node.op != &add || !node.in_place || node.outputs[0].storage != sum.storage) return false;
    const CodeOperand &target = node.inputs[0], &other = node.inputs[1];
    const auto is_whole = [&](const CodeOperand& o) {
      return o.on_storage() && o.offset == 0 && o.spec.dtype == sum.whole.dtype &&
             o.spec.shape == sum.whole.shape && o.spec.strides == sum.whole.strides;
    };
    if (target.storage != sum.storage || !is_whole(target) || !is_whole(other) ||
        other.storage == sum.storage)
      return false;
    const std::vector<size_t>& at = touches(other.storage);
    return at.size() == 2 && at[1] == index && add_part(sum, at[0]);
  }

  const Code& code_;
  const Touches touches_;
};

// Where the parts go: the sum's own memory, or that of a copy which alone reads it.
struct Target {
  int storage = -1;
  Dims strides;                // by dim of the whole
  std::optional<size_t> copy;  // the node that is not needed any more
};

Target target_of(const Code& code, const Finder& finder, const Sum& sum) {
  Target target{sum.storage, sum.whole.strides, std::nullopt};
  const std::vector<size_t>& at = finder.touches(sum.storage);
  if (at.size() != sum.additions.size() + 2) return target;  // one reader
  const CodeNode& node = code.nodes[at.back()];
  static const Op* const copies[] = {&find_op("reshape"), &find_op("contiguous"), &find_op("clone")};
  if (std::find(std::begin(copies), std::end(copies), node.op) == std::end(copies) || node.views != 0 ||
      node.in_place || node.inputs[0].offset != 0)
    return target;
  const CodeOperand &from = node.inputs[0], &to = node.outputs[0];
  if (finder.touches(to.storage)[0] != at.back() || !to.spec.is_contiguous() || to.offset != 0 ||
      from.spec.numel() != sum.whole.numel())
    return target;
  // Each dim of the whole is one dim of what the copy reads.
  const Dims order = contiguous_strides(from.spec.shape);
  Dims strides = Dims::filled(sum.whole.rank(), 0);
  for (int d = 0; d < sum.whole.rank(); ++d) {
    if (sum.whole.shape[d] == 1) continue;
    int i = 0;
    while (i < from.spec.rank() &&
           (from.spec.shape[i] != sum.whole.shape[d] || from.spec.strides[i] != sum.whole.strides[d]))
      ++i;
    if (i == from.spec.rank()) return target;
    strides[d] = order[i];
  }
  return {to.storage, strides, at.back()};
}

// window = part + 0
CodeNode write_part(const Code& code, const Sum& sum, size_t index, const Target& target) {
  const Part& part = sum.parts[index];
  CodeNode node;
  node.op = &find_op("add");
  node.starts = {0, 1, 2};
  node.in_place = true;
  CodeOperand zero;
  zero.storage = CodeOperand::kNumber;
  zero.spec.dtype = sum.whole.dtype;
  node.inputs = {code.nodes[part.node].inputs[1], zero};
  CodeOperand out;
  out.storage = target.storage;
  out.version = target.copy ? 0 : static_cast<uint32_t>(index);
  out.spec = part.window;
  int64_t offset = 0;
  for (int d = 0; d < sum.whole.rank(); ++d) offset += part.box.start[d] * target.strides[d];
  for (int i = 0; i < out.spec.rank(); ++i) {
    for (int d = 0; d < sum.whole.rank(); ++d)
      if (sum.whole.shape[d] > 1 && part.window.shape[i] > 1 &&
          part.window.strides[i] == sum.whole.strides[d])
        out.spec.strides[i] = target.strides[d];
  }
  out.offset = offset * static_cast<int64_t>(size_of(sum.whole.dtype));
  node.outputs = {out};
  return node;
}

}  // namespace

int scatter_sums(Code& code) {
  const Finder finder(code);
  std::vector<std::optional<CodeNode>> instead(code.nodes.size());
  std::vector<bool> gone(code.nodes.size());
  int removed = 0;
  for (size_t i = 0; i < code.nodes.size(); ++i) {
    const std::optional<Sum> sum = finder.sum_from(i);
    if (!sum) continue;
    const Target target = target_of(code, finder, *sum);
    for (size_t k = 0; k < sum->parts.size(); ++k)
      instead[sum->parts[k].node] = write_part(code, *sum, k, target);
    for (const size_t node : sum->additions) gone[node] = true;
    if (target.copy) gone[*target.copy] = true;
    removed += static_cast<int>(sum->additions.size()) + (target.copy ? 1 : 0);
  }
  if (removed == 0) return 0;
  std::vector<CodeNode> nodes;
  for (size_t i = 0; i < code.nodes.size(); ++i) {
    if (gone[i]) continue;
    nodes.push_back(instead[i] ? std::move(*instead[i]) : std::move(code.nodes[i]));
  }
  code.nodes = std::move(nodes);
  return removed;
}

}  // namespace lanegrad

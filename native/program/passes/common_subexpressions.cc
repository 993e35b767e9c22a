// Common subexpressions: two nodes of one op with the same attributes, on the same versions of the same
// windows, make the same values; the second goes, and who read it reads the first.
//
//   a = f(x); b = f(x); g(a, b)   =>   a = f(x); g(a, a)
//
// Only where both results are temporaries that nothing writes to afterwards: then either can stand for the
// other at any place. Ops that draw random numbers are never merged.
#include <algorithm>
#include <unordered_map>

#include "program/passes.h"

namespace lanegrad {
namespace {

void mix(size_t& hash, size_t value) { hash ^= value + 0x9e3779b97f4a7c15u + (hash << 6) + (hash >> 2); }

size_t hash_of(const CodeNode& node) {
  size_t hash = reinterpret_cast<size_t>(node.op);
  for (const CodeOperand& o : node.inputs) {
    mix(hash, static_cast<size_t>(o.storage));
    mix(hash, o.version);
    mix(hash, static_cast<size_t>(o.offset));
    mix(hash, static_cast<size_t>(o.spec.dtype));
    for (const int64_t size : o.spec.shape) mix(hash, static_cast<size_t>(size));
  }
  return hash;
}

bool same_call(const CodeNode& a, const CodeNode& b) {
  return a.op == b.op && a.starts == b.starts && a.inputs.size() == b.inputs.size() && a.views == b.views &&
         std::equal(a.inputs.begin(), a.inputs.end(), b.inputs.begin(), same_operand) &&
         same_attrs(*a.op, a.attrs, b.attrs);
}

// Written once, by the node that makes it.
bool is_settled(const Code& code, const CodeNode& node) {
  return std::all_of(node.outputs.begin(), node.outputs.end(), [&](const CodeOperand& o) {
    const CodeStorage& s = code.storages[static_cast<size_t>(o.storage)];
    return s.holding == Holding::kTemporary && s.versions == 0;
  });
}

}  // namespace

int common_subexpressions(Code& code) {
  std::vector<int> stands_for(code.storages.size());
  for (size_t s = 0; s < stands_for.size(); ++s) stands_for[s] = static_cast<int>(s);
  std::unordered_multimap<size_t, size_t> known;  // index among `kept`
  std::vector<CodeNode> kept;
  for (CodeNode& node : code.nodes) {
    const auto rename = [&](CodeOperand& o) {
      if (o.on_storage()) o.storage = stands_for[static_cast<size_t>(o.storage)];
    };
    std::for_each(node.inputs.begin(), node.inputs.end(), rename);
    if (node.views == 0 && node.is_pure() && !node.outputs.empty() && is_settled(code, node)) {
      const size_t hash = hash_of(node);
      const auto [begin, end] = known.equal_range(hash);
      const auto found =
          std::find_if(begin, end, [&](const auto& e) { return same_call(kept[e.second], node); });
      if (found != end) {
        for (size_t j = 0; j < node.outputs.size(); ++j)
          stands_for[static_cast<size_t>(node.outputs[j].storage)] = kept[found->second].outputs[j].storage;
        continue;
      }
      known.emplace(hash, kept.size());
    } else {
      // An output that is a view is one on what its operand has become.
      for (CodeOperand& o : node.outputs) rename(o);
    }
    kept.push_back(std::move(node));
  }
  const int removed = static_cast<int>(code.nodes.size() - kept.size());
  code.nodes = std::move(kept);
  return removed;
}

}  // namespace lanegrad

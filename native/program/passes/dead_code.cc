// Dead code: a node none of whose writes is read later, or seen after the call, is left out.
//
//   y = f(x); (y is not used)   =>   nothing
//
// A write to part of a storage keeps the rest, so it reads the storage as well as it writes it. What the node
// that draws from a generator does to the generator is seen after the call: dead random ops still consume.
#include <algorithm>

#include "program/passes.h"

namespace lanegrad {

int dead_code(Code& code) {
  std::vector<bool> needed(code.storages.size());
  for (size_t s = 0; s < needed.size(); ++s) needed[s] = outlives_call(code.storages[s]);
  std::vector<bool> lives(code.nodes.size());
  for (size_t i = code.nodes.size(); i-- > 0;) {
    const CodeNode& node = code.nodes[i];
    for_each_write(node, [&](const CodeOperand& o) {
      if (needed[static_cast<size_t>(o.storage)]) lives[i] = true;
    });
    if (!lives[i]) continue;
    for (const CodeOperand& o : node.inputs)
      if (o.on_storage()) needed[static_cast<size_t>(o.storage)] = true;
  }
  std::vector<CodeNode> kept;
  for (size_t i = 0; i < code.nodes.size(); ++i)
    if (lives[i]) kept.push_back(std::move(code.nodes[i]));
  const int removed = static_cast<int>(code.nodes.size() - kept.size());
  code.nodes = std::move(kept);
  return removed;
}

}  // namespace lanegrad

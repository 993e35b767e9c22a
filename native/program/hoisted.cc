#include "program/hoisted.h"

#include <algorithm>

namespace lanegrad {

HoistedNodes::HoistedNodes(const Code& code) {
  std::vector<std::vector<size_t>> sources(code.storages.size());  // of what hoisted nodes made
  for (const CodeNode& node : code.nodes) {
    if (!node.hoisted) break;
    std::vector<size_t> all;
    for (const CodeOperand& o : node.inputs) {
      if (!o.on_storage()) continue;
      const CodeStorage& s = code.storages[static_cast<size_t>(o.storage)];
      if (s.holding == Holding::kHoisted) {
        const auto& more = sources[static_cast<size_t>(o.storage)];
        all.insert(all.end(), more.begin(), more.end());
      } else if (s.holding == Holding::kState) {
        const auto found = std::find(state_.begin(), state_.end(), s.memory);
        all.push_back(static_cast<size_t>(found - state_.begin()));
        if (found == state_.end()) state_.push_back(s.memory);
      }
    }
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    for (const CodeOperand& o : node.outputs) sources[static_cast<size_t>(o.storage)] = all;
    Node& made = nodes_.emplace_back();
    for (const size_t index : all) made.sources.push_back({.index = index});
  }
}

void HoistedNodes::take_down(std::vector<uint32_t>& versions) const {
  versions.clear();
  for (const Ref<Storage>& s : state_) versions.push_back(s->version());
}

}  // namespace lanegrad

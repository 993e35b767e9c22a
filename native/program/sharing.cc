#include "program/sharing.h"

#include <algorithm>
#include <functional>

namespace lanegrad {

bool Sharing::agree(const Use& a, const Use& b) {
  if (a.storage != b.storage) return a.memory != b.memory;
  return a.memory == b.memory && a.moved == b.moved;
}

bool Sharing::is_as_recorded() {
  constexpr size_t kFew = 12;
  if (uses_.size() <= kFew) {
    for (size_t i = 1; i < uses_.size(); ++i)
      for (size_t j = 0; j < i; ++j)
        if (!agree(uses_[i], uses_[j])) return false;
    return true;
  }
  // All that agree with their neighbour in one order agree with those of their storage, in the other with
  // those of their memory.
  const auto disagree = [](const Use& a, const Use& b) { return !agree(a, b); };
  std::sort(uses_.begin(), uses_.end(), [](const Use& a, const Use& b) { return a.storage < b.storage; });
  if (std::adjacent_find(uses_.begin(), uses_.end(), disagree) != uses_.end()) return false;
  std::sort(uses_.begin(), uses_.end(),
            [](const Use& a, const Use& b) { return std::less<>()(a.memory, b.memory); });
  return std::adjacent_find(uses_.begin(), uses_.end(), disagree) == uses_.end();
}

}  // namespace lanegrad

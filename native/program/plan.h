// Where the temporaries and workspaces of a program lie: one arena, by lifetime.
#pragma once

#include <cstdint>
#include <vector>

#include "program/code.h"

namespace lanegrad {

// The nodes that touch a storage, to behind the last one if it is kept; first > last: none does.
struct Lifetime {
  int first = 0;
  int last = -1;
};

std::vector<Lifetime> lifetimes(const Code& code);

struct MemoryPlan {
  std::vector<int64_t> storages;    // offset in the arena; -1: memory of its own
  std::vector<int64_t> workspaces;  // by node; -1: none
  size_t bytes = 0;
  int reused = 0;  // outputs that lie where a dying operand was
};

// Elementwise results take the place of an operand that dies there (if `in_place`); then everything is
// placed, the largest first, into the smallest gap between what lives at the same time.
MemoryPlan plan_memory(const Code& code, bool in_place);

}  // namespace lanegrad

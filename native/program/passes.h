// What simplifies a program. Each pass is a function in a file of its own, can be switched off, and says
// whether results keep their bits.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "program/code.h"

namespace lanegrad {

struct Pass {
  const char* name;
  bool exact;
  // Returns how many nodes it removed, replaced or moved; null for what another part does (the memory plan).
  int (*run)(Code& code);
};

// In the order in which they run.
std::span<const Pass> all_passes();

// Which of all_passes() are on, by index.
struct PassSet {
  uint64_t on = 0;
  bool has(size_t index) const { return on >> index & 1; }
};

// "all", "exact", or names separated by commas; an unknown name is kValue.
PassSet parse_passes(const std::string& text);

struct PassReport {
  const char* name;
  int changes;
  size_t nodes_after;
};

int dead_code(Code& code);
int common_subexpressions(Code& code);
int constant_folding(Code& code);
int scatter_sums(Code& code);
int hoist_state(Code& code);
int fold_batch_norm(Code& code);
int choose_layout(Code& code);
int finish_products(Code& code);
int finish_convolutions(Code& code);
int pack_weights(Code& code);
int fuse_optimizers(Code& code);
int view_elimination(Code& code);
int fuse_elementwise(Code& code);

}  // namespace lanegrad

// The list of all op records.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "ops/op.h"

namespace lanegrad {

class Registry {
 public:
  // Every record lives as long as the process. Its index is the id that calls carry.
  void add(const Op& op);
  std::span<const Op* const> all() const { return ops_; }

 private:
  std::vector<const Op*> ops_;
};

// Built at the first call from the explicit list in registry.cc.
const Registry& registry();

// The record of that name; a missing one is a defect and throws kInternal. Look it up once:
// static const Op& op = find_op("mul");
const Op& find_op(std::string_view name);
const Op* find_op_or_null(std::string_view name);

}  // namespace lanegrad

// What the pass that puts optimizers together asks of them.
#pragma once

#include "ops/op.h"

namespace lanegrad {

// The op that makes the calls of several groups in one: each list is theirs in a row, and what is one tensor
// of a group (its counts, a number) is a list of one for each group. Null if there is none for `op`; of such
// an op it is the op itself.
const Op* optim_groups_op(const Op& op);

}  // namespace lanegrad

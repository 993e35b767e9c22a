// What the ops that update many tensors in one call share: the checks, and the division of all tensors into
// runs for the kernels.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>

#include "core/threads.h"
#include "kernels/optim/optim.h"
#include "ops/op.h"
#include "ops/reduce_dims.h"

namespace lanegrad {

// Input i holds one floating number.
void check_number(const InferContext& c, int i);

// Input 0 is a list of floating tensors.
void check_params(const InferContext& c);

// A list beside input 0: as many entries, each of the same shape and dtype. Entries may be undefined where
// allowed.
void check_list(const InferContext& c, int i, bool may_be_undefined);

// Input i is float32 with one element per parameter.
void check_row(const InferContext& c, int i);

double read_number(const TensorView& x);

inline float& row_entry(const TensorView& row, size_t k) {
  return row.as<float>()[static_cast<int64_t>(k) * row.spec->strides[0]];
}

// Parameters, gradients, states; empty where not used.
struct Group {
  std::array<std::span<const TensorView>, kMaxStates> lists;
};

// What eval keeps of a parameter, in the workspace: models have any number of them, and eval does not
// allocate.
struct ParamRun {
  int64_t first_task;
  alignas(8) std::byte step[kStepBytes];  // the struct of the update
};
inline size_t param_runs_bytes(const InferContext& c) { return c.list(0).size() * sizeof(ParamRun); }
inline std::span<ParamRun> param_runs(const EvalContext& c) {
  return {static_cast<ParamRun*>(c.workspace()), c.list(0).size()};
}

// Updates every parameter that has a gradient by what its run holds.
void update_all(const Group& g, std::span<ParamRun> runs, Update update);

}  // namespace lanegrad

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
#include "ops/reduce/dims.h"
#include "ops/walk.h"

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

// The run that a task belongs to; tasks are counted through all runs.
template <class Run>
Run& run_of(std::span<Run> runs, int64_t task) {
  const auto after = std::upper_bound(runs.begin(), runs.end(), task,
                                      [](int64_t i, const Run& run) { return i < run.first_task; });
  return *(after - 1);
}

// Elements of a task: a state of this size stays in the L2 cache.
inline constexpr int64_t kOptimChunk = 16384;

inline int64_t optim_chunks(int64_t n) { return (n + kOptimChunk - 1) / kOptimChunk; }

// Runs body(first element, count, index of the chunk) over all elements, in any order; a tensor that is not
// dense is one element at a time. Chunks are fixed by the sizes alone.
template <class T, class Body>
void for_each_chunk(const TensorView& x, const Body& body) {
  const TensorSpec& spec = *x.spec;
  const int64_t n = spec.numel();
  const bool dense = is_dense(spec.shape, spec.strides);
  auto chunk = [&](int64_t index) {
    const int64_t begin = index * kOptimChunk, count = std::min(kOptimChunk, n - begin);
    if (dense) return body(x.as<T>() + begin, count, index);
    Walk<1> walk;
    for (int d = 0; d < spec.rank(); ++d) walk.add(spec.shape[d], {spec.strides[d]});
    walk.seek(begin);
    for (int64_t i = 0; i < count; ++i, walk.advance(1)) body(x.as<T>() + walk.offset(0), 1, index);
  };
  parallel_tasks(optim_chunks(n), chunk);
}

// Calls task(i) for all tasks, on several threads where so many elements are worth waking them.
template <class F>
void parallel_chunks(int64_t tasks, int64_t elements, F&& task) {
  if (elements < 2 * kOptimChunk) {
    for (int64_t i = 0; i < tasks; ++i) task(i);
  } else {
    parallel_tasks(tasks, task);
  }
}

// Inputs of a record: tensors that it writes, the gradients of its parameters, a number.
constexpr InputDef optim_list(const char* name) {
  return {.name = name, .kind = InputKind::kList, .mutates = true, .differentiable = false};
}
inline constexpr InputDef kOptimGrads = {
    .name = "grads", .kind = InputKind::kList, .grads_of = 0, .differentiable = false};
constexpr InputDef optim_number(const char* name) { return {.name = name, .differentiable = false}; }

// Updates every parameter that has a gradient by what its run holds.
void update_all(const Group& g, std::span<ParamRun> runs, Update update);

}  // namespace lanegrad

// Evaluation of an op whose record does not take the narrow dtypes (int8, int16, float16, bfloat16): narrow
// operands are converted to what they are computed in, the record runs on those, and narrow outputs are
// rounded at the end. Shape rules and gradients see the narrow dtypes; only memory and kernels see the wide
// ones. An op that says of what items its operands are made (Op::slices) is evaluated some items at a time,
// so that the wide copies do not leave the caches.
#pragma once

#include "ops/op.h"

namespace lanegrad {

// Bytes that run_eval needs beside the outputs: the record's own workspace, and the wide copies if there are
// any.
size_t evaluation_bytes(const InferContext& inferred);

// `c` has evaluation_bytes at its workspace.
void run_eval(const EvalContext& c);

// The same for a call of 16-bit floats to a record that takes them itself (kTakesHalves), but not this one:
// its workspace and eval are called with the wide operands.
size_t widened_evaluation_bytes(const InferContext& inferred);
void run_widened(const EvalContext& c);

}  // namespace lanegrad

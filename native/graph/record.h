// Putting calls on the tape: history of outputs, of views, and of tensors that were written in place.
#pragma once

#include "graph/apply.h"

namespace lanegrad {

// Whether the call would get a node: grad mode, a differentiable op, and an input that requires a gradient.
bool will_record(const Environment& env, const Call& call);

// After the call: gives the outputs their node, and views their base.
void record(Environment& env, const Call& call, std::span<const Tensor> outputs);

// After target, the first operand, was written in place. As in PyTorch: its history goes on from the new
// node; if it is a view, the history of the base does, with the view's part replaced.
void record_in_place(Environment& env, const Call& call, const Tensor& target);

// Throws unless every element of `t` has its own place (an expanded tensor cannot be written).
void check_writable(const Op& op, const Tensor& t);
// Throws when a gradient would be lost: in-place on a leaf that requires one, or on a view of such a leaf.
void check_in_place_history(const Op& op, const Tensor& target, bool recorded);

// A copy of the data that stands in the history where `t` stood.
Tensor clone_with_history(Environment& env, const Tensor& t);
void write_copy(Environment& env, const Tensor& target, const Tensor& source);

// Throws kBusy: a program on its thread has not ended that writes what the op would read, or uses what it
// would write.
[[noreturn]] void fail_busy(const Environment& env, const char* op);

// A bare descriptor on the same storage, with the version it has now.
SavedTensor save_tensor(Environment& env, const Tensor& t);

}  // namespace lanegrad

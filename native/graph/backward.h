// The backward pass.
#pragma once

#include <span>
#include <vector>

#include "graph/environment.h"

namespace lanegrad {

struct BackwardOptions {
  bool retain_graph = false;
  bool create_graph = false;
};

// Gradients of the roots, each weighted by its entry of `grads` (undefined: ones, for a one-element root),
// added to the
// `.grad` of the leaves that they reach.
void backward(Environment& env, std::span<const Tensor> roots, std::span<const Tensor> grads,
              BackwardOptions options);

// The same gradients, returned for `inputs` instead; undefined where the roots do not depend on one.
std::vector<Tensor> gradients(Environment& env, std::span<const Tensor> roots, std::span<const Tensor> inputs,
                              std::span<const Tensor> grads, BackwardOptions options);

// grad_fn with a place for the gradient of a non-leaf; nothing for a leaf, whose gradient is kept anyway.
// `call` sees the gradient of t, which is no leaf, before anything else does, and may replace it; its id
// comes back when t's node is gone.
void hook_gradient(Environment& env, const Tensor& t, int id, CustomCall call);

void retain_grad(Environment& env, const Tensor& t);

}  // namespace lanegrad

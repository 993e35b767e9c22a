// The gradient of one node: its record's vjp, its composite, or its custom function.
#pragma once

#include <span>
#include <vector>

#include "graph/environment.h"

namespace lanegrad {

// One entry per flat input of the node; undefined where `wanted` is false or there is no gradient.
std::vector<Tensor> node_gradient(Environment& env, Node& node, std::span<const Tensor> grads,
                                  const std::vector<bool>& wanted, bool create_graph);

}  // namespace lanegrad

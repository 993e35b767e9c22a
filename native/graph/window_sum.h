// The gradient of a tensor that is read through windows (slices), as queries, keys and values of one product
// are: summed window by window, where zeros around each and sums of whole tensors would write all of it each
// time.
#pragma once

#include "graph/environment.h"
#include "graph/node.h"

namespace lanegrad {

// What is in one such sum; it belongs to one output of a node.
class WindowSum {
 public:
  // Whether the node is a slice whose gradient can be added so; what is recorded or watched keeps to plain
  // ops.
  static bool takes(const Environment& env, const Node& node, const Tensor& grad);

  // Adds the gradient of slice `node` to `sum`, bit for bit as a sum of whole tensors would; false if it
  // cannot, because the sum has other parts or other owners.
  bool add(Environment& env, Tensor& sum, const Ref<Node>& node, const Tensor& grad);

 private:
  bool begun_ = false;
  Ref<Node> only_;  // the slice whose gradient alone is in the sum
};

// Whether nobody but the one who holds `t` sees its memory.
bool solely_owned(const Tensor& t);

}  // namespace lanegrad

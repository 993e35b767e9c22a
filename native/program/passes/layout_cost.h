// What the pass chooseLayout knows of nodes: which convolutions have channels-last kernels, and what they and
// others save or cost there.
#pragma once

#include "program/code.h"

namespace lanegrad {

// In tenths of a nanosecond of one thread, from measurements with AVX-512: see
// docs/performance/convolutions.md.
struct LayoutCost {
  // Flat inputs 0 .. images - 1 are images (or gradients of them); 0: not a convolution.
  int images = 0;
  bool has_kernel = false;  // over channels-last images
  double saved = 0;         // where it runs over such images
  double lost = 0;          // of another op, where its first input is one
};

LayoutCost layout_cost(const CodeNode& node);

// A copy of so many elements into the other order.
double copy_cost(int64_t elements);

// Row-major [N, C, ...] of one to three directions, which channels-last is another order than.
bool is_plain_image(const TensorSpec& spec);
bool lies_last(const TensorSpec& spec);
TensorSpec in_last(TensorSpec spec);

}  // namespace lanegrad

// How an elementwise kernel goes over operands of any strides.
#pragma once

#include "kernels/elementwise/elementwise.h"
#include "ops/attrs.h"
#include "ops/elementwise/strided_loop.h"

namespace lanegrad {

// The constants of a call, in the dtype of its operands.
struct ElementwiseConstants {
  alignas(8) unsigned char value[kMaxElementwiseConstants][8];
  int count = 0;

  ElementwiseConstants(const Attrs& attrs, DType dtype);
};

struct ElementwiseCall {
  ElementwiseKernel kernel;
  const ElementwiseConstants& constants;
  DType dtype, out;  // of the operands and of the result
  int64_t grain;
  bool past_caches;           // see core/streaming.h
  unsigned wide_numbers = 0;  // bit k: operand k is one element of what narrow ones are computed in
};

// What kernels take as single elements, bits as in ElementwiseKernel; others are spread into a tile.
bool takes_scalars(int operands, unsigned scalars);

void run_elementwise(const StridedLoop& loop, const ElementwiseCall& call);

}  // namespace lanegrad

// Checks that the fused ops share.
#pragma once

#include "ops/op.h"

namespace lanegrad {

inline void check_floating(const InferContext& c, const TensorSpec& x) {
  if (!is_floating(x.dtype)) c.fail(ErrorKind::kDType, "wants x of a floating dtype, got ", name_of(x.dtype));
}

inline void check_parameter(const InferContext& c, const char* what, const TensorSpec& got, DType dtype,
                            const Dims& shape) {
  if (got.dtype != dtype) {
    c.fail(ErrorKind::kDType, what, " is ", name_of(got.dtype), ", wants the dtype of x, ", name_of(dtype));
  }
  if (!(got.shape == shape)) c.fail(ErrorKind::kShape, what, " is ", got.shape, ", wants ", shape);
}

}  // namespace lanegrad

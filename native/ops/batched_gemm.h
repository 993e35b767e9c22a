// Matrix products of tensors with leading batch dims, as matmul and linear need them.
#pragma once

#include <cstddef>

#include "core/tensor.h"

namespace lanegrad {

// c[..., m, n] = a[..., m, k] b[..., k, n] + bias[n]. `a` and `b` may be any strided views of rank 2 or more
// whose batch dims broadcast to those of c; c is row-major. The bias of 16-bit floats is float32.
size_t batched_gemm_workspace(const TensorSpec& a, const TensorSpec& b, const TensorSpec& c);
void batched_gemm(const TensorSpec& a, const void* a_data, const TensorSpec& b, const void* b_data,
                  const TensorSpec& c, void* c_data, const void* bias, void* workspace);

}  // namespace lanegrad

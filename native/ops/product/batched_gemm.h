// Matrix products of tensors with leading batch dims, as matmul and linear need them.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/tensor.h"

namespace lanegrad {

// Calls fn with the type that stores the floating factors of a product.
template <class F>
decltype(auto) dispatch_factor(DType dtype, F&& fn) {
  switch (dtype) {
    case DType::kFloat64:
      return fn(double{});
    case DType::kBFloat16:
      return fn(BFloat16{});
    case DType::kFloat16:
      return fn(Float16{});
    default:
      return fn(float{});
  }
}

// What a product takes beside its operands; all may be null.
struct GemmExtras {
  const void* bias = nullptr;  // [n]; of 16-bit floats in float32
  // As the elementwise kernels are called; then the residual is added, which lies like c.
  void (*activation)(void* out, const void* const* in, int64_t n, unsigned scalars) = nullptr;
  const void* residual = nullptr;
  const void* packed_b = nullptr;  // see GemmProblem; only where b has no batch
};

// c[..., m, n] = activation(a[..., m, k] b[..., k, n] + bias[n]) + residual. `a` and `b` may be any strided
// views of rank 2 or more whose batch dims broadcast to those of c; c is row-major.
size_t batched_gemm_workspace(const TensorSpec& a, const TensorSpec& b, const TensorSpec& c);
// Whether there is one B for all, and GemmExtras::packed_b saves packing it.
bool batched_gemm_packs(const TensorSpec& a, const TensorSpec& b, const TensorSpec& c);
void batched_gemm(const TensorSpec& a, const void* a_data, const TensorSpec& b, const void* b_data,
                  const TensorSpec& c, void* c_data, const GemmExtras& extras, void* workspace);

}  // namespace lanegrad

#include "kernels/gemm/gemm.h"

#include "simd/begin_scalar.h"

constexpr int kGemmRows = 4, kGemmVectors = 4;
constexpr int64_t kGemmDepth = 256;

#include "kernels/gemm/gemm.inl"

#include "simd/end_scalar.h"

#if defined(__aarch64__) || defined(_M_ARM64)
#include "kernels/gemm/gemm.h"

#include "simd/begin_neon.h"

constexpr int kGemmRows = 6, kGemmVectors = 4;
constexpr int64_t kGemmDepth = 256;

#include "kernels/gemm/gemm.inl"

#include "simd/end_neon.h"
#endif

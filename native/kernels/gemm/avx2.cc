#if defined(__x86_64__) || defined(_M_X64)
#include "kernels/gemm/gemm.h"

#include "simd/begin_avx2.h"

constexpr int kGemmRows = 6, kGemmVectors = 2;
constexpr int64_t kGemmDepth = 256;

#include "kernels/gemm/gemm.inl"

#include "simd/end_avx2.h"
#endif

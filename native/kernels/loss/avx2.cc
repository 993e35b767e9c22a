#if defined(__x86_64__) || defined(_M_X64)

#include <cmath>
#include <cstdint>
#include <limits>

#include "kernels/loss/loss.h"
#include "simd/begin_avx2.h"

#include "simd/math.inl"
#include "simd/tail.inl"
#include "simd/stream.inl"
#include "kernels/loss/loss.inl"
#include "kernels/loss/planes.inl"

#include "simd/end_avx2.h"

#endif

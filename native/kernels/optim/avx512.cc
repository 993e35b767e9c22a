#if defined(__x86_64__) || defined(_M_X64)

#include <cmath>
#include <cstdint>
#include <limits>

#include "kernels/optim/optim.h"
#include "simd/begin_avx512.h"

#include "kernels/optim/clip.inl"
#include "kernels/optim/factored.inl"
#include "kernels/optim/optim.inl"

#include "simd/end_avx512.h"

#endif

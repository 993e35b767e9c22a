#if defined(__aarch64__) || defined(_M_ARM64)

#include <cmath>
#include <cstdint>
#include <limits>

#include "kernels/optim/optim.h"
#include "simd/begin_neon.h"

#include "kernels/optim/clip.inl"
#include "kernels/optim/factored.inl"
#include "kernels/optim/optim.inl"

#include "simd/end_neon.h"

#endif

#include <cmath>
#include <cstdint>
#include <limits>

#include "kernels/ctc/ctc.h"
#include "simd/begin_scalar.h"

#include "simd/math.inl"
#include "simd/tail.inl"
#include "kernels/ctc/ctc.inl"

#include "simd/end_scalar.h"

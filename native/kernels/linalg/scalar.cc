#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "kernels/linalg/linalg.h"
#include "simd/begin_scalar.h"

#include "simd/tail.inl"
#include "kernels/linalg/linalg.inl"

#include "simd/end_scalar.h"

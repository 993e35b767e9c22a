#include <cmath>
#include <cstdint>
#include <limits>

#include "kernels/embedding/embedding.h"
#include "simd/begin_scalar.h"

#include "simd/math.inl"
#include "simd/tail.inl"
#include "kernels/embedding/embedding.inl"

#include "simd/end_scalar.h"

#include <cmath>
#include <cstdint>
#include <limits>

#include "kernels/loss/loss.h"
#include "simd/begin_scalar.h"

#include "simd/math.inl"
#include "simd/tail.inl"
#include "simd/stream.inl"
#include "kernels/loss/loss.inl"
#include "kernels/loss/planes.inl"

#include "simd/end_scalar.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "kernels/norm/norm.h"
#include "simd/begin_scalar.h"

#include "simd/tail.inl"
#include "simd/stream.inl"
#include "kernels/norm/rows.inl"
#include "kernels/norm/channels.inl"

#include "simd/end_scalar.h"

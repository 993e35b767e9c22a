#include "kernels/layout/layout.h"

#include <algorithm>

#include "simd/begin_scalar.h"

#include "kernels/layout/layout.inl"

#include "simd/end_scalar.h"

#include "kernels/depthwise/depthwise.h"

#include "simd/begin_scalar.h"

#include "kernels/depthwise/depthwise.inl"

#include "simd/end_scalar.h"

#include "kernels/winograd/winograd.h"

#include "simd/begin_scalar.h"

#include "kernels/winograd/winograd.inl"

#include "simd/end_scalar.h"

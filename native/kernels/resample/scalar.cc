#include "kernels/resample/resample.h"

#include "simd/begin_scalar.h"

#include "kernels/resample/resample.inl"

#include "simd/end_scalar.h"

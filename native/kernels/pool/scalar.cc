#include "kernels/pool/pool.h"

#include "simd/begin_scalar.h"

#include "kernels/pool/pool.inl"

#include "simd/end_scalar.h"

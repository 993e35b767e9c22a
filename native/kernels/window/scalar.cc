#include "kernels/window/window.h"

#include "simd/begin_scalar.h"

#include "kernels/window/window.inl"

#include "simd/end_scalar.h"

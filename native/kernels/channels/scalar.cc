#include "kernels/channels/channels.h"

#include "simd/begin_scalar.h"

#include "kernels/channels/channels.inl"

#include "simd/end_scalar.h"

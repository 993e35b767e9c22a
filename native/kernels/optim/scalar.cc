#include <cmath>
#include <cstdint>
#include <limits>

#include "kernels/optim/optim.h"
#include "simd/begin_scalar.h"

#include "kernels/optim/clip.inl"
#include "kernels/optim/factored.inl"
#include "kernels/optim/optim.inl"

#include "simd/end_scalar.h"

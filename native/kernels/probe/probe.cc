#include "kernels/probe/probe.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "core/cpu.h"

#include "simd/begin_scalar.h"
#include "kernels/probe/probe.inl"
#include "simd/end_scalar.h"

#if defined(__x86_64__) || defined(_M_X64)
#include "simd/begin_avx2.h"
#include "kernels/probe/probe.inl"
#include "simd/end_avx2.h"

#include "simd/begin_avx512.h"
#include "kernels/probe/probe.inl"
#include "simd/end_avx512.h"
#elif defined(__aarch64__) || defined(_M_ARM64)
#include "simd/begin_neon.h"
#include "kernels/probe/probe.inl"
#include "simd/end_neon.h"
#endif

namespace lanegrad {

const ProbeTable& probe_table() {
  switch (isa()) {
#if defined(__x86_64__) || defined(_M_X64)
    case Isa::kAvx512:
      return avx512::kProbeTable;
    case Isa::kAvx2:
      return avx2::kProbeTable;
#elif defined(__aarch64__) || defined(_M_ARM64)
    case Isa::kNeon:
      return neon::kProbeTable;
#endif
    default:
      return scalar::kProbeTable;
  }
}

}  // namespace lanegrad

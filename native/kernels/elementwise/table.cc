#include "core/cpu.h"
#include "kernels/elementwise/elementwise.h"

namespace lanegrad {

#define LANEGRAD_LEVEL(level)                       \
  namespace level {                                 \
  const ElementwiseTable& make_elementwise_table(); \
  }
LANEGRAD_LEVEL(scalar)
LANEGRAD_LEVEL(avx2)
LANEGRAD_LEVEL(avx512)
LANEGRAD_LEVEL(neon)
#undef LANEGRAD_LEVEL

const ElementwiseTable& elementwise_table() {
  static const ElementwiseTable& chosen = []() -> const ElementwiseTable& {
    switch (isa()) {
#if defined(__x86_64__) || defined(_M_X64)
      case Isa::kAvx512:
        return avx512::make_elementwise_table();
      case Isa::kAvx2:
        return avx2::make_elementwise_table();
#elif defined(__aarch64__) || defined(_M_ARM64)
      case Isa::kNeon:
        return neon::make_elementwise_table();
#endif
      default:
        return scalar::make_elementwise_table();
    }
  }();
  return chosen;
}

}  // namespace lanegrad

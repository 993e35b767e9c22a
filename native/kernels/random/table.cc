#include "core/cpu.h"
#include "kernels/random/random.h"

namespace lanegrad {

#define LANEGRAD_LEVEL(level)             \
  namespace level {                       \
  const RandomTable& make_random_table(); \
  }
LANEGRAD_LEVEL(scalar)
LANEGRAD_LEVEL(avx2)
LANEGRAD_LEVEL(avx512)
LANEGRAD_LEVEL(neon)
#undef LANEGRAD_LEVEL

const RandomTable& random_table() {
  static const RandomTable& chosen = []() -> const RandomTable& {
    switch (isa()) {
#if defined(__x86_64__) || defined(_M_X64)
      case Isa::kAvx512:
        return avx512::make_random_table();
      case Isa::kAvx2:
        return avx2::make_random_table();
#elif defined(__aarch64__) || defined(_M_ARM64)
      case Isa::kNeon:
        return neon::make_random_table();
#endif
      default:
        return scalar::make_random_table();
    }
  }();
  return chosen;
}

}  // namespace lanegrad

#include "kernels/optim/optim.h"

#include "core/cpu.h"

namespace lanegrad {

namespace scalar {
extern const OptimTable kOptimTable;
}
namespace avx2 {
extern const OptimTable kOptimTable;
}
namespace avx512 {
extern const OptimTable kOptimTable;
}
namespace neon {
extern const OptimTable kOptimTable;
}

const OptimTable& optim_table() {
  switch (isa()) {
#if defined(__x86_64__) || defined(_M_X64)
    case Isa::kAvx512:
      return avx512::kOptimTable;
    case Isa::kAvx2:
      return avx2::kOptimTable;
#elif defined(__aarch64__) || defined(_M_ARM64)
    case Isa::kNeon:
      return neon::kOptimTable;
#endif
    default:
      return scalar::kOptimTable;
  }
}

}  // namespace lanegrad

#include "kernels/loss/loss.h"

#include "core/cpu.h"

namespace lanegrad {

namespace scalar {
extern const LossTable kLossTable;
}
namespace avx2 {
extern const LossTable kLossTable;
}
namespace avx512 {
extern const LossTable kLossTable;
}
namespace neon {
extern const LossTable kLossTable;
}

const LossTable& loss_table() {
  switch (isa()) {
#if defined(__x86_64__) || defined(_M_X64)
    case Isa::kAvx512:
      return avx512::kLossTable;
    case Isa::kAvx2:
      return avx2::kLossTable;
#elif defined(__aarch64__) || defined(_M_ARM64)
    case Isa::kNeon:
      return neon::kLossTable;
#endif
    default:
      return scalar::kLossTable;
  }
}

}  // namespace lanegrad

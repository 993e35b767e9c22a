#include "kernels/ctc/ctc.h"

#include "core/cpu.h"

namespace lanegrad {

namespace scalar {
extern const CtcTable kCtcTable;
}
namespace avx2 {
extern const CtcTable kCtcTable;
}
namespace avx512 {
extern const CtcTable kCtcTable;
}
namespace neon {
extern const CtcTable kCtcTable;
}

const CtcTable& ctc_table() {
  switch (isa()) {
#if defined(__x86_64__) || defined(_M_X64)
    case Isa::kAvx512:
      return avx512::kCtcTable;
    case Isa::kAvx2:
      return avx2::kCtcTable;
#elif defined(__aarch64__) || defined(_M_ARM64)
    case Isa::kNeon:
      return neon::kCtcTable;
#endif
    default:
      return scalar::kCtcTable;
  }
}

}  // namespace lanegrad

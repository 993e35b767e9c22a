#include "kernels/norm/norm.h"

#include "core/cpu.h"

namespace lanegrad {

namespace scalar {
extern const NormTable kNormTable;
}
namespace avx2 {
extern const NormTable kNormTable;
}
namespace avx512 {
extern const NormTable kNormTable;
}
namespace neon {
extern const NormTable kNormTable;
}

const NormTable& norm_table() {
  switch (isa()) {
#if defined(__x86_64__) || defined(_M_X64)
    case Isa::kAvx512:
      return avx512::kNormTable;
    case Isa::kAvx2:
      return avx2::kNormTable;
#elif defined(__aarch64__) || defined(_M_ARM64)
    case Isa::kNeon:
      return neon::kNormTable;
#endif
    default:
      return scalar::kNormTable;
  }
}

}  // namespace lanegrad

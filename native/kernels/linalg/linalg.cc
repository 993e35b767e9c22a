#include "kernels/linalg/linalg.h"

#include "core/cpu.h"

namespace lanegrad {

namespace scalar {
extern const LinalgTable kLinalgTable;
}
namespace avx2 {
extern const LinalgTable kLinalgTable;
}
namespace avx512 {
extern const LinalgTable kLinalgTable;
}
namespace neon {
extern const LinalgTable kLinalgTable;
}

const LinalgTable& linalg_table() {
  switch (isa()) {
#if defined(__x86_64__) || defined(_M_X64)
    case Isa::kAvx512:
      return avx512::kLinalgTable;
    case Isa::kAvx2:
      return avx2::kLinalgTable;
#elif defined(__aarch64__) || defined(_M_ARM64)
    case Isa::kNeon:
      return neon::kLinalgTable;
#endif
    default:
      return scalar::kLinalgTable;
  }
}

}  // namespace lanegrad

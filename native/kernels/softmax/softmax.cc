#include "kernels/softmax/softmax.h"

#include "core/cpu.h"

namespace lanegrad {

namespace scalar {
extern const SoftmaxTable kSoftmaxTable;
}
namespace avx2 {
extern const SoftmaxTable kSoftmaxTable;
}
namespace avx512 {
extern const SoftmaxTable kSoftmaxTable;
}
namespace neon {
extern const SoftmaxTable kSoftmaxTable;
}

const SoftmaxTable& softmax_table() {
  switch (isa()) {
#if defined(__x86_64__) || defined(_M_X64)
    case Isa::kAvx512:
      return avx512::kSoftmaxTable;
    case Isa::kAvx2:
      return avx2::kSoftmaxTable;
#elif defined(__aarch64__) || defined(_M_ARM64)
    case Isa::kNeon:
      return neon::kSoftmaxTable;
#endif
    default:
      return scalar::kSoftmaxTable;
  }
}

}  // namespace lanegrad

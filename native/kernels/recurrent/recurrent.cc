#include "kernels/recurrent/recurrent.h"

#include "core/cpu.h"

namespace lanegrad {

namespace scalar {
extern const RecurrentTable kRecurrentTable;
}
namespace avx2 {
extern const RecurrentTable kRecurrentTable;
}
namespace avx512 {
extern const RecurrentTable kRecurrentTable;
}
namespace neon {
extern const RecurrentTable kRecurrentTable;
}

const RecurrentTable& recurrent_table() {
  switch (isa()) {
#if defined(__x86_64__) || defined(_M_X64)
    case Isa::kAvx512:
      return avx512::kRecurrentTable;
    case Isa::kAvx2:
      return avx2::kRecurrentTable;
#elif defined(__aarch64__) || defined(_M_ARM64)
    case Isa::kNeon:
      return neon::kRecurrentTable;
#endif
    default:
      return scalar::kRecurrentTable;
  }
}

}  // namespace lanegrad

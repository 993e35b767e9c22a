#include "kernels/embedding/embedding.h"

#include "core/cpu.h"

namespace lanegrad {

namespace scalar {
extern const BagTable kBagTable;
}
namespace avx2 {
extern const BagTable kBagTable;
}
namespace avx512 {
extern const BagTable kBagTable;
}
namespace neon {
extern const BagTable kBagTable;
}

const BagTable& bag_table() {
  switch (isa()) {
#if defined(__x86_64__) || defined(_M_X64)
    case Isa::kAvx512:
      return avx512::kBagTable;
    case Isa::kAvx2:
      return avx2::kBagTable;
#elif defined(__aarch64__) || defined(_M_ARM64)
    case Isa::kNeon:
      return neon::kBagTable;
#endif
    default:
      return scalar::kBagTable;
  }
}

}  // namespace lanegrad

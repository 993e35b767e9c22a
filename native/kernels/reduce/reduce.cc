#include "kernels/reduce/reduce.h"

#include "core/cpu.h"

namespace lanegrad {

namespace scalar {
extern const ReduceTable kReduceTable;
}
namespace avx2 {
extern const ReduceTable kReduceTable;
}
namespace avx512 {
extern const ReduceTable kReduceTable;
}
namespace neon {
extern const ReduceTable kReduceTable;
}

const ReduceTable& reduce_table() {
  switch (isa()) {
#if defined(__x86_64__) || defined(_M_X64)
    case Isa::kAvx512:
      return avx512::kReduceTable;
    case Isa::kAvx2:
      return avx2::kReduceTable;
#elif defined(__aarch64__) || defined(_M_ARM64)
    case Isa::kNeon:
      return neon::kReduceTable;
#endif
    default:
      return scalar::kReduceTable;
  }
}

}  // namespace lanegrad

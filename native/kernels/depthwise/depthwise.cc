#include "kernels/depthwise/depthwise.h"

#include "core/cpu.h"

namespace lanegrad {

namespace scalar {
const DepthwiseTables& depthwise_tables();
}
#if defined(__x86_64__) || defined(_M_X64)
namespace avx2 {
const DepthwiseTables& depthwise_tables();
}
namespace avx512 {
const DepthwiseTables& depthwise_tables();
}
#elif defined(__aarch64__) || defined(_M_ARM64)
namespace neon {
const DepthwiseTables& depthwise_tables();
}
#endif

const DepthwiseTables& depthwise_tables() {
  static const DepthwiseTables& tables = [&]() -> const DepthwiseTables& {
    switch (isa()) {
#if defined(__x86_64__) || defined(_M_X64)
      case Isa::kAvx512:
        return avx512::depthwise_tables();
      case Isa::kAvx2:
        return avx2::depthwise_tables();
#elif defined(__aarch64__) || defined(_M_ARM64)
      case Isa::kNeon:
        return neon::depthwise_tables();
#endif
      default:
        return scalar::depthwise_tables();
    }
  }();
  return tables;
}

}  // namespace lanegrad

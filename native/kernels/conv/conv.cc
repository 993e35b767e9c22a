#include "kernels/conv/conv.h"

#include "core/cpu.h"

namespace lanegrad {

namespace scalar {
const ConvTables& conv_tables();
}
#if defined(__x86_64__) || defined(_M_X64)
namespace avx2 {
const ConvTables& conv_tables();
}
namespace avx512 {
const ConvTables& conv_tables();
}
#elif defined(__aarch64__) || defined(_M_ARM64)
namespace neon {
const ConvTables& conv_tables();
}
#endif

const ConvTables& conv_tables() {
  static const ConvTables& tables = [&]() -> const ConvTables& {
    switch (isa()) {
#if defined(__x86_64__) || defined(_M_X64)
      case Isa::kAvx512:
        return avx512::conv_tables();
      case Isa::kAvx2:
        return avx2::conv_tables();
#elif defined(__aarch64__) || defined(_M_ARM64)
      case Isa::kNeon:
        return neon::conv_tables();
#endif
      default:
        return scalar::conv_tables();
    }
  }();
  return tables;
}

}  // namespace lanegrad

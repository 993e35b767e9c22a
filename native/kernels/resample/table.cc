#include "kernels/resample/resample.h"

#include "core/cpu.h"

namespace lanegrad {

namespace scalar {
const ResampleTables& resample_tables();
}
#if defined(__x86_64__) || defined(_M_X64)
namespace avx2 {
const ResampleTables& resample_tables();
}
namespace avx512 {
const ResampleTables& resample_tables();
}
#elif defined(__aarch64__) || defined(_M_ARM64)
namespace neon {
const ResampleTables& resample_tables();
}
#endif

const ResampleTables& resample_tables() {
  static const ResampleTables& tables = [&]() -> const ResampleTables& {
    switch (isa()) {
#if defined(__x86_64__) || defined(_M_X64)
      case Isa::kAvx512:
        return avx512::resample_tables();
      case Isa::kAvx2:
        return avx2::resample_tables();
#elif defined(__aarch64__) || defined(_M_ARM64)
      case Isa::kNeon:
        return neon::resample_tables();
#endif
      default:
        return scalar::resample_tables();
    }
  }();
  return tables;
}

}  // namespace lanegrad

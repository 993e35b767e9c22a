#include "kernels/window/window.h"

#include "core/cpu.h"

namespace lanegrad {

namespace scalar {
const WindowTables& window_tables();
}
#if defined(__x86_64__) || defined(_M_X64)
namespace avx2 {
const WindowTables& window_tables();
}
namespace avx512 {
const WindowTables& window_tables();
}
#elif defined(__aarch64__) || defined(_M_ARM64)
namespace neon {
const WindowTables& window_tables();
}
#endif

const WindowTables& window_tables() {
  static const WindowTables& tables = [&]() -> const WindowTables& {
    switch (isa()) {
#if defined(__x86_64__) || defined(_M_X64)
      case Isa::kAvx512:
        return avx512::window_tables();
      case Isa::kAvx2:
        return avx2::window_tables();
#elif defined(__aarch64__) || defined(_M_ARM64)
      case Isa::kNeon:
        return neon::window_tables();
#endif
      default:
        return scalar::window_tables();
    }
  }();
  return tables;
}

}  // namespace lanegrad

#include "kernels/layout/layout.h"

#include "core/cpu.h"

namespace lanegrad {

namespace scalar {
const LayoutTable& layout_table();
}
#if defined(__x86_64__) || defined(_M_X64)
namespace avx2 {
const LayoutTable& layout_table();
}
namespace avx512 {
const LayoutTable& layout_table();
}
#elif defined(__aarch64__) || defined(_M_ARM64)
namespace neon {
const LayoutTable& layout_table();
}
#endif

const LayoutTable& layout_table() {
  static const LayoutTable& table = [&]() -> const LayoutTable& {
    switch (isa()) {
#if defined(__x86_64__) || defined(_M_X64)
      case Isa::kAvx512:
        return avx512::layout_table();
      case Isa::kAvx2:
        return avx2::layout_table();
#elif defined(__aarch64__) || defined(_M_ARM64)
      case Isa::kNeon:
        return neon::layout_table();
#endif
      default:
        return scalar::layout_table();
    }
  }();
  return table;
}

}  // namespace lanegrad

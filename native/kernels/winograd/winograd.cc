#include "kernels/winograd/winograd.h"

#include "core/cpu.h"

namespace lanegrad {

namespace scalar {
const WinogradTable& winograd_table();
}
#if defined(__x86_64__) || defined(_M_X64)
namespace avx2 {
const WinogradTable& winograd_table();
}
namespace avx512 {
const WinogradTable& winograd_table();
}
#elif defined(__aarch64__) || defined(_M_ARM64)
namespace neon {
const WinogradTable& winograd_table();
}
#endif

const WinogradTable& winograd_table() {
  static const WinogradTable& table = [&]() -> const WinogradTable& {
    switch (isa()) {
#if defined(__x86_64__) || defined(_M_X64)
      case Isa::kAvx512:
        return avx512::winograd_table();
      case Isa::kAvx2:
        return avx2::winograd_table();
#elif defined(__aarch64__) || defined(_M_ARM64)
      case Isa::kNeon:
        return neon::winograd_table();
#endif
      default:
        return scalar::winograd_table();
    }
  }();
  return table;
}

}  // namespace lanegrad

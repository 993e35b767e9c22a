#include "kernels/channels/channels.h"

#include "core/cpu.h"

namespace lanegrad {

namespace scalar {
const ChannelTables& channel_tables();
}
#if defined(__x86_64__) || defined(_M_X64)
namespace avx2 {
const ChannelTables& channel_tables();
}
namespace avx512 {
const ChannelTables& channel_tables();
}
#elif defined(__aarch64__) || defined(_M_ARM64)
namespace neon {
const ChannelTables& channel_tables();
}
#endif

const ChannelTables& channel_tables() {
  static const ChannelTables& tables = [&]() -> const ChannelTables& {
    switch (isa()) {
#if defined(__x86_64__) || defined(_M_X64)
      case Isa::kAvx512:
        return avx512::channel_tables();
      case Isa::kAvx2:
        return avx2::channel_tables();
#elif defined(__aarch64__) || defined(_M_ARM64)
      case Isa::kNeon:
        return neon::channel_tables();
#endif
      default:
        return scalar::channel_tables();
    }
  }();
  return tables;
}

}  // namespace lanegrad

#include "kernels/attention/attention.h"

#include "core/cpu.h"

namespace lanegrad {

namespace scalar {
extern const AttentionTable kAttentionTable;
}
namespace avx2 {
extern const AttentionTable kAttentionTable;
}
namespace avx512 {
extern const AttentionTable kAttentionTable;
}
namespace neon {
extern const AttentionTable kAttentionTable;
}

const AttentionTable& attention_table() {
  switch (isa()) {
#if defined(__x86_64__) || defined(_M_X64)
    case Isa::kAvx512:
      return avx512::kAttentionTable;
    case Isa::kAvx2:
      return avx2::kAttentionTable;
#elif defined(__aarch64__) || defined(_M_ARM64)
    case Isa::kNeon:
      return neon::kAttentionTable;
#endif
    default:
      return scalar::kAttentionTable;
  }
}

}  // namespace lanegrad

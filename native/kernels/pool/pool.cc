#include "kernels/pool/pool.h"

#include "core/cpu.h"

namespace lanegrad {

namespace scalar {
const PoolTables& pool_tables();
const WindowMaxTables& window_max_tables();
}  // namespace scalar
#if defined(__x86_64__) || defined(_M_X64)
namespace avx2 {
const PoolTables& pool_tables();
const WindowMaxTables& window_max_tables();
}  // namespace avx2
namespace avx512 {
const PoolTables& pool_tables();
const WindowMaxTables& window_max_tables();
}  // namespace avx512
#elif defined(__aarch64__) || defined(_M_ARM64)
namespace neon {
const PoolTables& pool_tables();
const WindowMaxTables& window_max_tables();
}  // namespace neon
#endif

const PoolTables& pool_tables() {
  static const PoolTables& tables = [&]() -> const PoolTables& {
    switch (isa()) {
#if defined(__x86_64__) || defined(_M_X64)
      case Isa::kAvx512:
        return avx512::pool_tables();
      case Isa::kAvx2:
        return avx2::pool_tables();
#elif defined(__aarch64__) || defined(_M_ARM64)
      case Isa::kNeon:
        return neon::pool_tables();
#endif
      default:
        return scalar::pool_tables();
    }
  }();
  return tables;
}

const WindowMaxTables& window_max_tables() {
  static const WindowMaxTables& tables = [&]() -> const WindowMaxTables& {
    switch (isa()) {
#if defined(__x86_64__) || defined(_M_X64)
      case Isa::kAvx512:
        return avx512::window_max_tables();
      case Isa::kAvx2:
        return avx2::window_max_tables();
#elif defined(__aarch64__) || defined(_M_ARM64)
      case Isa::kNeon:
        return neon::window_max_tables();
#endif
      default:
        return scalar::window_max_tables();
    }
  }();
  return tables;
}

}  // namespace lanegrad

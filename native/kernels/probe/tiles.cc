// The tile unit of x86-64 (AMX), which multiplies bfloat16 tiles of 16 x 32 by 32 x 16 in one instruction.
// Assembler, so that no compiler has to know it.
#include "core/cpu.h"
#include "kernels/probe/probe.h"

#if (defined(__x86_64__) || defined(_M_X64)) && defined(__linux__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace lanegrad {
namespace {

// Whether the processor has tiles for bfloat16, and the system lets this process use them: Linux wants to be
// asked.
bool ask_for_tiles() {
  uint32_t a = 0, b = 0, c = 0, d = 0;
  if (isa() != Isa::kAvx512 || !__get_cpuid_count(7, 0, &a, &b, &c, &d)) return false;
  constexpr uint32_t kBfloat16 = 1u << 22, kTiles = 1u << 24;
  if ((d & kBfloat16) == 0 || (d & kTiles) == 0) return false;
  constexpr int kRequestPermission = 0x1023, kTileData = 18;
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}

struct alignas(64) TileShapes {
  uint8_t palette = 1, start_row = 0;
  uint8_t reserved[14] = {};
  uint16_t row_bytes[16] = {};
  uint8_t rows[16] = {};
};

}  // namespace

// Loop: rounds of four products. Accumulators: four tiles, since a product takes 52 cycles and one begins
// every 16. Expected limit: 1,024 multiply-adds a cycle.
double probe_tiles(int64_t rounds) {
  static const bool granted = ask_for_tiles();
  if (!granted) return 0;
  TileShapes shapes;
  for (int t = 0; t < 8; ++t) {
    shapes.row_bytes[t] = 64;
    shapes.rows[t] = 16;
  }
  __asm__ volatile("ldtilecfg %0" ::"m"(shapes));
  __asm__ volatile(
      "tilezero %tmm0\n\ttilezero %tmm1\n\ttilezero %tmm2\n\ttilezero %tmm3\n\t"
      "tilezero %tmm4\n\ttilezero %tmm5\n\ttilezero %tmm6\n\ttilezero %tmm7");
  for (int64_t r = 0; r < rounds; ++r) {
    __asm__ volatile(
        "tdpbf16ps %tmm6, %tmm4, %tmm0\n\ttdpbf16ps %tmm7, %tmm4, %tmm1\n\t"
        "tdpbf16ps %tmm6, %tmm5, %tmm2\n\ttdpbf16ps %tmm7, %tmm5, %tmm3");
  }
  __asm__ volatile("tilerelease");
  return 4 * 2.0 * 16 * 16 * 32 * static_cast<double>(rounds);
}

}  // namespace lanegrad
#else

namespace lanegrad {
double probe_tiles(int64_t) { return 0; }
}  // namespace lanegrad

#endif

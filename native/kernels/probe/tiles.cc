// The tile unit of x86-64 (AMX), which multiplies bfloat16 tiles of 16 x 32 by 32 x 16 in one instruction.
#include "core/cpu.h"
#include "kernels/probe/probe.h"

#if defined(__x86_64__) && (defined(__clang__) || __GNUC__ >= 11)
#include "kernels/amx/tiles_hardware.h"

namespace lanegrad {

// Loop: rounds of four products. Accumulators: four tiles, since a product takes 52 cycles and one begins
// every 16. Expected limit: 1,024 multiply-adds a cycle.
double probe_tiles(int64_t rounds) {
  if (matrix_unit() != MatrixUnit::kAmx) return 0;
  amx::HardwareTiles tiles;
  tiles.zero<0>();
  tiles.zero<1>();
  tiles.zero<2>();
  tiles.zero<3>();
  tiles.zero<4>();
  tiles.zero<5>();
  tiles.zero<6>();
  tiles.zero<7>();
  for (int64_t r = 0; r < rounds; ++r) {
    tiles.multiply<0, 4, 6>();
    tiles.multiply<1, 4, 7>();
    tiles.multiply<2, 5, 6>();
    tiles.multiply<3, 5, 7>();
  }
  return 4 * 2.0 * 16 * 16 * 32 * static_cast<double>(rounds);
}

}  // namespace lanegrad
#else

namespace lanegrad {

double probe_tiles(int64_t) { return 0; }

}  // namespace lanegrad
#endif

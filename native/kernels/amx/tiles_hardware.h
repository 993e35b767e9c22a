// The eight tile registers of the processor, each 16 rows of 64 bytes. Numbers of tiles are constants of the
// instructions, hence template arguments. Assembler instead of intrinsics: those of GCC 12 paste their
// argument into the text and take no template argument.
#pragma once

#include <cstdint>

namespace lanegrad::amx {

struct HardwareTiles {
  static constexpr bool kRegisters = true;

  // Tiles belong to the thread: each block sets them up, and gives them back so that switching threads stays
  // cheap.
  HardwareTiles() {
    struct alignas(64) Config {
      uint8_t palette = 1, start_row = 0;
      uint8_t reserved[14] = {};
      uint16_t row_bytes[16] = {};
      uint8_t rows[16] = {};
    } config;
    for (int t = 0; t < 8; ++t) {
      config.row_bytes[t] = 64;
      config.rows[t] = 16;
    }
    __asm__ volatile("ldtilecfg %0" ::"m"(config) : "memory");
  }
  ~HardwareTiles() { __asm__ volatile("tilerelease" ::: "memory"); }
  HardwareTiles(const HardwareTiles&) = delete;
  HardwareTiles& operator=(const HardwareTiles&) = delete;

  template <int kTile>
  void zero() {
    __asm__ volatile("tilezero %%tmm%c0" ::"i"(kTile));
  }
  // Rows `step` bytes apart.
  template <int kTile>
  void load(const void* from, int64_t step) {
    __asm__ volatile("tileloadd (%0,%1,1), %%tmm%c2" ::"r"(from), "r"(step), "i"(kTile) : "memory");
  }
  template <int kTile>
  void store(void* to, int64_t step) {
    __asm__ volatile("tilestored %%tmm%c2, (%0,%1,1)" ::"r"(to), "r"(step), "i"(kTile) : "memory");
  }
  // C[i, j] += sum over p of A[i, p] B[p, j]: 16 x 32 by 32 x 16, B with neighbours of p side by side.
  template <int kC, int kA, int kB>
  void multiply() {
    __asm__ volatile("tdpbf16ps %%tmm%c2, %%tmm%c1, %%tmm%c0" ::"i"(kC), "i"(kA), "i"(kB));
  }
};

}  // namespace lanegrad::amx

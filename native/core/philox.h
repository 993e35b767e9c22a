// Philox4x32-10, the counter-based generator of Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as
// easy as 1, 2, 3" (SC 2011). A block of four 32-bit words is a pure function of (key, counter): any thread
// can make any part.
#pragma once

#include <array>
#include <cstdint>

namespace lanegrad {

using PhiloxBlock = std::array<uint32_t, 4>;

// seed is the 64-bit key; counter is the block's number (words 2 and 3 of the 128-bit counter stay 0).
inline PhiloxBlock philox(uint64_t seed, uint64_t counter) {
  PhiloxBlock x{static_cast<uint32_t>(counter), static_cast<uint32_t>(counter >> 32), 0, 0};
  uint32_t k0 = static_cast<uint32_t>(seed), k1 = static_cast<uint32_t>(seed >> 32);
  for (int round = 0; round < 10; ++round) {
    const uint64_t p0 = uint64_t{0xD2511F53} * x[0], p1 = uint64_t{0xCD9E8D57} * x[2];
    x = {static_cast<uint32_t>(p1 >> 32) ^ x[1] ^ k0, static_cast<uint32_t>(p1),
         static_cast<uint32_t>(p0 >> 32) ^ x[3] ^ k1, static_cast<uint32_t>(p0)};
    k0 += 0x9E3779B9;
    k1 += 0xBB67AE85;
  }
  return x;
}

// 24 random bits as a float32 in [0, 1): exact in every language.
inline float uniform_float(uint32_t word) { return static_cast<float>(word >> 8) * 0x1p-24f; }
// 53 random bits as a float64 in [0, 1).
inline double uniform_double(uint32_t high, uint32_t low) {
  return static_cast<double>((uint64_t{high} << 21) ^ (low >> 11)) * 0x1p-53;
}

}  // namespace lanegrad

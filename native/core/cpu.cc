#include "core/cpu.h"

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <initializer_list>

#if defined(__x86_64__) || defined(_M_X64)
#define LANEGRAD_X64 1
#include <cpuid.h>
#endif
#if defined(__linux__)
#include <unistd.h>
#endif

namespace lanegrad {
namespace {

#if defined(LANEGRAD_X64)
struct Registers {
  uint32_t a, b, c, d;
};

Registers cpuid(uint32_t leaf, uint32_t subleaf) {
  Registers r{};
  __get_cpuid_count(leaf, subleaf, &r.a, &r.b, &r.c, &r.d);
  return r;
}

// Which register files the operating system saves: without it a CPUID bit means nothing.
uint64_t xcr0() {
  uint32_t low = 0, high = 0;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (uint64_t{high} << 32) | low;
}
#endif

Isa detect() {
#if defined(LANEGRAD_X64)
  const Registers one = cpuid(1, 0), seven = cpuid(7, 0);
  const auto bit = [](uint32_t reg, int i) { return ((reg >> i) & 1) != 0; };
  const bool os_saves = bit(one.c, 27);
  if (!os_saves) return Isa::kScalar;
  const uint64_t saved = xcr0();
  const bool avx2 = (saved & 0x6) == 0x6 && bit(one.c, 28) && bit(one.c, 12) && bit(one.c, 29) &&
                    bit(seven.b, 5) && bit(seven.b, 3) && bit(seven.b, 8);
  if (!avx2) return Isa::kScalar;
  const bool avx512 =
      (saved & 0xe6) == 0xe6 && bit(seven.b, 16) && bit(seven.b, 17) && bit(seven.b, 30) && bit(seven.b, 31);
  return avx512 ? Isa::kAvx512 : Isa::kAvx2;
#elif defined(__aarch64__) || defined(_M_ARM64)
  return Isa::kNeon;
#else
  return Isa::kScalar;
#endif
}

bool available(Isa level) {
  if (level == Isa::kScalar) return true;
  const Isa best = best_isa();
  if (level == Isa::kNeon || best == Isa::kNeon) return level == best;
  return level <= best;
}

struct Choice {
  Isa level;
  const char* problem = nullptr;
};

Choice choose() {
  const char* text = std::getenv("LANEGRAD_ISA");
  if (!text || !*text) return {best_isa()};
  for (Isa level : {Isa::kScalar, Isa::kAvx2, Isa::kAvx512, Isa::kNeon}) {
    if (std::strcmp(text, isa_name(level)) != 0) continue;
    if (available(level)) return {level};
    return {best_isa(),
            "LANEGRAD_ISA names a level that this processor does not have; the best one is in force"};
  }
  return {best_isa(),
          "LANEGRAD_ISA must be scalar, avx2, avx512 or neon (in lower case); the best level is in force"};
}

const Choice& choice() {
  static const Choice instance = choose();
  return instance;
}

#if defined(__linux__)
size_t sysconf_or(int name, size_t otherwise) {
  const long value = sysconf(name);
  return value > 0 ? static_cast<size_t>(value) : otherwise;
}
#endif

}  // namespace

Isa best_isa() {
  static const Isa best = detect();
  return best;
}

Isa isa() { return choice().level; }
const char* isa_problem() { return choice().problem; }

const char* isa_name(Isa level) {
  constexpr const char* names[] = {"scalar", "avx2", "avx512", "neon"};
  return names[static_cast<int>(level)];
}

CacheSizes cache_sizes() {
  static const CacheSizes sizes = [] {
    CacheSizes s{32u << 10, 512u << 10, 8u << 20};
#if defined(__linux__) && defined(_SC_LEVEL1_DCACHE_SIZE)
    s.l1d = sysconf_or(_SC_LEVEL1_DCACHE_SIZE, s.l1d);
    s.l2 = sysconf_or(_SC_LEVEL2_CACHE_SIZE, s.l2);
    s.l3 = sysconf_or(_SC_LEVEL3_CACHE_SIZE, s.l3);
#endif
    return s;
  }();
  return sizes;
}

}  // namespace lanegrad

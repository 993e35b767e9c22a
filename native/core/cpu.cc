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
#include <sys/syscall.h>
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

// Whether the processor has tiles for bfloat16 and the system lets this process use them. Linux wants to be
// asked, once for all threads; it says no where a signal stack is too small for what it would have to save.
bool detect_amx() {
#if defined(LANEGRAD_X64) && defined(__linux__)
  const Registers seven = cpuid(7, 0);
  const bool bf16 = ((seven.d >> 22) & 1) != 0, tiles = ((seven.d >> 24) & 1) != 0;
  constexpr uint64_t kTileState = uint64_t{3} << 17;
  if (best_isa() != Isa::kAvx512 || !bf16 || !tiles || (xcr0() & kTileState) != kTileState) return false;
  // Palette 1: eight tiles of 16 rows of 64 bytes.
  const Registers palette = cpuid(0x1D, 1), unit = cpuid(0x1E, 0);
  if (palette.b >> 16 < 8 || (palette.b & 0xFFFF) < 64 || (palette.c & 0xFFFF) < 16) return false;
  if ((unit.b & 0xFF) < 16 || (unit.b >> 8 & 0xFFFF) < 64) return false;
  constexpr int kArchReqXcompPerm = 0x1023, kTileData = 18;
  return syscall(SYS_arch_prctl, kArchReqXcompPerm, kTileData) == 0;
#else
  return false;
#endif
}

// Dot products of pairs of bfloat16 on the vectors of AVX-512.
bool has_dots() {
#if defined(LANEGRAD_X64)
  return best_isa() == Isa::kAvx512 && (cpuid(7, 1).a >> 5 & 1) != 0;
#else
  return false;
#endif
}

#if defined(LANEGRAD_X64)
bool is_amd() {
  const Registers vendor = cpuid(0, 0);
  return vendor.b == 0x68747541 && vendor.d == 0x69746E65 && vendor.c == 0x444D4163;  // AuthenticAMD
}

// The last cache that a core of AMD's reaches, by leaf 0x8000001D; 0 where it is not told. The C library
// (glibc 2.36) gives the sum of a socket's, of which each core reaches one: 384 MB where there are 32.
size_t amd_last_cache() {
  if (!is_amd()) return 0;
  const Registers cache = cpuid(0x8000001D, 3);
  if ((cache.a & 0x1f) == 0 || (cache.a >> 5 & 7) != 3) return 0;
  const size_t ways = (cache.b >> 22) + 1, partitions = (cache.b >> 12 & 0x3ff) + 1,
               line = (cache.b & 0xfff) + 1, sets = size_t{cache.c} + 1;
  return ways * partitions * line * sets;
}
#endif

// Whether they are faster than float32 multiply-adds: twice as fast on AMD's processors (Zen 4 and 5), half
// as fast on Intel's, whose unit for bfloat16 is AMX.
bool dots_pay() {
#if defined(LANEGRAD_X64)
  return has_dots() && is_amd();
#else
  return false;
#endif
}

bool has_amx() {
  static const bool has = detect_amx();
  return has;
}

const char* isa_name(Isa level) {
  constexpr const char* names[] = {"scalar", "avx2", "avx512", "neon"};
  return names[static_cast<int>(level)];
}

bool available(Isa level) {
  if (level == Isa::kScalar) return true;
  const Isa best = best_isa();
  if (level == Isa::kNeon || best == Isa::kNeon) return level == best;
  return level <= best;
}

constexpr struct UnitName {
  MatrixUnit unit;
  const char* name;
} kUnits[] = {{MatrixUnit::kDots, "avx512-bf16"},
              {MatrixUnit::kEmulatedDots, "avx512-bf16-emulated"},
              {MatrixUnit::kAmx, "amx"},
              {MatrixUnit::kEmulatedAmx, "amx-emulated"}};

const char* unit_name(MatrixUnit unit) {
  for (const UnitName& u : kUnits) {
    if (u.unit == unit) return u.name;
  }
  return nullptr;
}

bool available(MatrixUnit unit) {
  if (unit == MatrixUnit::kDots) return has_dots();
  if (unit == MatrixUnit::kAmx) return has_amx();
  return available(Isa::kAvx512);
}

MatrixUnit best_unit() {
  return has_amx() ? MatrixUnit::kAmx : dots_pay() ? MatrixUnit::kDots : MatrixUnit::kNone;
}

struct Choice {
  Isa level;
  MatrixUnit unit = MatrixUnit::kNone;
  const char* problem = nullptr;
};

Choice choose() {
  // Asked when it is wanted: the system sets aside more for a process that may use tiles.
  const auto best = [] { return Choice{best_isa(), best_unit()}; };
  const char* text = std::getenv("LANEGRAD_ISA");
  if (!text || !*text) return best();
  bool known = false;
  for (Isa level : {Isa::kScalar, Isa::kAvx2, Isa::kAvx512, Isa::kNeon}) {
    if (std::strcmp(text, isa_name(level)) != 0) continue;
    if (available(level)) return {level};
    known = true;
  }
  for (const UnitName& u : kUnits) {
    if (std::strcmp(text, u.name) != 0) continue;
    if (available(u.unit)) return {Isa::kAvx512, u.unit};
    known = true;
  }
  Choice otherwise = best();
  otherwise.problem =
      known ? "LANEGRAD_ISA names a level that this processor does not have; the best one is in force"
            : "LANEGRAD_ISA must be scalar, avx2, avx512, avx512-bf16, amx or neon (in lower case); the best "
              "level is in force";
  return otherwise;
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

const char* bf16_unit() {
  const MatrixUnit unit = matrix_unit();
  return unit == MatrixUnit::kAmx || unit == MatrixUnit::kDots ? unit_name(unit) : "emulated";
}
const char* isa_problem() { return choice().problem; }

MatrixUnit matrix_unit() { return choice().unit; }

const char* level_name() {
  const char* unit = unit_name(matrix_unit());
  return unit ? unit : isa_name(isa());
}
const char* best_level_name() {
  const char* unit = unit_name(best_unit());
  return unit ? unit : isa_name(best_isa());
}

CacheSizes cache_sizes() {
  static const CacheSizes sizes = [] {
    CacheSizes s{32u << 10, 512u << 10, 8u << 20};
#if defined(__linux__) && defined(_SC_LEVEL1_DCACHE_SIZE)
    s.l1d = sysconf_or(_SC_LEVEL1_DCACHE_SIZE, s.l1d);
    s.l2 = sysconf_or(_SC_LEVEL2_CACHE_SIZE, s.l2);
    s.l3 = sysconf_or(_SC_LEVEL3_CACHE_SIZE, s.l3);
#endif
#if defined(LANEGRAD_X64)
    if (const size_t l3 = amd_last_cache(); l3 > 0) s.l3 = l3;
#endif
    return s;
  }();
  return sizes;
}

}  // namespace lanegrad

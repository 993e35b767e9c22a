#include "core/cpu.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <set>
#include <string>
#include <thread>
#include <utility>

#if defined(__x86_64__) || defined(_M_X64)
#define LANEGRAD_X64 1
#include <cpuid.h>
#endif
#if defined(__linux__)
#include <sched.h>
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

// The first integer in a small file; -1 if there is none.
long long read_number(const char* path) {
  long long value = -1;
  if (FILE* file = std::fopen(path, "r")) {
    if (std::fscanf(file, "%lld", &value) != 1) value = -1;
    std::fclose(file);
  }
  return value;
}

#if defined(__linux__)
size_t sysconf_or(int name, size_t otherwise) {
  const long value = sysconf(name);
  return value > 0 ? static_cast<size_t>(value) : otherwise;
}

// Quota over period, rounded up; 0 without a quota. Looks at this process's own group, then at the root of
// the mount.
int cgroup_cores() {
  std::string group_v2, group_v1;
  if (FILE* file = std::fopen("/proc/self/cgroup", "r")) {
    char line[4096];
    while (std::fgets(line, sizeof(line), file)) {
      std::string text(line);
      while (!text.empty() && text.back() == '\n') text.pop_back();
      if (text.rfind("0::", 0) == 0) group_v2 = text.substr(3);
      const size_t first = text.find(':'), second = text.find(':', first + 1);
      if (first == std::string::npos || second == std::string::npos) continue;
      std::string controllers(1, ',');
      controllers.append(text, first + 1, second - first - 1).push_back(',');
      if (controllers.find(",cpu,") != std::string::npos) group_v1 = text.substr(second + 1);
    }
    std::fclose(file);
  }
  for (const std::string& group : {group_v2, std::string()}) {
    const std::string path = std::string("/sys/fs/cgroup").append(group).append("/cpu.max");
    if (FILE* file = std::fopen(path.c_str(), "r")) {
      long long quota = 0, period = 0;
      const int fields = std::fscanf(file, "%lld %lld", &quota, &period);
      std::fclose(file);
      if (fields == 2 && quota > 0 && period > 0) return static_cast<int>((quota + period - 1) / period);
    }
  }
  for (const std::string& group : {group_v1, std::string()}) {
    const std::string folder = std::string("/sys/fs/cgroup/cpu").append(group);
    const long long quota = read_number((folder + "/cpu.cfs_quota_us").c_str());
    const long long period = read_number((folder + "/cpu.cfs_period_us").c_str());
    if (quota > 0 && period > 0) return static_cast<int>((quota + period - 1) / period);
  }
  return 0;
}
#endif

}  // namespace

Isa best_isa() {
  static const Isa best = detect();
  return best;
}

Isa isa() { return choice().level; }

const char* bf16_unit() {
#if defined(LANEGRAD_X64)
  static const bool has_dot_products = best_isa() == Isa::kAvx512 && (cpuid(7, 1).a >> 5 & 1) != 0;
  if (isa() == Isa::kAvx512 && has_dot_products) return "avx512_bf16";
#endif
  return "emulated";
}
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

GrantedCores granted_cores() {
  GrantedCores granted{static_cast<int>(std::max(1u, std::thread::hardware_concurrency())), "affinity"};
#if defined(__linux__)
  // 4,096 processors: a fixed cpu_set_t of 1,024 makes sched_getaffinity fail on the largest machines.
  constexpr int kCpus = 4096;
  cpu_set_t* mask = CPU_ALLOC(kCpus);
  const size_t bytes = CPU_ALLOC_SIZE(kCpus);
  CPU_ZERO_S(bytes, mask);
  if (sched_getaffinity(0, bytes, mask) == 0) {
    granted.count = std::max(1, CPU_COUNT_S(bytes, mask));
    std::set<std::pair<long long, long long>> cores;
    for (int cpu = 0; cpu < kCpus; ++cpu) {
      if (!CPU_ISSET_S(cpu, bytes, mask)) continue;
      const std::string folder = "/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/topology/";
      const long long core = read_number((folder + "core_id").c_str());
      if (core < 0) {
        cores.clear();
        break;
      }
      cores.insert({read_number((folder + "physical_package_id").c_str()), core});
    }
    if (!cores.empty() && static_cast<int>(cores.size()) < granted.count) {
      granted = {static_cast<int>(cores.size()), "physical cores"};
    }
  }
  CPU_FREE(mask);
  const int quota = cgroup_cores();
  if (quota > 0 && quota < granted.count) granted = {quota, "cgroup"};
#endif
  return granted;
}

}  // namespace lanegrad

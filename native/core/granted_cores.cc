#include "core/granted_cores.h"

#include <algorithm>
#include <cstdio>
#include <set>
#include <thread>
#include <utility>

#if defined(__linux__)
#include <sched.h>
#endif

namespace lanegrad {
namespace {

// The first integer in a small file; -1 if there is none.
long long read_number(const std::string& path) {
  long long value = -1;
  if (FILE* file = std::fopen(path.c_str(), "r")) {
    if (std::fscanf(file, "%lld", &value) != 1) value = -1;
    std::fclose(file);
  }
  return value;
}

int rounded_up(long long quota, long long period) {
  return quota > 0 && period > 0 ? static_cast<int>(std::min<long long>((quota + period - 1) / period, 4096))
                                 : 0;
}

// Cores of the quota in the group at `folder`; 0 without one.
int quota_v2(const std::string& folder) {
  FILE* file = std::fopen((folder + "/cpu.max").c_str(), "r");
  if (!file) return 0;
  long long quota = 0, period = 0;
  const int fields = std::fscanf(file, "%lld %lld", &quota, &period);  // "max 100000" gives none
  std::fclose(file);
  return fields == 2 ? rounded_up(quota, period) : 0;
}

int quota_v1(const std::string& folder) {
  return rounded_up(read_number(folder + "/cpu.cfs_quota_us"), read_number(folder + "/cpu.cfs_period_us"));
}

// The paths of the groups that this process is in: of version 2, and of the cpu controller of version 1.
std::pair<std::string, std::string> own_groups(const std::string& root) {
  std::string v2, v1;
  FILE* file = std::fopen((root + "/proc/self/cgroup").c_str(), "r");
  if (!file) return {v2, v1};
  char line[4096];
  while (std::fgets(line, sizeof(line), file)) {
    std::string text(line);
    while (!text.empty() && text.back() == '\n') text.pop_back();
    const size_t first = text.find(':');
    const size_t second = first == std::string::npos ? first : text.find(':', first + 1);
    if (second == std::string::npos) continue;
    std::string controllers(1, ',');
    controllers.append(text, first + 1, second - first - 1).push_back(',');
    const std::string path = text.substr(second + 1);
    if (text.rfind("0::", 0) == 0) v2 = path;
    if (controllers.find(",cpu,") != std::string::npos) v1 = path;
  }
  std::fclose(file);
  return {v2, v1};
}

// The least quota of a group and all above it: each of them holds. Within a container the path may be that of
// the host, of which only the end of the way, the root of the mount, is there.
int least_quota(const std::string& mount, std::string group, int (*quota_in)(const std::string&)) {
  int least = 0;
  for (;;) {
    while (!group.empty() && group.back() == '/') group.pop_back();
    const int quota = quota_in(mount + group);
    if (quota > 0 && (least == 0 || quota < least)) least = quota;
    const size_t slash = group.rfind('/');
    if (group.empty() || slash == std::string::npos) return least;
    group.resize(slash);
  }
}

int cgroup_cores(const std::string& root) {
  const auto [v2, v1] = own_groups(root);
  int least = 0;
  for (const int quota : {least_quota(root + "/sys/fs/cgroup", v2, quota_v2),
                          least_quota(root + "/sys/fs/cgroup/cpu", v1, quota_v1),
                          least_quota(root + "/sys/fs/cgroup/cpu,cpuacct", v1, quota_v1)}) {
    if (quota > 0 && (least == 0 || quota < least)) least = quota;
  }
  return least;
}

// Different cores among these processors; 0 where the system does not say.
int physical_cores(const std::string& root, const std::vector<int>& cpus) {
  std::set<std::pair<long long, long long>> cores;
  for (const int cpu : cpus) {
    const std::string folder = root + "/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/topology/";
    const long long core = read_number(folder + "core_id");
    if (core < 0) return 0;
    cores.insert({read_number(folder + "physical_package_id"), core});
  }
  return static_cast<int>(cores.size());
}

#if defined(__linux__)
std::vector<int> allowed_cpus() {
  // 4,096 processors: a fixed cpu_set_t of 1,024 makes sched_getaffinity fail on the largest machines.
  constexpr int kCpus = 4096;
  std::vector<int> cpus;
  cpu_set_t* mask = CPU_ALLOC(kCpus);
  const size_t bytes = CPU_ALLOC_SIZE(kCpus);
  CPU_ZERO_S(bytes, mask);
  if (sched_getaffinity(0, bytes, mask) == 0) {
    for (int cpu = 0; cpu < kCpus; ++cpu) {
      if (CPU_ISSET_S(cpu, bytes, mask)) cpus.push_back(cpu);
    }
  }
  CPU_FREE(mask);
  return cpus;
}
#endif

}  // namespace

GrantedCores granted_cores(const std::string& root, const std::vector<int>& cpus) {
  GrantedCores granted{std::max(1, static_cast<int>(cpus.size())), "affinity"};
  const int cores = physical_cores(root, cpus);
  if (cores > 0 && cores < granted.count) granted = {cores, "physical cores"};
  const int quota = cgroup_cores(root);
  if (quota > 0 && quota < granted.count) granted = {quota, "cgroup"};
  return granted;
}

GrantedCores granted_cores() {
#if defined(__linux__)
  const std::vector<int> cpus = allowed_cpus();
  if (!cpus.empty()) return granted_cores("", cpus);
#endif
  return {static_cast<int>(std::max(1u, std::thread::hardware_concurrency())), "affinity"};
}

}  // namespace lanegrad

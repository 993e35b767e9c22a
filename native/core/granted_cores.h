// How many cores this process may really use.
#pragma once

#include <string>
#include <vector>

namespace lanegrad {

struct GrantedCores {
  int count;
  const char* source;  // which of the three decided: "affinity", "cgroup", "physical cores"
};

// The least of affinity mask, physical cores under it, and CPU quota of the cgroups (v1 or v2) above the
// process.
GrantedCores granted_cores();

// The same for a process that may run on the processors `cpus`, where /proc and /sys lie under `root`.
GrantedCores granted_cores(const std::string& root, const std::vector<int>& cpus);

}  // namespace lanegrad

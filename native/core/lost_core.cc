#include "core/lost_core.h"

#include <chrono>
#include <cstdint>

#if defined(__linux__)
#include <sys/resource.h>
#endif

namespace lanegrad {

#if defined(__linux__)
namespace {

constexpr int64_t kBetweenLooks = 500'000;
constexpr int64_t kLost = 250'000;

int64_t nanoseconds(const timeval& t) {
  return int64_t{t.tv_sec} * 1'000'000'000 + int64_t{t.tv_usec} * 1000;
}

// At the last look.
struct Account {
  int64_t wall, cpu;
  long switches;  // involuntary
};
thread_local Account account{};

}  // namespace

bool lost_core() {
  const int64_t wall = std::chrono::duration_cast<std::chrono::nanoseconds>(
                           std::chrono::steady_clock::now().time_since_epoch())
                           .count();
  if (wall - account.wall < kBetweenLooks) return false;
  rusage usage;
  if (getrusage(RUSAGE_THREAD, &usage) != 0) return false;
  const Account before = account;
  account = {wall, nanoseconds(usage.ru_utime) + nanoseconds(usage.ru_stime), usage.ru_nivcsw};
  // A thread that waited of its own accord was not switched away; one that was, for a moment only, ran on.
  return before.wall != 0 && account.switches != before.switches &&
         (account.wall - before.wall) - (account.cpu - before.cpu) > kLost;
}
#else
bool lost_core() { return false; }
#endif

}  // namespace lanegrad

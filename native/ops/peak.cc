#include "ops/peak.h"

#include <algorithm>
#include <chrono>
#include <vector>

#include "core/threads.h"
#include "kernels/probe/probe.h"

namespace lanegrad {
namespace {

using Kernel = double (*)(int64_t rounds);

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Of one thread, while the others do the same. Runs of a fraction of a millisecond: many, so that some fall
// between two turns of a neighbour.
double best_rate(Kernel kernel, double seconds) {
  constexpr int64_t kRounds = 100'000;
  const auto start = std::chrono::steady_clock::now();
  double best = 0;
  do {
    const auto before = std::chrono::steady_clock::now();
    const double done = kernel(kRounds);
    best = std::max(best, done / seconds_since(before));
  } while (seconds_since(start) < seconds);
  return best;
}

double rate_of_all(Kernel kernel, double seconds) {
  std::vector<double> rates(static_cast<size_t>(num_threads()));
  parallel_tasks(static_cast<int64_t>(rates.size()),
                 [&](int64_t i) { rates[static_cast<size_t>(i)] = best_rate(kernel, seconds); });
  double sum = 0;
  for (const double rate : rates) sum += rate;
  return sum;
}

}  // namespace

PeakRates measure_peak(double seconds) {
  const double tiles = probe_tiles(1) > 0 ? rate_of_all(probe_tiles, seconds / 2) : 0;
  return {rate_of_all(probe_table().fma32, seconds / 2), rate_of_all(probe_table().fma64, seconds / 2),
          tiles};
}

}  // namespace lanegrad

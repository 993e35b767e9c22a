// The one thread pool of the process.
#pragma once

#include <cstdint>
#include <type_traits>

namespace lanegrad {

// Threads that a parallel region may use, the calling one included.
int num_threads();
// 1 or more; the pool grows lazily. From then on this number, whatever the machine grants.
void set_num_threads(int n);
// Where num_threads() came from: "affinity", "cgroup", "physical cores", "LANEGRAD_NUM_THREADS",
// "setNumThreads", "what the system gives" (it refused to start more).
const char* num_threads_source();
// Non-null when LANEGRAD_NUM_THREADS is no number of threads: the sentence to show.
const char* num_threads_problem();

namespace detail {
// Runs task(context, i) for i in [0, tasks), on the pool and the calling thread; returns when all are done.
void run_tasks(int64_t tasks, void (*task)(void* context, int64_t index), void* context);
}  // namespace detail

// Calls body(i) once for each i in [0, tasks), in any order and from any thread. Use it where partial results
// must not depend on the number of threads: the tasks are the caller's. Each thread begins with a part of
// them of its own, in ascending order, and then helps the others: several tasks a thread are what evens out
// cores of unequal speed. The body must not throw. Nested calls run inline.
template <class F>
void parallel_tasks(int64_t tasks, F&& body) {
  if (tasks <= 1 || num_threads() == 1) {
    for (int64_t i = 0; i < tasks; ++i) body(i);
    return;
  }
  detail::run_tasks(
      tasks, [](void* context, int64_t i) { (*static_cast<std::remove_reference_t<F>*>(context))(i); },
      const_cast<void*>(static_cast<const void*>(&body)));
}

// Pieces of a parallel_for for each thread: a core that somebody else slows does fewer. With two cores one of
// which is slower by a fifth the last piece costs 3 % of twelve a thread, 10 % of four.
inline constexpr int64_t kPiecesPerThread = 12;

// Calls body(begin, end) on disjoint ranges that cover [0, n). A range has at least `grain` items, so that
// work of fewer than 2 * grain items stays on the calling thread. Ranges depend on the number of threads:
// only for work whose items are independent. The body must not throw.
template <class F>
void parallel_for(int64_t n, int64_t grain, F&& body) {
  if (n <= 0) return;
  const int64_t threads = num_threads();
  int64_t parts = grain > 0 ? n / grain : n;
  if (parts > threads * kPiecesPerThread) parts = threads * kPiecesPerThread;
  if (parts <= 1 || threads == 1) {
    body(int64_t{0}, n);
    return;
  }
  auto part = [&](int64_t i) { body(n * i / parts, n * (i + 1) / parts); };
  parallel_tasks(parts, part);
}

// The same with one range for each thread at most, for a body that goes through much besides its items every
// time (all indices, to find those of its rows).
template <class F>
void parallel_parts(int64_t n, int64_t grain, F&& body) {
  if (n <= 0) return;
  int64_t parts = grain > 0 ? n / grain : n;
  if (parts > num_threads()) parts = num_threads();
  if (parts <= 1) {
    body(int64_t{0}, n);
    return;
  }
  auto part = [&](int64_t i) { body(n * i / parts, n * (i + 1) / parts); };
  parallel_tasks(parts, part);
}

}  // namespace lanegrad

#include "core/threads.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <thread>

#include "core/cpu.h"

namespace lanegrad {
namespace {

inline void pause() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Rounds of `pause` (about 40 ns each on recent Intel) before a thread parks: long enough to bridge the gap
// between the ops of a step, short enough that a neighbour process gets the core back at once.
constexpr int kSpins = 2000;

struct Pool {
  std::mutex region;  // held by the caller whose job runs; others run theirs inline
  std::atomic<uint32_t> epoch{0};
  std::atomic<int> parked{0};
  std::atomic<bool> open{false};
  std::atomic<int> inside{0};  // workers that may be reading the job

  void (*task)(void*, int64_t) = nullptr;
  void* context = nullptr;
  int64_t tasks = 0;
  alignas(64) std::atomic<int64_t> next{0};
  alignas(64) std::atomic<int64_t> done{0};

  int workers = 0;
  std::atomic<int> wanted{0};  // threads a job may use; workers above it stay parked
};

// Neither the pool nor its threads are ever destroyed: waiting on a destroyed condition at exit is how addons
// hang.
Pool& pool() {
  static Pool* const instance = new Pool;
  return *instance;
}

thread_local bool in_region = false;

void work(Pool& p) {
  int64_t finished = 0;
  for (;;) {
    const int64_t i = p.next.fetch_add(1, std::memory_order_relaxed);
    if (i >= p.tasks) break;
    p.task(p.context, i);
    ++finished;
  }
  if (finished) p.done.fetch_add(finished, std::memory_order_release);
}

void worker_loop(int index, uint32_t seen) {
  Pool& p = pool();
  in_region = true;
  for (;;) {
    uint32_t now = p.epoch.load(std::memory_order_acquire);
    for (int i = 0; i < kSpins && now == seen; ++i) {
      pause();
      now = p.epoch.load(std::memory_order_acquire);
    }
    if (now == seen) {
      p.parked.fetch_add(1);
      p.epoch.wait(seen);
      p.parked.fetch_sub(1);
      continue;
    }
    seen = now;
    if (index >= p.wanted.load(std::memory_order_relaxed)) continue;
    // Sequentially consistent on both sides: either the caller sees this worker inside, or the worker sees it
    // closed.
    p.inside.fetch_add(1);
    if (p.open.load()) work(p);
    p.inside.fetch_sub(1);
  }
}

constexpr int kMostThreads = 1024;

struct Count {
  std::atomic<int> threads{0};
  std::atomic<const char*> source{nullptr};
  const char* problem = nullptr;
};

// The number that a text is, all of it; 0 if it is none.
int whole_number(const char* text) {
  char* end = nullptr;
  const long value = std::strtol(text, &end, 10);
  if (end == text || *end != 0 || value < 1) return 0;
  return static_cast<int>(std::min<long>(value, kMostThreads));
}

Count& count() {
  static Count* const instance = [] {
    Count* c = new Count;
    const char* text = std::getenv("LANEGRAD_NUM_THREADS");
    const int asked = text ? whole_number(text) : 0;
    if (text && *text && asked == 0) {
      c->problem = "LANEGRAD_NUM_THREADS must be an integer from 1; one thread per core is in force";
    }
    if (asked >= 1) {
      c->threads = asked;
      c->source = "LANEGRAD_NUM_THREADS";
    } else {
      const GrantedCores granted = granted_cores();
      c->threads = granted.count;
      c->source = granted.source;
    }
    return c;
  }();
  return *instance;
}

// Up to `wanted` workers in all. Where the system gives no more threads, those that there are do the work.
void start_workers(Pool& p, int wanted) {
  try {
    while (p.workers < wanted) {
      std::thread(worker_loop, p.workers, p.epoch.load()).detach();
      ++p.workers;
    }
  } catch (const std::exception&) {
    // Not tried again with every op.
    count().threads = p.workers + 1;
    count().source = "what the system gives";
  }
}

}  // namespace

int num_threads() { return count().threads.load(std::memory_order_relaxed); }

void set_num_threads(int n) {
  count().threads = std::clamp(n, 1, kMostThreads);
  count().source = "setNumThreads";
}

const char* num_threads_source() { return count().source.load(); }

const char* num_threads_problem() { return count().problem; }

void detail::run_tasks(int64_t tasks, void (*task)(void*, int64_t), void* context) {
  Pool& p = pool();
  if (in_region || !p.region.try_lock()) {
    for (int64_t i = 0; i < tasks; ++i) task(context, i);
    return;
  }
  const int helpers = static_cast<int>(std::min<int64_t>(num_threads(), tasks)) - 1;
  start_workers(p, helpers);
  p.task = task;
  p.context = context;
  p.tasks = tasks;
  p.next.store(0, std::memory_order_relaxed);
  p.done.store(0, std::memory_order_relaxed);
  p.wanted.store(helpers, std::memory_order_relaxed);
  p.open.store(true);
  p.epoch.fetch_add(1);
  if (p.parked.load() > 0) p.epoch.notify_all();
  in_region = true;
  work(p);
  // The tail of the last tasks: short, so spin; but give the core away if a worker was preempted on it.
  for (int i = 0; p.done.load(std::memory_order_acquire) < tasks; ++i) {
    if (i < kSpins) {
      pause();
    } else {
      std::this_thread::yield();
    }
  }
  p.open.store(false);
  for (int i = 0; p.inside.load() > 0; ++i) {
    if (i < kSpins) {
      pause();
    } else {
      std::this_thread::yield();
    }
  }
  in_region = false;
  p.region.unlock();
}

}  // namespace lanegrad

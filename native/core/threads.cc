#include "core/threads.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>

#if defined(__linux__)
#include <sys/prctl.h>
#endif

#include "core/granted_cores.h"
#include "core/lost_core.h"
#include "core/serial_scope.h"

namespace lanegrad {
namespace {

inline void pause() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

// A thread without work spins so long before it parks: the next op of a step finds it awake. A parked one
// takes some 50 us to come, a spinning one 200 ns.
constexpr int64_t kSpin = 1'000'000;
// While other processes want the cores, so long: what spins keeps its core from a thread of this process that
// has lost its own, and spends the time that the scheduler grants for work.
constexpr int64_t kCrowdedSpin = 80'000;
// Two looks at the clock this far apart: somebody else had the core in between.
constexpr int64_t kGap = 250'000;
constexpr int64_t kCrowdedFor = 300'000'000;

// Tasks [first, end) that no thread has taken yet, packed into one word so that taking one is one exchange.
// Every thread has a share of its own, the same part of the tasks whenever as many run, so that its core
// finds in its cache what it wrote before; whose share is done takes from the far end of another.
struct alignas(64) Share {
  std::atomic<uint64_t> range;

  void assign(uint64_t first, uint64_t end) { range.store(first << 32 | end, std::memory_order_relaxed); }
  int64_t take(bool from_front) {
    uint64_t now = range.load(std::memory_order_relaxed);
    for (;;) {
      const uint64_t first = now >> 32, end = now & 0xffffffffu;
      if (first >= end) return -1;
      const uint64_t next = from_front ? (first + 1) << 32 | end : first << 32 | (end - 1);
      if (range.compare_exchange_weak(now, next, std::memory_order_relaxed))
        return static_cast<int64_t>(from_front ? first : end - 1);
    }
  }
};
constexpr int64_t kMostTasks = int64_t{1} << 31;

// One parallel region. Never destroyed, so that a late worker may look at it at any time; but it reads the
// fields only between enter() that said yes and leave().
struct Job {
  static constexpr uint32_t kOpen = 1u << 31, kWaiting = 1u << 30;  // below: workers inside

  std::atomic<bool> taken{false};
  alignas(64) std::atomic<uint32_t> state{0};
  void (*task)(void*, int64_t) = nullptr;
  void* context = nullptr;
  std::unique_ptr<Share[]> shares;
  int share_count = 0, share_room = 0;

  bool enter() {
    if (!(state.load(std::memory_order_relaxed) & kOpen)) return false;
    if (state.fetch_add(1, std::memory_order_acq_rel) & kOpen) return true;
    leave();
    return false;
  }
  void leave() {
    if (state.fetch_sub(1, std::memory_order_acq_rel) - 1 == kWaiting) state.notify_all();
  }
  // Whether there was anything to do.
  bool work(int home) {
    bool any = false;
    for (int k = 0; k < share_count; ++k) {
      Share& share = shares[static_cast<size_t>((home + k) % share_count)];
      for (int64_t i; (i = share.take(k == 0)) >= 0; any = true) task(context, i);
    }
    return any;
  }
};

constexpr int kJobs = 16;  // regions at a time; a caller beyond them works alone
constexpr int kMostThreads = 1024;

struct Pool {
  Job jobs[kJobs];
  alignas(64) std::atomic<uint32_t> epoch{0};  // another with each region
  std::atomic<uint64_t> regions{0};
  alignas(64) std::atomic<int> parked{0};
  std::atomic<int> callers{0};
  std::atomic<uint32_t> resized{0};  // changes of the number of threads: wakes the workers above it
  std::atomic<int64_t> crowded_until{0};
  std::atomic<int> workers{0};
  std::mutex starting;
};

// Neither the pool nor its threads are ever destroyed: waiting on a destroyed condition at exit is how addons
// hang.
Pool& pool() {
  static Pool* const instance = new Pool;
  return *instance;
}

thread_local bool in_region = false;

void note_crowded(Pool& p, int64_t now) {
  p.crowded_until.store(now + kCrowdedFor, std::memory_order_relaxed);
}

// Spins until `done`, at most for as long as pays. The clock is read every half a microsecond or so.
template <class F>
bool spin(Pool& p, F&& done) {
  const int64_t start = now_ns();
  for (int64_t last = start;;) {
    for (int i = 0; i < 12; ++i) {
      if (done()) return true;
      pause();
    }
    const int64_t now = now_ns();
    if (now - last > kGap) note_crowded(p, now);
    last = now;
    const bool crowded = now < p.crowded_until.load(std::memory_order_relaxed);
    if (now - start > (crowded ? kCrowdedSpin : kSpin)) return done();
  }
}

// Helps every region that is open. Callers and helpers together are no more than num_threads(), so that
// callers on several JavaScript threads do not crowd each other out.
void help(Pool& p, int index) {
  for (bool any = true; any;) {
    any = false;
    for (Job& job : p.jobs) {
      if (index + p.callers.load(std::memory_order_relaxed) >= num_threads()) return;
      if (!job.enter()) continue;
      any |= job.work((index + 1) % job.share_count);
      job.leave();
      if (lost_core()) note_crowded(p, now_ns());
    }
  }
}

void worker_loop(int index) {
#if defined(__linux__)
  prctl(PR_SET_NAME, "lanegrad");  // as top and profilers show it
#endif
  Pool& p = pool();
  in_region = true;
  for (;;) {
    const uint32_t size = p.resized.load(std::memory_order_acquire);
    if (index + 1 >= num_threads()) {
      p.resized.wait(size);
      continue;
    }
    const uint32_t seen = p.epoch.load(std::memory_order_acquire);
    help(p, index);
    if (spin(p, [&] { return p.epoch.load(std::memory_order_acquire) != seen; })) continue;
    // Either the caller sees this thread parked, or wait() sees that the epoch is another.
    p.parked.fetch_add(1);
    p.epoch.wait(seen);
    p.parked.fetch_sub(1);
  }
}

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
  if (p.workers.load(std::memory_order_relaxed) >= wanted) return;
  const std::lock_guard lock(p.starting);
  try {
    for (int i = p.workers.load(); i < wanted; ++i) {
      std::thread(worker_loop, i).detach();
      p.workers.store(i + 1);
    }
  } catch (const std::exception&) {
    // Not tried again with every op.
    count().threads = p.workers.load() + 1;
    count().source = "what the system gives";
  }
}

Job* take_job(Pool& p) {
  for (Job& job : p.jobs) {
    if (!job.taken.load(std::memory_order_relaxed) && !job.taken.exchange(true, std::memory_order_acquire))
      return &job;
  }
  return nullptr;
}

void open_job(Pool& p, Job& job, int threads, int64_t tasks) {
  if (job.share_room < threads) {
    job.shares = std::make_unique<Share[]>(static_cast<size_t>(threads));
    job.share_room = threads;
  }
  job.share_count = threads;
  for (int64_t t = 0; t < threads; ++t) {
    job.shares[static_cast<size_t>(t)].assign(static_cast<uint64_t>(tasks * t / threads),
                                              static_cast<uint64_t>(tasks * (t + 1) / threads));
  }
  p.callers.fetch_add(1, std::memory_order_relaxed);
  job.state.fetch_add(Job::kOpen, std::memory_order_release);
  p.regions.fetch_add(1, std::memory_order_relaxed);
  p.epoch.fetch_add(1);
  // Those that spin come by themselves.
  const int parked = p.parked.load();
  const int awake = std::min(p.workers.load(std::memory_order_relaxed), num_threads() - 1) - parked;
  for (int wake = std::min(parked, threads - 1 - awake); wake > 0; --wake) p.epoch.notify_one();
}

// All tasks are taken; those that workers still have are waited for. A worker that lost its core meanwhile
// may be away for milliseconds: then this thread sleeps, and its own core is free for the worker.
void close_job(Pool& p, Job& job) {
  std::atomic<uint32_t>& state = job.state;
  if (state.fetch_sub(Job::kOpen, std::memory_order_acq_rel) != Job::kOpen &&
      !spin(p, [&] { return state.load(std::memory_order_acquire) == 0; })) {
    uint32_t now = state.fetch_or(Job::kWaiting, std::memory_order_acq_rel) | Job::kWaiting;
    while (now != Job::kWaiting) {
      state.wait(now);
      now = state.load(std::memory_order_acquire);
    }
    state.fetch_and(~Job::kWaiting, std::memory_order_acq_rel);
  }
  p.callers.fetch_sub(1, std::memory_order_relaxed);
  job.taken.store(false, std::memory_order_release);
}

}  // namespace

int num_threads() { return count().threads.load(std::memory_order_relaxed); }

void set_num_threads(int n) {
  count().threads = std::clamp(n, 1, kMostThreads);
  count().source = "setNumThreads";
  pool().resized.fetch_add(1);
  pool().resized.notify_all();
}

SerialScope::SerialScope() : former_(in_region) { in_region = true; }
SerialScope::~SerialScope() { in_region = former_; }

bool cores_are_crowded() { return now_ns() < pool().crowded_until.load(std::memory_order_relaxed); }

uint64_t parallel_regions() { return pool().regions.load(std::memory_order_relaxed); }

const char* num_threads_source() { return count().source.load(); }

const char* num_threads_problem() { return count().problem; }

void detail::run_tasks(int64_t tasks, void (*task)(void*, int64_t), void* context) {
  Pool& p = pool();
  Job* const job = in_region || tasks >= kMostTasks ? nullptr : take_job(p);
  if (!job) {
    for (int64_t i = 0; i < tasks; ++i) task(context, i);
    return;
  }
  const int threads = static_cast<int>(std::min<int64_t>(num_threads(), tasks));
  start_workers(p, threads - 1);
  job->task = task;
  job->context = context;
  if (lost_core()) note_crowded(p, now_ns());
  open_job(p, *job, threads, tasks);
  in_region = true;
  job->work(0);
  in_region = false;
  close_job(p, *job);
}

}  // namespace lanegrad

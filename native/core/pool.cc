#include "core/pool.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <vector>

#include "core/sanitize.h"

#if defined(_WIN32)
#include <malloc.h>
#include <windows.h>
#else
#include <sys/mman.h>
#include <unistd.h>
#endif
#if defined(__GLIBC__)
#include <malloc.h>
#endif

namespace lanegrad {
namespace {

// Four classes to a doubling: at most a quarter of a block is waste. The first 64 bytes of every block belong
// to the Storage header, so classes are measured without them and a tensor of exactly 4 MB fits the 4 MB
// class.
constexpr size_t kHeader = 64;
constexpr size_t kMinPayload = 64;
constexpr int kClasses = 4 * 44;
// Blocks from here on come from the system directly, at 2 MB alignment and with huge pages where they are
// offered.
constexpr size_t kMapped = size_t{2} << 20;
// Cached bytes that are always allowed. Above, no more than what is live, or than what was live lately beside
// it: a training step wants all that its backward pass has given back again, and a page that went back to the
// system costs a fault and its clearing.
constexpr size_t kCacheFloor = size_t{128} << 20;
// Blocks given back of which a stretch is made; "lately" is this stretch and the one before, some steps.
constexpr uint64_t kStretch = uint64_t{1} << 14;

// Where in its first page a mapped block begins, in turn: streams that begin alike would meet in the same
// sets of the first cache all along, and loads would wait for stores of other tensors that look alike in
// their lower 12 bits. The steps are odd, so that of sixteen blocks no two begin alike, and neighbours in
// time begin far apart. The room is there: classes are whole pages and the header of 64 bytes, which begins
// one more.
constexpr size_t kPage = 4096;
constexpr size_t kColour = 256;
constexpr uint32_t kColours = kPage / kColour, kColourStep = 7;
static_assert((kColours - 1) * kColour + kHeader <= kPage);

struct SizeClass {
  int index;
  size_t bytes;
};

SizeClass class_of(size_t bytes) {
  const size_t payload = std::max(bytes > kHeader ? bytes - kHeader : 1, kMinPayload);
  const int top = std::bit_width(payload - 1);              // payload <= 2^top
  const size_t low = top > 0 ? size_t{1} << (top - 1) : 1;  // and > 2^(top-1)
  const size_t step = std::max<size_t>(low / 4, 1);
  const size_t quarter = (payload - low + step - 1) / step;  // 1..4 (0 only for payload == low == 1)
  const size_t rounded = (low + quarter * step + 63) / 64 * 64;
  return {top * 4 + static_cast<int>(quarter) - 1, rounded + kHeader};
}

#if !defined(_WIN32)
size_t mapped_bytes(size_t bytes) { return (bytes + kPage - 1) / kPage * kPage; }
#endif

void* system_allocate(size_t bytes) {
#if defined(_WIN32)
  return _aligned_malloc(bytes, 64);
#else
  if (bytes < kMapped) {
    void* block = nullptr;
    return posix_memalign(&block, 64, bytes) == 0 ? block : nullptr;
  }
  // Over-allocate to reach a 2 MB boundary, then give the ends back.
  const size_t alignment = kMapped;
  const size_t length = mapped_bytes(bytes);
  char* raw = static_cast<char*>(
      mmap(nullptr, length + alignment, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  if (raw == MAP_FAILED) return nullptr;
  char* block =
      reinterpret_cast<char*>((reinterpret_cast<uintptr_t>(raw) + alignment - 1) / alignment * alignment);
  if (block > raw) munmap(raw, static_cast<size_t>(block - raw));
  const size_t tail = static_cast<size_t>(raw + length + alignment - (block + length));
  if (tail > 0) munmap(block + length, tail);
#if defined(MADV_HUGEPAGE)
  madvise(block, length, MADV_HUGEPAGE);
#endif
  static std::atomic<uint32_t> turn{0};
  const size_t colour = turn.fetch_add(kColourStep, std::memory_order_relaxed) % kColours;
  return block + colour * kColour;
#endif
}

void system_free(void* block, size_t bytes) {
#if defined(_WIN32)
  (void)bytes;
  _aligned_free(block);
#else
  if (bytes < kMapped) {
    free(block);
  } else {
    const uintptr_t start = reinterpret_cast<uintptr_t>(block) / kMapped * kMapped;
    munmap(reinterpret_cast<void*>(start), mapped_bytes(bytes));
  }
#endif
}

size_t machine_memory() {
#if defined(_WIN32)
  MEMORYSTATUSEX status{};
  status.dwLength = sizeof(status);
  return GlobalMemoryStatusEx(&status) ? static_cast<size_t>(status.ullTotalPhys) : SIZE_MAX;
#else
  size_t bytes = static_cast<size_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<size_t>(sysconf(_SC_PAGESIZE));
  for (const char* path : {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
    if (FILE* file = std::fopen(path, "r")) {
      unsigned long long limit = 0;
      if (std::fscanf(file, "%llu", &limit) == 1 && limit > 0) bytes = std::min<size_t>(bytes, limit);
      std::fclose(file);
    }
  }
  return bytes;
#endif
}

struct Pool {
  std::mutex mutex;  // guards the free lists and what is cached
  std::vector<void*> free_blocks[kClasses];
  size_t class_bytes[kClasses] = {};
  uint64_t last_use[kClasses] = {};  // when a block of it was given back, counted in such moments
  uint64_t moment = 0;
  size_t cached_bytes = 0;
  size_t most_live = 0, most_live_before = 0;  // in this stretch, and in the one before
  const size_t machine = machine_memory();
  std::atomic<size_t> limit{0};
  // Counted without the lock; signed, because a thread may give back what another took.
  std::atomic<int64_t> live{0};
  std::atomic<int64_t> peak{0};
  std::atomic<uint64_t> allocations{0};
  std::atomic<uint64_t> allocated{0};
};

// Never destroyed: blocks are freed by threads and environments that end after static destructors would have
// run.
Pool& pool() {
  static Pool* const instance = new Pool;
  return *instance;
}

size_t limit_of(const Pool& p) {
  const size_t limit = p.limit.load(std::memory_order_relaxed);
  return limit ? limit : p.machine;
}

void note_live(Pool& p, int64_t change) {
  const int64_t now = p.live.fetch_add(change, std::memory_order_relaxed) + change;
  int64_t peak = p.peak.load(std::memory_order_relaxed);
  while (now > peak && !p.peak.compare_exchange_weak(peak, now, std::memory_order_relaxed)) {
  }
}

size_t live_bytes(const Pool& p) {
  return static_cast<size_t>(std::max<int64_t>(p.live.load(std::memory_order_relaxed), 0));
}

// With the mutex held. What was live before does not count any more.
void trim_locked(Pool& p) {
  for (int i = 0; i < kClasses; ++i) {
    for (void* block : p.free_blocks[i]) system_free(block, p.class_bytes[i]);
    p.free_blocks[i].clear();
  }
  p.cached_bytes = 0;
  p.most_live = p.most_live_before = 0;
}

void* allocate_shared(Pool& p, const SizeClass& c) {
  const std::lock_guard lock(p.mutex);
  p.most_live = std::max(p.most_live, live_bytes(p) + c.bytes);
  auto& blocks = p.free_blocks[c.index];
  if (!blocks.empty()) {
    void* block = blocks.back();
    blocks.pop_back();
    p.cached_bytes -= c.bytes;
    return block;
  }
  // What is cached counts against the machine too.
  if (live_bytes(p) + p.cached_bytes + c.bytes > limit_of(p)) trim_locked(p);
  void* block = system_allocate(c.bytes);
  if (!block) {
    trim_locked(p);
    block = system_allocate(c.bytes);
  }
  if (block) p.class_bytes[c.index] = c.bytes;
  return block;
}

// Gives a cached block of the size that was in use least recently back to the system; false if there is none.
bool drop_oldest(Pool& p) {
  int oldest = -1;
  for (int i = 0; i < kClasses; ++i) {
    if (!p.free_blocks[i].empty() && (oldest < 0 || p.last_use[i] < p.last_use[oldest])) oldest = i;
  }
  if (oldest < 0) return false;
  system_free(p.free_blocks[oldest].back(), p.class_bytes[oldest]);
  p.free_blocks[oldest].pop_back();
  p.cached_bytes -= p.class_bytes[oldest];
  return true;
}

// Bytes that may be cached while `live` are live.
size_t most_cached(const Pool& p, size_t live) {
  const size_t lately = std::max(p.most_live, p.most_live_before);
  return std::max({kCacheFloor, live, lately > live ? lately - live : 0});
}

void free_shared(Pool& p, void* block, const SizeClass& c) {
  const std::lock_guard lock(p.mutex);
  // Sizes that nobody wants any more make room: a block of the size in use would cost page faults each time.
  const size_t live = live_bytes(p), most = most_cached(p, live);
  p.last_use[c.index] = ++p.moment;
  if (p.moment % kStretch == 0) {
    p.most_live_before = p.most_live;
    p.most_live = live;
  }
  while (c.bytes <= most && p.cached_bytes + c.bytes > most && drop_oldest(p)) {
  }
  if (p.cached_bytes + c.bytes > most) {
    system_free(block, c.bytes);
    return;
  }
  p.free_blocks[c.index].push_back(block);
  p.cached_bytes += c.bytes;
}

// Small blocks of one thread, without lock or shared counters: descriptors and small tensors are made and
// dropped a million times a second. A free block holds the pointer to the next one.
constexpr size_t kSmall = 1024;
constexpr int kSmallClasses = 4 * 11;  // payloads up to 2^10
constexpr uint32_t kKeptPerClass = 8192;
constexpr int64_t kUnreported = 64 << 10;  // bytes by which a thread's count may be behind

struct ThreadCache {
  void* first[kSmallClasses];
  uint32_t count[kSmallClasses];
  int64_t live_change;
  uint64_t allocations;
  uint64_t allocated;
  bool registered, ended;
};
// Trivial, so that it can be used while the thread's other objects are being destroyed.
thread_local ThreadCache cache;

void report(Pool& p) {
  if (cache.live_change) note_live(p, cache.live_change);
  p.allocations.fetch_add(cache.allocations, std::memory_order_relaxed);
  p.allocated.fetch_add(cache.allocated, std::memory_order_relaxed);
  cache.live_change = 0;
  cache.allocations = cache.allocated = 0;
}

void empty_cache(Pool& p) {
  report(p);
  for (int i = 0; i < kSmallClasses; ++i) {
    while (void* block = cache.first[i]) {
      cache.first[i] = *static_cast<void**>(block);
      free(block);
    }
    cache.count[i] = 0;
  }
}

// Empties the cache of a thread that ends.
struct CacheEnd {
  ~CacheEnd() {
    cache.ended = true;
    empty_cache(pool());
  }
};

void register_end() {
  static thread_local CacheEnd end;
  (void)end;
  cache.registered = true;
}

void* allocate_small(Pool& p, const SizeClass& c) {
  if (!cache.registered && !cache.ended) register_end();
  void* block = cache.first[c.index];
  if (block) {
    cache.first[c.index] = *static_cast<void**>(block);
    --cache.count[c.index];
  } else {
    block = system_allocate(c.bytes);
    if (!block) return nullptr;
  }
  cache.live_change += static_cast<int64_t>(c.bytes);
  ++cache.allocations;
  cache.allocated += c.bytes;
  if (cache.live_change > kUnreported) report(p);
  return block;
}

void free_small(Pool& p, void* block, const SizeClass& c) {
  cache.live_change -= static_cast<int64_t>(c.bytes);
  if (cache.live_change < -kUnreported) report(p);
  if (cache.ended || cache.count[c.index] >= kKeptPerClass) {
    free(block);
    return;
  }
  *static_cast<void**>(block) = cache.first[c.index];
  cache.first[c.index] = block;
  ++cache.count[c.index];
}

}  // namespace

void* pool_allocate(size_t bytes, size_t* granted) {
  Pool& p = pool();
  if (bytes > limit_of(p)) return nullptr;
  const SizeClass c = class_of(bytes);
  const size_t live = pool_live_bytes();
  if (live + c.bytes > limit_of(p)) return nullptr;
  *granted = c.bytes;
  if (c.bytes <= kSmall) {
    void* const small = allocate_small(p, c);
    if (small) open_block(small, bytes, c.bytes);
    return small;
  }
  void* block = allocate_shared(p, c);
  if (!block) return nullptr;
  open_block(block, bytes, c.bytes);
  note_live(p, static_cast<int64_t>(c.bytes));
  p.allocations.fetch_add(1, std::memory_order_relaxed);
  p.allocated.fetch_add(c.bytes, std::memory_order_relaxed);
  return block;
}

void pool_free(void* block, size_t granted) {
  Pool& p = pool();
  const SizeClass c = class_of(granted);
  open_block(block, c.bytes, c.bytes);
  if (c.bytes <= kSmall) {
    free_small(p, block, c);
    return;
  }
  note_live(p, -static_cast<int64_t>(c.bytes));
  free_shared(p, block, c);
}

PoolStats pool_stats() {
  Pool& p = pool();
  report(p);
  size_t cached = 0;
  for (uint32_t count : cache.count) cached += count * kSmall / 4;  // of any small class: near enough
  const std::lock_guard lock(p.mutex);
  return {pool_live_bytes(), p.cached_bytes + cached, static_cast<size_t>(p.peak.load()),
          p.allocations.load(), p.allocated.load()};
}

size_t pool_live_bytes() { return live_bytes(pool()); }

void pool_trim() {
  Pool& p = pool();
  empty_cache(p);
  {
    const std::lock_guard lock(p.mutex);
    trim_locked(p);
  }
#if defined(__GLIBC__)
  // Blocks below kMapped lie in its heap, which alone gives back no more than its end.
  malloc_trim(0);
#endif
}

void pool_set_limit(size_t bytes) { pool().limit.store(bytes, std::memory_order_relaxed); }

size_t pool_limit() { return limit_of(pool()); }

}  // namespace lanegrad

#include "core/pool.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <vector>

#if defined(_WIN32)
#include <malloc.h>
#include <windows.h>
#else
#include <sys/mman.h>
#include <unistd.h>
#endif

namespace lanegrad {
namespace {

// Four classes to a doubling: at most a quarter of a block is waste. The first 64 bytes of every block belong to the
// Storage header, so classes are measured without them and a tensor of exactly 4 MB fits the 4 MB class.
constexpr size_t kHeader = 64;
constexpr size_t kMinPayload = 64;
constexpr int kClasses = 4 * 44;
// Blocks from here on come from the system directly, at 2 MB alignment and with huge pages where they are offered.
constexpr size_t kMapped = size_t{2} << 20;
// Cached bytes that are always allowed; above, no more than what is live.
constexpr size_t kCacheFloor = size_t{128} << 20;

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

void* system_allocate(size_t bytes) {
#if defined(_WIN32)
  return _aligned_malloc(bytes, 64);
#else
  if (bytes < kMapped) {
    void* block = nullptr;
    return posix_memalign(&block, 64, bytes) == 0 ? block : nullptr;
  }
  // Over-allocate to reach a 2 MB boundary, then give the ends back.
  const size_t alignment = kMapped, page = 4096;
  const size_t length = (bytes + page - 1) / page * page;
  char* raw = static_cast<char*>(
      mmap(nullptr, length + alignment, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  if (raw == MAP_FAILED) return nullptr;
  char* block = reinterpret_cast<char*>((reinterpret_cast<uintptr_t>(raw) + alignment - 1) / alignment * alignment);
  if (block > raw) munmap(raw, static_cast<size_t>(block - raw));
  const size_t tail = static_cast<size_t>(raw + length + alignment - (block + length));
  if (tail > 0) munmap(block + length, tail);
#if defined(MADV_HUGEPAGE)
  madvise(block, length, MADV_HUGEPAGE);
#endif
  return block;
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
    munmap(block, (bytes + 4095) / 4096 * 4096);
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
  std::mutex mutex;
  std::vector<void*> free_blocks[kClasses];
  size_t class_bytes[kClasses] = {};
  size_t limit = 0;
  const size_t machine = machine_memory();
  PoolStats stats{};
  std::atomic<size_t> live{0};  // stats.live_bytes, for readers without the lock
};

// Never destroyed: blocks are freed by threads and environments that end after static destructors would have run.
Pool& pool() {
  static Pool* const instance = new Pool;
  return *instance;
}

// With the mutex held.
void trim_locked(Pool& p) {
  for (int i = 0; i < kClasses; ++i) {
    for (void* block : p.free_blocks[i]) system_free(block, p.class_bytes[i]);
    p.free_blocks[i].clear();
  }
  p.stats.cached_bytes = 0;
}

}  // namespace

void* pool_allocate(size_t bytes, size_t* granted) {
  Pool& p = pool();
  const std::lock_guard lock(p.mutex);
  const size_t limit = p.limit ? p.limit : p.machine;
  if (bytes > limit) return nullptr;
  const SizeClass c = class_of(bytes);
  if (p.stats.live_bytes + c.bytes > limit) return nullptr;
  void* block = nullptr;
  if (!p.free_blocks[c.index].empty()) {
    block = p.free_blocks[c.index].back();
    p.free_blocks[c.index].pop_back();
    p.stats.cached_bytes -= c.bytes;
  } else {
    // What is cached counts against the machine too.
    if (p.stats.live_bytes + p.stats.cached_bytes + c.bytes > limit) trim_locked(p);
    block = system_allocate(c.bytes);
    if (!block) {
      trim_locked(p);
      block = system_allocate(c.bytes);
    }
    if (!block) return nullptr;
    p.class_bytes[c.index] = c.bytes;
  }
  *granted = c.bytes;
  p.stats.live_bytes += c.bytes;
  p.live.store(p.stats.live_bytes, std::memory_order_relaxed);
  p.stats.peak_bytes = std::max(p.stats.peak_bytes, p.stats.live_bytes);
  ++p.stats.allocations;
  p.stats.allocated_bytes += c.bytes;
  return block;
}

void pool_free(void* block, size_t granted) {
  Pool& p = pool();
  const std::lock_guard lock(p.mutex);
  p.stats.live_bytes -= granted;
  p.live.store(p.stats.live_bytes, std::memory_order_relaxed);
  if (p.stats.cached_bytes + granted > std::max(kCacheFloor, p.stats.live_bytes)) {
    system_free(block, granted);
    return;
  }
  p.free_blocks[class_of(granted).index].push_back(block);
  p.stats.cached_bytes += granted;
}

PoolStats pool_stats() {
  Pool& p = pool();
  const std::lock_guard lock(p.mutex);
  return p.stats;
}

size_t pool_live_bytes() { return pool().live.load(std::memory_order_relaxed); }

void pool_trim() {
  Pool& p = pool();
  const std::lock_guard lock(p.mutex);
  trim_locked(p);
}

void pool_set_limit(size_t bytes) {
  Pool& p = pool();
  const std::lock_guard lock(p.mutex);
  p.limit = bytes;
}

size_t pool_limit() {
  Pool& p = pool();
  const std::lock_guard lock(p.mutex);
  return p.limit ? p.limit : p.machine;
}

}  // namespace lanegrad

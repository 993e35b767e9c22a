// The memory pool under Storage: size classes with last-in-first-out free lists, so that a step gets back the
// pages that the one before it left in cache. A fresh 64 MB block costs 16,385 page faults; a pooled one
// none.
#pragma once

#include <cstddef>
#include <cstdint>

namespace lanegrad {

struct PoolStats {
  size_t live_bytes;    // handed out, rounded to the size class
  size_t cached_bytes;  // free, kept for reuse
  size_t peak_bytes;    // highest live_bytes
  uint64_t allocations;
  uint64_t allocated_bytes;
};

// At least `bytes` bytes, 64-byte aligned; null when the limit or the system refuses. *granted is the class
// size.
void* pool_allocate(size_t bytes, size_t* granted);
void pool_free(void* block, size_t granted);

PoolStats pool_stats();
// live_bytes alone, without a lock.
size_t pool_live_bytes();
// Gives cached blocks back to the system.
void pool_trim();
// Live bytes that allocations may reach; 0 means the memory of the machine (or of its cgroup), which is the
// default.
void pool_set_limit(size_t bytes);
size_t pool_limit();

}  // namespace lanegrad

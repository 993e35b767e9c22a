// A block of memory from the pool, shared by a tensor and its views.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "core/refcount.h"

namespace lanegrad {

// What a recording notes of a storage that it met. It hears when the storage ends.
struct StorageMark {
  void (*ended)(StorageMark& mark) = nullptr;
};

class Storage : public RefCounted<Storage> {
 public:
  // 64-byte aligned, not zeroed. Throws kOutOfMemory, naming `op`.
  static Ref<Storage> allocate(const char* op, size_t bytes);
  static void destroy(Storage* storage);

  void* data() const { return data_; }
  size_t bytes() const { return bytes_; }

  // Counts in-place writes: what autograd saved is valid while the version is the one it saw.
  uint32_t version() const { return version_.load(std::memory_order_relaxed); }
  void bump_version() { version_.fetch_add(1, std::memory_order_relaxed); }

  // For the JavaScript thread that the storage belongs to alone: the mark of a recording, and how many
  // programs that were started and have not ended read and write it.
  StorageMark* mark = nullptr;
  uint16_t readers = 0;
  uint16_t writers = 0;

 private:
  friend class RefCounted<Storage>;
  Storage() = default;
  ~Storage() = default;
  void* data_ = nullptr;
  size_t bytes_ = 0;
  size_t granted_ = 0;  // with the header, as the pool counts it
  std::atomic<uint32_t> version_{0};
};

}  // namespace lanegrad

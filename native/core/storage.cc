#include "core/storage.h"

#include <new>

#include "core/error.h"
#include "core/pool.h"

namespace lanegrad {
namespace {
// The header shares the block with the data: one allocation per storage, and the data stays 64-byte aligned.
constexpr size_t kHeader = 64;
static_assert(sizeof(Storage) <= kHeader);
}  // namespace

Ref<Storage> Storage::allocate(const char* op, size_t bytes) {
  size_t granted = 0;
  void* block = pool_allocate(bytes + kHeader, &granted);
  if (!block) {
    const PoolStats stats = pool_stats();
    fail(ErrorKind::kOutOfMemory, op, "cannot allocate ", bytes, " bytes: ", stats.live_bytes,
         " bytes are live, the limit is ", pool_limit());
  }
  Storage* storage = new (block) Storage();
  storage->data_ = static_cast<char*>(block) + kHeader;
  storage->bytes_ = bytes;
  storage->granted_ = granted;
  return Ref<Storage>::first(storage);
}

void Storage::destroy(Storage* storage) {
  if (storage->mark) [[unlikely]]
    storage->mark->ended(*storage->mark);
  const size_t granted = storage->granted_;
  storage->~Storage();
  pool_free(storage, granted);
}

}  // namespace lanegrad

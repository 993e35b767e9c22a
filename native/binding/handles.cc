#include "binding/handles.h"

#include <algorithm>
#include <utility>

#include "core/pool.h"

namespace lanegrad {
namespace {
// Pool bytes that may pile up before a minor collection; a scavenge costs about 40 us, so this is rarely
// felt.
constexpr size_t kFloorBytes = size_t{96} << 20, kEarlyBytes = size_t{4} << 20;
}  // namespace

HandleTable::~HandleTable() {
  for (Slot& slot : slots_) {
    if (slot.weak) napi_delete_reference(env_, slot.weak);
  }
}

HandleId HandleTable::add(Tensor tensor, napi_value object) {
  int32_t index;
  if (!free_.empty()) {
    index = free_.back();
    free_.pop_back();
  } else {
    index = static_cast<int32_t>(slots_.size());
    slots_.emplace_back();
  }
  Slot& slot = slots_[static_cast<size_t>(index)];
  slot.tensor = std::move(tensor);
  ++live_;
  ++made_since_;
  const HandleId id{index, slot.generation};
  young_.push_back(id);
  if (object) bind(id, object);
  if (!scope_starts_.empty()) scoped_.push_back(id);
  return id;
}

void HandleTable::bind(HandleId id, napi_value object) {
  if (!valid(id)) return;
  Slot& slot = slots_[static_cast<size_t>(id.slot)];
  if (!slot.weak) check(env_, napi_create_reference(env_, object, 0, &slot.weak));
}

const Tensor& HandleTable::get(HandleId id, const char* op) const {
  if (!valid(id)) {
    fail(ErrorKind::kDisposed, op,
         "got a tensor that was freed by dispose, tidy or the end of a scope, wanted a live one; "
         "keep(tensor) takes one out of its scopes");
  }
  return slots_[static_cast<size_t>(id.slot)].tensor;
}

void HandleTable::free_slot(int32_t index) {
  Slot& slot = slots_[static_cast<size_t>(index)];
  if (slot.weak) {
    napi_delete_reference(env_, slot.weak);
    slot.weak = nullptr;
  }
  if (!remembered_.empty()) remembered_.erase(slot.tensor.get());
  ++slot.generation;
  slot.tensor = Tensor();
  free_.push_back(index);
  --live_;
}

bool HandleTable::release(HandleId id) {
  if (!valid(id)) return false;
  free_slot(id.slot);
  return true;
}

napi_value HandleTable::object_of(const Tensor& tensor) const {
  const auto found = remembered_.find(tensor.get());
  if (found == remembered_.end() || !valid(found->second)) return nullptr;
  const Slot& slot = slots_[static_cast<size_t>(found->second.slot)];
  if (!(slot.tensor == tensor) || !slot.weak) return nullptr;
  napi_value object = nullptr;
  check(env_, napi_get_reference_value(env_, slot.weak, &object));
  return object;
}

void HandleTable::begin_scope() { scope_starts_.push_back(scoped_.size()); }

void HandleTable::end_scope(const std::vector<HandleId>& keep) {
  if (scope_starts_.empty()) fail(ErrorKind::kInternal, "scope", "ended more often than begun");
  const size_t start = scope_starts_.back();
  scope_starts_.pop_back();
  // Few as a rule; a function that returns a hundred thousand tensors must not take their square.
  std::vector<int32_t> sorted;
  if (keep.size() > 16) {
    for (const HandleId id : keep) sorted.push_back(id.slot);
    std::sort(sorted.begin(), sorted.end());
  }
  const auto keeps = [&](int32_t slot) {
    if (!sorted.empty()) return std::binary_search(sorted.begin(), sorted.end(), slot);
    return std::any_of(keep.begin(), keep.end(), [&](HandleId k) { return k.slot == slot; });
  };
  size_t kept = start;
  for (size_t i = start; i < scoped_.size(); ++i) {
    const HandleId id = scoped_[i];
    if (!valid(id)) continue;
    if (keeps(id.slot)) {
      scoped_[kept++] = id;  // the enclosing scope's business
    } else {
      free_slot(id.slot);
    }
  }
  scoped_.resize(scope_starts_.empty() ? 0 : kept);
}

bool HandleTable::call_collector(bool full) {
  if (!collector_) return false;
  napi_handle_scope scope;
  check(env_, napi_open_handle_scope(env_, &scope));
  napi_value function, receiver, argument, result;
  check(env_, napi_get_reference_value(env_, collector_, &function));
  check(env_, napi_get_undefined(env_, &receiver));
  check(env_, napi_get_boolean(env_, full, &argument));
  const napi_status status = napi_call_function(env_, receiver, function, 1, &argument, &result);
  check(env_, napi_close_handle_scope(env_, scope));
  if (status != napi_ok) {
    // Collecting is best effort: whatever the engine objects to must not reach the op that happened to
    // trigger it.
    napi_value error;
    napi_get_and_clear_last_exception(env_, &error);
    return false;
  }
  return true;
}

// Frees the slots of `from` whose object is dead; the others move to `survivors` (or stay, when null).
void HandleTable::sweep(Age& from, Age* survivors) {
  napi_handle_scope scope;
  size_t kept = 0;
  constexpr size_t kBatch = 4096;
  const size_t count = from.size();
  for (size_t begin = 0; begin < count; begin += kBatch) {
    check(env_, napi_open_handle_scope(env_, &scope));
    const size_t end = std::min(begin + kBatch, count);
    for (size_t i = begin; i < end; ++i) {
      const HandleId id = from[i];
      // Released since; if the slot is in use again, that handle has an entry of its own.
      if (!valid(id)) continue;
      const Slot& slot = slots_[static_cast<size_t>(id.slot)];
      napi_value object = nullptr;
      if (slot.weak) {
        napi_get_reference_value(env_, slot.weak, &object);
        if (!object) {
          free_slot(id.slot);
          continue;
        }
      }
      if (survivors) {
        survivors->push_back(id);
      } else {
        from[kept++] = id;
      }
    }
    check(env_, napi_close_handle_scope(env_, scope));
  }
  from.resize(survivors ? 0 : kept);
}

bool HandleTable::bytes_grew() const {
  return pool_live_bytes() > live_bytes_after_ + (early_ ? kEarlyBytes : kFloorBytes);
}

void HandleTable::collect_young() {
  made_since_ = 0;
  const bool collected = call_collector(false);
  Age young;
  young.swap(young_);
  Age survived = std::move(middle_);
  middle_.clear();
  sweep(young, &middle_);
  sweep(survived, &old_);
  if (early_) pool_trim();
  live_bytes_after_ = pool_live_bytes();
  // What survives two scavenges is promoted, and only a full collection finds it dead.
  const bool bytes_pile_up =
      live_bytes_after_ > 2 * kFloorBytes + live_bytes_after_major_ + live_bytes_after_major_ / 2;
  const bool handles_pile_up = live_ > 8 * kHandlesPerCollection + 2 * handles_after_major_;
  if (!collected || bytes_pile_up || handles_pile_up) collect_all();
}

void HandleTable::collect_all() {
  call_collector(true);
  sweep(young_, &old_);
  sweep(middle_, &old_);
  sweep(old_, nullptr);
  made_since_ = 0;
  live_bytes_after_ = live_bytes_after_major_ = pool_live_bytes();
  handles_after_major_ = live_;
}

}  // namespace lanegrad

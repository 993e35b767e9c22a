// The tensors that JavaScript can reach: a table of slots, each with a weak reference to its JavaScript
// object.
//
// No finalizers: on the stable Node-API they run only between jobs, so a synchronous training loop would keep
// everything. A weak reference turns null as soon as a collection finds its object dead, in the same job. So
// the table counts what was made, asks the engine for a minor collection now and then, and sweeps.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "binding/napi_setup.h"
#include "core/tensor.h"

namespace lanegrad {

struct HandleId {
  int32_t slot = -1;
  int32_t generation = 0;
};

class HandleTable {
 public:
  explicit HandleTable(napi_env env) : env_(env) {}
  ~HandleTable();

  // A slot for `tensor`; `object` (may be null until bind) is the JavaScript side.
  HandleId add(Tensor tensor, napi_value object);
  void bind(HandleId id, napi_value object);
  // The tensor, or kDisposed naming `op`.
  const Tensor& get(HandleId id, const char* op) const;
  bool release(HandleId id);
  bool has(HandleId id) const { return valid(id); }
  // The live object of a tensor that was handed out by remember(), or null.
  napi_value object_of(const Tensor& tensor) const;
  void remember(const Tensor& tensor, HandleId id) { remembered_[tensor.get()] = id; }

  void begin_scope();
  void end_scope(const std::vector<HandleId>& keep);

  // Takes a garbage-collecting JavaScript function: gc(false) collects the young generation, gc(true) all of
  // it.
  void set_collector(napi_ref function) { collector_ = function; }
  // Whether enough was made since the last collection. Cheap.
  bool is_due() const { return made_since_ >= kHandlesPerCollection || bytes_grew(); }
  // Collects when it is due. Call it where no borrowed tensor is in use.
  void poll() {
    if (is_due()) collect_young();
  }
  // A full collection and sweep.
  void collect_all();
  // Collect from fewer bytes on, for a function that runs once and whose garbage is its peak of memory.
  void collect_early(bool early) { early_ = early; }

  size_t live() const { return live_; }

 private:
  struct Slot {
    Tensor tensor;
    napi_ref weak = nullptr;
    int32_t generation = 0;
  };
  using Age = std::vector<HandleId>;

  // Few enough that what they stand on stays in the L2 cache; a minor collection is then 10 ns a handle.
  static constexpr uint32_t kHandlesPerCollection = 5000;

  bool bytes_grew() const;
  void collect_young();
  bool call_collector(bool full);
  void sweep(Age& from, Age* survivors);
  void free_slot(int32_t slot);
  bool valid(HandleId id) const {
    return id.slot >= 0 && static_cast<size_t>(id.slot) < slots_.size() &&
           slots_[static_cast<size_t>(id.slot)].tensor &&
           slots_[static_cast<size_t>(id.slot)].generation == id.generation;
  }

  napi_env env_;
  napi_ref collector_ = nullptr;
  std::vector<Slot> slots_;
  std::vector<int32_t> free_;
  // By age in collections survived: young handles die young, and looking at old ones costs.
  Age young_, middle_, old_;
  std::vector<HandleId> scoped_;      // made inside the open scopes, in order
  std::vector<size_t> scope_starts_;  // where each open scope begins in scoped_
  std::unordered_map<const TensorImpl*, HandleId> remembered_;
  size_t live_ = 0;
  uint32_t made_since_ = 0;
  bool early_ = false;
  size_t live_bytes_after_ = 0;  // of the pool, after the last collection
  size_t live_bytes_after_major_ = 0;
  size_t handles_after_major_ = 0;
};

}  // namespace lanegrad

#include "core/tensor.h"

#include <atomic>

namespace lanegrad {
namespace {
std::atomic<int64_t> live{0};
}

TensorImpl* TensorImpl::make() {
  live.fetch_add(1, std::memory_order_relaxed);
  return new TensorImpl();
}

void TensorImpl::destroy(TensorImpl* impl) {
  live.fetch_sub(1, std::memory_order_relaxed);
  delete impl;
}

Tensor allocate_tensor(const char* op, const TensorSpec& spec) {
  Ref<Storage> storage = Storage::allocate(op, spec.bytes());
  Tensor tensor(TensorImpl::make());
  tensor->spec = spec;
  tensor->storage = std::move(storage);
  return tensor;
}

Tensor alias_tensor(const Tensor& base, const TensorSpec& spec, int64_t offset) {
  Tensor tensor(TensorImpl::make());
  tensor->spec = spec;
  tensor->storage = base->storage;
  tensor->offset = offset;
  return tensor;
}

int64_t live_tensor_count() { return live.load(std::memory_order_relaxed); }

}  // namespace lanegrad

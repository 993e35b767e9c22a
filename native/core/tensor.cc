#include "core/tensor.h"

#include <atomic>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <new>

#include "core/error.h"
#include "core/pool.h"

namespace lanegrad {
namespace {
std::atomic<uint64_t> made{0};
std::atomic<uint64_t> destroyed{0};
}  // namespace

TensorImpl* TensorImpl::make() {
  size_t granted = 0;
  void* block = pool_allocate(sizeof(TensorImpl), &granted);
  if (!block)
    fail(ErrorKind::kOutOfMemory, "tensor", "no memory for a descriptor: the limit is ", pool_limit(),
         " bytes");
  // Without parentheses, which would zero the whole block first.
  TensorImpl* const impl = new (block) TensorImpl;
  impl->number = made.fetch_add(1, std::memory_order_relaxed);
  return impl;
}

void TensorImpl::destroy(TensorImpl* impl) {
  destroyed.fetch_add(1, std::memory_order_relaxed);
  impl->~TensorImpl();
  pool_free(impl, sizeof(TensorImpl));
}

Tensor allocate_tensor(const char* op, const TensorSpec& spec) {
  // Sizes that a shape rule multiplied up or put together have not been through this yet.
  checked_numel(op, spec.shape);
  Ref<Storage> storage = Storage::allocate(op, spec.bytes());
  Tensor tensor = Tensor::first(TensorImpl::make());
  tensor->spec = spec;
  tensor->storage = std::move(storage);
  return tensor;
}

Tensor alias_tensor(const Tensor& base, const TensorSpec& spec, int64_t offset) {
  Tensor tensor = Tensor::first(TensorImpl::make());
  tensor->spec = spec;
  tensor->storage = base->storage;
  tensor->offset = offset;
  return tensor;
}

namespace {
template <class N>
Tensor make_number(N value, DType dtype) {
  Tensor tensor = Tensor::first(TensorImpl::make());
  tensor->spec.dtype = dtype;
  tensor->wrapped_number = true;
  dispatch_storage(dtype, [&]<class T>(T) {
    const T converted = static_cast<T>(value);
    std::memcpy(tensor->scalar, &converted, sizeof(T));
  });
  return tensor;
}
}  // namespace

Tensor number_tensor(double value, DType dtype) {
  // A float that leaves the range of an integer dtype has no C cast; saturate, and take NaN as 0.
  if (!is_floating(dtype) && dtype != DType::kBool) {
    constexpr double kEdge = 9223372036854775808.0;
    if (!(value > -kEdge)) return make_number(std::isnan(value) ? int64_t{0} : INT64_MIN, dtype);
    if (value >= kEdge) return make_number(INT64_MAX, dtype);
    return make_number(static_cast<int64_t>(value), dtype);
  }
  return make_number(value, dtype);
}
Tensor number_tensor(int64_t value, DType dtype) { return make_number(value, dtype); }

uint64_t made_tensor_count() { return made.load(std::memory_order_relaxed); }
int64_t live_tensor_count() {
  // In this order: a descriptor that is destroyed meanwhile must not count as fewer than none.
  const uint64_t gone = destroyed.load(std::memory_order_relaxed);
  return static_cast<int64_t>(made_tensor_count() - gone);
}

}  // namespace lanegrad

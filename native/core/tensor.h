// The tensor descriptor: dtype, sizes, strides and an offset into a shared Storage.
#pragma once

#include <cstdint>
#include <memory>

#include "core/dims.h"
#include "core/dtype.h"
#include "core/refcount.h"
#include "core/storage.h"

namespace lanegrad {

// All that shape rules may look at: no data.
struct TensorSpec {
  DType dtype = DType::kFloat32;
  Dims shape;
  Dims strides;  // in elements

  static TensorSpec contiguous(DType dtype, const Dims& shape) {
    return {dtype, shape, contiguous_strides(shape)};
  }
  int rank() const { return shape.size(); }
  int64_t numel() const { return lanegrad::numel(shape); }
  bool is_contiguous() const { return lanegrad::is_contiguous(shape, strides); }
  size_t bytes() const { return static_cast<size_t>(numel()) * size_of(dtype); }
};

// What the tape hangs on a tensor; core only owns it.
struct AutogradMetaBase {
  virtual ~AutogradMetaBase() = default;
};

class TensorImpl : public RefCounted<TensorImpl> {
 public:
  TensorSpec spec;
  Ref<Storage> storage;
  int64_t offset = 0;   // in elements
  uint64_t number = 0;  // grows with each descriptor that is made: of two, which is older
  // A JavaScript number that became an operand: it takes part in promotion by kind only, as in PyTorch.
  bool wrapped_number = false;
  // Numbers have no storage: their one element is here.
  alignas(8) unsigned char scalar[8] = {};
  std::unique_ptr<AutogradMetaBase> autograd;

  static void destroy(TensorImpl* impl);
  static TensorImpl* make();

  void* data() {
    if (!storage) return scalar;
    return static_cast<char*>(storage->data()) + offset * static_cast<int64_t>(size_of(spec.dtype));
  }
};

using Tensor = Ref<TensorImpl>;

// Fresh memory for `spec` (which is dense), not zeroed.
Tensor allocate_tensor(const char* op, const TensorSpec& spec);

// A tensor on the storage of `base`.
Tensor alias_tensor(const Tensor& base, const TensorSpec& spec, int64_t offset);

// A 0-dim tensor without storage. `value` is converted to `dtype` as a C cast would.
Tensor number_tensor(double value, DType dtype);
Tensor number_tensor(int64_t value, DType dtype);

// Live descriptors in the process, for memory() and the leak tests.
int64_t live_tensor_count();
// How many were ever made: the number of the next one.
uint64_t made_tensor_count();

}  // namespace lanegrad

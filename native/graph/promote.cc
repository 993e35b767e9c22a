#include "graph/promote.h"

namespace lanegrad {
namespace {

// What the operands of one rank of importance promote to.
struct Tier {
  bool any = false;
  DType dtype = DType::kBool;
  void add(DType t) {
    dtype = any ? promote(dtype, t) : t;
    any = true;
  }
};

int kind(DType t) { return t == DType::kBool ? 0 : is_floating(t) ? 2 : 1; }

Tier combine(const Tier& higher, const Tier& lower) {
  if (!lower.any) return higher;
  if (!higher.any) return lower;
  if (kind(higher.dtype) >= kind(lower.dtype)) return higher;
  return {true, lower.dtype};
}

}  // namespace

std::optional<DType> promoted_dtype(const Call& call) {
  const Op& op = call.op;
  if (op.promotion == Promotion::kNone) return std::nullopt;
  Tier with_dims, zero_dim, numbers;
  for (size_t i = 0; i + 1 < call.starts.size(); ++i) {
    if (!op.inputs[i].differentiable) continue;
    for (size_t k = call.starts[i]; k < call.starts[i + 1]; ++k) {
      const Tensor& t = call.flat[k];
      if (!t) continue;
      const DType dtype = t->spec.dtype;
      if (t->wrapped_number) {
        numbers.add(is_floating(dtype) ? DType::kFloat32 : dtype);
      } else {
        (t->spec.rank() > 0 ? with_dims : zero_dim).add(dtype);
      }
    }
  }
  DType dtype = combine(combine(with_dims, zero_dim), numbers).dtype;
  if (op.promotion == Promotion::kCommonFloating && !is_floating(dtype)) dtype = DType::kFloat32;
  return dtype;
}

}  // namespace lanegrad

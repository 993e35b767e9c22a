// What the reductions that fold in the accumulator's dtype have in common: room for results and partial
// results.
#pragma once

#include "kernels/elementwise/elementwise.h"
#include "ops/reduce/dims.h"
#include "ops/reduce/run.h"

namespace lanegrad {

inline int64_t aligned(int64_t n) { return (n + 63) & ~int64_t{63}; }

// The dtype of partial results: a half is rounded once, at the end.
inline DType partial_dtype(DType out) { return is_floating(out) ? computed_dtype(out) : out; }

// Results that are still to be rounded, then intermediates.
inline size_t fold_workspace(const InferContext& c) {
  const TensorSpec &x = c.in(0), &out = c.out(0);
  const DType partial = partial_dtype(out.dtype);
  int64_t elements = partial != out.dtype ? aligned(out.numel()) : 0;
  if (x.numel() > 0) {
    const uint32_t mask = reduce_mask(c.op().name, c.attrs().get_ints(0), x.rank());
    elements += plan_reduction(x, mask).intermediate_elements;
  }
  return static_cast<size_t>(elements) * size_of(partial);
}

// Where results are computed, and the rest of the workspace: halves get room to be computed in float.
template <class T>
struct Results {
  T* at;
  T* rest;

  Results(const EvalContext& c, T* workspace) : at(workspace), rest(workspace) {
    const TensorSpec& spec = *c.out(0).spec;
    if (spec.dtype == partial_dtype(spec.dtype))
      at = c.out(0).as<T>();
    else
      rest += aligned(spec.numel());
  }

  // Rounds them into the output, if they are not there.
  void finish(const EvalContext& c) const {
    const TensorView& out = c.out(0);
    if (out.data == at) return;
    const DType partial = partial_dtype(out.spec->dtype);
    const CastKernel round =
        elementwise_table().casts[static_cast<int>(partial)][static_cast<int>(out.spec->dtype)];
    char* const target = static_cast<char*>(out.data);
    const int64_t size = static_cast<int64_t>(size_of(out.spec->dtype));
    parallel_for(out.spec->numel(), kReduceGrain,
                 [&](int64_t begin, int64_t end) { round(target + begin * size, at + begin, end - begin); });
  }
};

// The number of elements behind each result.
inline int64_t reduced_count(const Dims& shape, uint32_t mask) {
  int64_t n = 1;
  for (int i = 0; i < shape.size(); ++i)
    if (mask >> i & 1) n *= shape[i];
  return n;
}

template <class T>
void divide_all(T* out, int64_t n, T divisor) {
  parallel_for(n, kReduceGrain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) out[i] /= divisor;
  });
}

}  // namespace lanegrad

#include "ops/elementwise/strided_loop.h"

namespace lanegrad {
namespace {

// Whether dim x must stand outside dim y: by the output's stride, then by those of the inputs.
bool outside(const StridedLoop& loop, int x, int y) {
  for (int k = 0; k < loop.operands; ++k) {
    const int64_t a = loop.strides[x][k], b = loop.strides[y][k];
    if (a != b) return a > b;
  }
  return false;
}

void swap_dims(StridedLoop& loop, int x, int y) {
  std::swap(loop.sizes[x], loop.sizes[y]);
  for (int k = 0; k < loop.operands; ++k) std::swap(loop.strides[x][k], loop.strides[y][k]);
}

bool mergeable(const StridedLoop& loop, int outer, int inner) {
  for (int k = 0; k < loop.operands; ++k) {
    if (loop.strides[outer][k] != loop.strides[inner][k] * loop.sizes[inner]) return false;
  }
  return true;
}

}  // namespace

StridedLoop make_loop(const TensorView& out, const TensorView* const* inputs, int count) {
  StridedLoop loop;
  loop.operands = count + 1;
  const Dims& shape = out.spec->shape;
  const int rank = shape.size();
  loop.data[0] = static_cast<char*>(out.data);
  for (int k = 0; k < count; ++k) loop.data[k + 1] = static_cast<char*>(inputs[k]->data);
  for (int i = 0; i < rank; ++i) {
    if (shape[i] == 1) continue;
    const int d = loop.rank++;
    loop.sizes[d] = shape[i];
    loop.strides[d][0] = out.spec->strides[i] * static_cast<int64_t>(size_of(out.spec->dtype));
    for (int k = 0; k < count; ++k) {
      const TensorSpec& spec = *inputs[k]->spec;
      const int j = i - (rank - spec.rank());
      const bool stretched = j < 0 || spec.shape[j] == 1;
      loop.strides[d][k + 1] = stretched ? 0 : spec.strides[j] * static_cast<int64_t>(size_of(spec.dtype));
    }
  }
  // Insertion sort: the rank is small, and the usual order is right already.
  for (int i = 1; i < loop.rank; ++i) {
    for (int j = i; j > 0 && outside(loop, j, j - 1); --j) swap_dims(loop, j, j - 1);
  }
  int kept = 0;
  for (int d = 1; d < loop.rank; ++d) {
    if (mergeable(loop, kept, d)) {
      loop.sizes[kept] *= loop.sizes[d];
      for (int k = 0; k < loop.operands; ++k) loop.strides[kept][k] = loop.strides[d][k];
    } else if (++kept != d) {
      loop.sizes[kept] = loop.sizes[d];
      for (int k = 0; k < loop.operands; ++k) loop.strides[kept][k] = loop.strides[d][k];
    }
  }
  if (loop.rank == 0) {
    loop.sizes[0] = 1;
    for (int k = 0; k < loop.operands; ++k) loop.strides[0][k] = 0;
  }
  loop.rank = kept + 1;
  return loop;
}

bool is_flat(const TensorView& out, const TensorView* const* inputs, int count, unsigned& scalars) {
  scalars = 0;
  const TensorSpec& o = *out.spec;
  for (int k = 0; k < count; ++k) {
    const TensorSpec& in = *inputs[k]->spec;
    if (in.shape == o.shape && in.strides == o.strides) continue;
    for (int64_t size : in.shape) {
      if (size != 1) return false;
    }
    scalars |= 1u << k;
  }
  return o.is_contiguous();
}

}  // namespace lanegrad

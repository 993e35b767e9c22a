// What the ops with an index for each element share: the check of shapes, and the walk over planes of lines
// along the indexed dim.
#pragma once

#include <algorithm>
#include <array>

#include "core/threads.h"
#include "ops/index/common.h"
#include "ops/op.h"
#include "ops/walk.h"

namespace lanegrad {

inline constexpr int64_t kIndexGrain = 16384;

// The ranks agree, and index is no larger than x beside dim. Gives the dim.
inline int check_index(InferContext& c, const TensorSpec& x, const TensorSpec& index) {
  check_index_dtype(c, index);
  if (x.rank() != index.rank()) {
    c.fail(ErrorKind::kShape, "x is ", x.shape, " and index ", index.shape,
           ": wants the same number of dims");
  }
  const int dim = normalize_dim(c.op().name, c.attrs().get_int(0), x.rank());
  for (int i = 0; i < x.rank(); ++i) {
    if (i != dim && index.shape[i] > x.shape[i]) {
      c.fail(ErrorKind::kShape, "index ", index.shape, " is larger than x ", x.shape, " in dim ", i,
             ", wants at most its size in every dim but ", dim);
    }
  }
  return dim;
}

inline int64_t stride_at(const TensorSpec& spec, int dim) { return spec.rank() == 0 ? 0 : spec.strides[dim]; }
inline int64_t size_at(const TensorSpec& spec, int dim) { return spec.rank() == 0 ? 1 : spec.shape[dim]; }

// Calls plane(walk, lines, places) on planes that cover all dims but `dim`, with the offsets and line strides
// of the three tensors. Lines are independent, so threads may take any of them.
template <class F>
void for_each_plane(const Dims& shape, int dim, const std::array<const Dims*, 3>& strides, const F& plane) {
  Walk<3> walk;
  for (int i = 0; i < shape.size(); ++i)
    if (i != dim) walk.add(shape[i], {(*strides[0])[i], (*strides[1])[i], (*strides[2])[i]});
  walk.coalesce();
  const int64_t places = shape.empty() ? 1 : shape[dim];
  if (walk.count() == 0 || places == 0) return;
  parallel_for(walk.count(), std::max<int64_t>(1, kIndexGrain / places), [&](int64_t begin, int64_t end) {
    Walk<3> at = walk;
    at.seek(begin);
    for (int64_t i = begin; i < end;) {
      const int64_t run = std::min(at.run(), end - i);
      plane(at, run, places);
      at.advance(run);
      i += run;
    }
  });
}

}  // namespace lanegrad

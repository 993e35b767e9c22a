#include "core/dims.h"

#include <algorithm>

#include "core/error.h"

namespace lanegrad {

void Dims::fail_full() { fail(ErrorKind::kShape, "shape", "a tensor has at most ", kMaxRank, " dims"); }

int64_t checked_numel(const char* op, const Dims& shape) {
  constexpr int64_t kMost = int64_t{1} << 45;
  bool empty = false;
  for (int64_t size : shape) {
    if (size < 0) fail(ErrorKind::kShape, op, "sizes must not be negative, got ", shape);
    if (size == 0) empty = true;
  }
  // A size of 0 counts as 1 here, so that strides, and sizes once that dim is reduced, stay in range too.
  int64_t n = 1;
  for (int64_t size : shape) {
    if (size == 0) continue;
    if (size > kMost / n)
      fail(ErrorKind::kOutOfMemory, op, "a tensor of shape ", shape, " has more than 2^45 elements");
    n *= size;
  }
  return empty ? 0 : n;
}

Dims broadcast_shapes(const char* op, const Dims& a, const Dims& b) {
  const int rank = std::max(a.size(), b.size());
  Dims out = Dims::filled(rank, 1);
  for (int i = 0; i < rank; ++i) {
    const int ia = i - (rank - a.size()), ib = i - (rank - b.size());
    const int64_t sa = ia < 0 ? 1 : a[ia], sb = ib < 0 ? 1 : b[ib];
    if (sa != sb && sa != 1 && sb != 1) {
      fail(ErrorKind::kShape, op, "shapes do not broadcast: ", a, " with ", b, " (", sa, " against ", sb,
           " in dim ", i, ")");
    }
    out[i] = sa == 1 ? sb : sa;
  }
  checked_numel(op, out);
  return out;
}

Dims broadcast_strides(const Dims& shape, const Dims& strides, const Dims& wide) {
  Dims out = Dims::filled(wide.size(), 0);
  const int lead = wide.size() - shape.size();
  for (int i = 0; i < shape.size(); ++i) {
    if (shape[i] == wide[i + lead]) out[i + lead] = strides[i];
  }
  return out;
}

int normalize_dim(const char* op, int64_t dim, int rank) {
  const int span = std::max(rank, 1);
  if (dim < -span || dim >= span) {
    fail(ErrorKind::kIndex, op, "dim ", dim, " is out of range for a tensor of rank ", rank, ", wanted ",
         -span, " to ", span - 1);
  }
  return static_cast<int>(dim < 0 ? dim + span : dim);
}

namespace {
// Dims from the outermost to the innermost by stride; equal strides keep their order.
Dims order_by_stride(const Dims& strides) {
  Dims order;
  for (int i = 0; i < strides.size(); ++i) order.push_back(i);
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
    return strides[static_cast<int>(a)] > strides[static_cast<int>(b)];
  });
  return order;
}
}  // namespace

bool is_dense(const Dims& shape, const Dims& strides) {
  if (is_contiguous(shape, strides)) return true;
  const Dims order = order_by_stride(strides);
  int64_t step = 1;
  for (int k = order.size() - 1; k >= 0; --k) {
    const int i = static_cast<int>(order[k]);
    if (shape[i] <= 1) continue;
    if (strides[i] != step) return false;
    step *= shape[i];
  }
  return true;
}

bool may_overlap(const Dims& shape, const Dims& strides) {
  if (is_contiguous(shape, strides) || numel(shape) == 0) return false;
  const Dims order = order_by_stride(strides);
  int64_t reach = 0;
  for (int k = order.size() - 1; k >= 0; --k) {
    const int i = static_cast<int>(order[k]);
    if (shape[i] == 1) continue;
    if (strides[i] <= reach) return true;
    reach += (shape[i] - 1) * strides[i];
  }
  return false;
}

int64_t reach_of(const Dims& shape, const Dims& strides) {
  if (numel(shape) == 0) return 0;
  int64_t reach = 0;
  for (int i = 0; i < shape.size(); ++i) reach += (shape[i] - 1) * strides[i];
  return reach;
}

Dims dense_strides_like(const Dims& shape, const Dims& strides) {
  if (is_contiguous(shape, strides)) return contiguous_strides(shape);
  for (int i = 0; i < shape.size(); ++i) {
    if (strides[i] == 0 && shape[i] > 1) return contiguous_strides(shape);
  }
  const Dims order = order_by_stride(strides);
  Dims out = shape;
  int64_t step = 1;
  for (int k = order.size() - 1; k >= 0; --k) {
    const int i = static_cast<int>(order[k]);
    out[i] = step;
    step *= std::max<int64_t>(shape[i], 1);
  }
  return out;
}

}  // namespace lanegrad

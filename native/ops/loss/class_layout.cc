// How the classes of a loss lie in memory: see cross_entropy.h.
#include "ops/scratch.h"
#include "ops/check_operand.h"
#include "ops/layout/copy.h"
#include "ops/loss/cross_entropy.h"
#include "ops/reduce/run.h"
#include "ops/walk.h"

namespace lanegrad {
namespace {

// Shorter runs of positions leave lanes empty: they are better copied into rows.
constexpr int64_t kLeastPositions = 16;

int class_dim(const TensorSpec& logits) { return logits.rank() == 1 ? 0 : 1; }

// The logits with the classes last: [N, d1, ..., C] of [N, C, d1, ...], [C] of [C].
TensorSpec classes_last(const TensorSpec& logits) {
  TensorSpec out{logits.dtype, {}, {}};
  const int dim = class_dim(logits);
  for (int i = 0; i <= logits.rank(); ++i) {
    if (i == dim) continue;
    const int from = i == logits.rank() ? dim : i;
    out.shape.push_back(logits.shape[from]);
    out.strides.push_back(logits.strides[from]);
  }
  return out;
}

// The distance of the positions in dims [first, last) where they are evenly spaced, else -1.
int64_t even_stride(const TensorSpec& x, int first, int last) {
  Walk<1> walk;
  for (int i = first; i < last; ++i) walk.add(x.shape[i], {x.strides[i]});
  walk.coalesce();
  if (walk.count() <= 1) return 0;
  walk.seek(0);
  return walk.run() == walk.count() ? walk.run_stride(0) : -1;
}

// Whether x lies as the layout says, and then its strides.
bool lies_so(const TensorSpec& x, const ClassLayout& layout, ClassStrides& strides) {
  if (layout.planes) {
    strides.sample = x.shape[0] > 1 ? x.strides[0] : 0;
    strides.plane = layout.classes > 1 ? x.strides[1] : 0;
    return even_stride(x, 2, x.rank()) == 1;
  }
  const TensorSpec rows = classes_last(x);
  const int last = rows.rank() - 1;
  if (rows.shape[last] > 1 && rows.strides[last] != 1) return false;
  strides.row = even_stride(rows, 0, last);
  return strides.row >= 0;
}

// The shape and memory of a copy of x.
TensorSpec copy_spec(const TensorSpec& x, const ClassLayout& layout) {
  return TensorSpec::contiguous(x.dtype, layout.planes ? x.shape : classes_last(x).shape);
}

}  // namespace

Dims target_shape(const TensorSpec& logits) {
  Dims shape = classes_last(logits).shape;
  shape.resize(shape.size() - 1);
  return shape;
}

ClassLayout class_layout(const TensorSpec& logits) {
  ClassLayout l;
  const int dim = class_dim(logits);
  for (int i = 0; i < logits.rank(); ++i) (i == dim ? l.classes : l.rows) *= logits.shape[i];
  ClassStrides strides;
  if (logits.rank() < 3 || l.rows == 0 || lies_so(logits, l, strides)) return l;
  l.positions = l.rows / logits.shape[0];
  l.planes = true;
  if (l.positions < kLeastPositions || !lies_so(logits, l, strides)) {
    l.planes = false;
    l.positions = 1;
  }
  return l;
}

TensorSpec like_logits(const TensorSpec& logits, const ClassLayout& layout) {
  if (layout.planes) return TensorSpec::contiguous(logits.dtype, logits.shape);
  const Dims dense = contiguous_strides(classes_last(logits).shape);
  TensorSpec out{logits.dtype, logits.shape, {}};
  const int rank = logits.rank();
  for (int i = 0; i < rank; ++i)
    out.strides.push_back(i == 0 || rank == 1 ? dense[0] : dense[i == 1 ? rank - 1 : i - 1]);
  return out;
}

void check_logits(const InferContext& c, const TensorSpec& logits) {
  if (!is_floating(logits.dtype)) {
    c.fail(ErrorKind::kDType, "wants logits of a floating dtype, got ", name_of(logits.dtype));
  }
  if (logits.rank() == 0)
    c.fail(ErrorKind::kShape, "wants logits of shape [C], [N, C] or [N, C, ...], got []");
}

void check_loss_attrs(const InferContext& c, double smoothing) {
  if (!(smoothing >= 0 && smoothing <= 1)) {
    c.fail(ErrorKind::kValue, "labelSmoothing is ", smoothing, ", wants a number in [0, 1]");
  }
}

void check_class_weight(const InferContext& c, const TensorSpec& logits, const TensorSpec& weight) {
  check_parameter(c, "weight", weight, logits.dtype, Dims({logits.shape[class_dim(logits)]}));
}

void add_classes(Scratch& s, const TensorSpec& x, const ClassLayout& layout) {
  ClassStrides strides;
  if (!lies_so(x, layout, strides)) s.add(x.bytes());
}

const void* take_classes(Scratch& s, const TensorView& x, const ClassLayout& layout, ClassStrides& strides) {
  if (lies_so(*x.spec, layout, strides)) return x.data;
  const TensorSpec dense = copy_spec(*x.spec, layout);
  const TensorSpec seen = layout.planes ? *x.spec : classes_last(*x.spec);
  void* const copy = s.take(dense.bytes());
  copy_view(TensorView{copy, &dense}, TensorView{x.data, &seen});
  strides = {.row = layout.classes, .plane = layout.positions, .sample = layout.classes * layout.positions};
  return copy;
}

namespace {
ReducePlan plan_total(DType dtype, int64_t rows) {
  return plan_reduction(TensorSpec::contiguous(dtype, {rows}), 1);
}
}  // namespace

void add_total(Scratch& s, DType dtype, int64_t rows) {
  s.add(static_cast<size_t>(plan_total(dtype, rows).intermediate_elements) * size_of(dtype));
}

template <class T>
T total_of(Scratch& s, const T* x, int64_t rows) {
  const ReducePlan plan = plan_total(std::is_same_v<T, float> ? DType::kFloat32 : DType::kFloat64, rows);
  T* const rest = static_cast<T*>(s.take(static_cast<size_t>(plan.intermediate_elements) * sizeof(T)));
  const auto& sum = reduce_table().sum<T>();
  T total = 0;
  run_reduction<T, T>(plan, x, &total, rest, sum, sum);
  return total;
}
template float total_of(Scratch&, const float*, int64_t);
template double total_of(Scratch&, const double*, int64_t);

}  // namespace lanegrad

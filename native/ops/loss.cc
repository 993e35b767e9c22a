// crossEntropy(logits, target){reduction, ignoreIndex, labelSmoothing} and its fused gradient.
#include <algorithm>
#include <limits>

#include "core/threads.h"
#include "kernels/loss/loss.h"
#include "ops/copy.h"
#include "ops/norm_common.h"
#include "ops/reduce_dims.h"
#include "ops/reduce_run.h"
#include "ops/registry.h"

namespace lanegrad {
namespace {

constexpr int64_t kGrain = 16384;
enum Reduction { kNone, kMean, kSum };

// The logits with the classes last: [N, d1, ..., C] of [N, C, d1, ...], [C] of [C].
TensorSpec classes_last(const TensorSpec& logits) {
  TensorSpec out{logits.dtype, {}, {}};
  const int dim = logits.rank() == 1 ? 0 : 1;
  for (int i = 0; i <= logits.rank(); ++i) {
    if (i == dim) continue;
    const int from = i == logits.rank() ? dim : i;
    out.shape.push_back(logits.shape[from]);
    out.strides.push_back(logits.strides[from]);
  }
  return out;
}

// A fresh tensor of the shape of the logits whose memory has the classes last.
TensorSpec like_logits(const TensorSpec& logits) {
  const Dims dense = contiguous_strides(classes_last(logits).shape);
  TensorSpec out{logits.dtype, logits.shape, {}};
  const int rank = logits.rank();
  for (int i = 0; i < rank; ++i)
    out.strides.push_back(i == 0 || rank == 1 ? dense[0] : dense[i == 1 ? rank - 1 : i - 1]);
  return out;
}

// Distance between the rows where they are evenly spaced and each is contiguous, else -1.
int64_t row_stride(const TensorSpec& rows) {
  const int last = rows.rank() - 1;
  if (rows.shape[last] > 1 && rows.strides[last] != 1) return -1;
  Walk<1> walk;
  for (int i = 0; i < last; ++i) walk.add(rows.shape[i], {rows.strides[i]});
  walk.coalesce();
  if (walk.count() <= 1) return 0;
  walk.seek(0);
  return walk.run() == walk.count() ? walk.run_stride(0) : -1;
}

struct Sizes {
  int64_t rows = 1, classes = 1;
};
Sizes sizes_of(const TensorSpec& logits) {
  Sizes z;
  const int dim = logits.rank() == 1 ? 0 : 1;
  for (int i = 0; i < logits.rank(); ++i) (i == dim ? z.classes : z.rows) *= logits.shape[i];
  return z;
}

void check_inputs(const InferContext& c, const TensorSpec& logits, const TensorSpec& target) {
  if (!is_floating(logits.dtype)) {
    c.fail(ErrorKind::kDType, "wants logits of a floating dtype, got ", name_of(logits.dtype));
  }
  if (target.dtype != DType::kInt64 && target.dtype != DType::kInt32) {
    c.fail(ErrorKind::kDType, "wants class indices of dtype int64 as target, got ", name_of(target.dtype));
  }
  if (logits.rank() == 0)
    c.fail(ErrorKind::kShape, "wants logits of shape [C], [N, C] or [N, C, ...], got []");
  Dims wanted = classes_last(logits).shape;
  wanted.resize(wanted.size() - 1);
  if (!(target.shape == wanted)) {
    c.fail(ErrorKind::kShape, "target is ", target.shape, ", wants ", wanted, " for logits ", logits.shape);
  }
}

// Reads the target as int64 row by row, -1 where it is to be ignored; returns how many are not. An index out
// of range fails before anything is written.
int64_t read_target(const EvalContext& c, const TensorView& target, int64_t classes, int64_t ignore,
                    int64_t* out) {
  Walk<1> walk;
  for (int i = 0; i < target.spec->rank(); ++i) walk.add(target.spec->shape[i], {target.spec->strides[i]});
  walk.seek(0);
  const int64_t n = target.spec->numel();
  int64_t count = 0;
  for (int64_t i = 0; i < n; ++i, walk.advance(1)) {
    const int64_t t = target.spec->dtype == DType::kInt64 ? target.as<int64_t>()[walk.offset(0)]
                                                          : target.as<int32_t>()[walk.offset(0)];
    if (t == ignore) {
      out[i] = -1;
      continue;
    }
    if (t < 0 || t >= classes) {
      c.fail(ErrorKind::kIndex, "target ", t, " at position ", i, " is out of range: there are ", classes,
             " classes");
    }
    out[i] = t;
    ++count;
  }
  return count;
}

// ---- crossEntropy

void cross_entropy_infer(InferContext& c) {
  const TensorSpec &logits = c.in(0), &target = c.in(1);
  check_inputs(c, logits, target);
  const double smoothing = c.attrs().get_float(2);
  if (!(smoothing >= 0 && smoothing <= 1)) {
    c.fail(ErrorKind::kValue, "labelSmoothing is ", smoothing, ", wants a number in [0, 1]");
  }
  c.add_output(logits.dtype, c.attrs().get_enum(0) == kNone ? target.shape : Dims());
  c.add_output(logits.dtype, target.shape);
}

size_t add_logits(Scratch& s, const TensorSpec& logits) {
  s.add(static_cast<size_t>(sizes_of(logits).rows) * sizeof(int64_t));
  if (row_stride(classes_last(logits)) < 0) s.add(logits.bytes());
  return s.bytes();
}

// The logits as rows: where they are, or in a copy.
const void* rows_of(Scratch& s, const TensorView& logits, int64_t& stride) {
  const TensorSpec rows = classes_last(*logits.spec);
  stride = row_stride(rows);
  if (stride >= 0) return logits.data;
  const TensorSpec dense = TensorSpec::contiguous(rows.dtype, rows.shape);
  void* const copy = s.take(dense.bytes());
  copy_view(TensorView{copy, &dense}, TensorView{logits.data, &rows});
  stride = sizes_of(*logits.spec).classes;
  return copy;
}

ReducePlan plan_total(DType dtype, int64_t rows) {
  return plan_reduction(TensorSpec::contiguous(dtype, {rows}), 1);
}

size_t cross_entropy_workspace(const InferContext& c) {
  Scratch s;
  add_logits(s, c.in(0));
  const int64_t rows = sizes_of(c.in(0)).rows;
  if (c.attrs().get_enum(0) != kNone && rows > 0) {
    const size_t item = size_of(c.in(0).dtype);
    s.add(static_cast<size_t>(rows) * item);
    s.add(static_cast<size_t>(plan_total(c.in(0).dtype, rows).intermediate_elements) * item);
  }
  return s.bytes();
}

void cross_entropy_eval(const EvalContext& c) {
  const TensorView &logits = c.in(0), &out = c.out(0);
  const Sizes z = sizes_of(*logits.spec);
  const int reduction = c.attrs().get_enum(0);
  Scratch s(c.workspace());
  int64_t* target = static_cast<int64_t*>(s.take(static_cast<size_t>(z.rows) * sizeof(int64_t)));
  const int64_t count = read_target(c, c.in(1), z.classes, c.attrs().get_int(1), target);
  dispatch_floating(logits.spec->dtype, [&]<class T>(T) {
    T *result = out.as<T>(), *lse = c.out(1).as<T>();
    if (z.rows == 0) {
      if (reduction == kMean) *result = std::numeric_limits<T>::quiet_NaN();
      if (reduction == kSum) *result = 0;
      return;
    }
    int64_t stride = 0;
    const T* x = static_cast<const T*>(rows_of(s, logits, stride));
    T* loss = reduction == kNone ? result : static_cast<T*>(s.take(static_cast<size_t>(z.rows) * sizeof(T)));
    const T smoothing = static_cast<T>(c.attrs().get_float(2));
    const CrossEntropyKernels<T>& kernels = loss_table().of<T>();
    parallel_for(z.rows, std::max<int64_t>(1, kGrain / std::max<int64_t>(1, z.classes)),
                 [&](int64_t begin, int64_t end) {
                   kernels.forward(x + begin * stride, end - begin, stride, z.classes, target + begin,
                                   smoothing, loss + begin, lse + begin);
                 });
    if (reduction == kNone) return;
    const ReducePlan plan = plan_total(logits.spec->dtype, z.rows);
    T* rest = static_cast<T*>(s.take(static_cast<size_t>(plan.intermediate_elements) * sizeof(T)));
    const auto& sum = reduce_table().sum<T>();
    run_reduction<T, T>(plan, loss, result, rest, sum, sum);
    if (reduction == kMean) *result /= static_cast<T>(count);
  });
}

void cross_entropy_vjp(VjpContext& c) {
  if (!c.needs(0) || !c.grad(0)) return;
  static const Op& op = find_op("crossEntropyBackward");
  c.set_grad(0, c.apply(op, {c.grad(0), c.input(0), c.input(1), c.output(1)}, c.attrs()));
}

// ---- crossEntropyBackward(grad, logits, target, logsumexp) of the same attributes

void backward_infer(InferContext& c) {
  const TensorSpec &grad = c.in(0), &logits = c.in(1), &target = c.in(2);
  check_inputs(c, logits, target);
  check_parameter(c, "grad", grad, logits.dtype, c.attrs().get_enum(0) == kNone ? target.shape : Dims());
  check_parameter(c, "logsumexp", c.in(3), logits.dtype, target.shape);
  c.add_output(like_logits(logits));
}

size_t backward_workspace(const InferContext& c) {
  Scratch s;
  add_logits(s, c.in(1));
  s.add_copy(c.in(0));
  s.add_copy(c.in(3));
  return s.bytes();
}

void backward_eval(const EvalContext& c) {
  const TensorView& logits = c.in(1);
  const Sizes z = sizes_of(*logits.spec);
  const int reduction = c.attrs().get_enum(0);
  Scratch s(c.workspace());
  int64_t* target = static_cast<int64_t*>(s.take(static_cast<size_t>(z.rows) * sizeof(int64_t)));
  const int64_t count = read_target(c, c.in(2), z.classes, c.attrs().get_int(1), target);
  if (z.rows == 0 || z.classes == 0) return;
  dispatch_floating(logits.spec->dtype, [&]<class T>(T) {
    int64_t stride = 0;
    const T* x = static_cast<const T*>(rows_of(s, logits, stride));
    const T* grad = static_cast<const T*>(s.contiguous(c.in(0)));
    const T* lse = static_cast<const T*>(s.contiguous(c.in(3)));
    T* dx = c.out(0).as<T>();
    const T smoothing = static_cast<T>(c.attrs().get_float(2));
    T shared = 0;
    int64_t grad_stride = 1;
    if (reduction != kNone) {
      shared = reduction == kMean ? *grad / static_cast<T>(count) : *grad;
      grad = &shared;
      grad_stride = 0;
    }
    const CrossEntropyKernels<T>& kernels = loss_table().of<T>();
    parallel_for(z.rows, std::max<int64_t>(1, kGrain / z.classes), [&](int64_t begin, int64_t end) {
      kernels.backward(x + begin * stride, end - begin, stride, z.classes, target + begin, lse + begin,
                       grad + begin * grad_stride, grad_stride, smoothing, dx + begin * z.classes);
    });
  });
}

constexpr std::array<AttrDef, kMaxAttrs> kAttrs = {{{"reduction", AttrType::kEnum, "none|mean|sum"},
                                                    {"ignoreIndex", AttrType::kInt},
                                                    {"labelSmoothing", AttrType::kFloat}}};

const Op kOps[] = {
    {.name = "crossEntropy",
     .inputs = {{{"logits"}, {.name = "target", .differentiable = false}}},
     .outputs = {{{"out"}, {"logsumexp", false}}},
     .attrs = kAttrs,
     .infer = cross_entropy_infer,
     .workspace = cross_entropy_workspace,
     .eval = cross_entropy_eval,
     .saves = {.inputs = 3, .outputs = 2},
     .vjp = cross_entropy_vjp},
    {.name = "crossEntropyBackward",
     .inputs = {{{"grad"}, {"logits"}, {.name = "target", .differentiable = false}, {"logsumexp"}}},
     .outputs = {{{"logitsGrad"}}},
     .attrs = kAttrs,
     .flags = kInternal,
     .infer = backward_infer,
     .workspace = backward_workspace,
     .eval = backward_eval},
};

}  // namespace

void register_loss_ops(Registry& r) {
  for (const Op& op : kOps) r.add(op);
}

}  // namespace lanegrad

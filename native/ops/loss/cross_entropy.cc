// crossEntropy(logits, target, weight?){reduction, ignoreIndex, labelSmoothing} of class indices, and its
// fused gradient.
#include <atomic>
#include <limits>

#include "core/streaming.h"
#include "ops/scratch.h"
#include "ops/check_operand.h"
#include "ops/loss/cross_entropy.h"
#include "ops/registry.h"
#include "ops/walk.h"

namespace lanegrad {
namespace {

void check_inputs(const InferContext& c, const TensorSpec& logits, const TensorSpec& target) {
  check_logits(c, logits);
  if (target.dtype != DType::kInt64 && target.dtype != DType::kInt32) {
    c.fail(ErrorKind::kDType, "wants class indices of dtype int64 as target, got ", name_of(target.dtype));
  }
  const Dims wanted = target_shape(logits);
  if (!(target.shape == wanted)) {
    c.fail(ErrorKind::kShape, "target is ", target.shape, ", wants ", wanted, " for logits ", logits.shape);
  }
}

int64_t index_at(const TensorView& target, int64_t offset) {
  return target.spec->dtype == DType::kInt64 ? target.as<int64_t>()[offset] : target.as<int32_t>()[offset];
}

// Reads the target as int64 row by row, -1 where it is to be ignored; returns how many are not. An index out
// of range fails before anything is computed.
int64_t read_target(const EvalContext& c, const TensorView& target, int64_t classes, int64_t ignore,
                    int64_t* out) {
  Walk<1> all;
  for (int i = 0; i < target.spec->rank(); ++i) all.add(target.spec->shape[i], {target.spec->strides[i]});
  const int64_t n = target.spec->numel();
  std::atomic<int64_t> kept = 0, bad = n;
  parallel_for(n, 16384, [&](int64_t begin, int64_t end) {
    Walk<1> walk = all;
    walk.seek(begin);
    int64_t count = 0, first = n;
    for (int64_t i = begin; i < end; ++i, walk.advance(1)) {
      const int64_t t = index_at(target, walk.offset(0));
      if (t != ignore && (t < 0 || t >= classes)) first = std::min(first, i);
      out[i] = t == ignore ? -1 : t;
      count += t != ignore;
    }
    kept += count;
    for (int64_t known = bad; first < known && !bad.compare_exchange_weak(known, first);) {
    }
  });
  if (bad < n) {
    c.fail(ErrorKind::kIndex, "target ", out[bad], " at position ", bad.load(),
           " is out of range: there are ", classes, " classes");
  }
  return kept;
}

// What the mean divides by: how many targets count, or the sum of the weights of their classes.
template <class T>
T divisor_of(Scratch& s, const ClassScale<T>& scale, const int64_t* target, int64_t rows, int64_t count) {
  if (!scale.weight) return static_cast<T>(count);
  T* const each = static_cast<T*>(s.take(static_cast<size_t>(rows) * sizeof(T)));
  parallel_for(rows, 16384, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) each[i] = target[i] < 0 ? T(0) : scale.weight[target[i]];
  });
  return total_of<T>(s, each, rows);
}

void add_divisor(Scratch& s, DType dtype, int64_t rows) {
  s.add(static_cast<size_t>(rows) * size_of(dtype));
  add_total(s, dtype, rows);
}

size_t shared_workspace(Scratch& s, const InferContext& c, const TensorSpec& logits, int weight) {
  const ClassLayout layout = class_layout(logits);
  s.add(static_cast<size_t>(layout.rows) * sizeof(int64_t));
  if (layout.rows == 0) return s.bytes();
  add_classes(s, logits, layout);
  if (c.has(weight)) {
    s.add_copy(c.in(weight));
    if (c.attrs().get_enum(0) == kLossMean) add_divisor(s, logits.dtype, layout.rows);
  }
  return s.bytes();
}

// ---- crossEntropy

void cross_entropy_infer(InferContext& c) {
  const TensorSpec &logits = c.in(0), &target = c.in(1);
  check_inputs(c, logits, target);
  check_loss_attrs(c, c.attrs().get_float(2));
  if (c.has(2)) check_class_weight(c, logits, c.in(2));
  c.add_output(logits.dtype, c.attrs().get_enum(0) == kLossNone ? target.shape : Dims());
  // Not rounded to 16 bits: the gradient takes exp(logits - logsumexp), whose error grows with the logits.
  c.add_output(computed_dtype(logits.dtype), target.shape);
}

size_t cross_entropy_workspace(const InferContext& c) {
  Scratch s;
  const TensorSpec& logits = c.in(0);
  shared_workspace(s, c, logits, 2);
  const int64_t rows = class_layout(logits).rows;
  if (c.attrs().get_enum(0) != kLossNone && rows > 0) {
    s.add(static_cast<size_t>(rows) * size_of(logits.dtype));
    add_total(s, logits.dtype, rows);
  }
  return s.bytes();
}

void cross_entropy_eval(const EvalContext& c) {
  const TensorView &logits = c.in(0), &out = c.out(0);
  const ClassLayout layout = class_layout(*logits.spec);
  const int reduction = c.attrs().get_enum(0);
  Scratch s(c.workspace());
  int64_t* target = static_cast<int64_t*>(s.take(static_cast<size_t>(layout.rows) * sizeof(int64_t)));
  const int64_t count = read_target(c, c.in(1), layout.classes, c.attrs().get_int(1), target);
  dispatch_floating(logits.spec->dtype, [&]<class T>(T) {
    T *result = out.as<T>(), *lse = c.out(1).as<T>();
    if (layout.rows == 0) {
      if (reduction == kLossMean) *result = std::numeric_limits<T>::quiet_NaN();
      if (reduction == kLossSum) *result = 0;
      return;
    }
    const ClassOperand<T> x = class_operand<T>(s, logits, layout);
    const ClassScale<T> scale =
        class_scale<T>(s, c.has(2) ? &c.in(2) : nullptr, layout.classes, c.attrs().get_float(2));
    const T divisor = reduction == kLossMean ? divisor_of(s, scale, target, layout.rows, count) : T(1);
    T* loss = reduction == kLossNone ? result
                                     : static_cast<T*>(s.take(static_cast<size_t>(layout.rows) * sizeof(T)));
    const LossKernels<T>& kernels = loss_table().of<T>();
    for_class_rows(
        layout,
        [&](int64_t begin, int64_t end) {
          kernels.rows.forward(x.data + begin * x.strides.row, end - begin, x.strides.row, target + begin,
                               scale, loss + begin, lse + begin);
        },
        [&](int64_t row, int64_t positions) {
          kernels.planes.forward(x.at(layout, row), x.strides.plane, positions, target + row, scale,
                                 loss + row, lse + row);
        });
    if (reduction != kLossNone) *result = total_of<T>(s, loss, layout.rows) / divisor;
  });
}

void cross_entropy_vjp(VjpContext& c) {
  if (!c.needs(0) || !c.grad(0)) return;
  static const Op& op = find_op("crossEntropyBackward");
  const Tensor weight = c.has_input(2) ? c.input(2) : Tensor();
  c.set_grad(0, c.apply(op, {c.grad(0), c.input(0), c.input(1), c.output(1), weight}, c.attrs()));
}

// ---- crossEntropyBackward(grad, logits, target, logsumexp, weight?) of the same attributes

void backward_infer(InferContext& c) {
  const TensorSpec &grad = c.in(0), &logits = c.in(1), &target = c.in(2);
  check_inputs(c, logits, target);
  check_parameter(c, "grad", grad, logits.dtype, c.attrs().get_enum(0) == kLossNone ? target.shape : Dims());
  check_parameter(c, "logsumexp", c.in(3), computed_dtype(logits.dtype), target.shape);
  if (c.has(4)) check_class_weight(c, logits, c.in(4));
  c.add_output(like_logits(logits, class_layout(logits)));
}

size_t backward_workspace(const InferContext& c) {
  Scratch s;
  shared_workspace(s, c, c.in(1), 4);
  s.add_copy(c.in(0));
  s.add_copy(c.in(3));
  return s.bytes();
}

void backward_eval(const EvalContext& c) {
  const TensorView& logits = c.in(1);
  const ClassLayout layout = class_layout(*logits.spec);
  const int reduction = c.attrs().get_enum(0);
  Scratch s(c.workspace());
  int64_t* target = static_cast<int64_t*>(s.take(static_cast<size_t>(layout.rows) * sizeof(int64_t)));
  const int64_t count = read_target(c, c.in(2), layout.classes, c.attrs().get_int(1), target);
  if (layout.rows == 0 || layout.classes == 0) return;
  dispatch_floating(logits.spec->dtype, [&]<class T>(T) {
    const ClassOperand<T> x = class_operand<T>(s, logits, layout);
    const ClassScale<T> scale =
        class_scale<T>(s, c.has(4) ? &c.in(4) : nullptr, layout.classes, c.attrs().get_float(2));
    const T* grad = static_cast<const T*>(s.contiguous(c.in(0)));
    const T* lse = static_cast<const T*>(s.contiguous(c.in(3)));
    T* dx = c.out(0).as<T>();
    const bool past = exceeds_caches(c.out(0).spec->bytes());
    T shared = 0;
    int64_t step = 1;
    if (reduction != kLossNone) {
      shared = reduction == kLossMean ? *grad / divisor_of(s, scale, target, layout.rows, count) : *grad;
      grad = &shared;
      step = 0;
    }
    const LossKernels<T>& kernels = loss_table().of<T>();
    for_class_rows(
        layout,
        [&](int64_t begin, int64_t end) {
          kernels.rows.backward(x.data + begin * x.strides.row, end - begin, x.strides.row, target + begin,
                                lse + begin, grad + begin * step, step, scale, past,
                                dx + begin * layout.classes);
          if (past) end_streams();
        },
        [&](int64_t row, int64_t positions) {
          T* to = dx + row / layout.positions * layout.positions * layout.classes + row % layout.positions;
          kernels.planes.backward(x.at(layout, row), x.strides.plane, positions, target + row, lse + row,
                                  grad + row * step, step, scale, to, layout.positions);
        });
  });
}

constexpr std::array<AttrDef, kMaxAttrs> kAttrs = {{{"reduction", AttrType::kEnum, "none|mean|sum"},
                                                    {"ignoreIndex", AttrType::kInt},
                                                    {"labelSmoothing", AttrType::kFloat}}};

const Op kOps[] = {
    {.name = "crossEntropy",
     .inputs = {{{"logits"},
                 {.name = "target", .differentiable = false},
                 {.name = "weight", .kind = InputKind::kOptional, .differentiable = false}}},
     .outputs = {{{"out"}, {"logsumexp", false}}},
     .attrs = kAttrs,
     .autocast = Autocast::kFloat32,
     .infer = cross_entropy_infer,
     .workspace = cross_entropy_workspace,
     .eval = cross_entropy_eval,
     .saves = {.inputs = 7, .outputs = 2},
     .vjp = cross_entropy_vjp},
    {.name = "crossEntropyBackward",
     .inputs = {{{"grad"},
                 {"logits"},
                 {.name = "target", .differentiable = false},
                 {"logsumexp"},
                 {.name = "weight", .kind = InputKind::kOptional, .differentiable = false}}},
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

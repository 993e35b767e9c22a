// softCrossEntropy(logits, target, weight?){reduction, labelSmoothing}: crossEntropy with the probabilities
// of the classes as target, and its fused gradient.
#include <limits>

#include "ops/scratch.h"
#include "ops/check_operand.h"
#include "ops/loss/cross_entropy.h"
#include "ops/functions.h"
#include "ops/registry.h"

namespace lanegrad {
namespace {

void check_inputs(const InferContext& c, const TensorSpec& logits, const TensorSpec& target) {
  check_logits(c, logits);
  check_parameter(c, "target", target, logits.dtype, logits.shape);
}

void add_operands(Scratch& s, const TensorSpec& logits, const TensorSpec& target) {
  const ClassLayout layout = class_layout(logits);
  add_classes(s, logits, layout);
  add_classes(s, target, layout);
}

// ---- softCrossEntropy

void soft_infer(InferContext& c) {
  const TensorSpec& logits = c.in(0);
  check_inputs(c, logits, c.in(1));
  check_loss_attrs(c, c.attrs().get_float(1));
  if (c.has(2)) check_class_weight(c, logits, c.in(2));
  const Dims shape = target_shape(logits);
  c.add_output(logits.dtype, c.attrs().get_enum(0) == kLossNone ? shape : Dims());
  // What the gradient needs is not rounded to 16 bits, as of crossEntropy.
  c.add_output(computed_dtype(logits.dtype), shape);
  c.add_output(computed_dtype(logits.dtype), shape);
}

size_t soft_workspace(const InferContext& c) {
  Scratch s;
  const TensorSpec& logits = c.in(0);
  const int64_t rows = class_layout(logits).rows;
  if (rows == 0) return 0;
  add_operands(s, logits, c.in(1));
  if (c.has(2)) s.add_copy(c.in(2));
  if (c.attrs().get_enum(0) != kLossNone) {
    s.add(static_cast<size_t>(rows) * size_of(logits.dtype));
    add_total(s, logits.dtype, rows);
  }
  return s.bytes();
}

void soft_eval(const EvalContext& c) {
  const TensorView& logits = c.in(0);
  const ClassLayout layout = class_layout(*logits.spec);
  const int reduction = c.attrs().get_enum(0);
  Scratch s(c.workspace());
  dispatch_floating(logits.spec->dtype, [&]<class T>(T) {
    T *result = c.out(0).as<T>(), *lse = c.out(1).as<T>(), *mass = c.out(2).as<T>();
    if (layout.rows == 0) {
      if (reduction == kLossMean) *result = std::numeric_limits<T>::quiet_NaN();
      if (reduction == kLossSum) *result = 0;
      return;
    }
    const ClassOperand<T> x = class_operand<T>(s, logits, layout), p = class_operand<T>(s, c.in(1), layout);
    const ClassScale<T> scale =
        class_scale<T>(s, c.has(2) ? &c.in(2) : nullptr, layout.classes, c.attrs().get_float(1));
    T* loss = reduction == kLossNone ? result
                                     : static_cast<T*>(s.take(static_cast<size_t>(layout.rows) * sizeof(T)));
    const LossKernels<T>& kernels = loss_table().of<T>();
    for_class_rows(
        layout,
        [&](int64_t begin, int64_t end) {
          kernels.rows.soft_forward(x.data + begin * x.strides.row, x.strides.row,
                                    p.data + begin * p.strides.row, p.strides.row, end - begin, scale,
                                    loss + begin, lse + begin, mass + begin);
        },
        [&](int64_t row, int64_t positions) {
          kernels.planes.soft_forward(x.at(layout, row), x.strides.plane, p.at(layout, row), p.strides.plane,
                                      positions, scale, loss + row, lse + row, mass + row);
        });
    if (reduction == kLossNone) return;
    const T total = total_of<T>(s, loss, layout.rows);
    *result = reduction == kLossMean ? total / static_cast<T>(layout.rows) : total;
  });
}

// The gradient of the probabilities: (1 - s) w_c (lse - x_c) times that of the loss. Written in ops, for
// targets are seldom learnt.
Tensor target_gradient(VjpContext& c) {
  const Tensor logits = c.input(0);
  const TensorSpec& x = logits->spec;
  const int dim = x.rank() == 1 ? 0 : 1;
  Dims rows = x.shape, classes;
  rows[dim] = 1;
  for (int i = 0; i < x.rank(); ++i) classes.push_back(i == dim ? x.shape[dim] : 1);
  const int reduction = c.attrs().get_enum(0);
  Tensor g = fn::mul(c, c.grad(0), 1 - c.attrs().get_float(1));
  if (reduction == kLossMean) g = fn::div(c, g, c.scalar(static_cast<double>(numel(rows))));
  if (reduction == kLossNone) g = fn::reshape(c, g, rows);
  if (c.has_input(2)) g = fn::mul(c, fn::reshape(c, c.input(2), classes), g);
  return fn::mul(c, fn::sub(c, fn::reshape(c, c.output(1), rows), logits), g);
}

void soft_vjp(VjpContext& c) {
  if (!c.grad(0)) return;
  if (c.needs(0)) {
    static const Op& op = find_op("softCrossEntropyBackward");
    const Tensor weight = c.has_input(2) ? c.input(2) : Tensor();
    c.set_grad(0,
               c.apply(op, {c.grad(0), c.input(0), c.input(1), c.output(1), c.output(2), weight}, c.attrs()));
  }
  if (c.needs(1)) c.set_grad(1, target_gradient(c));
}

// ---- softCrossEntropyBackward(grad, logits, target, logsumexp, mass, weight?) of the same attributes

void backward_infer(InferContext& c) {
  const TensorSpec& logits = c.in(1);
  check_inputs(c, logits, c.in(2));
  const Dims shape = target_shape(logits);
  check_parameter(c, "grad", c.in(0), logits.dtype, c.attrs().get_enum(0) == kLossNone ? shape : Dims());
  check_parameter(c, "logsumexp", c.in(3), computed_dtype(logits.dtype), shape);
  check_parameter(c, "mass", c.in(4), computed_dtype(logits.dtype), shape);
  if (c.has(5)) check_class_weight(c, logits, c.in(5));
  c.add_output(like_logits(logits, class_layout(logits)));
}

size_t backward_workspace(const InferContext& c) {
  Scratch s;
  add_operands(s, c.in(1), c.in(2));
  if (c.has(5)) s.add_copy(c.in(5));
  for (int i : {0, 3, 4}) s.add_copy(c.in(i));
  return s.bytes();
}

void backward_eval(const EvalContext& c) {
  const TensorView& logits = c.in(1);
  const ClassLayout layout = class_layout(*logits.spec);
  const int reduction = c.attrs().get_enum(0);
  if (layout.rows == 0 || layout.classes == 0) return;
  Scratch s(c.workspace());
  dispatch_floating(logits.spec->dtype, [&]<class T>(T) {
    const ClassOperand<T> x = class_operand<T>(s, logits, layout), p = class_operand<T>(s, c.in(2), layout);
    const ClassScale<T> scale =
        class_scale<T>(s, c.has(5) ? &c.in(5) : nullptr, layout.classes, c.attrs().get_float(1));
    const T* grad = static_cast<const T*>(s.contiguous(c.in(0)));
    const T* lse = static_cast<const T*>(s.contiguous(c.in(3)));
    const T* mass = static_cast<const T*>(s.contiguous(c.in(4)));
    T* dx = c.out(0).as<T>();
    T shared = 0;
    int64_t step = 1;
    if (reduction != kLossNone) {
      shared = reduction == kLossMean ? *grad / static_cast<T>(layout.rows) : *grad;
      grad = &shared;
      step = 0;
    }
    const LossKernels<T>& kernels = loss_table().of<T>();
    for_class_rows(
        layout,
        [&](int64_t begin, int64_t end) {
          kernels.rows.soft_backward(x.data + begin * x.strides.row, x.strides.row,
                                     p.data + begin * p.strides.row, p.strides.row, end - begin, lse + begin,
                                     mass + begin, grad + begin * step, step, scale,
                                     dx + begin * layout.classes);
        },
        [&](int64_t row, int64_t positions) {
          T* to = dx + row / layout.positions * layout.positions * layout.classes + row % layout.positions;
          kernels.planes.soft_backward(x.at(layout, row), x.strides.plane, p.at(layout, row), p.strides.plane,
                                       positions, lse + row, mass + row, grad + row * step, step, scale, to,
                                       layout.positions);
        });
  });
}

constexpr std::array<AttrDef, kMaxAttrs> kAttrs = {
    {{"reduction", AttrType::kEnum, "none|mean|sum"}, {"labelSmoothing", AttrType::kFloat}}};

const Op kOps[] = {
    {.name = "softCrossEntropy",
     .inputs = {{{"logits"},
                 {"target"},
                 {.name = "weight", .kind = InputKind::kOptional, .differentiable = false}}},
     .outputs = {{{"out"}, {"logsumexp", false}, {"mass", false}}},
     .attrs = kAttrs,
     .autocast = Autocast::kFloat32,
     .infer = soft_infer,
     .workspace = soft_workspace,
     .eval = soft_eval,
     .saves = {.inputs = 7, .outputs = 6},
     .vjp = soft_vjp},
    {.name = "softCrossEntropyBackward",
     .inputs = {{{"grad"},
                 {"logits"},
                 {"target"},
                 {"logsumexp"},
                 {"mass"},
                 {.name = "weight", .kind = InputKind::kOptional, .differentiable = false}}},
     .outputs = {{{"logitsGrad"}}},
     .attrs = kAttrs,
     .flags = kInternal,
     .infer = backward_infer,
     .workspace = backward_workspace,
     .eval = backward_eval},
};

}  // namespace

void register_soft_loss_ops(Registry& r) {
  for (const Op& op : kOps) r.add(op);
}

}  // namespace lanegrad

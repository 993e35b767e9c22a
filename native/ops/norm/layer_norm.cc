// layerNorm(x, weight?, bias?){normalizedDims, eps}, rmsNorm(x, weight?){normalizedDims, eps}, and their
// fused gradients. Statistics are of the dtype that x is computed in.
#include "ops/layout/copy.h"
#include "ops/norm/common.h"
#include "ops/norm/rows.h"
#include "ops/registry.h"

namespace lanegrad {
namespace {

// Where the operands are: rmsNorm has no mean and no bias.
template <bool kCentred>
struct Places {
  static constexpr int kRstd = kCentred ? 2 : 1;       // of the outputs
  static constexpr int kRstdInput = kCentred ? 4 : 3;  // of the backward op
};

// The leading and the normalized dims.
struct Split {
  Dims lead, normalized;

  Split(const Dims& shape, int64_t normalized_dims) {
    const int split = shape.size() - static_cast<int>(normalized_dims);
    for (int i = 0; i < shape.size(); ++i) (i < split ? lead : normalized).push_back(shape[i]);
  }
  NormRows rows() const { return {.rows = numel(lead), .n = numel(normalized)}; }
};

NormRows rows_of(const TensorSpec& x, const Attrs& attrs) { return Split(x.shape, attrs.get_int(0)).rows(); }

Split checked_split(const InferContext& c, const TensorSpec& x) {
  check_floating(c, x);
  const int64_t dims = c.attrs().get_int(0);
  if (dims < 1 || dims > x.rank()) {
    c.fail(ErrorKind::kValue, "normalizedDims is ", dims, ": wants 1 to ", x.rank(), " for x of shape ",
           x.shape);
  }
  return Split(x.shape, dims);
}

template <bool kCentred>
void infer(InferContext& c) {
  const TensorSpec& x = c.in(0);
  const Split s = checked_split(c, x);
  check_affine(c, 1, "weight", x, s.normalized);
  if (kCentred) check_affine(c, 2, "bias", x, s.normalized);
  c.add_output(x.dtype, x.shape);
  for (int i = 0; i < Places<kCentred>::kRstd; ++i) c.add_output(computed_dtype(x.dtype), s.lead);
}

template <bool kCentred>
size_t workspace(const InferContext& c) {
  Scratch s;
  for (int i = 1; i < (kCentred ? 3 : 2); ++i)
    if (c.has(i)) s.add_copy(c.in(i));
  return s.bytes();
}

// A strided x is copied into the output first and replaced there.
template <bool kCentred>
void eval(const EvalContext& c) {
  const TensorView &x = c.in(0), &out = c.out(0), &rstd = c.out(Places<kCentred>::kRstd);
  Scratch s(c.workspace());
  dispatch_floating(x.spec->dtype, [&]<class T>(T) {
    const T* weight = c.has(1) ? static_cast<const T*>(s.contiguous(c.in(1))) : nullptr;
    const T* bias = nullptr;
    if constexpr (kCentred)
      if (c.has(2)) bias = static_cast<const T*>(s.contiguous(c.in(2)));
    const bool dense = x.spec->is_contiguous();
    if (!dense) copy_view(out, x);
    T* to = out.as<T>();
    run_norm_rows<T>(rows_of(*x.spec, c.attrs()), dense ? x.as<T>() : to, weight, bias,
                     static_cast<T>(c.attrs().get_float(1)), to, kCentred ? c.out(1).as<T>() : nullptr,
                     rstd.as<T>());
  });
}

template <bool kCentred>
void vjp(VjpContext& c) {
  if (!c.grad(0)) return;
  static const Op& op = find_op(kCentred ? "layerNormBackward" : "rmsNormBackward");
  const Tensor weight = c.has_input(1) ? c.input(1) : Tensor();
  const Attrs attrs = Attrs().add_int(c.attrs().get_int(0));
  Tensor grads[kCentred ? 3 : 2];
  if constexpr (kCentred)
    c.apply(op, {c.grad(0), c.input(0), weight, c.output(1), c.output(2)}, attrs, grads);
  else
    c.apply(op, {c.grad(0), c.input(0), weight, c.output(1)}, attrs, grads);
  set_grads(c, grads);
}

// ---- layerNormBackward(grad, x, weight?, mean, rstd){normalizedDims} -> dx, weightGrad, biasGrad
// ---- rmsNormBackward(grad, x, weight?, rstd){normalizedDims} -> dx, weightGrad

template <bool kCentred>
void backward_infer(InferContext& c) {
  const TensorSpec& x = c.in(1);
  const Split s = checked_split(c, x);
  const DType wide = computed_dtype(x.dtype);
  check_parameter(c, "grad", c.in(0), x.dtype, x.shape);
  check_affine(c, 2, "weight", x, s.normalized);
  if (kCentred) check_parameter(c, "mean", c.in(3), wide, s.lead);
  check_parameter(c, "rstd", c.in(Places<kCentred>::kRstdInput), wide, s.lead);
  c.add_output(x.dtype, x.shape);
  c.add_output(wide, s.normalized);
  if (kCentred) c.add_output(wide, s.normalized);
}

template <bool kCentred>
size_t backward_workspace(const InferContext& c) {
  const TensorSpec& x = c.in(1);
  Scratch s;
  for (int i = 1; i <= Places<kCentred>::kRstdInput; ++i)
    if (c.has(i)) s.add_copy(c.in(i));
  add_norm_rows_scratch(s, rows_of(x, c.attrs()), x.dtype);
  return s.bytes();
}

// A strided gradient is copied into dx first and replaced there.
template <bool kCentred>
void backward_eval(const EvalContext& c) {
  const TensorView &grad = c.in(0), &x = c.in(1), &dx = c.out(0);
  Scratch s(c.workspace());
  dispatch_floating(x.spec->dtype, [&]<class T>(T) {
    const auto dense = [&](int i) { return static_cast<const T*>(s.contiguous(c.in(i))); };
    const T* from = dense(1);
    const T* weight = c.has(2) ? dense(2) : nullptr;
    const T* mean = kCentred ? dense(3) : nullptr;
    const T* rstd = dense(Places<kCentred>::kRstdInput);
    const bool in_place = !grad.spec->is_contiguous();
    if (in_place) copy_view(dx, grad);
    T* to = dx.as<T>();
    run_norm_rows_backward<T>(rows_of(*x.spec, c.attrs()), in_place ? to : grad.as<T>(), from, mean, rstd,
                              weight, to, c.out(1).as<T>(), kCentred ? c.out(2).as<T>() : nullptr, s);
  });
}

// The rows. What belongs to the elements of all of them is whole, and its gradients are sums.
template <bool kCentred>
Slices slices(const InferContext& c) {
  const Dims& shape = c.in(0).shape;
  Slices s = Slices::of_leading(shape, shape.size() - static_cast<int>(c.attrs().get_int(0)));
  s.inputs[1] = Slices::kWhole;
  if (kCentred) s.inputs[2] = Slices::kWhole;
  return s;
}

template <bool kCentred>
Slices backward_slices(const InferContext& c) {
  const Dims& shape = c.in(1).shape;
  Slices s = Slices::of_leading(shape, shape.size() - static_cast<int>(c.attrs().get_int(0)));
  s.inputs[2] = Slices::kWhole;
  s.outputs[1] = Slices::kSummed;
  if (kCentred) s.outputs[2] = Slices::kSummed;
  return s;
}

const Op kOps[] = {
    {.name = "layerNorm",
     .inputs = {{{"x"}, {"weight", InputKind::kOptional}, {"bias", InputKind::kOptional}}},
     .outputs = {{{"out"}, {"mean", false}, {"rstd", false}}},
     .attrs = {{{"normalizedDims", AttrType::kInt}, {"eps", AttrType::kFloat}}},
     .infer = infer<true>,
     .workspace = workspace<true>,
     .eval = eval<true>,
     .slices = slices<true>,
     .saves = {.inputs = 7, .outputs = 6},
     .vjp = vjp<true>},
    {.name = "rmsNorm",
     .inputs = {{{"x"}, {"weight", InputKind::kOptional}}},
     .outputs = {{{"out"}, {"rstd", false}}},
     .attrs = {{{"normalizedDims", AttrType::kInt}, {"eps", AttrType::kFloat}}},
     .infer = infer<false>,
     .workspace = workspace<false>,
     .eval = eval<false>,
     .slices = slices<false>,
     .saves = {.inputs = 3, .outputs = 2},
     .vjp = vjp<false>},
    {.name = "layerNormBackward",
     .inputs = {{{"grad"}, {"x"}, {"weight", InputKind::kOptional}, {"mean"}, {"rstd"}}},
     .outputs = {{{"xGrad"}, {"weightGrad"}, {"biasGrad"}}},
     .attrs = {{{"normalizedDims", AttrType::kInt}}},
     .flags = kInternal,
     .infer = backward_infer<true>,
     .workspace = backward_workspace<true>,
     .eval = backward_eval<true>,
     .slices = backward_slices<true>},
    {.name = "rmsNormBackward",
     .inputs = {{{"grad"}, {"x"}, {"weight", InputKind::kOptional}, {"rstd"}}},
     .outputs = {{{"xGrad"}, {"weightGrad"}}},
     .attrs = {{{"normalizedDims", AttrType::kInt}}},
     .flags = kInternal,
     .infer = backward_infer<false>,
     .workspace = backward_workspace<false>,
     .eval = backward_eval<false>,
     .slices = backward_slices<false>},
};

}  // namespace

void register_layer_norm_ops(Registry& r) {
  for (const Op& op : kOps) r.add(op);
}

}  // namespace lanegrad

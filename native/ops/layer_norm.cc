// layerNorm(x, weight?, bias?){normalizedDims, eps} and its fused gradient.
#include <algorithm>
#include <limits>

#include "core/threads.h"
#include "kernels/norm/norm.h"
#include "ops/copy.h"
#include "ops/norm_common.h"
#include "ops/reduce_dims.h"
#include "ops/reduce_run.h"
#include "ops/registry.h"

namespace lanegrad {
namespace {

constexpr int64_t kGrain = 16384;

// Rows of n elements: the leading and the normalized dims.
struct Rows {
  Dims lead, normalized;
  int64_t rows = 1, n = 1;
};

Rows rows_of(const Dims& shape, int64_t normalized_dims) {
  Rows r;
  const int split = shape.size() - static_cast<int>(normalized_dims);
  for (int i = 0; i < shape.size(); ++i) (i < split ? r.lead : r.normalized).push_back(shape[i]);
  r.rows = numel(r.lead);
  r.n = numel(r.normalized);
  return r;
}

Rows checked_rows(const InferContext& c, const TensorSpec& x) {
  const int64_t dims = c.attrs().get_int(0);
  if (dims < 1 || dims > x.rank()) {
    c.fail(ErrorKind::kValue, "normalizedDims is ", dims, ": wants 1 to ", x.rank(), " for x of shape ",
           x.shape);
  }
  return rows_of(x.shape, dims);
}

void layer_norm_infer(InferContext& c) {
  const TensorSpec& x = c.in(0);
  check_floating(c, x);
  const Rows r = checked_rows(c, x);
  if (c.has(1)) check_parameter(c, "weight", c.in(1), x.dtype, r.normalized);
  if (c.has(2)) check_parameter(c, "bias", c.in(2), x.dtype, r.normalized);
  c.add_output(x.dtype, x.shape);
  c.add_output(x.dtype, r.lead);
  c.add_output(x.dtype, r.lead);
}

size_t layer_norm_workspace(const InferContext& c) {
  Scratch s;
  for (int i = 1; i < 3; ++i)
    if (c.has(i)) s.add_copy(c.in(i));
  return s.bytes();
}

// A strided x is copied into the output first and replaced there.
void layer_norm_eval(const EvalContext& c) {
  const TensorView &x = c.in(0), &out = c.out(0);
  const Rows r = rows_of(x.spec->shape, c.attrs().get_int(0));
  Scratch s(c.workspace());
  dispatch_floating(x.spec->dtype, [&]<class T>(T) {
    T *mean = c.out(1).as<T>(), *rstd = c.out(2).as<T>();
    if (r.n == 0) {
      for (int64_t i = 0; i < r.rows; ++i) mean[i] = rstd[i] = std::numeric_limits<T>::quiet_NaN();
      return;
    }
    const T* weight = c.has(1) ? static_cast<const T*>(s.contiguous(c.in(1))) : nullptr;
    const T* bias = c.has(2) ? static_cast<const T*>(s.contiguous(c.in(2))) : nullptr;
    const bool dense = x.spec->is_contiguous();
    if (!dense) copy_view(out, x);
    T* to = out.as<T>();
    const T* from = dense ? x.as<T>() : to;
    const T eps = static_cast<T>(c.attrs().get_float(1));
    const NormKernels<T>& kernels = norm_table().of<T>();
    parallel_for(r.rows, std::max<int64_t>(1, kGrain / r.n), [&](int64_t begin, int64_t end) {
      kernels.layer_norm(from + begin * r.n, end - begin, r.n, weight, bias, eps, to + begin * r.n,
                         mean + begin, rstd + begin);
    });
  });
}

void layer_norm_vjp(VjpContext& c) {
  if (!c.grad(0)) return;
  static const Op& op = find_op("layerNormBackward");
  const Tensor weight = c.has_input(1) ? c.input(1) : Tensor();
  Tensor grads[3];
  c.apply(op, {c.grad(0), c.input(0), weight, c.output(1), c.output(2)},
          Attrs().add_int(c.attrs().get_int(0)), grads);
  int at = 0;  // flat indices: an absent weight takes no place
  for (int i = 0; i < 3; ++i) {
    if (!c.has_input(i)) continue;
    if (c.needs(at)) c.set_grad(at, grads[i]);
    ++at;
  }
}

// ---- layerNormBackward(grad, x, weight?, mean, rstd){normalizedDims} -> dx, weightGrad, biasGrad

void backward_infer(InferContext& c) {
  const TensorSpec &grad = c.in(0), &x = c.in(1);
  check_floating(c, x);
  const Rows r = checked_rows(c, x);
  check_parameter(c, "grad", grad, x.dtype, x.shape);
  if (c.has(2)) check_parameter(c, "weight", c.in(2), x.dtype, r.normalized);
  check_parameter(c, "mean", c.in(3), x.dtype, r.lead);
  check_parameter(c, "rstd", c.in(4), x.dtype, r.lead);
  c.add_output(x.dtype, x.shape);
  c.add_output(x.dtype, r.normalized);
  c.add_output(x.dtype, r.normalized);
}

int64_t chunks_of(const Rows& r) { return (r.rows + kLayerNormRows - 1) / kLayerNormRows; }

// The sums of all chunks, one row each.
TensorSpec partial_spec(DType dtype, const Rows& r) {
  return TensorSpec::contiguous(dtype, {chunks_of(r), r.n});
}

size_t backward_workspace(const InferContext& c) {
  const TensorSpec& x = c.in(1);
  const Rows r = rows_of(x.shape, c.attrs().get_int(0));
  if (r.rows == 0 || r.n == 0) return 0;
  Scratch s;
  s.add_copy(x);
  for (int i = 2; i < 5; ++i)
    if (c.has(i)) s.add_copy(c.in(i));
  if (chunks_of(r) > 1) {
    const TensorSpec partial = partial_spec(x.dtype, r);
    s.add(partial.bytes());
    s.add(partial.bytes());
    s.add(static_cast<size_t>(plan_reduction(partial, 1).intermediate_elements) * size_of(x.dtype));
  }
  return s.bytes();
}

void backward_eval(const EvalContext& c) {
  const TensorView &grad = c.in(0), &x = c.in(1), &dx = c.out(0);
  const Rows r = rows_of(x.spec->shape, c.attrs().get_int(0));
  Scratch s(c.workspace());
  dispatch_floating(x.spec->dtype, [&]<class T>(T) {
    T *weight_grad = c.out(1).as<T>(), *bias_grad = c.out(2).as<T>();
    if (r.rows == 0 || r.n == 0) {
      for (int64_t i = 0; i < r.n; ++i) weight_grad[i] = bias_grad[i] = 0;
      return;
    }
    const T* from = static_cast<const T*>(s.contiguous(x));
    const T* weight = c.has(2) ? static_cast<const T*>(s.contiguous(c.in(2))) : nullptr;
    const T* mean = static_cast<const T*>(s.contiguous(c.in(3)));
    const T* rstd = static_cast<const T*>(s.contiguous(c.in(4)));
    const bool dense = grad.spec->is_contiguous();
    if (!dense) copy_view(dx, grad);
    T* to = dx.as<T>();
    const T* g = dense ? grad.as<T>() : to;
    const int64_t chunks = chunks_of(r);
    const TensorSpec partial = partial_spec(x.spec->dtype, r);
    T *weight_parts = weight_grad, *bias_parts = bias_grad;
    if (chunks > 1) {
      weight_parts = static_cast<T*>(s.take(partial.bytes()));
      bias_parts = static_cast<T*>(s.take(partial.bytes()));
    }
    const NormKernels<T>& kernels = norm_table().of<T>();
    parallel_for(chunks, std::max<int64_t>(1, kGrain / (r.n * kLayerNormRows)),
                 [&](int64_t begin, int64_t end) {
                   for (int64_t i = begin; i < end; ++i) {
                     const int64_t row = i * kLayerNormRows, at = row * r.n;
                     kernels.layer_norm_backward(g + at, from + at, mean + row, rstd + row, weight,
                                                 std::min(kLayerNormRows, r.rows - row), r.n, to + at,
                                                 weight_parts + i * r.n, bias_parts + i * r.n);
                   }
                 });
    if (chunks > 1) {
      const ReducePlan plan = plan_reduction(partial, 1);
      T* rest = static_cast<T*>(s.take(static_cast<size_t>(plan.intermediate_elements) * sizeof(T)));
      const auto& sum = reduce_table().sum<T>();
      run_reduction<T, T>(plan, weight_parts, weight_grad, rest, sum, sum);
      run_reduction<T, T>(plan, bias_parts, bias_grad, rest, sum, sum);
    }
  });
}

const Op kOps[] = {
    {.name = "layerNorm",
     .inputs = {{{"x"}, {"weight", InputKind::kOptional}, {"bias", InputKind::kOptional}}},
     .outputs = {{{"out"}, {"mean", false}, {"rstd", false}}},
     .attrs = {{{"normalizedDims", AttrType::kInt}, {"eps", AttrType::kFloat}}},
     .infer = layer_norm_infer,
     .workspace = layer_norm_workspace,
     .eval = layer_norm_eval,
     .saves = {.inputs = 7, .outputs = 6},
     .vjp = layer_norm_vjp},
    {.name = "layerNormBackward",
     .inputs = {{{"grad"}, {"x"}, {"weight", InputKind::kOptional}, {"mean"}, {"rstd"}}},
     .outputs = {{{"xGrad"}, {"weightGrad"}, {"biasGrad"}}},
     .attrs = {{{"normalizedDims", AttrType::kInt}}},
     .flags = kInternal,
     .infer = backward_infer,
     .workspace = backward_workspace,
     .eval = backward_eval},
};

}  // namespace

void register_layer_norm_ops(Registry& r) {
  for (const Op& op : kOps) r.add(op);
}

}  // namespace lanegrad

// sum, mean, amax, amin, var.
#include <cmath>
#include <limits>

#include "ops/recurrence.h"
#include "ops/reduce_dims.h"
#include "ops/reduce_run.h"
#include "ops/registry.h"

namespace lanegrad {
namespace {

bool has_elements(const TensorSpec& x) { return x.numel() > 0; }

// ---- sum(x){dims, keepdim}, mean(x){dims, keepdim}

void sum_infer(InferContext& c) {
  const TensorSpec& x = c.in(0);
  const uint32_t mask = reduce_mask(c.op().name, c.attrs().get_ints(0), x.rank());
  c.add_output(is_floating(x.dtype) ? x.dtype : DType::kInt64,
               reduced_shape(x.shape, mask, c.attrs().get_bool(1)));
}

void mean_infer(InferContext& c) {
  const TensorSpec& x = c.in(0);
  if (!is_floating(x.dtype)) {
    c.fail(ErrorKind::kDType, "wants a floating dtype, got ", name_of(x.dtype),
           ": cast first, for instance to float32");
  }
  const uint32_t mask = reduce_mask(c.op().name, c.attrs().get_ints(0), x.rank());
  c.add_output(x.dtype, reduced_shape(x.shape, mask, c.attrs().get_bool(1)));
}

// Intermediates of the result's dtype.
size_t fold_workspace(const InferContext& c) {
  const TensorSpec& x = c.in(0);
  if (!has_elements(x)) return 0;
  const uint32_t mask = reduce_mask(c.op().name, c.attrs().get_ints(0), x.rank());
  return static_cast<size_t>(plan_reduction(x, mask).intermediate_elements) * size_of(c.out(0).dtype);
}

// The number of elements behind each result.
int64_t reduced_count(const Dims& shape, uint32_t mask) {
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

enum class Fold { kSum, kMean, kProduct };

template <Fold kFold>
void fold_eval(const EvalContext& c) {
  const TensorView &x = c.in(0), &out = c.out(0);
  const uint32_t mask = reduce_mask(c.op().name, c.attrs().get_ints(0), x.spec->rank());
  const int64_t outputs = out.spec->numel();
  dispatch_stored(x.spec->dtype, [&]<class In>(In) {
    using Out = std::conditional_t<std::is_floating_point_v<In>, In, int64_t>;
    Out* result = out.as<Out>();
    if (!has_elements(*x.spec)) {
      for (int64_t i = 0; i < outputs; ++i) result[i] = kFold == Fold::kProduct ? 1 : 0;
    } else {
      const ReduceTable& table = reduce_table();
      const ReduceKernels<In, Out>& first = kFold == Fold::kProduct ? table.prod<In>() : table.sum<In>();
      const ReduceKernels<Out, Out>& rest = kFold == Fold::kProduct ? table.prod<Out>() : table.sum<Out>();
      run_reduction<In, Out>(plan_reduction(*x.spec, mask), x.as<In>(), result,
                             static_cast<Out*>(c.workspace()), first, rest);
    }
    if constexpr (kFold == Fold::kMean && std::is_floating_point_v<In>) {
      divide_all<In>(result, outputs, static_cast<In>(reduced_count(x.spec->shape, mask)));
    }
  });
}

void sum_vjp(VjpContext& c) {
  if (!c.needs(0)) return;
  const Dims& shape = c.input_shape(0);
  const uint32_t mask = reduce_mask("sum", c.attrs().get_ints(0), shape.size());
  c.set_grad(0, fn::expand(c, with_reduced_dims(c, c.grad(0), shape, mask), shape));
}

void mean_vjp(VjpContext& c) {
  if (!c.needs(0)) return;
  const Dims& shape = c.input_shape(0);
  const uint32_t mask = reduce_mask("mean", c.attrs().get_ints(0), shape.size());
  const Tensor share = fn::mul(c, c.grad(0), 1.0 / static_cast<double>(reduced_count(shape, mask)));
  c.set_grad(0, fn::expand(c, with_reduced_dims(c, share, shape, mask), shape));
}

// ---- prod(x){dims, keepdim}: over one dim, or all

void prod_infer(InferContext& c) {
  const std::span<const int64_t> dims = c.attrs().get_ints(0);
  if (dims.size() > 1) c.fail(ErrorKind::kValue, "takes one dim or all, got ", dims.size(), " dims");
  sum_infer(c);
}

// Each element times the product of the others: nothing is divided by, so zeros need no care.
void prod_vjp(VjpContext& c) {
  if (!c.needs(0)) return;
  const Dims& shape = c.input_shape(0);
  const Tensor x = c.input(0);
  if (shape.empty()) return c.set_grad(0, c.grad(0));
  if (numel(shape) == 0) return c.set_grad(0, fn::full(c, shape, 0, c.input_dtype(0)));
  const std::span<const int64_t> dims = c.attrs().get_ints(0);
  const uint32_t mask = reduce_mask("prod", dims, shape.size());
  const Tensor others =
      dims.empty() ? fn::reshape(c, product_of_others(c, fn::reshape(c, x, Dims{numel(shape)}), 0), shape)
                   : product_of_others(c, x, normalize_dim("prod", dims[0], shape.size()));
  c.set_grad(0, fn::mul(c, others, with_reduced_dims(c, c.grad(0), shape, mask)));
}

// ---- amax(x){dims, keepdim}, amin(x){dims, keepdim}

void extreme_infer(InferContext& c) {
  const TensorSpec& x = c.in(0);
  const std::span<const int64_t> dims = c.attrs().get_ints(0);
  const uint32_t mask = reduce_mask(c.op().name, dims, x.rank());
  for (int i = 0; i < x.rank(); ++i) {
    if ((mask >> i & 1) && x.shape[i] == 0) {
      c.fail(dims.empty() ? ErrorKind::kShape : ErrorKind::kIndex, "dim ", i, " of ", x.shape,
             " is empty: an extremum wants at least one element");
    }
  }
  c.add_output(x.dtype, reduced_shape(x.shape, mask, c.attrs().get_bool(1)));
}

template <bool kMax>
void extreme_eval(const EvalContext& c) {
  const TensorView& x = c.in(0);
  if (!has_elements(*x.spec)) return;
  const uint32_t mask = reduce_mask(c.op().name, c.attrs().get_ints(0), x.spec->rank());
  dispatch_stored(x.spec->dtype, [&]<class T>(T) {
    const ReduceTable& table = reduce_table();
    const ReduceKernels<T, T>& kernels = kMax ? table.max<T>() : table.min<T>();
    run_reduction<T, T>(plan_reduction(*x.spec, mask), x.as<T>(), c.out(0).as<T>(),
                        static_cast<T*>(c.workspace()), kernels, kernels);
  });
}

// Ties share the gradient evenly.
void extreme_vjp(VjpContext& c) {
  if (!c.needs(0)) return;
  const Dims& shape = c.input_shape(0);
  const uint32_t mask = reduce_mask("amax", c.attrs().get_ints(0), shape.size());
  const Tensor best = with_reduced_dims(c, c.output(0), shape, mask);
  const Tensor hit = fn::to(c, fn::eq(c, c.input(0), best), c.input_dtype(0));
  Dims dims;
  for (int i = 0; i < shape.size(); ++i)
    if (mask >> i & 1) dims.push_back(i);
  const Tensor hits = dims.empty() ? hit : fn::sum(c, hit, dims, /*keepdim=*/true);
  const Tensor grad = with_reduced_dims(c, c.grad(0), shape, mask);
  c.set_grad(0, fn::mul(c, hit, fn::div(c, grad, hits)));
}

// ---- var(x){dims, correction, keepdim}

void var_infer(InferContext& c) {
  const TensorSpec& x = c.in(0);
  if (!is_floating(x.dtype)) {
    c.fail(ErrorKind::kDType, "wants a floating dtype, got ", name_of(x.dtype),
           ": cast first, for instance to float32");
  }
  const uint32_t mask = reduce_mask(c.op().name, c.attrs().get_ints(0), x.rank());
  c.add_output(x.dtype, reduced_shape(x.shape, mask, c.attrs().get_bool(2)));
}

int64_t aligned(int64_t n) { return (n + 63) & ~int64_t{63}; }

// The means, then intermediates.
size_t var_workspace(const InferContext& c) {
  return fold_workspace(c) + static_cast<size_t>(aligned(c.out(0).numel())) * size_of(c.out(0).dtype);
}

double var_divisor(const Dims& shape, uint32_t mask, double correction) {
  return std::max(0.0, static_cast<double>(reduced_count(shape, mask)) - correction);
}

// Two passes: the mean, then the squares of what differs from it.
void var_eval(const EvalContext& c) {
  const TensorView &x = c.in(0), &out = c.out(0);
  const Dims& shape = x.spec->shape;
  const uint32_t mask = reduce_mask(c.op().name, c.attrs().get_ints(0), shape.size());
  const int64_t outputs = out.spec->numel();
  dispatch_floating(x.spec->dtype, [&]<class T>(T) {
    T* result = out.as<T>();
    if (!has_elements(*x.spec)) {
      for (int64_t i = 0; i < outputs; ++i) result[i] = std::numeric_limits<T>::quiet_NaN();
      return;
    }
    const ReduceTable& table = reduce_table();
    const ReducePlan plan = plan_reduction(*x.spec, mask);
    T* mean = static_cast<T*>(c.workspace());
    T* rest = mean + aligned(outputs);
    run_reduction<T, T>(plan, x.as<T>(), mean, rest, table.sum<T>(), table.sum<T>());
    divide_all<T>(mean, outputs, static_cast<T>(reduced_count(shape, mask)));
    run_centered<T>(plan, x.as<T>(), mean, result, rest, table.centered<T>(), table.sum<T>());
    divide_all<T>(result, outputs, static_cast<T>(var_divisor(shape, mask, c.attrs().get_float(1))));
  });
}

// d var / dx = 2 (x - mean) / (n - correction)
void var_vjp(VjpContext& c) {
  if (!c.needs(0)) return;
  const Dims& shape = c.input_shape(0);
  const uint32_t mask = reduce_mask("var", c.attrs().get_ints(0), shape.size());
  static const Op& mean_op = find_op("mean");
  const Tensor x = c.input(0);
  const Tensor mean = c.apply(mean_op, {x}, Attrs().add_ints(c.attrs().get_ints(0)).add_bool(true));
  const Tensor scale = fn::mul(c, c.grad(0), 2.0 / var_divisor(shape, mask, c.attrs().get_float(1)));
  c.set_grad(0, fn::mul(c, fn::sub(c, x, mean), with_reduced_dims(c, scale, shape, mask)));
}

const Op kOps[] = {
    {.name = "sum",
     .inputs = {{{"x"}}},
     .outputs = {{{"out"}}},
     .attrs = {{{"dims", AttrType::kInts}, {"keepdim", AttrType::kBool}}},
     .flags = kPrimitive | kReduction,
     .infer = sum_infer,
     .workspace = fold_workspace,
     .eval = fold_eval<Fold::kSum>,
     .vjp = sum_vjp},
    {.name = "mean",
     .inputs = {{{"x"}}},
     .outputs = {{{"out"}}},
     .attrs = {{{"dims", AttrType::kInts}, {"keepdim", AttrType::kBool}}},
     .flags = kPrimitive | kReduction,
     .infer = mean_infer,
     .workspace = fold_workspace,
     .eval = fold_eval<Fold::kMean>,
     .vjp = mean_vjp},
    {.name = "prod",
     .inputs = {{{"x"}}},
     .outputs = {{{"out"}}},
     .attrs = {{{"dims", AttrType::kInts}, {"keepdim", AttrType::kBool}}},
     .flags = kPrimitive | kReduction,
     .infer = prod_infer,
     .workspace = fold_workspace,
     .eval = fold_eval<Fold::kProduct>,
     .saves = {.inputs = 1},
     .vjp = prod_vjp},
    {.name = "amax",
     .inputs = {{{"x"}}},
     .outputs = {{{"out"}}},
     .attrs = {{{"dims", AttrType::kInts}, {"keepdim", AttrType::kBool}}},
     .flags = kPrimitive | kReduction,
     .infer = extreme_infer,
     .workspace = fold_workspace,
     .eval = extreme_eval<true>,
     .saves = {.inputs = 1, .outputs = 1},
     .vjp = extreme_vjp},
    {.name = "amin",
     .inputs = {{{"x"}}},
     .outputs = {{{"out"}}},
     .attrs = {{{"dims", AttrType::kInts}, {"keepdim", AttrType::kBool}}},
     .flags = kPrimitive | kReduction,
     .infer = extreme_infer,
     .workspace = fold_workspace,
     .eval = extreme_eval<false>,
     .saves = {.inputs = 1, .outputs = 1},
     .vjp = extreme_vjp},
    {.name = "var",
     .inputs = {{{"x"}}},
     .outputs = {{{"out"}}},
     .attrs = {{{"dims", AttrType::kInts}, {"correction", AttrType::kFloat}, {"keepdim", AttrType::kBool}}},
     .flags = kReduction,
     .infer = var_infer,
     .workspace = var_workspace,
     .eval = var_eval,
     .saves = {.inputs = 1},
     .vjp = var_vjp},
};

}  // namespace

void register_extreme_index_ops(Registry& r);  // reduce_index.cc

void register_reduce_ops(Registry& r) {
  for (const Op& op : kOps) r.add(op);
  register_extreme_index_ops(r);
}

}  // namespace lanegrad

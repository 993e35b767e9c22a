// sum, mean, amax, amin, prod.
#include <algorithm>
#include <cmath>
#include <limits>

#include "ops/recurrence.h"
#include "ops/reduce/dims.h"
#include "ops/reduce/results.h"
#include "ops/reduce/run.h"
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

enum class Fold { kSum, kMean, kProduct };

template <Fold kFold>
void fold_eval(const EvalContext& c) {
  const TensorView &x = c.in(0), &out = c.out(0);
  const uint32_t mask = reduce_mask(c.op().name, c.attrs().get_ints(0), x.spec->rank());
  const int64_t outputs = out.spec->numel();
  dispatch_reduced(x.spec->dtype, [&]<class In>(In) {
    constexpr bool kFloating = !std::is_integral_v<In>;
    using Out = std::conditional_t<kFloating, Accumulated<In>, int64_t>;
    const Results<Out> result(c, static_cast<Out*>(c.workspace()));
    if (!has_elements(*x.spec)) {
      for (int64_t i = 0; i < outputs; ++i) result.at[i] = kFold == Fold::kProduct ? 1 : 0;
    } else {
      const ReduceTable& table = reduce_table();
      const ReduceKernels<In, Out>& first = kFold == Fold::kProduct ? table.prod<In>() : table.sum<In>();
      const ReduceKernels<Out, Out>& rest = kFold == Fold::kProduct ? table.prod<Out>() : table.sum<Out>();
      run_reduction<In, Out>(plan_reduction(*x.spec, mask), x.as<In>(), result.at, result.rest, first, rest);
    }
    if constexpr (kFold == Fold::kMean && kFloating) {
      divide_all<Out>(result.at, outputs, static_cast<Out>(reduced_count(x.spec->shape, mask)));
    }
    result.finish(c);
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
  dispatch_reduced(x.spec->dtype, [&]<class In>(In) {
    using Out = Accumulated<In>;
    const Results<Out> result(c, static_cast<Out*>(c.workspace()));
    const ReduceTable& table = reduce_table();
    const ReduceKernels<In, Out>& first = kMax ? table.max<In>() : table.min<In>();
    const ReduceKernels<Out, Out>& rest = kMax ? table.max<Out>() : table.min<Out>();
    run_reduction<In, Out>(plan_reduction(*x.spec, mask), x.as<In>(), result.at, result.rest, first, rest);
    result.finish(c);
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

const Op kOps[] = {
    {.name = "sum",
     .inputs = {{{"x"}}},
     .outputs = {{{"out"}}},
     .attrs = {{{"dims", AttrType::kInts}, {"keepdim", AttrType::kBool}}},
     .flags = kPrimitive | kReduction | kTakesNarrow,
     .infer = sum_infer,
     .workspace = fold_workspace,
     .eval = fold_eval<Fold::kSum>,
     .vjp = sum_vjp},
    {.name = "mean",
     .inputs = {{{"x"}}},
     .outputs = {{{"out"}}},
     .attrs = {{{"dims", AttrType::kInts}, {"keepdim", AttrType::kBool}}},
     .flags = kPrimitive | kReduction | kTakesNarrow,
     .infer = mean_infer,
     .workspace = fold_workspace,
     .eval = fold_eval<Fold::kMean>,
     .vjp = mean_vjp},
    {.name = "prod",
     .inputs = {{{"x"}}},
     .outputs = {{{"out"}}},
     .attrs = {{{"dims", AttrType::kInts}, {"keepdim", AttrType::kBool}}},
     .flags = kPrimitive | kReduction | kTakesNarrow,
     .autocast = Autocast::kFloat32,
     .infer = prod_infer,
     .workspace = fold_workspace,
     .eval = fold_eval<Fold::kProduct>,
     .saves = {.inputs = 1},
     .vjp = prod_vjp},
    {.name = "amax",
     .inputs = {{{"x"}}},
     .outputs = {{{"out"}}},
     .attrs = {{{"dims", AttrType::kInts}, {"keepdim", AttrType::kBool}}},
     .flags = kPrimitive | kReduction | kTakesNarrow,
     .infer = extreme_infer,
     .workspace = fold_workspace,
     .eval = extreme_eval<true>,
     .saves = {.inputs = 1, .outputs = 1},
     .vjp = extreme_vjp},
    {.name = "amin",
     .inputs = {{{"x"}}},
     .outputs = {{{"out"}}},
     .attrs = {{{"dims", AttrType::kInts}, {"keepdim", AttrType::kBool}}},
     .flags = kPrimitive | kReduction | kTakesNarrow,
     .infer = extreme_infer,
     .workspace = fold_workspace,
     .eval = extreme_eval<false>,
     .saves = {.inputs = 1, .outputs = 1},
     .vjp = extreme_vjp},
};

}  // namespace

void register_extreme_index_ops(Registry& r);  // index.cc
void register_mapped_sum_ops(Registry& r);     // mapped.cc
void register_variance_ops(Registry& r);       // variance.cc

void register_reduce_ops(Registry& r) {
  for (const Op& op : kOps) r.add(op);
  register_extreme_index_ops(r);
  register_mapped_sum_ops(r);
  register_variance_ops(r);
}

}  // namespace lanegrad

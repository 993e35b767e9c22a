// Sums of a function of each element, in one pass over them: nansum, squareSum, absSum (all over dims), how
// many elements are not 0 or not NaN, and logsumexp in two passes.
#include <bit>
#include <cmath>
#include <limits>

#include "kernels/softmax/softmax.h"
#include "ops/check_operand.h"
#include "ops/functions.h"
#include "ops/reduce/results.h"
#include "ops/registry.h"
#include "ops/loss/softmax_parts.h"

namespace lanegrad {
namespace {

uint32_t mask_of(const Op& op, const Attrs& attrs, int rank) {
  return reduce_mask(op.name, attrs.get_ints(0), rank);
}

void check_floating(const InferContext& c) {
  if (is_floating(c.in(0).dtype)) return;
  c.fail(ErrorKind::kDType, "wants a floating dtype, got ", name_of(c.in(0).dtype),
         ": cast first, for instance to float32");
}

void floating_infer(InferContext& c) {
  check_floating(c);
  const TensorSpec& x = c.in(0);
  const uint32_t mask = mask_of(c.op(), c.attrs(), x.rank());
  c.add_output(x.dtype, reduced_shape(x.shape, mask, c.attrs().get_bool(1)));
}

void count_infer(InferContext& c) {
  const TensorSpec& x = c.in(0);
  const uint32_t mask = mask_of(c.op(), c.attrs(), x.rank());
  c.add_output(DType::kInt64, reduced_shape(x.shape, mask, c.attrs().get_bool(1)));
}

void number_infer(InferContext& c) {
  check_floating(c);
  count_infer(c);
}

enum class Sum { kNumbers, kSquares, kMagnitudes };

template <Sum kSum>
void sum_eval(const EvalContext& c) {
  const TensorView& x = c.in(0);
  const uint32_t mask = mask_of(c.op(), c.attrs(), x.spec->rank());
  dispatch_reduced(x.spec->dtype, [&]<class In>(In) {
    if constexpr (!std::is_integral_v<In>) {
      using T = Accumulated<In>;
      const Results<T> result(c, static_cast<T*>(c.workspace()));
      if (x.spec->numel() == 0) {
        std::fill_n(result.at, c.out(0).spec->numel(), T(0));
        return result.finish(c);
      }
      const auto& floats = reduce_table().floats<In>();
      const ReduceKernels<In, T>& first = kSum == Sum::kNumbers   ? floats.nansum
                                          : kSum == Sum::kSquares ? floats.squares
                                                                  : floats.magnitudes;
      run_reduction<In, T>(plan_reduction(*x.spec, mask), x.as<In>(), result.at, result.rest, first,
                           reduce_table().sum<T>());
      result.finish(c);
    }
  });
}

template <class In>
void count(const EvalContext& c, const ReduceKernels<In, int64_t>& first) {
  const TensorView &x = c.in(0), &out = c.out(0);
  int64_t* result = out.as<int64_t>();
  if (x.spec->numel() == 0) return void(std::fill_n(result, out.spec->numel(), int64_t{0}));
  run_reduction<In, int64_t>(plan_reduction(*x.spec, mask_of(c.op(), c.attrs(), x.spec->rank())), x.as<In>(),
                             result, static_cast<int64_t*>(c.workspace()), first,
                             reduce_table().sum<int64_t>());
}

void nonzero_eval(const EvalContext& c) {
  dispatch_reduced(c.in(0).spec->dtype, [&]<class In>(In) { count<In>(c, reduce_table().count<In>()); });
}

void number_eval(const EvalContext& c) {
  dispatch_reduced(c.in(0).spec->dtype, [&]<class In>(In) {
    if constexpr (!std::is_integral_v<In>) count<In>(c, reduce_table().floats<In>().numbers);
  });
}

// The gradient of the result, spread over the elements that it comes from.
Tensor spread_grad(VjpContext& c) {
  const Dims& shape = c.input_shape(0);
  const uint32_t mask = reduce_mask("sum", c.attrs().get_ints(0), shape.size());
  return fn::expand(c, with_reduced_dims(c, c.grad(0), shape, mask), shape);
}

void nansum_vjp(VjpContext& c) {
  if (!c.needs(0)) return;
  static const Op& isnan = find_op("isnan");
  const Tensor zero = fn::full(c, Dims(), 0, c.input_dtype(0));
  c.set_grad(0, fn::where(c, c.apply(isnan, {c.input(0)}, Attrs()), zero, spread_grad(c)));
}

void square_sum_vjp(VjpContext& c) {
  if (!c.needs(0)) return;
  c.set_grad(0, fn::mul(c, fn::mul(c, c.input(0), 2.0), spread_grad(c)));
}

void abs_sum_vjp(VjpContext& c) {
  if (!c.needs(0)) return;
  static const Op& sign = find_op("sign");
  c.set_grad(0, fn::mul(c, c.apply(sign, {c.input(0)}, Attrs()), spread_grad(c)));
}

// ---- logsumexp(x){dims, keepdim}: m + log(sum(e^(x - m))), m the extremum, or 0 where that is infinite

size_t logsumexp_workspace(const InferContext& c) {
  const TensorSpec& out = c.out(0);
  return fold_workspace(c) + static_cast<size_t>(aligned(out.numel())) * size_of(partial_dtype(out.dtype));
}

// Neighbouring dims of a dense x, many lines: each line goes through both passes while it is in the caches.
// False where that does not hold; a matter of the shape alone.
bool logsumexp_lines(const TensorView& x, uint32_t mask, const TensorView& out) {
  constexpr int64_t kManyLines = 64;
  if (!x.spec->is_contiguous() || mask == 0 || out.spec->numel() < kManyLines || x.spec->numel() == 0)
    return false;
  const int first = std::countr_zero(mask), last = std::bit_width(mask) - 1;
  if (std::popcount(mask) != last - first + 1) return false;
  const SoftmaxBlock b = softmax_block(x.spec->shape, first, last);
  const auto run = [&]<class T>(T) {
    const SoftmaxKernels<T>& kernels = softmax_table().of<T>();
    for_each_softmax_part(
        b,
        [&](int64_t row, int64_t count) {
          kernels.logsumexp_rows(x.as<T>() + row * b.n, count, b.n, out.as<T>() + row);
        },
        [&](int64_t outer, int64_t column, int64_t columns) {
          kernels.logsumexp_columns(x.as<T>() + outer * b.n * b.inner + column, b.n, columns, b.inner,
                                    out.as<T>() + outer * b.inner + column);
        });
  };
  if (x.spec->dtype == DType::kFloat32) return run(float{}), true;
  if (x.spec->dtype == DType::kFloat64) return run(double{}), true;
  return false;
}

void logsumexp_eval(const EvalContext& c) {
  const TensorView& x = c.in(0);
  const int64_t outputs = c.out(0).spec->numel();
  const uint32_t mask = mask_of(c.op(), c.attrs(), x.spec->rank());
  if (logsumexp_lines(x, mask, c.out(0))) return;
  dispatch_reduced(x.spec->dtype, [&]<class In>(In) {
    if constexpr (!std::is_integral_v<In>) {
      using T = Accumulated<In>;
      constexpr T kInfinity = std::numeric_limits<T>::infinity();
      T* shift = static_cast<T*>(c.workspace());
      const Results<T> result(c, shift + aligned(outputs));
      if (x.spec->numel() == 0) {
        std::fill_n(result.at, outputs, -kInfinity);
        return result.finish(c);
      }
      const ReduceTable& table = reduce_table();
      const ReducePlan plan = plan_reduction(*x.spec, mask);
      run_reduction<In, T>(plan, x.as<In>(), shift, result.rest, table.max<In>(), table.max<T>());
      for (int64_t i = 0; i < outputs; ++i) {
        if (shift[i] == kInfinity || shift[i] == -kInfinity) shift[i] = 0;
      }
      run_centered<In, T>(plan, x.as<In>(), shift, result.at, result.rest, table.floats<In>().exponentials,
                          table.sum<T>());
      parallel_for(outputs, kReduceGrain / 8, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) result.at[i] = std::log(result.at[i]) + shift[i];
      });
      result.finish(c);
    }
  });
}

void logsumexp_vjp(VjpContext& c) {
  if (!c.needs(0)) return;
  const Dims& shape = c.input_shape(0);
  const uint32_t mask = reduce_mask("logsumexp", c.attrs().get_ints(0), shape.size());
  const Tensor share = fn::exp(c, fn::sub(c, c.input(0), with_reduced_dims(c, c.output(0), shape, mask)));
  c.set_grad(0, fn::mul(c, share, spread_grad(c)));
}

const Op kOps[] = {
    {.name = "nansum",
     .inputs = {{{"x"}}},
     .outputs = {{{"out"}}},
     .attrs = {{{"dims", AttrType::kInts}, {"keepdim", AttrType::kBool}}},
     .flags = kReduction | kTakesNarrow,
     .infer = floating_infer,
     .workspace = fold_workspace,
     .eval = sum_eval<Sum::kNumbers>,
     .saves = {.inputs = 1},
     .vjp = nansum_vjp},
    {.name = "squareSum",
     .inputs = {{{"x"}}},
     .outputs = {{{"out"}}},
     .attrs = {{{"dims", AttrType::kInts}, {"keepdim", AttrType::kBool}}},
     .flags = kReduction | kTakesNarrow,
     .infer = floating_infer,
     .workspace = fold_workspace,
     .eval = sum_eval<Sum::kSquares>,
     .saves = {.inputs = 1},
     .vjp = square_sum_vjp},
    {.name = "absSum",
     .inputs = {{{"x"}}},
     .outputs = {{{"out"}}},
     .attrs = {{{"dims", AttrType::kInts}, {"keepdim", AttrType::kBool}}},
     .flags = kReduction | kTakesNarrow,
     .infer = floating_infer,
     .workspace = fold_workspace,
     .eval = sum_eval<Sum::kMagnitudes>,
     .saves = {.inputs = 1},
     .vjp = abs_sum_vjp},
    {.name = "countNonzero",
     .inputs = {{{.name = "x", .differentiable = false}}},
     .outputs = {{{"out", false}}},
     .attrs = {{{"dims", AttrType::kInts}, {"keepdim", AttrType::kBool}}},
     .flags = kReduction | kTakesNarrow,
     .infer = count_infer,
     .workspace = fold_workspace,
     .eval = nonzero_eval},
    {.name = "countNumbers",
     .inputs = {{{.name = "x", .differentiable = false}}},
     .outputs = {{{"out", false}}},
     .attrs = {{{"dims", AttrType::kInts}, {"keepdim", AttrType::kBool}}},
     .flags = kReduction | kTakesNarrow,
     .infer = number_infer,
     .workspace = fold_workspace,
     .eval = number_eval},
    {.name = "logsumexp",
     .inputs = {{{"x"}}},
     .outputs = {{{"out"}}},
     .attrs = {{{"dims", AttrType::kInts}, {"keepdim", AttrType::kBool}}},
     .flags = kReduction | kTakesNarrow,
     .infer = floating_infer,
     .workspace = logsumexp_workspace,
     .eval = logsumexp_eval,
     .saves = {.inputs = 1, .outputs = 1},
     .vjp = logsumexp_vjp},
};

}  // namespace

void register_mapped_sum_ops(Registry& r) {
  for (const Op& op : kOps) r.add(op);
}

}  // namespace lanegrad

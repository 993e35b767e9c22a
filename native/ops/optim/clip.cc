// clipGradNorm and clipGradValue: the gradients of many parameters in one call, in place.
#include <cmath>
#include <limits>

#include "ops/optim/step.h"
#include "ops/registry.h"

namespace lanegrad {
namespace {

template <class Kernel>
void for_each_grad(std::span<const TensorView> grads, const Kernel& kernel) {
  for (const TensorView& grad : grads) {
    if (!grad.defined()) continue;
    dispatch_floating(grad.spec->dtype, [&]<class T>(T) { kernel.template operator()<T>(grad); });
  }
}

// ---- clipGradNorm(params, maxNorm){p} -> norm: of all gradients together, times min(1, maxNorm / (norm +
// 1e-6))

void norm_infer(InferContext& c) {
  check_params(c);
  check_list(c, 1, true);
  check_number(c, 2);
  const double p = c.attrs().get_float(0);
  if (!(p > 0)) c.fail(ErrorKind::kValue, "p is ", p, ", wants a number above 0");
  DType dtype = c.list(0).empty() ? DType::kFloat32 : c.list(0)[0]->dtype;
  for (const TensorSpec* param : c.list(0)) {
    if (param->dtype == dtype) continue;
    const bool wide = param->dtype == DType::kFloat64 || dtype == DType::kFloat64;
    dtype = wide ? DType::kFloat64 : DType::kFloat32;
  }
  c.add_output(dtype, Dims{});
}

// One double for each chunk of the largest gradient.
size_t norm_workspace(const InferContext& c) {
  int64_t most = 0;
  for (const TensorSpec* grad : c.list(1))
    if (grad) most = std::max(most, optim_chunks(grad->numel()));
  return static_cast<size_t>(most) * sizeof(double);
}

// The p-th powers of a chunk, summed; of p = infinity the largest.
template <class T>
double part_of(const T* x, int64_t n, double p) {
  const auto& kernels = optim_table().of<T>();
  if (p == 2) return kernels.norm_part(x, n, NormKind::kTwo);
  if (p == 1) return kernels.norm_part(x, n, NormKind::kOne);
  if (std::isinf(p)) return kernels.norm_part(x, n, NormKind::kMax);
  double sum = 0;
  for (int64_t i = 0; i < n; ++i) sum += std::pow(std::abs(static_cast<double>(x[i])), p);
  return sum;
}

// A NaN on either side stays.
double join(double a, double b, double p) {
  if (!std::isinf(p)) return a + b;
  return std::isnan(a) || a > b ? a : b;
}

double total_norm(const EvalContext& c, double p) {
  auto* parts = static_cast<double*>(c.workspace());
  double total = 0;
  for_each_grad(c.list(1), [&]<class T>(const TensorView& grad) {
    const int64_t chunks = optim_chunks(grad.spec->numel());
    std::fill(parts, parts + chunks, 0.0);
    for_each_chunk<T>(grad, [&](const T* x, int64_t n, int64_t index) {
      parts[index] = join(parts[index], part_of(x, n, p), p);
    });
    for (int64_t i = 0; i < chunks; ++i) total = join(total, parts[i], p);
  });
  if (std::isinf(p) || p == 1) return total;
  return p == 2 ? std::sqrt(total) : std::pow(total, 1 / p);
}

void norm_eval(const EvalContext& c) {
  const double norm = total_norm(c, c.attrs().get_float(0)), most = read_number(c.in(2));
  dispatch_floating(c.out(0).spec->dtype, [&]<class T>(T) { *c.out(0).as<T>() = static_cast<T>(norm); });
  const double factor = most / (norm + 1e-6);
  if (factor >= 1 || most == std::numeric_limits<double>::infinity()) return;
  for_each_grad(c.list(1), [&]<class T>(const TensorView& grad) {
    for_each_chunk<T>(
        grad, [&](T* x, int64_t n, int64_t) { optim_table().of<T>().scale(x, n, static_cast<T>(factor)); });
  });
}

// ---- clipGradValue(params, value): every element to [-value, value]

void value_infer(InferContext& c) {
  check_params(c);
  check_list(c, 1, true);
  check_number(c, 2);
}

void value_eval(const EvalContext& c) {
  const double most = read_number(c.in(2));
  for_each_grad(c.list(1), [&]<class T>(const TensorView& grad) {
    for_each_chunk<T>(
        grad, [&](T* x, int64_t n, int64_t) { optim_table().of<T>().clamp(x, n, static_cast<T>(most)); });
  });
}

constexpr InputDef kParams = {.name = "params", .kind = InputKind::kList, .differentiable = false};
constexpr InputDef kGrads = {
    .name = "grads", .kind = InputKind::kList, .mutates = true, .grads_of = 0, .differentiable = false};

const Op kOps[] = {
    {.name = "clipGradNorm",
     .inputs = {{kParams, kGrads, {.name = "maxNorm", .differentiable = false}}},
     .outputs = {{{.name = "norm", .differentiable = false}}},
     .attrs = {{{"p", AttrType::kFloat}}},
     .infer = norm_infer,
     .workspace = norm_workspace,
     .eval = norm_eval},
    {.name = "clipGradValue",
     .inputs = {{kParams, kGrads, {.name = "value", .differentiable = false}}},
     .infer = value_infer,
     .eval = value_eval},
};

}  // namespace

void register_clip_ops(Registry& r) {
  for (const Op& op : kOps) r.add(op);
}

}  // namespace lanegrad

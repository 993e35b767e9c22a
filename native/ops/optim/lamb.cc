// lambStep: every parameter of a group in one call, in place. The direction of Adam is kept for all
// parameters, since how far to go along it follows from its norm and that of the parameter.
#include <cmath>

#include "ops/scratch.h"
#include "ops/optim/step.h"
#include "ops/registry.h"

namespace lanegrad {
namespace {

enum Input { kParams, kGrads, kMeans, kSquares, kSteps, kLr, kBeta1, kBeta2, kEps, kDecay };

void infer(InferContext& c) {
  check_params(c);
  check_list(c, kGrads, true);
  check_list(c, kMeans, false);
  check_list(c, kSquares, false);
  check_row(c, kSteps);
  for (int i = kLr; i <= kDecay; ++i) check_number(c, i);
}

TensorSpec direction_spec(const TensorSpec& param) {
  return {param.dtype, param.shape, dense_strides_like(param.shape, param.strides)};
}

// What eval keeps: runs, the directions and their descriptions, and parts of a norm.
struct Memory {
  std::span<ParamRun> runs;
  std::span<TensorSpec> specs;
  std::span<TensorView> directions;
  double* parts;
};

size_t workspace(const InferContext& c) {
  const auto params = c.list(kParams);
  Scratch room;
  room.add(params.size() * sizeof(ParamRun));
  room.add(params.size() * sizeof(TensorSpec));
  room.add(params.size() * sizeof(TensorView));
  int64_t most = 0;
  for (const TensorSpec* param : params) {
    room.add(param->bytes());
    most = std::max(most, optim_chunks(param->numel()));
  }
  room.add(static_cast<size_t>(most) * sizeof(double));
  return room.bytes();
}

Memory memory_of(const EvalContext& c) {
  const auto params = c.list(kParams), grads = c.list(kGrads);
  const auto count = static_cast<int64_t>(params.size());
  Scratch room(c.workspace());
  Memory m;
  m.runs = {room.take<ParamRun>(count), params.size()};
  m.specs = {room.take<TensorSpec>(count), params.size()};
  m.directions = {room.take<TensorView>(count), params.size()};
  int64_t most = 0;
  for (size_t k = 0; k < params.size(); ++k) {
    new (&m.specs[k]) TensorSpec(direction_spec(*params[k].spec));
    void* const data = room.take(params[k].spec->bytes());
    new (&m.directions[k]) TensorView{grads[k].defined() ? data : nullptr, &m.specs[k]};
    most = std::max(most, optim_chunks(params[k].spec->numel()));
  }
  m.parts = room.take<double>(most);
  return m;
}

double norm_of(const TensorView& x, double* parts) {
  const int64_t chunks = optim_chunks(x.spec->numel());
  std::fill(parts, parts + chunks, 0.0);
  dispatch_floating(x.spec->dtype, [&]<class T>(T) {
    for_each_chunk<T>(x, [&](const T* data, int64_t n, int64_t index) {
      parts[index] += optim_table().of<T>().norm_part(data, n, NormKind::kTwo);
    });
  });
  double sum = 0;
  for (int64_t i = 0; i < chunks; ++i) sum += parts[i];
  return std::sqrt(sum);
}

void eval(const EvalContext& c) {
  const auto params = c.list(kParams), grads = c.list(kGrads);
  if (params.empty()) return;
  const auto number = [&](Input i) { return read_number(c.in(i)); };
  const double lr = number(kLr), beta1 = number(kBeta1), beta2 = number(kBeta2);
  const Memory memory = memory_of(c);
  for (size_t k = 0; k < params.size(); ++k) {
    if (!grads[k].defined()) continue;
    const double step = static_cast<double>(row_entry(c.in(kSteps), k) += 1.0f);
    new (memory.runs[k].step)
        LambStep{1 / (1 - std::pow(beta1, step)),      1 - beta1,    beta2,          1 - beta2,
                 std::sqrt(1 - std::pow(beta2, step)), number(kEps), number(kDecay), c.attrs().get_bool(0)};
  }
  update_all({{memory.directions, grads, c.list(kMeans), c.list(kSquares), params}}, memory.runs,
             Update::kLamb);
  for (size_t k = 0; k < params.size(); ++k) {
    if (!grads[k].defined()) continue;
    const double size = norm_of(params[k], memory.parts),
                 length = norm_of(memory.directions[k], memory.parts);
    const double trust = size == 0 || length == 0 ? 1 : size / length;
    new (memory.runs[k].step) SgdStep{{}, lr * trust, 0, 1, true, false};
  }
  update_all({{params, memory.directions}}, memory.runs, Update::kSgd);
}

const Op kOp = {.name = "lambStep",
                .inputs = {{optim_list("params"),
                            kOptimGrads,
                            optim_list("expAvgs"),
                            optim_list("expAvgSqs"),
                            {.name = "steps", .mutates = true, .differentiable = false},
                            optim_number("lr"),
                            optim_number("beta1"),
                            optim_number("beta2"),
                            optim_number("eps"),
                            optim_number("weightDecay")}},
                .attrs = {{{"maximize", AttrType::kBool}}},
                .infer = infer,
                .workspace = workspace,
                .eval = eval};

}  // namespace

void register_lamb_ops(Registry& r) { r.add(kOp); }

}  // namespace lanegrad

// sgdStep and adamStep: every parameter of a group in one call, in place.
#include <algorithm>
#include <cmath>
#include <span>

#include "core/threads.h"
#include "kernels/optim/optim.h"
#include "ops/reduce_dims.h"
#include "ops/registry.h"
#include "ops/walk.h"

namespace lanegrad {
namespace {

// Elements of a task: a state of this size stays in the L2 cache. Updates are elementwise, so that the
// division into tasks changes no bits.
constexpr int64_t kChunk = 16384;
// Tensors that a parameter brings: itself, its gradient and up to three states.
constexpr int kMaxStates = 5;

// ---- Checks

void check_scalar(const InferContext& c, int i) {
  const TensorSpec& spec = c.in(i);
  if (spec.numel() != 1 || !is_floating(spec.dtype)) {
    c.fail(ErrorKind::kShape, c.op().inputs[i].name, " is a ", name_of(spec.dtype), " of shape ", spec.shape,
           ", wants one float64 number");
  }
}

// A list beside `params`: as many entries, each of the same shape and dtype. Entries may be undefined where
// allowed.
void check_list(const InferContext& c, int i, bool may_be_undefined) {
  const auto params = c.list(0), list = c.list(i);
  const char* name = c.op().inputs[i].name;
  if (list.size() != params.size()) {
    c.fail(ErrorKind::kShape, name, " has ", list.size(), " entries, params has ", params.size());
  }
  for (size_t k = 0; k < list.size(); ++k) {
    if (!list[k]) {
      if (may_be_undefined) continue;
      c.fail(ErrorKind::kValue, name, "[", k, "] is undefined");
    }
    if (list[k]->dtype != params[k]->dtype) {
      c.fail(ErrorKind::kDType, name, "[", k, "] is ", name_of(list[k]->dtype),
             ", wants the dtype of the parameter, ", name_of(params[k]->dtype));
    }
    if (!(list[k]->shape == params[k]->shape)) {
      c.fail(ErrorKind::kShape, name, "[", k, "] is ", list[k]->shape, ", wants the shape of the parameter, ",
             params[k]->shape);
    }
  }
}

void check_params(const InferContext& c, int steps) {
  const auto params = c.list(0);
  for (size_t k = 0; k < params.size(); ++k) {
    if (!params[k]) c.fail(ErrorKind::kValue, "params[", k, "] is undefined");
    if (!is_floating(params[k]->dtype)) {
      c.fail(ErrorKind::kDType, "params[", k, "] is ", name_of(params[k]->dtype), ", wants a floating dtype");
    }
  }
  const TensorSpec& spec = c.in(steps);
  if (spec.dtype != DType::kFloat32 || spec.rank() != 1 ||
      spec.shape[0] != static_cast<int64_t>(params.size())) {
    c.fail(ErrorKind::kShape, "steps is a ", name_of(spec.dtype), " of shape ", spec.shape,
           ", wants float32 [", params.size(), "]");
  }
}

double read_scalar(const TensorView& x) {
  return x.spec->dtype == DType::kFloat32 ? static_cast<double>(*x.as<float>()) : *x.as<double>();
}

// Counts the step of parameter k and returns its number.
double count_step(const TensorView& steps, size_t k) {
  float& step = steps.as<float>()[static_cast<int64_t>(k) * steps.spec->strides[0]];
  return static_cast<double>(step += 1.0f);
}

// ---- One list of (parameter, chunk) pairs for all parameters

struct Group {
  std::array<std::span<const TensorView>, kMaxStates> lists;  // params, grads, states; empty where not used
};

bool same_strides(const TensorSpec& a, const TensorSpec& b) {
  for (int i = 0; i < a.rank(); ++i)
    if (a.shape[i] > 1 && a.strides[i] != b.strides[i]) return false;
  return true;
}

bool is_flat(const Group& g, size_t k) {
  const TensorSpec& param = *g.lists[0][k].spec;
  if (!is_dense(param.shape, param.strides)) return false;
  for (int i = 1; i < kMaxStates; ++i)
    if (!g.lists[i].empty() && !same_strides(param, *g.lists[i][k].spec)) return false;
  return true;
}

// Elements [begin, end) of tensors that do not share their strides: gathered into buffers, updated, written
// back (all but the gradient).
template <class T, class Update>
void update_strided(const Group& g, size_t k, int64_t begin, int64_t end, const Update& update) {
  constexpr int64_t kBuffer = 256;
  T buffers[kMaxStates][kBuffer];
  const TensorSpec& param = *g.lists[0][k].spec;
  Walk<kMaxStates> walk;
  for (int d = 0; d < param.rank(); ++d) {
    std::array<int64_t, kMaxStates> strides{};
    for (int i = 0; i < kMaxStates; ++i)
      if (!g.lists[i].empty()) strides[i] = g.lists[i][k].spec->strides[d];
    walk.add(param.shape[d], strides);
  }
  std::array<T*, kMaxStates> pointers{};
  for (int i = 0; i < kMaxStates; ++i)
    if (!g.lists[i].empty()) pointers[i] = buffers[i];
  for (int64_t at = begin; at < end; at += kBuffer) {
    const int64_t n = std::min(kBuffer, end - at);
    walk.seek(at);
    for (int64_t j = 0; j < n; ++j, walk.advance(1))
      for (int i = 0; i < kMaxStates; ++i)
        if (pointers[i]) buffers[i][j] = g.lists[i][k].as<T>()[walk.offset(i)];
    update(pointers, n);
    walk.seek(at);
    for (int64_t j = 0; j < n; ++j, walk.advance(1))
      for (int i = 0; i < kMaxStates; ++i)
        if (pointers[i] && i != 1) g.lists[i][k].as<T>()[walk.offset(i)] = buffers[i][j];
  }
}

// What eval keeps of a parameter, in the workspace: models have any number of them, and eval does not
// allocate.
template <class Numbers>
struct ParamRun {
  int64_t first_task;
  Numbers numbers;
};
template <class Numbers>
size_t step_workspace(const InferContext& c) {
  return c.list(0).size() * sizeof(ParamRun<Numbers>);
}
template <class Numbers>
std::span<ParamRun<Numbers>> param_runs(const EvalContext& c) {
  return {static_cast<ParamRun<Numbers>*>(c.workspace()), c.list(0).size()};
}

// update(k, pointers, n) for runs that cover every parameter that has a gradient; pointers has null for
// unused lists.
template <class Numbers, class Update>
void for_each_run(const Group& g, std::span<ParamRun<Numbers>> runs, const Update& update) {
  int64_t tasks = 0;
  for (size_t k = 0; k < runs.size(); ++k) {
    runs[k].first_task = tasks;
    if (g.lists[1][k].defined()) tasks += (g.lists[0][k].spec->numel() + kChunk - 1) / kChunk;
  }
  auto task = [&](int64_t index) {
    const auto after = std::upper_bound(runs.begin(), runs.end(), index,
                                        [](int64_t i, const auto& run) { return i < run.first_task; });
    const size_t k = static_cast<size_t>(after - runs.begin() - 1);
    const TensorSpec& spec = *g.lists[0][k].spec;
    const int64_t begin = (index - runs[k].first_task) * kChunk, end = std::min(begin + kChunk, spec.numel());
    dispatch_floating(spec.dtype, [&]<class T>(T) {
      if (!is_flat(g, k)) {
        update_strided<T>(g, k, begin, end,
                          [&](const std::array<T*, kMaxStates>& p, int64_t n) { update(k, p, n); });
        return;
      }
      std::array<T*, kMaxStates> p{};
      for (int i = 0; i < kMaxStates; ++i)
        if (!g.lists[i].empty()) p[i] = g.lists[i][k].as<T>() + begin;
      update(k, p, end - begin);
    });
  };
  int64_t elements = 0;
  for (const TensorView& p : g.lists[0]) elements += p.spec->numel();
  if (elements < 2 * kChunk) {  // not worth waking a thread
    for (int64_t i = 0; i < tasks; ++i) task(i);
  } else {
    parallel_tasks(tasks, task);
  }
}

// ---- sgdStep(params, grads, momentumBuffers, steps, lr, momentum, dampening, weightDecay){nesterov,
// maximize}

void sgd_infer(InferContext& c) {
  check_params(c, 3);
  check_list(c, 1, true);
  if (!c.list(2).empty()) check_list(c, 2, false);
  for (int i = 4; i < 8; ++i) check_scalar(c, i);
}

void sgd_eval(const EvalContext& c) {
  const double lr = read_scalar(c.in(4)), momentum = read_scalar(c.in(5)), dampening = read_scalar(c.in(6));
  const double weight_decay = read_scalar(c.in(7));
  Group g;
  g.lists[0] = c.list(0);
  g.lists[1] = c.list(1);
  if (momentum != 0) {
    if (c.list(2).empty() && !c.list(0).empty()) {
      c.fail(ErrorKind::kValue, "momentum is ", momentum, " but momentumBuffers is empty");
    }
    g.lists[2] = c.list(2);
  }
  const auto runs = param_runs<double>(c);  // the number of each one's step
  for (size_t k = 0; k < runs.size(); ++k)
    runs[k].numbers = g.lists[1][k].defined() ? count_step(c.in(3), k) : 0;
  const bool nesterov = c.attrs().get_bool(0), maximize = c.attrs().get_bool(1);
  for_each_run(g, runs, [&]<class T>(size_t k, const std::array<T*, kMaxStates>& p, int64_t n) {
    const SgdStep<T> step{static_cast<T>(lr),
                          static_cast<T>(momentum),
                          static_cast<T>(1 - dampening),
                          static_cast<T>(weight_decay),
                          runs[k].numbers == 1,
                          nesterov,
                          maximize};
    optim_table().of<T>().sgd(p[0], p[1], p[2], n, step);
  });
}

// ---- adamStep(params, grads, expAvgs, expAvgSqs, maxExpAvgSqs, steps, lr, beta1, beta2, eps, weightDecay)
//      {decoupled, amsgrad, maximize}

void adam_infer(InferContext& c) {
  check_params(c, 5);
  check_list(c, 1, true);
  check_list(c, 2, false);
  check_list(c, 3, false);
  if (c.attrs().get_bool(1)) check_list(c, 4, false);
  for (int i = 6; i < 11; ++i) check_scalar(c, i);
}

// Of the bias that starting at zero gives the averages.
struct Corrections {
  double step_size = 0, root = 1;
};

void adam_eval(const EvalContext& c) {
  const double lr = read_scalar(c.in(6)), beta1 = read_scalar(c.in(7)), beta2 = read_scalar(c.in(8));
  const double eps = read_scalar(c.in(9)), weight_decay = read_scalar(c.in(10));
  Group g;
  for (int i = 0; i < 4; ++i) g.lists[i] = c.list(i);
  if (c.attrs().get_bool(1)) g.lists[4] = c.list(4);
  const auto runs = param_runs<Corrections>(c);
  for (size_t k = 0; k < runs.size(); ++k) {
    Corrections now;
    if (g.lists[1][k].defined()) {
      const double t = count_step(c.in(5), k);
      now = {lr / (1 - std::pow(beta1, t)), std::sqrt(1 - std::pow(beta2, t))};
    }
    runs[k].numbers = now;
  }
  const bool decoupled = c.attrs().get_bool(0), maximize = c.attrs().get_bool(2);
  for_each_run(g, runs, [&]<class T>(size_t k, const std::array<T*, kMaxStates>& p, int64_t n) {
    const AdamStep<T> step{.step_size = static_cast<T>(runs[k].numbers.step_size),
                           .one_minus_beta1 = static_cast<T>(1 - beta1),
                           .beta2 = static_cast<T>(beta2),
                           .one_minus_beta2 = static_cast<T>(1 - beta2),
                           .root_correction = static_cast<T>(runs[k].numbers.root),
                           .eps = static_cast<T>(eps),
                           .weight_decay = static_cast<T>(weight_decay),
                           .decay_factor = static_cast<T>(1 - lr * weight_decay),
                           .decoupled = decoupled,
                           .maximize = maximize};
    optim_table().of<T>().adam(p[0], p[1], p[2], p[3], p[4], n, step);
  });
}

constexpr InputDef state(const char* name) {
  return {.name = name, .kind = InputKind::kList, .mutates = true, .differentiable = false};
}
constexpr InputDef number(const char* name) { return {.name = name, .differentiable = false}; }
constexpr InputDef kGrads = {
    .name = "grads", .kind = InputKind::kList, .grads_of = 0, .differentiable = false};
constexpr InputDef kSteps = {.name = "steps", .mutates = true, .differentiable = false};

const Op kOps[] = {
    {.name = "sgdStep",
     .inputs = {{state("params"), kGrads, state("momentumBuffers"), kSteps, number("lr"), number("momentum"),
                 number("dampening"), number("weightDecay")}},
     .attrs = {{{"nesterov", AttrType::kBool}, {"maximize", AttrType::kBool}}},
     .infer = sgd_infer,
     .workspace = step_workspace<double>,
     .eval = sgd_eval},
    {.name = "adamStep",
     .inputs = {{state("params"), kGrads, state("expAvgs"), state("expAvgSqs"), state("maxExpAvgSqs"), kSteps,
                 number("lr"), number("beta1"), number("beta2"), number("eps"), number("weightDecay")}},
     .attrs = {{{"decoupled", AttrType::kBool}, {"amsgrad", AttrType::kBool}, {"maximize", AttrType::kBool}}},
     .infer = adam_infer,
     .workspace = step_workspace<Corrections>,
     .eval = adam_eval},
};

}  // namespace

void register_optim_ops(Registry& r) {
  for (const Op& op : kOps) r.add(op);
}

}  // namespace lanegrad

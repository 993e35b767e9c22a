// sgdStep, adamStep and their kin: every parameter of a group in one call, in place. An optimizer is a line
// of kOptimizers and the function named there, which makes the numbers of a step of one parameter; what the
// step does to each element stands in kernels/optim.
//
// Inputs: params, their gradients, the states, steps (how many each parameter has taken), further rows of one
// number per parameter, and the options that are numbers.
#include <cmath>
#include <cstring>
#include <new>

#include "ops/optim/groups.h"
#include "ops/optim/step.h"
#include "ops/registry.h"

namespace lanegrad {
namespace {

constexpr int kMaxRows = 2, kMaxNumbers = 8, kMaxFlags = 3;

// What a rule sees of one step of one parameter.
struct Now {
  const EvalContext& c;
  std::array<double, kMaxNumbers> numbers{};
  double step = 0;  // counted from 1
  std::array<float*, kMaxRows> rows{};
  uint32_t given = 0;   // bit i: state i was passed
  uint32_t unused = 0;  // bit i: this step leaves state i alone

  double operator[](int i) const { return numbers[i]; }
  bool flag(int i) const { return c.attrs().get_bool(i); }
  bool first() const { return step == 1; }
  // State i is a momentum buffer: used where there is momentum.
  void buffer(int i, double momentum) {
    if (momentum == 0) {
      unused |= 1u << i;
    } else if (!(given >> i & 1)) {
      c.fail(ErrorKind::kValue, "momentum is ", momentum, " but momentumBuffers is empty");
    }
  }
};

Penalty coupled(double decay, bool maximize) { return {.decay = decay, .maximize = maximize}; }
// Decay that is either added to the gradient or apart from it.
Penalty decayed(double decay, double lr, bool apart, bool maximize) {
  if (!apart) return coupled(decay, maximize);
  return {.shrink = 1 - lr * decay, .maximize = maximize};
}

// {nesterov, maximize}
SgdStep sgd(Now& now) {
  const auto [lr, momentum, dampening, decay, _0, _1, _2, _3] = now.numbers;
  now.buffer(0, momentum);
  return {coupled(decay, now.flag(1)), lr, momentum, 1 - dampening, now.first(), now.flag(0)};
}

// {decoupled, amsgrad, maximize}
AdamStep adam(Now& now) {
  const auto [lr, beta1, beta2, eps, decay, _0, _1, _2] = now.numbers;
  return {decayed(decay, lr, now.flag(0), now.flag(2)),
          lr / (1 - std::pow(beta1, now.step)),
          1 - beta1,
          beta2,
          1 - beta2,
          std::sqrt(1 - std::pow(beta2, now.step)),
          eps};
}

// {decoupled, maximize}
NadamStep nadam(Now& now) {
  const auto [lr, beta1, beta2, eps, decay, momentum_decay, _0, _1] = now.numbers;
  const auto momentum_at = [most = beta1, slowly = momentum_decay](double t) {
    return most * (1 - 0.5 * std::pow(0.96, t * slowly));
  };
  const double mu = momentum_at(now.step), next = momentum_at(now.step + 1);
  float& product = *now.rows[0];
  product = (now.first() ? 1.0f : product) * static_cast<float>(mu);
  const auto so_far = static_cast<double>(product);
  return {decayed(decay, lr, now.flag(0), now.flag(1)),
          lr * (1 - mu) / (1 - so_far),
          lr * next / (1 - so_far * next),
          1 - beta1,
          beta2,
          1 - beta2,
          std::sqrt(1 - std::pow(beta2, now.step)),
          eps};
}

// {decoupled, maximize}
RadamStep radam(Now& now) {
  const auto [lr, beta1, beta2, eps, decay, _0, _1, _2] = now.numbers;
  const double power = std::pow(beta2, now.step), correction = 1 - power;
  const double most = 2 / (1 - beta2) - 1, length = most - 2 * now.step * power / correction;
  const bool adapts = length > 5;
  const double rectification = (length - 4) * (length - 2) * most / ((most - 4) * (most - 2) * length);
  return {decayed(decay, lr, now.flag(0), now.flag(1)),
          lr / (1 - std::pow(beta1, now.step)),
          1 - beta1,
          beta2,
          1 - beta2,
          adapts ? std::sqrt(rectification * correction) : 1,
          eps,
          adapts};
}

// {maximize}
AdamaxStep adamax(Now& now) {
  const auto [lr, beta1, beta2, eps, decay, _0, _1, _2] = now.numbers;
  return {coupled(decay, now.flag(0)), lr / (1 - std::pow(beta1, now.step)), 1 - beta1, beta2, eps};
}

// {centered, maximize}
RmspropStep rmsprop(Now& now) {
  const auto [lr, alpha, eps, decay, momentum, _0, _1, _2] = now.numbers;
  now.buffer(2, momentum);
  return {coupled(decay, now.flag(1)), lr, alpha, 1 - alpha, eps, momentum};
}

// {maximize}
AdagradStep adagrad(Now& now) {
  const auto [lr, lr_decay, decay, initial, eps, _0, _1, _2] = now.numbers;
  const double step_size = lr / (1 + (now.step - 1) * lr_decay);
  return {coupled(decay, now.flag(0)), step_size, eps, initial, now.first()};
}

// {maximize}
AdadeltaStep adadelta(Now& now) {
  const auto [lr, rho, eps, decay, _0, _1, _2, _3] = now.numbers;
  return {coupled(decay, now.flag(0)), lr, rho, 1 - rho, eps};
}

// {maximize}. The rows hold what the next step will use.
AsgdStep asgd(Now& now) {
  const auto [lr, lambd, alpha, t0, decay, _0, _1, _2] = now.numbers;
  float &eta_row = *now.rows[0], &mu_row = *now.rows[1];
  const double eta = now.first() ? static_cast<double>(static_cast<float>(lr)) : static_cast<double>(eta_row);
  const double mu = now.first() ? 1 : static_cast<double>(mu_row);
  eta_row = static_cast<float>(lr / std::pow(1 + lambd * lr * now.step, alpha));
  mu_row = static_cast<float>(1 / std::max(1.0, now.step - t0));
  return {{.decay = decay, .shrink = 1 - lambd * eta, .maximize = now.flag(0)}, eta, mu};
}

// {maximize}
RpropStep rprop(Now& now) {
  const auto [lr, minus, plus, smallest, largest, _0, _1, _2] = now.numbers;
  return {coupled(0, now.flag(0)), lr, minus, plus, smallest, largest, now.first()};
}

// {maximize}
LionStep lion(Now& now) {
  const auto [lr, beta1, beta2, decay, _0, _1, _2, _3] = now.numbers;
  return {decayed(decay, lr, true, now.flag(0)), lr, beta1, 1 - beta1, beta2, 1 - beta2};
}

// ---- The table

constexpr int kAlways = -1, kMaybe = -2;

struct StateDef {
  const char* name = nullptr;
  int when = kAlways;  // or an index of a flag: only with it; or kMaybe: passed or empty
};

struct OptimizerDef {
  const char* name;
  Update update;
  std::array<StateDef, kMaxStates - 2> states;
  std::array<const char*, kMaxRows> rows;
  std::array<const char*, kMaxNumbers> numbers;
  std::array<const char*, kMaxFlags> flags;
  void (*prepare)(Now& now, void* step);
};

template <auto rule>
void prepare(Now& now, void* step) {
  using Step = decltype(rule(now));
  static_assert(sizeof(Step) <= kStepBytes && std::is_trivially_copyable_v<Step>);
  new (step) Step(rule(now));
}

constexpr OptimizerDef kOptimizers[] = {
    {"sgdStep",
     Update::kSgd,
     {{{"momentumBuffers", kMaybe}}},
     {},
     {"lr", "momentum", "dampening", "weightDecay"},
     {"nesterov", "maximize"},
     prepare<sgd>},
    {"adamStep",
     Update::kAdam,
     {{{"expAvgs"}, {"expAvgSqs"}, {"maxExpAvgSqs", 1}}},
     {},
     {"lr", "beta1", "beta2", "eps", "weightDecay"},
     {"decoupled", "amsgrad", "maximize"},
     prepare<adam>},
    {"nadamStep",
     Update::kNadam,
     {{{"expAvgs"}, {"expAvgSqs"}}},
     {"muProducts"},
     {"lr", "beta1", "beta2", "eps", "weightDecay", "momentumDecay"},
     {"decoupled", "maximize"},
     prepare<nadam>},
    {"radamStep",
     Update::kRadam,
     {{{"expAvgs"}, {"expAvgSqs"}}},
     {},
     {"lr", "beta1", "beta2", "eps", "weightDecay"},
     {"decoupled", "maximize"},
     prepare<radam>},
    {"adamaxStep",
     Update::kAdamax,
     {{{"expAvgs"}, {"expInfs"}}},
     {},
     {"lr", "beta1", "beta2", "eps", "weightDecay"},
     {"maximize"},
     prepare<adamax>},
    {"rmspropStep",
     Update::kRmsprop,
     {{{"squareAvgs"}, {"gradAvgs", 0}, {"momentumBuffers", kMaybe}}},
     {},
     {"lr", "alpha", "eps", "weightDecay", "momentum"},
     {"centered", "maximize"},
     prepare<rmsprop>},
    {"adagradStep",
     Update::kAdagrad,
     {{{"sums"}}},
     {},
     {"lr", "lrDecay", "weightDecay", "initialAccumulatorValue", "eps"},
     {"maximize"},
     prepare<adagrad>},
    {"adadeltaStep",
     Update::kAdadelta,
     {{{"squareAvgs"}, {"accDeltas"}}},
     {},
     {"lr", "rho", "eps", "weightDecay"},
     {"maximize"},
     prepare<adadelta>},
    {"asgdStep",
     Update::kAsgd,
     {{{"axs"}}},
     {"etas", "mus"},
     {"lr", "lambd", "alpha", "t0", "weightDecay"},
     {"maximize"},
     prepare<asgd>},
    {"rpropStep",
     Update::kRprop,
     {{{"prevs"}, {"stepSizes"}}},
     {},
     {"lr", "etaMinus", "etaPlus", "stepSizeMin", "stepSizeMax"},
     {"maximize"},
     prepare<rprop>},
    {"lionStep",
     Update::kLion,
     {{{"expAvgs"}}},
     {},
     {"lr", "beta1", "beta2", "weightDecay"},
     {"maximize"},
     prepare<lion>},
};
constexpr size_t kCount = std::size(kOptimizers);

template <class Names>
int count_of(const Names& names) {
  int n = 0;
  for (const char* name : names) n += name != nullptr;
  return n;
}

// Where the inputs of an optimizer stand.
struct Layout {
  int states = 2, state_count = 0, steps, rows, row_count, numbers, number_count;
  explicit Layout(const OptimizerDef& def) {
    for (const StateDef& state : def.states) state_count += state.name != nullptr;
    steps = states + state_count;
    rows = steps + 1;
    row_count = count_of(def.rows);
    numbers = rows + row_count;
    number_count = count_of(def.numbers);
  }
};

bool wants_state(const StateDef& state, const Attrs& attrs) {
  return state.when < 0 || attrs.get_bool(state.when);
}

void optim_infer(InferContext& c) {
  const OptimizerDef& def = kOptimizers[c.op().code];
  const Layout at(def);
  check_params(c);
  check_list(c, 1, true);
  for (int i = 0; i < at.state_count; ++i) {
    const bool left_out = def.states[i].when == kMaybe && c.list(at.states + i).empty();
    if (wants_state(def.states[i], c.attrs()) && !left_out) check_list(c, at.states + i, false);
  }
  check_row(c, at.steps);
  for (int i = 0; i < at.row_count; ++i) check_row(c, at.rows + i);
  for (int i = 0; i < at.number_count; ++i) check_number(c, at.numbers + i);
}

// Makes the steps of the parameters of one group, which are `runs`, the first of them parameter `first`;
// gives which states they leave alone.
uint32_t prepare_group(const EvalContext& c, size_t group, size_t first, std::span<ParamRun> runs) {
  const OptimizerDef& def = kOptimizers[c.op().code];
  const Layout at(def);
  Now now{c};
  for (int i = 0; i < at.number_count; ++i) now.numbers[i] = read_number(c.list(at.numbers + i)[group]);
  for (int i = 0; i < at.state_count; ++i) now.given |= (c.list(at.states + i).empty() ? 0u : 1u) << i;
  for (size_t k = 0; k < runs.size(); ++k) {
    if (!c.list(1)[first + k].defined()) continue;
    now.step = static_cast<double>(row_entry(c.list(at.steps)[group], k) += 1.0f);
    for (int i = 0; i < at.row_count; ++i) now.rows[i] = &row_entry(c.list(at.rows + i)[group], k);
    def.prepare(now, runs[k].step);
  }
  return now.unused;
}

// Parameters [begin, end), which leave the same states alone.
void update_range(const EvalContext& c, size_t begin, size_t end, uint32_t unused) {
  if (begin == end) return;
  const OptimizerDef& def = kOptimizers[c.op().code];
  const Layout at(def);
  Group g;
  g.lists[0] = c.list(0).subspan(begin, end - begin);
  g.lists[1] = c.list(1).subspan(begin, end - begin);
  for (int i = 0; i < at.state_count; ++i) {
    const bool used = wants_state(def.states[i], c.attrs()) && !(unused >> i & 1);
    const auto list = c.list(at.states + i);
    if (used && !list.empty()) g.lists[2 + i] = list.subspan(begin, end - begin);
  }
  update_all(g, param_runs(c).subspan(begin, end - begin), def.update);
}

// One group, or several: then rows and numbers are lists of one for each.
void optim_eval(const EvalContext& c) {
  const auto steps = c.list(Layout(kOptimizers[c.op().code]).steps);
  const auto runs = param_runs(c);
  size_t begin = 0, end = 0;
  uint32_t unused = 0;
  for (size_t group = 0; group < steps.size(); ++group) {
    const auto count = static_cast<size_t>(steps[group].spec->shape[0]);
    const uint32_t of_group = prepare_group(c, group, end, runs.subspan(end, count));
    if (of_group != unused) {
      update_range(c, begin, end, unused);
      begin = end;
      unused = of_group;
    }
    end += count;
  }
  update_range(c, begin, end, unused);
}

Op make_op(size_t index) {
  const OptimizerDef& def = kOptimizers[index];
  const Layout at(def);
  Op op{.name = def.name, .infer = optim_infer, .workspace = param_runs_bytes, .eval = optim_eval};
  op.code = static_cast<int>(index);
  op.inputs[0] = optim_list("params");
  op.inputs[1] = kOptimGrads;
  for (int i = 0; i < at.state_count; ++i) op.inputs[at.states + i] = optim_list(def.states[i].name);
  op.inputs[at.steps] = {.name = "steps", .mutates = true, .differentiable = false};
  for (int i = 0; i < at.row_count; ++i)
    op.inputs[at.rows + i] = {.name = def.rows[i], .mutates = true, .differentiable = false};
  for (int i = 0; i < at.number_count; ++i) op.inputs[at.numbers + i] = optim_number(def.numbers[i]);
  for (int i = 0; i < count_of(def.flags); ++i) op.attrs[i] = {def.flags[i], AttrType::kBool};
  return op;
}

// ---- averageStep(averages, values, weight): averages += weight (values - averages)

void average_infer(InferContext& c) {
  check_params(c);
  check_list(c, 1, false);
  check_number(c, 2);
}

void average_eval(const EvalContext& c) {
  Group g;
  g.lists[0] = c.list(0);
  g.lists[1] = c.list(1);
  const AverageStep step{read_number(c.in(2))};
  const auto runs = param_runs(c);
  for (ParamRun& run : runs) new (run.step) AverageStep(step);
  update_all(g, runs, Update::kAverage);
}

const Op kAverageStep = {
    .name = "averageStep",
    .inputs = {{{.name = "averages", .kind = InputKind::kList, .mutates = true, .differentiable = false},
                {.name = "values", .kind = InputKind::kList, .differentiable = false},
                {.name = "weight", .differentiable = false}}},
    .infer = average_infer,
    .workspace = param_runs_bytes,
    .eval = average_eval};

// By code, as kOptimizers.
std::array<Op, kCount> group_ops;

}  // namespace

const Op* optim_groups_op(const Op& op) {
  return op.eval == optim_eval ? &group_ops[static_cast<size_t>(op.code)] : nullptr;
}

void register_optim_ops(Registry& r) {
  static Op ops[kCount];
  for (size_t i = 0; i < kCount; ++i) {
    ops[i] = make_op(i);
    r.add(ops[i]);
    group_ops[i] = ops[i];
    group_ops[i].infer = [](InferContext&) {};
    for (InputDef& input : group_ops[i].inputs)
      if (input.name) input.kind = InputKind::kList;
  }
  r.add(kAverageStep);
}

}  // namespace lanegrad

// Gradients of inputs and weights of recurrent layers, from the gradients of all gates: products over all
// steps and sequences at once. 16-bit floats are multiplied as they are: sums are float32 and rounded once.
#include <cstring>

#include "ops/scratch.h"
#include "ops/check_operand.h"
#include "ops/product/gemm.h"
#include "ops/recurrent/recurrent.h"
#include "ops/reduce/run.h"
#include "ops/registry.h"

namespace lanegrad {
namespace {

// Gate gradients that meet the inputs: columns of the gate gradient and rows of the weight. A gru has h_n
// between its z and x_n.
struct GateRange {
  int64_t column, row, count;
};
struct GateRanges {
  GateRange range[2];
  int count;
};
GateRanges input_gates(RecurrentCell cell, int64_t hidden) {
  if (cell == RecurrentCell::kGru) return {{{0, 0, 2 * hidden}, {3 * hidden, 2 * hidden, hidden}}, 2};
  return {{{0, 0, gates_of(cell) * hidden}, {}}, 1};
}

// ---- recurrentInputGrad(gateGrad, weightIh){cell} -> xGrad

void infer_input_grad(InferContext& c) {
  const TensorSpec &grad = c.in(0), &weight = c.in(1);
  const auto cell = static_cast<RecurrentCell>(c.attrs().get_enum(0));
  check_floating(c, grad);
  if (weight.rank() != 2 || grad.rank() < 2 || grad.rank() > 3 ||
      grad.shape.back() % gate_grads_of(cell) != 0) {
    c.fail(ErrorKind::kShape, "gateGrad is ", grad.shape, ", weightIh is ", weight.shape);
  }
  const int64_t hidden = grad.shape.back() / gate_grads_of(cell), inputs = weight.shape[1];
  check_parameter(c, "weightIh", weight, grad.dtype, {gates_of(cell) * hidden, inputs});
  if (grad.rank() == 2) {
    c.add_output(grad.dtype, {grad.shape[0], inputs});
    return;
  }
  const SequenceLayout layout = SequenceLayout::of(grad, grad.shape[1], nullptr);
  c.add_output(layout.spec(grad.dtype, inputs));
}

// The rows of a matrix [rows, width] that a tensor of either rank is, in memory order.
SequenceLayout layout_of(const TensorSpec& x) {
  if (x.rank() == 3) return SequenceLayout::of(x, x.shape[1], nullptr);
  SequenceLayout l;
  l.packed = true;
  l.rows = x.shape[0];
  return l;
}

// Of 16-bit floats a gru's gates are joined before: a sum of two products would be rounded twice.
template <class T>
GateRanges product_gates(RecurrentCell cell, int64_t hidden) {
  if (kIsHalf<T>) return {{{0, 0, gates_of(cell) * hidden}, {}}, 1};
  return input_gates(cell, hidden);
}

template <class T>
bool joins(RecurrentCell cell) {
  return kIsHalf<T> && cell == RecurrentCell::kGru;
}

template <class T>
const T* join_gates(const T* grad, int64_t rows, int64_t hidden, T* joined) {
  const GateRanges gates = input_gates(RecurrentCell::kGru, hidden);
  parallel_for(rows, std::max<int64_t>(1, 32768 / std::max<int64_t>(1, hidden)),
               [&](int64_t begin, int64_t end) {
                 for (int64_t i = begin; i < end; ++i) {
                   for (int r = 0; r < gates.count; ++r) {
                     const GateRange& range = gates.range[r];
                     std::memcpy(joined + i * 3 * hidden + range.row, grad + i * 4 * hidden + range.column,
                                 sizeof(T) * static_cast<size_t>(range.count));
                   }
                 }
               });
  return joined;
}

template <class T>
GemmProblem<T> input_grad_product(RecurrentCell cell, const TensorSpec& grad, const TensorSpec& weight,
                                  const GateRange& gates) {
  const int64_t width = grad.shape.back();
  GemmProblem<T> g;
  g.m = width == 0 ? 0 : grad.numel() / width;
  g.n = g.c_row = weight.shape[1];
  g.k = gates.count;
  g.a_row = joins<T>(cell) ? gates.count : width;
  g.a_col = 1;
  g.b_row = weight.strides[0];
  g.b_col = weight.strides[1];
  g.accumulate = cell == RecurrentCell::kGru && gates.row > 0;
  return g;
}

template <class T>
size_t input_grad_bytes(const InferContext& c) {
  const TensorSpec& grad = c.in(0);
  const auto cell = static_cast<RecurrentCell>(c.attrs().get_enum(0));
  const int64_t width = grad.shape.back(), hidden = width / gate_grads_of(cell);
  const GateRanges gates = product_gates<T>(cell, hidden);
  Scratch room;
  add_in_order(room, grad, layout_of(grad).spec(grad.dtype, width));
  if (joins<T>(cell) && width > 0)
    room.add(sizeof(T) * static_cast<size_t>(grad.numel() / width * 3 * hidden));
  size_t most = 0;
  for (int i = 0; i < gates.count; ++i)
    most = std::max(most, gemm_workspace(input_grad_product<T>(cell, grad, c.in(1), gates.range[i])));
  room.add(most);
  return room.bytes();
}

size_t input_grad_workspace(const InferContext& c) {
  return dispatch_floating_storage(c.in(0).dtype, [&]<class T>(T) { return input_grad_bytes<T>(c); });
}

template <class T>
void run_input_grad(const EvalContext& c) {
  const TensorView &grad = c.in(0), &weight = c.in(1);
  const auto cell = static_cast<RecurrentCell>(c.attrs().get_enum(0));
  const int64_t width = grad.spec->shape.back(), hidden = width / gate_grads_of(cell);
  Scratch room(c.workspace());
  const T* from =
      static_cast<const T*>(in_order(room, grad, layout_of(*grad.spec).spec(grad.spec->dtype, width)));
  if (joins<T>(cell) && width > 0) {
    const int64_t rows = grad.spec->numel() / width;
    from = join_gates(from, rows, hidden, room.template take<T>(rows * 3 * hidden));
  }
  void* const workspace = room.take(0);
  const GateRanges gates = product_gates<T>(cell, hidden);
  for (int i = 0; i < gates.count; ++i) {
    GemmProblem<T> g = input_grad_product<T>(cell, *grad.spec, *weight.spec, gates.range[i]);
    g.a = from + gates.range[i].column;
    g.b = weight.as<const T>() + gates.range[i].row * weight.spec->strides[0];
    store_in(g, c.out(0).as<T>());
    gemm(g, workspace, true);
  }
}

void eval_input_grad(const EvalContext& c) {
  dispatch_floating_storage(c.in(0).spec->dtype, [&]<class T>(T) { run_input_grad<T>(c); });
}

// ---- recurrentWeightGrad(gateGrad, x, h0, out, batchSizes?){cell, reverse}
//      -> weightIhGrad, weightHhGrad, biasIhGrad, biasHhGrad

enum Input { kGateGrad, kX, kH0, kOut, kBatchSizes };

SequenceLayout weight_layout(const InferContext& c) {
  return SequenceLayout::of(c.in(kGateGrad), c.in(kH0).shape[0],
                            c.has(kBatchSizes) ? &c.in(kBatchSizes) : nullptr);
}

void infer_weight_grad(InferContext& c) {
  const TensorSpec &grad = c.in(kGateGrad), &x = c.in(kX), &h0 = c.in(kH0);
  const auto cell = static_cast<RecurrentCell>(c.attrs().get_enum(0));
  const int rank = c.has(kBatchSizes) ? 2 : 3;
  check_floating(c, grad);
  if (grad.rank() != rank || x.rank() != rank || h0.rank() != 2 ||
      grad.shape.back() % gate_grads_of(cell) != 0) {
    c.fail(ErrorKind::kShape, "gateGrad is ", grad.shape, ", x ", x.shape, ", h0 ", h0.shape);
  }
  if (rank == 2 && (c.in(kBatchSizes).dtype != DType::kInt64 || c.in(kBatchSizes).rank() != 1))
    c.fail(ErrorKind::kShape, "batchSizes is ", c.in(kBatchSizes).shape, ", wants one dim of int64");
  const SequenceLayout layout = weight_layout(c);
  const DType dtype = grad.dtype;
  const int64_t outputs = h0.shape[1], gates = grad.shape.back() / gate_grads_of(cell) * gates_of(cell);
  check_parameter(c, "gateGrad", grad, dtype, layout.spec(dtype, grad.shape.back()).shape);
  check_parameter(c, "x", x, dtype, layout.spec(dtype, x.shape.back()).shape);
  check_parameter(c, "h0", h0, dtype, {layout.batch, outputs});
  check_parameter(c, "out", c.in(kOut), dtype, layout.spec(dtype, outputs).shape);
  c.add_output(dtype, {gates, x.shape.back()});
  c.add_output(dtype, {gates, outputs});
  c.add_output(dtype, {gates});
  c.add_output(dtype, {gates});
}

// gates^T other over all rows: [gates, n].
template <class T>
GemmProblem<T> weight_product(const GateRange& gates, int64_t rows, int64_t width, int64_t n) {
  GemmProblem<T> g;
  g.m = gates.count;
  g.n = g.b_row = g.c_row = n;
  g.k = rows;
  g.a_row = g.b_col = 1;
  g.a_col = width;
  return g;
}

ReducePlan bias_plan(DType dtype, int64_t rows, int64_t width) {
  return plan_reduction(TensorSpec::contiguous(dtype, {rows, width}), 1);
}

template <class T>
size_t weight_grad_bytes(const InferContext& c) {
  using Sum = GemmSum<T>;
  const auto cell = static_cast<RecurrentCell>(c.attrs().get_enum(0));
  const SequenceLayout layout = weight_layout(c);
  const DType dtype = c.in(kGateGrad).dtype;
  const int64_t width = c.in(kGateGrad).shape.back(), hidden = width / gate_grads_of(cell);
  const int64_t inputs = c.in(kX).shape.back(), outputs = c.in(kH0).shape[1];
  Scratch room;
  room.add(schedule_bytes(layout));
  add_in_order(room, c.in(kGateGrad), layout.spec(dtype, width));
  add_in_order(room, c.in(kX), layout.spec(dtype, inputs));
  add_in_order(room, c.in(kOut), layout.spec(dtype, outputs));
  room.add_copy(c.in(kH0));
  room.add(sizeof(T) * static_cast<size_t>(layout.rows * outputs));
  room.add(sizeof(Sum) * static_cast<size_t>(width));
  size_t most =
      gemm_workspace(weight_product<T>({0, 0, gates_of(cell) * hidden}, layout.rows, width, outputs));
  const GateRanges gates = input_gates(cell, hidden);
  for (int i = 0; i < gates.count; ++i)
    most = std::max(most, gemm_workspace(weight_product<T>(gates.range[i], layout.rows, width, inputs)));
  if (layout.rows > 0 && width > 0) {
    most = std::max(
        most, sizeof(Sum) * static_cast<size_t>(bias_plan(dtype, layout.rows, width).intermediate_elements));
  }
  room.add(most);
  return room.bytes();
}

size_t weight_grad_workspace(const InferContext& c) {
  return dispatch_floating_storage(c.in(kGateGrad).dtype,
                                   [&]<class T>(T) { return weight_grad_bytes<T>(c); });
}

// For each row the state that its step began with.
template <class T>
void gather_before(const Schedule& schedule, bool reverse, const T* h0, const T* out, int64_t n, T* to) {
  const SequenceLayout& layout = schedule.layout();
  const int64_t between = layout.between();
  const size_t bytes = sizeof(T) * static_cast<size_t>(n);
  constexpr int64_t kElements = 32768;
  parallel_for(layout.steps, std::max<int64_t>(1, kElements / std::max<int64_t>(1, layout.batch * n)),
               [&](int64_t begin, int64_t end) {
                 for (int64_t t = begin; t < end; ++t) {
                   const int64_t earlier = reverse ? t + 1 : t - 1, at = schedule.row(t);
                   const int64_t followed = schedule.active(earlier);
                   const int64_t from = followed > 0 ? schedule.row(earlier) : 0;
                   for (int64_t i = 0; i < schedule.active(t); ++i) {
                     const T* const source = i < followed ? out + (from + i * between) * n : h0 + i * n;
                     std::memcpy(to + (at + i * between) * n, source, bytes);
                   }
                 }
               });
}

template <class T>
void run_weight_grad(const EvalContext& c) {
  using Sum = GemmSum<T>;
  const auto cell = static_cast<RecurrentCell>(c.attrs().get_enum(0));
  const TensorSpec& grad = *c.in(kGateGrad).spec;
  const TensorView* const sizes = c.has(kBatchSizes) ? &c.in(kBatchSizes) : nullptr;
  const SequenceLayout layout =
      SequenceLayout::of(grad, c.in(kH0).spec->shape[0], sizes ? sizes->spec : nullptr);
  const DType dtype = grad.dtype;
  const int64_t width = grad.shape.back(), hidden = width / gate_grads_of(cell), rows = layout.rows;
  const int64_t inputs = c.in(kX).spec->shape.back(), outputs = c.in(kH0).spec->shape[1];
  Scratch room(c.workspace());
  const Schedule schedule = make_schedule(c, layout, sizes, room);
  const T* const g = static_cast<const T*>(in_order(room, c.in(kGateGrad), layout.spec(dtype, width)));
  const T* const x = static_cast<const T*>(in_order(room, c.in(kX), layout.spec(dtype, inputs)));
  const T* const out = static_cast<const T*>(in_order(room, c.in(kOut), layout.spec(dtype, outputs)));
  const T* const h0 = static_cast<const T*>(room.contiguous(c.in(kH0)));
  T* const before = static_cast<T*>(room.take(sizeof(T) * static_cast<size_t>(rows * outputs)));
  Sum* const sums = room.template take<Sum>(width);
  void* const workspace = room.take(0);

  const GateRanges gates = input_gates(cell, hidden);
  for (int i = 0; i < gates.count; ++i) {
    GemmProblem<T> product = weight_product<T>(gates.range[i], rows, width, inputs);
    product.a = g + gates.range[i].column;
    product.b = x;
    store_in(product, c.out(0).as<T>() + gates.range[i].row * inputs);
    gemm(product, workspace, true);
  }
  gather_before(schedule, c.attrs().get_bool(1), h0, out, outputs, before);
  GemmProblem<T> product = weight_product<T>({0, 0, gates_of(cell) * hidden}, rows, width, outputs);
  product.a = g;
  product.b = before;
  store_in(product, c.out(1).as<T>());
  gemm(product, workspace, true);

  if (rows > 0 && width > 0) {
    run_reduction<T, Sum>(bias_plan(dtype, rows, width), g, sums, static_cast<Sum*>(workspace),
                          reduce_table().sum<T>(), reduce_table().sum<Sum>());
  } else {
    std::fill_n(sums, width, Sum(0));
  }
  T *input_bias = c.out(2).as<T>(), *hidden_bias = c.out(3).as<T>();
  for (int i = 0; i < gates.count; ++i) {
    const GateRange& range = gates.range[i];
    for (int64_t j = 0; j < range.count; ++j)
      input_bias[range.row + j] = static_cast<T>(sums[range.column + j]);
  }
  for (int64_t j = 0; j < gates_of(cell) * hidden; ++j) hidden_bias[j] = static_cast<T>(sums[j]);
}

void eval_weight_grad(const EvalContext& c) {
  dispatch_floating_storage(c.in(kGateGrad).spec->dtype, [&]<class T>(T) { run_weight_grad<T>(c); });
}

const Op kOps[] = {
    {.name = "recurrentInputGrad",
     .inputs = {{{"gateGrad"}, {"weightIh"}}},
     .outputs = {{{"xGrad"}}},
     .attrs = {{{"cell", AttrType::kEnum, kRecurrentCells}}},
     .flags = kInternal | kTakesHalves,
     .infer = infer_input_grad,
     .workspace = input_grad_workspace,
     .eval = eval_input_grad},
    {.name = "recurrentWeightGrad",
     .inputs = {{{"gateGrad"}, {"x"}, {"h0"}, {"out"}, {"batchSizes", InputKind::kOptional}}},
     .outputs = {{{"weightIhGrad"}, {"weightHhGrad"}, {"biasIhGrad"}, {"biasHhGrad"}}},
     .attrs = {{{"cell", AttrType::kEnum, kRecurrentCells}, {"reverse", AttrType::kBool}}},
     .flags = kInternal | kTakesHalves,
     .infer = infer_weight_grad,
     .workspace = weight_grad_workspace,
     .eval = eval_weight_grad},
};

}  // namespace

void register_recurrent_gradient_ops(Registry& r) {
  for (const Op& op : kOps) r.add(op);
}

}  // namespace lanegrad

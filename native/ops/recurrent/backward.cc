// The gradient of recurrent layers through time: the gradients of all gates, step by step from the end. Those
// of weights and inputs are then products over all steps at once (grads.cc).
#include <cstring>

#include "kernels/recurrent/recurrent.h"
#include "ops/scratch.h"
#include "ops/check_operand.h"
#include "ops/product/gemm.h"
#include "ops/recurrent/recurrent.h"
#include "ops/registry.h"
#include "ops/recurrent/step_product.h"

namespace lanegrad {
namespace {

enum Input { kGrad, kHGrad, kCGrad, kH0, kC0, kWeightHh, kWeightHr, kBatchSizes, kOut, kKept };

template <class Context>
const TensorSpec& spec_of(const Context& c, int i) {
  if constexpr (std::is_same_v<Context, InferContext>)
    return c.in(i);
  else
    return *c.in(i).spec;
}

template <class T>
struct Backward {
  RecurrentCell cell;
  bool reverse, projected;
  SequenceLayout layout;
  int64_t hidden, outputs, gates, width;
  StepProduct<T> recurrent, projection;
  GemmProblem<T> projection_grad;

  // Rows for each sequence, between the steps.
  T *state = nullptr, *cells = nullptr, *gate_rows = nullptr, *raw = nullptr;
  const T *h0 = nullptr, *c0 = nullptr;
  // Rows for each sequence and step.
  const T *grad = nullptr, *out = nullptr, *kept = nullptr;
  T *gate_grads = nullptr, *state_grads = nullptr, *hiddens = nullptr;

  template <class Context>
  explicit Backward(const Context& c) {
    const TensorSpec& w = spec_of(c, kWeightHh);
    cell = static_cast<RecurrentCell>(c.attrs().get_enum(0));
    reverse = c.attrs().get_bool(1);
    projected = c.has(kWeightHr);
    layout = SequenceLayout::of(spec_of(c, kOut), spec_of(c, kH0).shape[0],
                                c.has(kBatchSizes) ? &spec_of(c, kBatchSizes) : nullptr);
    gates = w.shape[0];
    hidden = gates / gates_of(cell);
    outputs = w.shape[1];
    width = gate_grads_of(cell) * hidden;
    const bool once = layout.steps == 1;
    recurrent = {data_of(c, kWeightHh), w.strides[0], w.strides[1], gates, outputs, once};
    if (!projected) return;
    const TensorSpec& p = spec_of(c, kWeightHr);
    projection = {data_of(c, kWeightHr), p.strides[0], p.strides[1], outputs, hidden, once};
    projection_grad.m = outputs;
    projection_grad.n = projection_grad.b_row = projection_grad.c_row = hidden;
    projection_grad.k = layout.rows;
    projection_grad.a_row = projection_grad.b_col = 1;
    projection_grad.a_col = outputs;
  }

  static const T* data_of(const InferContext&, int) { return nullptr; }
  static const T* data_of(const EvalContext& c, int i) { return c.in(i).template as<const T>(); }
  bool lstm() const { return cell == RecurrentCell::kLstm; }
  int64_t kept_row() const { return kept_of(cell) * hidden; }

  void add_to(Scratch& room) const {
    const int64_t batch = layout.batch;
    room.add(spread_bytes<T>(batch, outputs));
    if (lstm()) room.add(spread_bytes<T>(batch, hidden));
    room.add(spread_bytes<T>(batch, width));
    room.add(recurrent.bytes(batch));
    if (!projected) return;
    room.add(spread_bytes<T>(batch, hidden));
    room.add(sizeof(T) * static_cast<size_t>(layout.rows * outputs));
    room.add(sizeof(T) * static_cast<size_t>(layout.rows * hidden));
    room.add(projection.bytes(batch));
    room.add(gemm_workspace(projection_grad));
  }
  void take_from(Scratch& room) {
    const int64_t batch = layout.batch;
    const auto take = [&](size_t bytes) { return static_cast<T*>(room.take(bytes)); };
    state = take(spread_bytes<T>(batch, outputs));
    if (lstm()) cells = take(spread_bytes<T>(batch, hidden));
    gate_rows = take(spread_bytes<T>(batch, width));
    recurrent.pack(room.take(recurrent.bytes(batch)));
    if (!projected) return;
    raw = take(spread_bytes<T>(batch, hidden));
    state_grads = take(sizeof(T) * static_cast<size_t>(layout.rows * outputs));
    hiddens = take(sizeof(T) * static_cast<size_t>(layout.rows * hidden));
    projection.pack(room.take(projection.bytes(batch)));
  }

  // Gate gradients of sequences [begin, begin + rows), whose step is at row `at` and the one before in time
  // at row `before`, or negative where the initial states came before.
  void gate(int64_t begin, int64_t rows, int64_t at, int64_t before) const {
    if (rows <= 0) return;
    const RecurrentKernels<T>& kernels = recurrent_table().of<T>();
    const int64_t between = layout.between(), state_row = spread<T>(outputs), hidden_row = spread<T>(hidden);
    T* const to = gate_rows + begin * spread<T>(width);
    T* const grads = state + begin * state_row;
    const T* const now = kept + at * kept_row();
    const int64_t now_row = between * kept_row();
    const bool first = before < 0;
    if (lstm()) {
      const T* const cell_before = first ? c0 + begin * hidden : kept + before * kept_row() + 4 * hidden;
      kernels.lstm_backward({rows, hidden, now, now_row, cell_before, first ? hidden : now_row,
                             projected ? raw + begin * hidden_row : grads, hidden_row,
                             cells + begin * hidden_row, hidden_row, to, spread<T>(width)});
    } else if (cell == RecurrentCell::kGru) {
      const T* const state_before = first ? h0 + begin * outputs : out + before * outputs;
      kernels.gru_backward({rows, hidden, now, now_row, state_before, first ? outputs : between * outputs,
                            grads, state_row, to, spread<T>(width)});
    } else {
      kernels.rnn_backward({rows, hidden, cell == RecurrentCell::kRelu, out + at * outputs, between * outputs,
                            grads, state_row, to, spread<T>(width)});
    }
  }

  void step(const Schedule& schedule, int64_t t, int64_t begin, int64_t end) const {
    const int64_t rows = std::min(end, schedule.active(t)) - begin;
    if (rows <= 0) return;
    const int64_t between = layout.between(), at = schedule.row(t) + begin * between;
    const int64_t state_row = spread<T>(outputs), hidden_row = spread<T>(hidden);
    T* const grads = state + begin * state_row;
    if (grad)
      recurrent_table().of<T>().add_rows(grad + at * outputs, between * outputs, rows, outputs, grads,
                                         state_row);
    if (projected) {
      copy_rows(grads, state_row, rows, outputs, state_grads + at * outputs, between * outputs);
      projection.multiply(rows, grads, state_row, raw + begin * hidden_row, hidden_row, false);
    }
    const int64_t earlier = reverse ? t + 1 : t - 1;
    const int64_t followed = std::clamp<int64_t>(schedule.active(earlier) - begin, 0, rows);
    const int64_t before = followed > 0 ? schedule.row(earlier) + begin * between : 0;
    for_step_rows(rows, hidden, [&](int64_t b, int64_t e) {
      const int64_t middle = std::clamp(followed, b, e);
      gate(begin + b, middle - b, at + b * between, before + b * between);
      gate(begin + middle, e - middle, at + middle * between, -1);
    });
    const T* const from = gate_rows + begin * spread<T>(width);
    copy_rows(from, spread<T>(width), rows, width, gate_grads + at * width, between * width);
    recurrent.multiply(rows, from, spread<T>(width), grads, state_row, cell == RecurrentCell::kGru);
  }

  static void copy_rows(const T* from, int64_t from_row, int64_t rows, int64_t n, T* to, int64_t to_row) {
    for (int64_t i = 0; i < rows; ++i)
      std::memcpy(to + i * to_row, from + i * from_row, sizeof(T) * static_cast<size_t>(n));
  }

  // The projection's weight, from what went into it and the gradients of what came out.
  void project(T* weight_grad, void* workspace) {
    constexpr int64_t kElements = 16384;
    parallel_for(layout.rows, std::max<int64_t>(1, kElements / hidden), [&](int64_t begin, int64_t end) {
      recurrent_table().of<T>().lstm_hidden(kept + begin * kept_row(), kept_row(), end - begin, hidden,
                                            hiddens + begin * hidden, hidden);
    });
    projection_grad.a = state_grads;
    projection_grad.b = hiddens;
    projection_grad.c = weight_grad;
    gemm(projection_grad, workspace, true);
  }
};

void infer_backward(InferContext& c) {
  const TensorSpec &h0 = c.in(kH0), &w = c.in(kWeightHh), &out = c.in(kOut);
  const auto cell = static_cast<RecurrentCell>(c.attrs().get_enum(0));
  const bool packed = c.has(kBatchSizes);
  check_floating(c, out);
  if (h0.rank() != 2 || w.rank() != 2 || out.rank() != (packed ? 2 : 3))
    c.fail(ErrorKind::kShape, "h0 is ", h0.shape, ", weightHh ", w.shape, ", out ", out.shape);
  if (packed && (c.in(kBatchSizes).dtype != DType::kInt64 || c.in(kBatchSizes).rank() != 1))
    c.fail(ErrorKind::kShape, "batchSizes is ", c.in(kBatchSizes).shape, ", wants one dim of int64");
  const int64_t outputs = w.shape[1], hidden = w.shape[0] / gates_of(cell), batch = h0.shape[0];
  const DType dtype = out.dtype;
  const SequenceLayout layout = SequenceLayout::of(out, batch, packed ? &c.in(kBatchSizes) : nullptr);
  if (hidden == 0 || outputs == 0 || hidden * gates_of(cell) != w.shape[0])
    c.fail(ErrorKind::kShape, "weightHh is ", w.shape);
  if (!c.has(kWeightHr) && outputs != hidden) c.fail(ErrorKind::kShape, "weightHh is ", w.shape);
  check_parameter(c, "h0", h0, dtype, {batch, outputs});
  check_parameter(c, "weightHh", w, dtype, w.shape);
  const Dims sequences = layout.spec(dtype, outputs).shape;
  check_parameter(c, "out", out, dtype, sequences);
  check_parameter(c, "kept", c.in(kKept), dtype, layout.spec(dtype, kept_of(cell) * hidden).shape);
  if (c.has(kGrad)) check_parameter(c, "grad", c.in(kGrad), dtype, sequences);
  if (c.has(kHGrad)) check_parameter(c, "hGrad", c.in(kHGrad), dtype, {batch, outputs});
  if (c.has(kCGrad)) check_parameter(c, "cGrad", c.in(kCGrad), dtype, {batch, hidden});
  const bool lstm = cell == RecurrentCell::kLstm;
  if (lstm != c.has(kC0)) c.fail(ErrorKind::kValue, "c0 belongs to an lstm, and to it only");
  if (lstm) check_parameter(c, "c0", c.in(kC0), dtype, {batch, hidden});
  if (c.has(kWeightHr)) check_parameter(c, "weightHr", c.in(kWeightHr), dtype, {outputs, hidden});
  c.add_output(layout.spec(dtype, gate_grads_of(cell) * hidden));
  c.add_output(dtype, {batch, outputs});
  c.add_output(dtype, lstm ? Dims{batch, hidden} : Dims{0});
  c.add_output(dtype, c.has(kWeightHr) ? Dims{outputs, hidden} : Dims{0});
}

template <class T>
size_t backward_bytes(const InferContext& c) {
  const Backward<T> b(c);
  const DType dtype = c.in(kOut).dtype;
  Scratch room;
  room.add(schedule_bytes(b.layout));
  if (c.has(kGrad)) add_in_order(room, c.in(kGrad), b.layout.spec(dtype, b.outputs));
  add_in_order(room, c.in(kOut), b.layout.spec(dtype, b.outputs));
  add_in_order(room, c.in(kKept), b.layout.spec(dtype, b.kept_row()));
  room.add_copy(c.in(kH0));
  if (b.lstm()) room.add_copy(c.in(kC0));
  b.add_to(room);
  return room.bytes();
}

void start_from(const TensorView& to, const EvalContext& c, int input) {
  if (c.has(input)) return copy_view(to, c.in(input));
  const double zero = 0;
  const TensorSpec number = TensorSpec::contiguous(DType::kFloat64, {});
  copy_view(to, {const_cast<double*>(&zero), &number});
}

template <class T>
void run_backward(const EvalContext& c) {
  Backward<T> b(c);
  Scratch room(c.workspace());
  const DType dtype = c.in(kOut).spec->dtype;
  const Schedule schedule =
      make_schedule(c, b.layout, c.has(kBatchSizes) ? &c.in(kBatchSizes) : nullptr, room);
  const TensorSpec sequences = b.layout.spec(dtype, b.outputs);
  if (c.has(kGrad)) b.grad = static_cast<const T*>(in_order(room, c.in(kGrad), sequences));
  b.out = static_cast<const T*>(in_order(room, c.in(kOut), sequences));
  b.kept = static_cast<const T*>(in_order(room, c.in(kKept), b.layout.spec(dtype, b.kept_row())));
  b.h0 = static_cast<const T*>(room.contiguous(c.in(kH0)));
  if (b.lstm()) b.c0 = static_cast<const T*>(room.contiguous(c.in(kC0)));
  b.take_from(room);
  b.gate_grads = c.out(0).as<T>();

  const TensorSpec states = spread_spec<T>(dtype, b.layout.batch, b.outputs);
  const TensorSpec cells = spread_spec<T>(dtype, b.layout.batch, b.hidden);
  start_from({b.state, &states}, c, kHGrad);
  if (b.lstm()) start_from({b.cells, &cells}, c, kCGrad);
  for_sequences(b.layout, b.layout.batch * b.gates * b.outputs, [&](int64_t begin, int64_t end) {
    for (int64_t i = 0; i < b.layout.steps; ++i)
      b.step(schedule, b.reverse ? i : b.layout.steps - 1 - i, begin, end);
  });
  copy_view(c.out(1), {b.state, &states});
  if (b.lstm()) copy_view(c.out(2), {b.cells, &cells});
  if (b.projected) b.project(c.out(3).as<T>(), room.take(gemm_workspace(b.projection_grad)));
}

size_t backward_workspace(const InferContext& c) {
  return c.in(kOut).dtype == DType::kFloat64 ? backward_bytes<double>(c) : backward_bytes<float>(c);
}

void eval_backward(const EvalContext& c) {
  if (c.in(kOut).spec->dtype == DType::kFloat64)
    run_backward<double>(c);
  else
    run_backward<float>(c);
}

const Op kBackward{
    .name = "recurrentBackward",
    .inputs = {{{"grad", InputKind::kOptional},
                {"hGrad", InputKind::kOptional},
                {"cGrad", InputKind::kOptional},
                {"h0"},
                {"c0", InputKind::kOptional},
                {"weightHh"},
                {"weightHr", InputKind::kOptional},
                {"batchSizes", InputKind::kOptional},
                {"out"},
                {"kept"}}},
    .outputs = {{{"gateGrad"}, {"h0Grad"}, {"c0Grad"}, {"weightHrGrad"}}},
    .attrs = {{{"cell", AttrType::kEnum, kRecurrentCells}, {"reverse", AttrType::kBool}}},
    .flags = kInternal,
    .infer = infer_backward,
    .workspace = backward_workspace,
    .eval = eval_backward,
};

}  // namespace

void register_recurrent_gradient_ops(Registry&);

void register_recurrent_backward_ops(Registry& r) {
  r.add(kBackward);
  register_recurrent_gradient_ops(r);
}

}  // namespace lanegrad

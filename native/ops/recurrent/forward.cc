// The forward pass of recurrent layers. The product of the weights with the inputs of all steps comes first,
// as one matrix product with the biases; a step then is the product with the recurrent weights, packed once,
// and the gate arithmetic. States live in dense rows that stay in the cache, and are copied to the results.
#include <cstring>

#include "kernels/recurrent/recurrent.h"
#include "ops/scratch.h"
#include "ops/product/gemm.h"
#include "ops/recurrent/recurrent.h"
#include "ops/recurrent/step_product.h"

namespace lanegrad {
namespace {

enum Input { kX, kH0, kC0, kWeightIh, kWeightHh, kBiasIh, kBiasHh, kWeightHr, kBatchSizes };

template <class Context>
const TensorSpec& spec_of(const Context& c, int i) {
  if constexpr (std::is_same_v<Context, InferContext>)
    return c.in(i);
  else
    return *c.in(i).spec;
}

// One call: its sizes, its products, and where its intermediates lie.
template <class T>
struct Forward {
  RecurrentCell cell;
  bool reverse, projected;
  SequenceLayout layout;
  int64_t inputs, hidden, outputs, gates;
  StepProduct<T> recurrent, projection;
  GemmProblem<T> input;

  T *bias = nullptr, *state = nullptr, *cells = nullptr, *product = nullptr, *raw = nullptr;
  T *out = nullptr, *kept = nullptr;
  const T* hidden_bias = nullptr;

  template <class Context>
  explicit Forward(const Context& c) {
    const TensorSpec &x = spec_of(c, kX), &h0 = spec_of(c, kH0), &w = spec_of(c, kWeightHh);
    cell = static_cast<RecurrentCell>(c.attrs().get_enum(0));
    reverse = c.attrs().get_bool(1);
    projected = c.has(kWeightHr);
    layout = SequenceLayout::of(x, h0.shape[0], c.has(kBatchSizes) ? &spec_of(c, kBatchSizes) : nullptr);
    inputs = x.shape.back();
    gates = w.shape[0];
    hidden = gates / gates_of(cell);
    outputs = w.shape[1];
    const bool once = layout.steps == 1;
    recurrent = {data_of(c, kWeightHh), w.strides[1], w.strides[0], outputs, gates, once};
    if (projected) {
      const TensorSpec& p = spec_of(c, kWeightHr);
      projection = {data_of(c, kWeightHr), p.strides[1], p.strides[0], hidden, outputs, once};
    }
    const TensorSpec& wi = spec_of(c, kWeightIh);
    input.m = layout.rows;
    input.n = gates;
    input.k = inputs;
    input.a_row = inputs;
    input.a_col = 1;
    input.b = data_of(c, kWeightIh);
    input.b_row = wi.strides[1];
    input.b_col = wi.strides[0];
    input.c_row = input_row();
  }

  static const T* data_of(const InferContext&, int) { return nullptr; }
  static const T* data_of(const EvalContext& c, int i) { return c.in(i).template as<const T>(); }

  bool lstm() const { return cell == RecurrentCell::kLstm; }
  // Of the matrix that the product with the inputs goes to: what is kept, or the output of an rnn.
  int64_t input_row() const { return std::max(kept_of(cell), int64_t{1}) * hidden; }

  void add_to(Scratch& room) const {
    const int64_t batch = layout.batch;
    room.add(sizeof(T) * static_cast<size_t>(gates + hidden));
    room.add(spread_bytes<T>(batch, outputs));
    if (lstm()) room.add(spread_bytes<T>(batch, hidden));
    room.add(spread_bytes<T>(batch, gates));
    if (projected) room.add(spread_bytes<T>(batch, hidden));
    room.add(recurrent.bytes(batch));
    if (projected) room.add(projection.bytes(batch));
    room.add(gemm_workspace(input));
  }
  void take_from(Scratch& room) {
    const int64_t batch = layout.batch;
    const auto take = [&](size_t bytes) { return static_cast<T*>(room.take(bytes)); };
    bias = take(sizeof(T) * static_cast<size_t>(gates + hidden));
    state = take(spread_bytes<T>(batch, outputs));
    if (lstm()) cells = take(spread_bytes<T>(batch, hidden));
    product = take(spread_bytes<T>(batch, gates));
    if (projected) raw = take(spread_bytes<T>(batch, hidden));
    recurrent.pack(room.take(recurrent.bytes(batch)));
    if (projected) projection.pack(room.take(projection.bytes(batch)));
  }

  // Both biases go in with the inputs; but that of the gru's n is multiplied by r.
  void join_biases(const EvalContext& c) {
    if (!c.has(kBiasIh) && !c.has(kBiasHh)) return;
    const auto at = [&](int i, int64_t j) {
      return c.has(i) ? c.in(i).template as<const T>()[j * c.in(i).spec->strides[0]] : T(0);
    };
    const bool gru = cell == RecurrentCell::kGru;
    const int64_t joined = gru ? 2 * hidden : gates;
    for (int64_t j = 0; j < gates; ++j) bias[j] = at(kBiasIh, j) + (j < joined ? at(kBiasHh, j) : T(0));
    input.column_bias = bias;
    if (!gru) return;
    for (int64_t j = 0; j < hidden; ++j) bias[gates + j] = at(kBiasHh, 2 * hidden + j);
    hidden_bias = bias + gates;
  }

  // The gate arithmetic of `rows` sequences from `begin` on, whose inputs are at `from`.
  void gate(int64_t begin, int64_t rows, T* from) const {
    const RecurrentKernels<T>& kernels = recurrent_table().of<T>();
    const int64_t row = layout.between() * input_row(), state_row = spread<T>(outputs),
                  hidden_row = spread<T>(hidden);
    const T* const sums = product + begin * spread<T>(gates);
    T* const to = state + begin * state_row;
    if (lstm()) {
      T* const h = projected ? raw + begin * hidden_row : to;
      kernels.lstm({rows, hidden, sums, spread<T>(gates), from, row, cells + begin * hidden_row, hidden_row,
                    h, hidden_row});
    } else if (cell == RecurrentCell::kGru) {
      kernels.gru({rows, hidden, sums, spread<T>(gates), hidden_bias, from, row, to, state_row});
    } else {
      kernels.rnn(
          {rows, hidden, cell == RecurrentCell::kRelu, sums, spread<T>(gates), from, row, to, state_row});
    }
  }

  void step(const Schedule& schedule, int64_t t, int64_t begin, int64_t end) const {
    const int64_t rows = std::min(end, schedule.active(t)) - begin;
    if (rows <= 0) return;
    const int64_t between = layout.between(), first = schedule.row(t) + begin * between;
    const int64_t state_row = spread<T>(outputs), hidden_row = spread<T>(hidden);
    T* const states = state + begin * state_row;
    recurrent.multiply(rows, states, state_row, product + begin * spread<T>(gates), spread<T>(gates), false);
    T* const from = (lstm() || cell == RecurrentCell::kGru ? kept : out) + first * input_row();
    for_step_rows(rows, hidden,
                  [&](int64_t b, int64_t e) { gate(begin + b, e - b, from + b * between * input_row()); });
    if (projected) projection.multiply(rows, raw + begin * hidden_row, hidden_row, states, state_row, false);
    for (int64_t i = 0; i < rows; ++i) {
      std::memcpy(out + (first + i * between) * outputs, states + i * state_row,
                  sizeof(T) * static_cast<size_t>(outputs));
    }
  }
};

template <class T>
void run_forward(const EvalContext& c) {
  Forward<T> f(c);
  Scratch room(c.workspace());
  const DType dtype = c.in(kX).spec->dtype;
  const Schedule schedule =
      make_schedule(c, f.layout, c.has(kBatchSizes) ? &c.in(kBatchSizes) : nullptr, room);
  f.input.a = static_cast<const T*>(in_order(room, c.in(kX), f.layout.spec(dtype, f.inputs)));
  f.take_from(room);
  f.out = c.out(0).as<T>();
  f.kept = c.out(3).as<T>();
  f.input.c = kept_of(f.cell) > 0 ? f.kept : f.out;
  f.join_biases(c);
  gemm(f.input, room.take(gemm_workspace(f.input)), true);

  const TensorSpec states = spread_spec<T>(dtype, f.layout.batch, f.outputs);
  const TensorSpec cells = spread_spec<T>(dtype, f.layout.batch, f.hidden);
  copy_view({f.state, &states}, c.in(kH0));
  if (f.lstm()) copy_view({f.cells, &cells}, c.in(kC0));
  for_sequences(f.layout, f.layout.batch * f.gates * f.outputs, [&](int64_t begin, int64_t end) {
    for (int64_t i = 0; i < f.layout.steps; ++i)
      f.step(schedule, f.reverse ? f.layout.steps - 1 - i : i, begin, end);
  });
  copy_view(c.out(1), {f.state, &states});
  if (f.lstm()) copy_view(c.out(2), {f.cells, &cells});
}

template <class T>
size_t forward_bytes(const InferContext& c) {
  const Forward<T> f(c);
  Scratch room;
  room.add(schedule_bytes(f.layout));
  add_in_order(room, c.in(kX), f.layout.spec(c.in(kX).dtype, f.inputs));
  f.add_to(room);
  return room.bytes();
}

}  // namespace

size_t recurrent_forward_workspace(const InferContext& c) {
  return c.in(kX).dtype == DType::kFloat64 ? forward_bytes<double>(c) : forward_bytes<float>(c);
}

void recurrent_forward(const EvalContext& c) {
  if (c.in(kX).spec->dtype == DType::kFloat64)
    run_forward<double>(c);
  else
    run_forward<float>(c);
}

}  // namespace lanegrad

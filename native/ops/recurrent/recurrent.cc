// recurrent(x, h0, c0?, weightIh, weightHh, biasIh?, biasHh?, weightHr?, batchSizes?){cell, reverse}: one
// layer of an RNN, LSTM or GRU in one direction, over whole sequences.
#include "ops/scratch.h"
#include "ops/check_operand.h"
#include "ops/recurrent/recurrent.h"

#include "ops/registry.h"

namespace lanegrad {

bool lies_as(const TensorSpec& x, const TensorSpec& wanted) {
  if (x.numel() == 0) return true;
  for (int i = 0; i < x.rank(); ++i)
    if (x.shape[i] > 1 && x.strides[i] != wanted.strides[i]) return false;
  return true;
}

Schedule make_schedule(const EvalContext& c, const SequenceLayout& layout, const TensorView* batch_sizes,
                       Scratch& room) {
  if (!layout.packed) return {layout, nullptr};
  int64_t* const offsets = static_cast<int64_t*>(room.take(schedule_bytes(layout)));
  const int64_t* const sizes = batch_sizes->as<int64_t>();
  const int64_t stride = batch_sizes->spec->strides[0];
  int64_t total = 0, last = layout.batch;
  for (int64_t t = 0; t < layout.steps; ++t) {
    const int64_t size = sizes[t * stride];
    if (size < 1 || size > last || (t == 0 && size != layout.batch)) {
      c.fail(ErrorKind::kValue, "batchSizes[", t, "] is ", size, ": wants ", layout.batch,
             " sequences at first, never more than before and at least 1");
    }
    offsets[t] = total;
    total += size;
    last = size;
  }
  if (total != layout.rows)
    c.fail(ErrorKind::kValue, "batchSizes add up to ", total, ", but x has ", layout.rows, " rows");
  offsets[layout.steps] = total;
  return {layout, offsets};
}

namespace {

enum Input { kX, kH0, kC0, kWeightIh, kWeightHh, kBiasIh, kBiasHh, kWeightHr, kBatchSizes };

void check_sizes(const InferContext& c, const TensorSpec& sizes) {
  if (sizes.dtype != DType::kInt64)
    c.fail(ErrorKind::kDType, "batchSizes is ", name_of(sizes.dtype), ", wants int64");
  if (sizes.rank() != 1) c.fail(ErrorKind::kShape, "batchSizes is ", sizes.shape, ", wants one dim");
}

void infer_recurrent(InferContext& c) {
  const TensorSpec &x = c.in(kX), &h0 = c.in(kH0), &weight = c.in(kWeightHh);
  const auto cell = static_cast<RecurrentCell>(c.attrs().get_enum(0));
  const bool packed = c.has(kBatchSizes), lstm = cell == RecurrentCell::kLstm;
  check_floating(c, x);
  if (packed) check_sizes(c, c.in(kBatchSizes));
  if (x.rank() != (packed ? 2 : 3)) {
    c.fail(ErrorKind::kShape, "x is ", x.shape, ", wants ",
           packed ? "[rows, inputs] for packed sequences" : "[steps, batch, inputs]");
  }
  if (h0.rank() != 2) c.fail(ErrorKind::kShape, "h0 is ", h0.shape, ", wants [batch, outputs]");
  if (weight.rank() != 2) c.fail(ErrorKind::kShape, "weightHh is ", weight.shape, ", wants two dims");
  const int64_t gates = gates_of(cell), inputs = x.shape.back(), outputs = weight.shape[1];
  if (weight.shape[0] == 0 || weight.shape[0] % gates != 0 || outputs == 0) {
    c.fail(ErrorKind::kShape, "weightHh is ", weight.shape, ", wants ", gates,
           " rows for each hidden unit, and at least one of them");
  }
  const int64_t hidden = weight.shape[0] / gates, batch = packed ? h0.shape[0] : x.shape[1];
  const SequenceLayout layout = SequenceLayout::of(x, batch, packed ? &c.in(kBatchSizes) : nullptr);
  if (layout.steps == 0) c.fail(ErrorKind::kShape, "x is ", x.shape, ", wants at least one step");

  const DType dtype = x.dtype;
  check_parameter(c, "h0", h0, dtype, {batch, outputs});
  if (c.has(kC0) != lstm) {
    c.fail(ErrorKind::kValue, lstm ? "c0 is missing: an lstm starts from h0 and c0"
                                   : "c0 was given: only an lstm has a cell state");
  }
  if (lstm) check_parameter(c, "c0", c.in(kC0), dtype, {batch, hidden});
  check_parameter(c, "weightIh", c.in(kWeightIh), dtype, {gates * hidden, inputs});
  check_parameter(c, "weightHh", weight, dtype, {gates * hidden, outputs});
  for (const int i : {kBiasIh, kBiasHh})
    if (c.has(i)) check_parameter(c, i == kBiasIh ? "biasIh" : "biasHh", c.in(i), dtype, {gates * hidden});
  if (c.has(kWeightHr)) {
    if (!lstm) c.fail(ErrorKind::kValue, "weightHr was given: only an lstm has a projection");
    check_parameter(c, "weightHr", c.in(kWeightHr), dtype, {outputs, hidden});
  } else if (outputs != hidden) {
    c.fail(ErrorKind::kShape, "weightHh is ", weight.shape, ", wants ", Dims{gates * hidden, hidden},
           " without a projection");
  }
  const auto add_sequences = [&](int64_t width) {
    checked_numel(c.op().name, packed ? Dims{layout.rows, width} : Dims{layout.steps, batch, width});
    c.add_output(layout.spec(dtype, width));
  };
  add_sequences(outputs);
  c.add_output(dtype, {batch, outputs});
  c.add_output(dtype, lstm ? Dims{batch, hidden} : Dims{0});
  add_sequences(kept_of(cell) * hidden);
}

void vjp_recurrent(VjpContext& c) {
  static const Op &backward = find_op("recurrentBackward"), &input_grad = find_op("recurrentInputGrad"),
                  &weight_grad = find_op("recurrentWeightGrad");
  const auto cell = static_cast<RecurrentCell>(c.attrs().get_enum(0));
  const bool lstm = cell == RecurrentCell::kLstm;
  const Tensor grad = c.grad(0), h_grad = c.grad(1), c_grad = lstm ? c.grad(2) : Tensor();
  if (!grad && !h_grad && !c_grad) return;
  // The flat index of each input, or -1: an absent one takes no place.
  std::array<int, 9> at;
  int flat = 0;
  for (int i = 0; i < 9; ++i) at[static_cast<size_t>(i)] = c.has_input(i) ? flat++ : -1;
  const auto input = [&](Input i) { return at[i] < 0 ? Tensor() : c.input(at[i]); };
  const auto needs = [&](Input i) { return at[i] >= 0 && c.needs(at[i]); };
  const auto set = [&](Input i, const Tensor& g) {
    if (needs(i)) c.set_grad(at[i], g);
  };
  const Attrs attrs = Attrs().add_enum(c.attrs().get_enum(0)).add_bool(c.attrs().get_bool(1));
  const Tensor sizes = input(kBatchSizes), h0 = input(kH0), out = c.output(0);
  Tensor steps[4];
  c.apply(backward,
          {grad, h_grad, c_grad, h0, input(kC0), input(kWeightHh), input(kWeightHr), sizes, out, c.output(3)},
          attrs, steps);
  set(kH0, steps[1]);
  set(kC0, steps[2]);
  set(kWeightHr, steps[3]);
  if (needs(kX)) {
    c.set_grad(at[kX],
               c.apply(input_grad, {steps[0], input(kWeightIh)}, Attrs().add_enum(c.attrs().get_enum(0))));
  }
  if (!needs(kWeightIh) && !needs(kWeightHh) && !needs(kBiasIh) && !needs(kBiasHh)) return;
  Tensor weights[4];
  c.apply(weight_grad, {steps[0], input(kX), h0, out, sizes}, attrs, weights);
  set(kWeightIh, weights[0]);
  set(kWeightHh, weights[1]);
  set(kBiasIh, weights[2]);
  set(kBiasHh, weights[3]);
}

const Op kRecurrent{
    .name = "recurrent",
    .inputs = {{{"x"},
                {"h0"},
                {"c0", InputKind::kOptional},
                {"weightIh"},
                {"weightHh"},
                {"biasIh", InputKind::kOptional},
                {"biasHh", InputKind::kOptional},
                {"weightHr", InputKind::kOptional},
                {.name = "batchSizes", .kind = InputKind::kOptional, .differentiable = false}}},
    .outputs = {{{"out"}, {"h"}, {"c"}, {"kept", false}}},
    .attrs = {{{"cell", AttrType::kEnum, kRecurrentCells}, {"reverse", AttrType::kBool}}},
    .infer = infer_recurrent,
    .workspace = recurrent_forward_workspace,
    .eval = recurrent_forward,
    .saves = {.inputs = 0x1FF, .outputs = 0b1001},
    .vjp = vjp_recurrent,
};

}  // namespace

void register_recurrent_backward_ops(Registry&);

void register_recurrent_ops(Registry& r) {
  r.add(kRecurrent);
  register_recurrent_backward_ops(r);
}

}  // namespace lanegrad

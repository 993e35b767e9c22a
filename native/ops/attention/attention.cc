// scaledDotProductAttention(query, key, value, attnMask?, counter?){isCausal, scale, dropoutP} and its fused
// gradient: softmax(query keyᵀ scale + mask) value, without the matrix of scores. Dao, Fu, Ermon, Rudra and
// Ré, "FlashAttention", 2022: the forward pass keeps log sum exp of each row of scores, from which the
// backward pass makes the weights again. And prefixAttention(query, key, value, attnMask?,
// keyLength){isCausal, scale}, the same on the first keyLength keys, of which the last query stands at the
// last: keys that are there for later cost nothing.
#include "ops/check_operand.h"
#include "ops/attention/attention.h"

#include "ops/attention/tiles.h"
#include "ops/attention/tiles_gradient.h"
#include "ops/registry.h"
#include "ops/widen.h"

namespace lanegrad {
namespace {

Dims with_rows(const TensorSpec& like, int64_t width) {
  Dims shape = like.shape;
  shape[shape.size() - 1] = width;
  return shape;
}

Dims leading(const TensorSpec& x) { return batch_dims(x); }

// The dims before the matrices: those of key and value are those of query, or have fewer heads.
void check_leading(const InferContext& c, const TensorSpec& query, const TensorSpec& key,
                   const TensorSpec& value) {
  Dims shared = leading(query);
  const int last = shared.size() - 1;
  if (key.rank() == query.rank() && last >= 0) {
    const int64_t heads = key.shape[last];
    if (heads > 0 && shared[last] % heads == 0) shared[last] = heads;
  }
  if (leading(key) == shared && leading(value) == shared) return;
  c.fail(ErrorKind::kShape, "leading dims of key and value must be those of query, or have fewer heads, got ",
         query.shape, ", ", key.shape, " and ", value.shape);
}

void check_operands(const InferContext& c, int first) {
  const TensorSpec &query = c.in(first + kQuery), &key = c.in(first + kKey), &value = c.in(first + kValue);
  for (const TensorSpec* x : {&query, &key, &value}) {
    if (!is_floating(x->dtype) || x->dtype != query.dtype) {
      c.fail(ErrorKind::kDType, "wants query, key and value of one floating dtype, got ",
             name_of(query.dtype), ", ", name_of(key.dtype), " and ", name_of(value.dtype));
    }
    if (x->rank() < 2) c.fail(ErrorKind::kShape, "wants at least two dims, got ", x->shape);
  }
  if (columns_of(query) != columns_of(key) || rows_of(key) != rows_of(value)) {
    c.fail(ErrorKind::kShape, "wants query [..., L, E], key [..., S, E] and value [..., S, Ev], got ",
           query.shape, ", ", key.shape, " and ", value.shape);
  }
  check_leading(c, query, key, value);
}

void check_mask(const InferContext& c, int first) {
  if (!c.has(first + kAttnMask)) return;
  const TensorSpec &mask = c.in(first + kAttnMask), &query = c.in(first + kQuery);
  if (mask.dtype != DType::kBool && mask.dtype != query.dtype) {
    c.fail(ErrorKind::kDType, "attnMask is ", name_of(mask.dtype), ", wants bool or the dtype of query, ",
           name_of(query.dtype));
  }
  const Dims scores = with_rows(query, rows_of(c.in(first + kKey)));
  const int missing = scores.size() - mask.rank();
  bool fits = missing >= 0;
  for (int i = 0; fits && i < mask.rank(); ++i)
    fits = mask.shape[i] == 1 || mask.shape[i] == scores[i + missing];
  if (!fits) c.fail(ErrorKind::kShape, "attnMask is ", mask.shape, ", wants one that broadcasts to ", scores);
}

void check_dropout(const InferContext& c, int first) {
  const double p = c.attrs().get_float(kDropoutP);
  if (!(p >= 0 && p <= 1)) c.fail(ErrorKind::kValue, "dropoutP must be between 0 and 1, got ", p);
  if (!c.has(first + kDropCounter)) {
    if (p > 0) c.fail(ErrorKind::kValue, "dropoutP is ", p, ", wants a counter");
    return;
  }
  const TensorSpec& counter = c.in(first + kDropCounter);
  if (counter.dtype != DType::kInt64 || !(counter.shape == Dims{2})) {
    c.fail(ErrorKind::kValue, "counter is a ", name_of(counter.dtype), " tensor of shape ", counter.shape,
           ", wanted int64 of shape [2]");
  }
}

// A result of `shape` in the dim order of `like`, as long as its last dim is the innermost: heads that are
// views of one matrix give heads that are views of one matrix.
OutputSpec rows_like(const TensorSpec& like, const Dims& shape) {
  OutputSpec spec = TensorSpec::contiguous(like.dtype, shape);
  const Dims strides = dense_strides_like(shape, like.strides);
  if (strides.back() == 1) spec.strides = strides;
  return spec;
}

void check_all(const InferContext& c, int first) {
  check_operands(c, first);
  check_mask(c, first);
  check_dropout(c, first);
}

void add_outputs(InferContext& c) {
  const TensorSpec& query = c.in(kQuery);
  const Dims shape = with_rows(query, columns_of(c.in(kValue)));
  checked_numel(c.op().name, shape);
  checked_numel(c.op().name, with_rows(query, rows_of(c.in(kKey))));  // what the places of weights count
  c.add_output(rows_like(query, shape));
  Dims rows = query.shape;
  rows.resize(query.rank() - 1);
  c.add_output(computed_dtype(query.dtype), rows);
}

size_t forward_workspace(const InferContext& c) {
  if (!is_narrow(c.in(kQuery).dtype)) return attention_forward_workspace(c);
  const size_t wide = widened_evaluation_bytes(c);
  return attention_suits_tiles(c) ? std::max(wide, attention_tiles_workspace(c)) : wide;
}

void forward_eval(const EvalContext& c) {
  if (!is_narrow(c.in(kQuery).spec->dtype)) return attention_forward(c);
  if (!attention_suits_tiles(c) || !attention_on_tiles(c)) run_widened(c);
}

void forward_infer(InferContext& c) {
  check_all(c, 0);
  add_outputs(c);
}

void prefix_infer(InferContext& c) {
  check_operands(c, 0);
  check_mask(c, 0);
  const TensorSpec& length = c.in(kPrefixLength);
  if (length.dtype != DType::kInt64 || length.rank() != 0) {
    c.fail(ErrorKind::kValue, "keyLength is a ", name_of(length.dtype), " tensor of shape ", length.shape,
           ", wanted a 0-dim int64 one");
  }
  add_outputs(c);
}

void backward_infer(InferContext& c) {
  check_all(c, kGradOperands);
  const TensorSpec& query = c.in(kGradOperands + kQuery);
  const Dims shape = with_rows(query, columns_of(c.in(kGradOperands + kValue)));
  check_parameter(c, "grad", c.in(0), query.dtype, shape);
  check_parameter(c, "out", c.in(kSavedOut), query.dtype, shape);
  Dims rows = query.shape;
  rows.resize(query.rank() - 1);
  check_parameter(c, "logSumExp", c.in(kSavedLogSum), computed_dtype(query.dtype), rows);
  for (int i : {kQuery, kKey, kValue}) {
    const TensorSpec& x = c.in(kGradOperands + i);
    c.add_output(rows_like(x, x.shape));
  }
}

size_t backward_workspace(const InferContext& c) {
  if (!is_narrow(c.in(kOutGrad).dtype)) return attention_backward_workspace(c);
  const size_t wide = widened_evaluation_bytes(c);
  return attention_gradient_suits_tiles(c) ? std::max(wide, attention_gradient_tiles_workspace(c)) : wide;
}

void backward_eval(const EvalContext& c) {
  if (!is_narrow(c.in(kOutGrad).spec->dtype)) return attention_backward(c);
  if (!attention_gradient_suits_tiles(c) || !attention_gradient_on_tiles(c)) run_widened(c);
}

void forward_vjp(VjpContext& c) {
  static const Op& op = find_op("scaledDotProductAttentionBackward");
  if (!c.grad(0)) return;
  int at = kValue + 1;  // flat: what is absent takes no place
  const Tensor mask = c.has_input(kAttnMask) ? c.input(at++) : Tensor();
  const Tensor counter = c.has_input(kDropCounter) ? c.input(at++) : Tensor();
  const Attrs& a = c.attrs();
  Tensor grads[3];
  c.apply(
      op,
      {c.grad(0), c.input(kQuery), c.input(kKey), c.input(kValue), mask, counter, c.output(0), c.output(1)},
      Attrs()
          .add_bool(a.get_bool(kIsCausal))
          .add_float(a.get_float(kScale))
          .add_float(a.get_float(kDropoutP)),
      grads);
  for (int i : {kQuery, kKey, kValue})
    if (c.needs(i)) c.set_grad(i, grads[i]);
}

// The samples. A mask may be shared by them, and dropped weights are numbered through all of them: then all
// at once. Of three dims the first are heads, of which keys and values may have fewer.
template <int kFirst>
Slices slices(const InferContext& c) {
  const Dims& query = c.in(kFirst).shape;
  if (c.has(kFirst + 3) || c.has(kFirst + 4) || query.size() < 3) return {};
  if (c.in(kFirst + 1).shape[0] != query[0] || c.in(kFirst + 2).shape[0] != query[0]) return {};
  return Slices::of_leading(query, 1);
}

constexpr InputDef kMaskDef{.name = "attnMask", .kind = InputKind::kOptional, .differentiable = false},
    kCounterDef{.name = "counter", .kind = InputKind::kOptional, .differentiable = false};
constexpr std::array<AttrDef, kMaxAttrs> kAttentionAttrs{AttrDef{"isCausal", AttrType::kBool},
                                                         AttrDef{"scale", AttrType::kFloat},
                                                         AttrDef{"dropoutP", AttrType::kFloat}};

const Op kAttention{
    .name = "scaledDotProductAttention",
    .inputs = {InputDef{"query"}, InputDef{"key"}, InputDef{"value"}, kMaskDef, kCounterDef},
    .outputs = {OutputDef{"out"}, OutputDef{"logSumExp", false}},
    .attrs = kAttentionAttrs,
    .flags = kRandom | kTakesHalves,
    .autocast = Autocast::kLower,
    .infer = forward_infer,
    .workspace = forward_workspace,
    .eval = forward_eval,
    .slices = slices<0>,
    .saves = {.inputs = 0b11111, .outputs = 0b11},
    .vjp = forward_vjp,
};

// Differentiated by its composite.
const Op kPrefixAttention{
    .name = "prefixAttention",
    .inputs = {InputDef{"query"}, InputDef{"key"}, InputDef{"value"}, kMaskDef,
               InputDef{.name = "keyLength", .differentiable = false}},
    .outputs = {OutputDef{"out"}, OutputDef{"logSumExp", false}},
    .attrs = {AttrDef{"isCausal", AttrType::kBool}, AttrDef{"scale", AttrType::kFloat}},
    .flags = kTakesHalves,
    .autocast = Autocast::kLower,
    .infer = prefix_infer,
    .workspace = prefix_attention_workspace,
    .eval = prefix_attention,
    .saves = {.inputs = 0b11111},
};

const Op kAttentionBackward{
    .name = "scaledDotProductAttentionBackward",
    .inputs = {InputDef{"grad"}, InputDef{"query"}, InputDef{"key"}, InputDef{"value"}, kMaskDef, kCounterDef,
               InputDef{"out"}, InputDef{"logSumExp"}},
    .outputs = {OutputDef{"queryGrad"}, OutputDef{"keyGrad"}, OutputDef{"valueGrad"}},
    .attrs = kAttentionAttrs,
    .flags = kInternal | kRandom | kTakesHalves,
    .infer = backward_infer,
    .workspace = backward_workspace,
    .eval = backward_eval,
    .slices = slices<1>,
};

}  // namespace

void register_attention_ops(Registry& r) {
  r.add(kAttention);
  r.add(kPrefixAttention);
  r.add(kAttentionBackward);
}

}  // namespace lanegrad

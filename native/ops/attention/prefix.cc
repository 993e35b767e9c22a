// prefixAttention: attention on the first keys alone, by the plan that a call on them would have, so that the
// bits are the same. 16-bit floats are widened here, where it is known how many keys there are.
#include "ops/scratch.h"
#include "ops/attention/attention.h"

namespace lanegrad {
namespace {

bool widens(DType dtype) { return is_narrow(dtype) && is_floating(dtype); }

TensorSpec widened(const TensorSpec& spec) {
  return TensorSpec::contiguous(computed_dtype(spec.dtype), spec.shape);
}

// The part of an operand that belongs to the first `length` keys.
TensorSpec of_keys(TensorSpec spec, int operand, int64_t length) {
  const int rank = spec.rank();
  if (operand == kKey || operand == kValue) spec.shape[rank - 2] = length;
  if (operand == kAttnMask && rank > 0 && spec.shape[rank - 1] != 1) spec.shape[rank - 1] = length;
  return spec;
}

// The operands of a call on the first keys, widened.
struct Prefix {
  std::array<TensorSpec, kPrefixLength> in;
  std::array<TensorSpec, 2> out;
  InlineVector<TensorView, 8> inputs;
  std::array<TensorView, 2> outputs;

  Prefix(const EvalContext& c, int64_t length, Scratch& s) {
    for (int i = 0; i < kPrefixLength; ++i) {
      if (!c.has(i)) continue;
      in[i] = of_keys(*c.in(i).spec, i, length);
      TensorView view{c.in(i).data, &in[i]};
      if (widens(in[i].dtype)) {
        const TensorSpec narrow = in[i];
        in[i] = widened(narrow);
        view.data = s.take(in[i].bytes());
        copy_view(view, {c.in(i).data, &narrow});
      }
      inputs.push_back(view);
    }
    inputs.push_back(c.in(kPrefixLength));
    for (int j = 0; j < 2; ++j) {
      outputs[j] = c.out(j);
      if (!widens(c.out(j).spec->dtype)) continue;
      out[j] = widened(*c.out(j).spec);
      outputs[j] = {s.take(out[j].bytes()), &out[j]};
    }
  }
};

}  // namespace

size_t prefix_attention_workspace(const InferContext& c) {
  Scratch s;
  for (int i = 0; i < kPrefixLength; ++i)
    if (c.has(i) && widens(c.in(i).dtype)) s.add(widened(c.in(i)).bytes());
  for (int j = 0; j < 2; ++j)
    if (widens(c.out(j).dtype)) s.add(widened(c.out(j)).bytes());
  return s.bytes() + attention_forward_workspace(c);
}

void prefix_attention(const EvalContext& c) {
  const int64_t most = rows_of(*c.in(kKey).spec), length = *c.in(kPrefixLength).as<const int64_t>();
  if (length < 0 || length > most)
    c.fail(ErrorKind::kValue, "keyLength is ", length, ", wanted one from 0 to the ", most, " keys");
  Scratch s(c.workspace());
  const Prefix p(c, length, s);
  const EvalContext call(c.op(), Operands<TensorView>(p.inputs, c.inputs().starts()), p.outputs, s.take(0),
                         c.attrs());
  AttentionSizes z = attention_sizes(call, 0);
  z.past = length - z.queries;
  run_attention(call, z);
  for (int j = 0; j < 2; ++j)
    if (p.outputs[j].data != c.out(j).data) copy_view(c.out(j), p.outputs[j]);
}

}  // namespace lanegrad

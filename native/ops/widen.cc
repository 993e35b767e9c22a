#include "ops/widen.h"

#include "core/inline_vector.h"
#include "ops/copy.h"

namespace lanegrad {
namespace {

size_t aligned(size_t bytes) { return (bytes + 63) & ~size_t{63}; }

// In the dim order of the narrow tensor: what infer said of the outputs' strides then holds for the wide ones
// too.
TensorSpec widened(const TensorSpec& spec) {
  if (!is_narrow(spec.dtype)) return spec;
  return {computed_dtype(spec.dtype), spec.shape, dense_strides_like(spec.shape, spec.strides)};
}

// The operands of a call in their wide specs; an undefined entry of a gradient list stays so.
struct WideInputs {
  InlineVector<TensorSpec, 4> specs;
  InlineVector<const TensorSpec*, 8> pointers;
  size_t bytes = 0;  // of the copies
  bool any = false;

  template <class Get>
  WideInputs(size_t count, const Get& spec_of) {
    for (size_t k = 0; k < count; ++k) {
      const TensorSpec* spec = spec_of(k);
      specs.push_back(spec ? widened(*spec) : TensorSpec{});
      if (!spec || !is_narrow(spec->dtype)) continue;
      any = true;
      bytes += aligned(specs[k].bytes());
    }
    for (size_t k = 0; k < count; ++k) pointers.push_back(spec_of(k) ? &specs[k] : nullptr);
  }
};

struct WideOutputs {
  std::array<TensorSpec, kMaxOutputs> specs;
  size_t bytes = 0;
  bool any = false;

  template <class Get>
  WideOutputs(size_t count, const Get& spec_of) {
    for (size_t j = 0; j < count; ++j) {
      const TensorSpec& spec = spec_of(j);
      specs[j] = widened(spec);
      if (!is_narrow(spec.dtype)) continue;
      any = true;
      bytes += aligned(specs[j].bytes());
    }
  }
};

size_t own_bytes(const Op& op, const Operands<const TensorSpec*>& inputs, const Attrs& attrs,
                 std::span<const TensorSpec> outputs) {
  if (!op.workspace) return 0;
  InferContext c(op, inputs, attrs);
  for (const TensorSpec& spec : outputs) c.add_output(spec);
  return op.workspace(c);
}

}  // namespace

size_t evaluation_bytes(const InferContext& inferred) {
  const Op& op = inferred.op();
  const auto plain = [&] { return op.workspace ? op.workspace(inferred) : 0; };
  if (op.is(kTakesNarrow)) return plain();
  const auto flat = inferred.inputs().flat();
  const auto outs = inferred.outputs();
  bool narrow = false;
  for (const TensorSpec* spec : flat) narrow |= spec && is_narrow(spec->dtype);
  for (const OutputSpec& spec : outs) narrow |= is_narrow(spec.dtype);
  if (!narrow) return plain();
  const WideInputs in(flat.size(), [&](size_t k) { return flat[k]; });
  const WideOutputs out(outs.size(), [&](size_t j) -> const TensorSpec& { return outs[j]; });
  const Operands<const TensorSpec*> wide(in.pointers, inferred.inputs().starts());
  return in.bytes + out.bytes + own_bytes(op, wide, inferred.attrs(), {out.specs.data(), outs.size()});
}

void run_eval(const EvalContext& c) {
  const Op& op = c.op();
  if (op.is(kTakesNarrow)) return op.eval(c);
  const auto flat = c.inputs().flat();
  const auto outs = c.outputs();
  bool narrow = false;
  for (const TensorView& view : flat) narrow |= view.spec && is_narrow(view.spec->dtype);
  for (const TensorView& view : outs) narrow |= is_narrow(view.spec->dtype);
  if (!narrow) return op.eval(c);

  const WideInputs in(flat.size(), [&](size_t k) { return flat[k].spec; });
  const WideOutputs out(outs.size(), [&](size_t j) -> const TensorSpec& { return *outs[j].spec; });
  char* room = static_cast<char*>(c.workspace());
  const auto take = [&](const TensorSpec& spec) {
    char* const at = room;
    room += aligned(spec.bytes());
    return at;
  };
  InlineVector<TensorView, 8> inputs;
  for (size_t k = 0; k < flat.size(); ++k) {
    TensorView view = flat[k];
    if (view.spec && is_narrow(view.spec->dtype)) {
      view = {take(in.specs[k]), &in.specs[k]};
      if (flat[k].defined()) copy_view(view, flat[k]);
    }
    inputs.push_back(view);
  }
  std::array<TensorView, kMaxOutputs> outputs;
  for (size_t j = 0; j < outs.size(); ++j) {
    outputs[j] = outs[j];
    if (is_narrow(outs[j].spec->dtype)) outputs[j] = {take(out.specs[j]), &out.specs[j]};
  }
  op.eval(EvalContext(op, Operands<TensorView>(inputs, c.inputs().starts()), {outputs.data(), outs.size()},
                      room, c.attrs()));
  for (size_t j = 0; j < outs.size(); ++j) {
    if (is_narrow(outs[j].spec->dtype)) copy_view(outs[j], outputs[j]);
  }
  for (int i = 0; i < op.input_count(); ++i) {
    if (!op.inputs[i].mutates) continue;
    for (size_t k = c.inputs().starts()[i]; k < c.inputs().starts()[i + 1]; ++k) {
      if (flat[k].defined() && is_narrow(flat[k].spec->dtype)) copy_view(flat[k], inputs[k]);
    }
  }
}

}  // namespace lanegrad

#include "ops/widen.h"

#include <algorithm>
#include <type_traits>

#include "core/inline_vector.h"
#include "ops/layout/copy.h"

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

// Elements of the largest narrow operand in a slice: with its wide copy and that of the output they lie in a
// second-level cache.
constexpr int64_t kSliceElements = int64_t{1} << 17;

// Whether operands of this dtype are converted for the op.
bool widens(const Op& op, DType dtype) {
  if (!is_narrow(dtype) || op.is(kTakesNarrow)) return false;
  return !(op.is(kTakesHalves) && is_floating(dtype));
}

// With kTakesHalves all operands of a call are 16-bit floats, or none is.
bool has_narrow(const InferContext& c) {
  for (const TensorSpec* spec : c.inputs().flat())
    if (spec && widens(c.op(), spec->dtype)) return true;
  for (const OutputSpec& spec : c.outputs())
    if (widens(c.op(), spec.dtype)) return true;
  return false;
}

// How many items are evaluated at a time; 0: all at once. A matter of shapes alone.
struct Cut {
  Slices slices;
  int64_t count = 0;
};

Cut cut_of(const InferContext& c) {
  if (!c.op().slices) return {};
  Cut cut{c.op().slices(c)};
  if (cut.slices.items < 2) return {};
  int64_t most = 1;
  for (const TensorSpec* spec : c.inputs().flat())
    if (spec && is_narrow(spec->dtype)) most = std::max(most, spec->numel());
  for (const OutputSpec& spec : c.outputs())
    if (is_narrow(spec.dtype)) most = std::max(most, spec.numel());
  cut.count = std::max<int64_t>(1, kSliceElements / std::max<int64_t>(1, most / cut.slices.items));
  if (cut.count >= cut.slices.items) cut.count = 0;
  return cut;
}

TensorSpec sliced(const TensorSpec& spec, int dim, int64_t count) {
  TensorSpec part = spec;
  if (dim >= 0) part.shape[dim] = count;
  return part;
}

// The specs of `count` items; undefined entries of a gradient list have none.
struct SliceSpecs {
  InlineVector<TensorSpec, 8> inputs;
  InlineVector<const TensorSpec*, 8> pointers;
  std::array<TensorSpec, kMaxOutputs> outputs;

  SliceSpecs(const InferContext& c, const Slices& slices, int64_t count) {
    const auto flat = c.inputs().flat();
    const auto starts = c.inputs().starts();
    for (int i = 0; i < c.op().input_count(); ++i) {
      for (Start k = starts[i]; k < starts[i + 1]; ++k)
        inputs.push_back(flat[k] ? sliced(*flat[k], slices.inputs[i], count) : TensorSpec{});
    }
    for (size_t k = 0; k < flat.size(); ++k) pointers.push_back(flat[k] ? &inputs[k] : nullptr);
    for (size_t j = 0; j < c.outputs().size(); ++j)
      outputs[j] = sliced(c.outputs()[j], slices.outputs[j], count);
  }
};

// Bytes for wide copies of these operands and the record's own workspace beside them.
size_t widened_bytes(const InferContext& c) {
  const auto flat = c.inputs().flat();
  const auto outs = c.outputs();
  const WideInputs in(flat.size(), [&](size_t k) { return flat[k]; });
  const WideOutputs out(outs.size(), [&](size_t j) -> const TensorSpec& { return outs[j]; });
  const Operands<const TensorSpec*> wide(in.pointers, c.inputs().starts());
  return in.bytes + out.bytes + own_bytes(c.op(), wide, c.attrs(), {out.specs.data(), outs.size()});
}

size_t slice_bytes(const InferContext& c, const Slices& slices, int64_t count) {
  const SliceSpecs specs(c, slices, count);
  InferContext part(c.op(), Operands<const TensorSpec*>(specs.pointers, c.inputs().starts()), c.attrs());
  for (size_t j = 0; j < c.outputs().size(); ++j) part.add_output(OutputSpec(specs.outputs[j]));
  return widened_bytes(part);
}

// Of the outputs that are sums: what one slice adds.
size_t sum_bytes(const InferContext& c, const Slices& slices) {
  size_t bytes = 0;
  for (size_t j = 0; j < c.outputs().size(); ++j)
    if (slices.outputs[j] == Slices::kSummed) bytes += aligned(c.outputs()[j].bytes());
  return bytes;
}

void eval_widened(const EvalContext& c) {
  const Op& op = c.op();
  const auto flat = c.inputs().flat();
  const auto outs = c.outputs();
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

// The operand from item `first` on.
TensorView from_item(const TensorView& view, int dim, int64_t first, const TensorSpec& spec) {
  if (!view.spec) return view;
  char* data = view.as<char>();
  if (data && dim >= 0) {
    data += first * view.spec->strides[dim] * static_cast<int64_t>(size_of(spec.dtype));
  }
  return {data, &spec};
}

void add_to(const TensorView& sum, const TensorView& part) {
  dispatch_dtype(sum.spec->dtype, [&]<class T>(T) {
    if constexpr (!std::is_same_v<T, bool>) {
      T* const to = sum.as<T>();
      const T* const from = part.as<T>();
      for (int64_t i = 0; i < sum.spec->numel(); ++i) to[i] = static_cast<T>(to[i] + from[i]);
    }
  });
}

void eval_slices(const EvalContext& c, const InferContext& specs, const Cut& cut) {
  const Slices& slices = cut.slices;
  const auto flat = c.inputs().flat();
  const auto starts = c.inputs().starts();
  const auto outs = c.outputs();
  for (int64_t first = 0; first < slices.items; first += cut.count) {
    const SliceSpecs part(specs, slices, std::min(cut.count, slices.items - first));
    InlineVector<TensorView, 8> inputs;
    for (int i = 0; i < c.op().input_count(); ++i) {
      for (Start k = starts[i]; k < starts[i + 1]; ++k)
        inputs.push_back(from_item(flat[k], slices.inputs[i], first, part.inputs[k]));
    }
    char* room = static_cast<char*>(c.workspace());
    std::array<TensorView, kMaxOutputs> outputs;
    for (size_t j = 0; j < outs.size(); ++j) {
      outputs[j] = from_item(outs[j], slices.outputs[j], first, part.outputs[j]);
      if (slices.outputs[j] != Slices::kSummed) continue;
      if (first > 0) outputs[j].data = room;
      room += aligned(part.outputs[j].bytes());
    }
    eval_widened(EvalContext(c.op(), Operands<TensorView>(inputs, starts), {outputs.data(), outs.size()},
                             room, c.attrs()));
    for (size_t j = 0; first > 0 && j < outs.size(); ++j)
      if (slices.outputs[j] == Slices::kSummed) add_to(outs[j], outputs[j]);
  }
}

}  // namespace

size_t evaluation_bytes(const InferContext& inferred) {
  const Op& op = inferred.op();
  if (!has_narrow(inferred)) return op.workspace ? op.workspace(inferred) : 0;
  return widened_evaluation_bytes(inferred);
}

size_t widened_evaluation_bytes(const InferContext& inferred) {
  const Cut cut = cut_of(inferred);
  if (cut.count == 0) return widened_bytes(inferred);
  const int64_t rest = cut.slices.items % cut.count;
  const size_t last = rest > 0 ? slice_bytes(inferred, cut.slices, rest) : 0;
  return sum_bytes(inferred, cut.slices) + std::max(slice_bytes(inferred, cut.slices, cut.count), last);
}

void run_eval(const EvalContext& c) {
  const Op& op = c.op();
  bool narrow = false;
  for (const TensorView& view : c.inputs().flat()) narrow |= view.spec && widens(op, view.spec->dtype);
  for (const TensorView& view : c.outputs()) narrow |= widens(op, view.spec->dtype);
  if (!narrow) return op.eval(c);
  run_widened(c);
}

void run_widened(const EvalContext& c) {
  const Op& op = c.op();
  InlineVector<const TensorSpec*, 8> pointers;
  for (const TensorView& view : c.inputs().flat()) pointers.push_back(view.spec);
  InferContext specs(op, Operands<const TensorSpec*>(pointers, c.inputs().starts()), c.attrs());
  for (const TensorView& view : c.outputs()) specs.add_output(OutputSpec(*view.spec));
  const Cut cut = cut_of(specs);
  if (cut.count == 0) return eval_widened(c);
  eval_slices(c, specs, cut);
}

}  // namespace lanegrad

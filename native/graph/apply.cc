#include "graph/apply.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "graph/autocast.h"
#include "graph/promote.h"
#include "graph/record.h"
#include "graph/recording.h"
#include "ops/functions.h"
#include "ops/registry.h"
#include "ops/layout/view_chain.h"
#include "ops/widen.h"

namespace lanegrad {
namespace {

// The operands of a call after promotion, and the views on them that records take.
struct Promoted {
  InlineVector<Tensor, 8> flat;
  InlineVector<Start, kMaxStarts> starts;

  Call call(const Op& op, const Attrs& attrs) const { return {op, flat, starts, attrs}; }
};

// A number is made anew in the wanted dtype; a tensor is cast by an op, so that its gradient is cast back.
Tensor cast_operand(Environment& env, const Tensor& t, DType dtype) {
  if (t->spec.dtype == dtype) return t;
  if (t->wrapped_number) {
    return dispatch_storage(t->spec.dtype, [&]<class T>(T value) {
      std::memcpy(&value, t->scalar, sizeof(T));
      if constexpr (std::is_floating_point_v<T> || kIsHalf<T>) {
        return number_tensor(static_cast<double>(value), dtype);
      } else {
        return number_tensor(static_cast<int64_t>(value), dtype);
      }
    });
  }
  EnvironmentApplier c(env);
  return fn::to(c, t, dtype);
}

// Fills lists that are `grads_of` another input.
void add_gradients(Environment& env, const Op& op, int input, Promoted& p, std::span<const Tensor> flat,
                   std::span<const Start> starts) {
  const int of = op.inputs[input].grads_of;
  for (Start k = starts[of]; k < starts[of + 1]; ++k) {
    if (env.recording) [[unlikely]]
      env.recording->grad_read(flat[k]);
    const AutogradMeta* meta = meta_of(flat[k]);
    if (meta && meta->grad_dropped && !meta->grad) [[unlikely]] {
      fail(ErrorKind::kRecording, op.name,
           "the compiled function that made the gradients keeps none; step inside of it, or compile it with "
           "keepGrads: true");
    }
    p.flat.push_back(meta ? meta->grad : Tensor());
  }
}

Promoted prepare(Environment& env, const Call& call) {
  Promoted p;
  const auto dtype = promoted_dtype(call);
  for (int i = 0; i < call.op.input_count(); ++i) {
    p.starts.push_back(static_cast<Start>(p.flat.size()));
    const InputDef& def = call.op.inputs[i];
    if (def.grads_of >= 0) {
      add_gradients(env, call.op, i, p, call.flat, call.starts);
      continue;
    }
    for (Start k = call.starts[i]; k < call.starts[i + 1]; ++k) {
      const Tensor& t = call.flat[k];
      if (!dtype || !def.differentiable || !t) {
        p.flat.push_back(t);
        continue;
      }
      const bool stays_wide = t->wrapped_number && call.op.is(kWideNumbers) && is_floating(*dtype);
      p.flat.push_back(cast_operand(env, t, stays_wide ? computed_dtype(*dtype) : *dtype));
    }
  }
  p.starts.push_back(static_cast<Start>(p.flat.size()));
  return p;
}

TensorView view_tensor(const Tensor& t) { return t ? TensorView{t->data(), &t->spec} : TensorView{}; }

// What cannot be allocated may be had once what JavaScript dropped is freed.
template <class F>
auto with_memory(Environment& env, F&& make) {
  try {
    return make();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kOutOfMemory || !env.hooks || !env.hooks->reclaim()) throw;
    return make();
  }
}

// Runs infer's result into memory: that of the first operand, or fresh one.
void evaluate(Environment& env, const Call& call, const InferContext& inferred,
              std::span<const Tensor> outputs, bool in_place = false) {
  ++env.counters.ops;
  InlineVector<TensorView, 8> inputs;
  uint32_t busy = in_place ? outputs[0]->storage->readers : 0;
  for (const Tensor& t : call.flat) {
    inputs.push_back(view_tensor(t));
    if (t && t->storage) busy |= t->storage->writers;
  }
  if (busy) [[unlikely]]
    fail_busy(env, call.op.name);
  if (env.recording) [[unlikely]]
    env.recording->before(call, outputs, in_place);
  std::array<TensorView, kMaxOutputs> views;
  for (size_t j = 0; j < outputs.size(); ++j) views[j] = view_tensor(outputs[j]);
  const size_t bytes = evaluation_bytes(inferred);
  Ref<Storage> workspace;
  if (bytes > 0) workspace = with_memory(env, [&] { return Storage::allocate(call.op.name, bytes); });
  const EvalContext c(call.op, Operands<TensorView>(inputs, call.starts), {views.data(), outputs.size()},
                      workspace ? workspace->data() : nullptr, call.attrs);
  run_eval(c);
  if (env.recording) [[unlikely]]
    env.recording->after(call, inferred, outputs, in_place, bytes);
}

void count_allocation(Environment& env, const Tensor& t) {
  ++env.counters.allocations;
  env.counters.allocated_bytes += t->storage->bytes();
}

struct Specs {
  InlineVector<const TensorSpec*, 8> pointers;
  explicit Specs(std::span<const Tensor> flat) {
    for (const Tensor& t : flat) pointers.push_back(t ? &t->spec : nullptr);
  }
};

// An op that writes operands changes what autograd may have saved.
void bump_mutated(const Call& call) {
  for (size_t i = 0; i + 1 < call.starts.size(); ++i) {
    if (!call.op.inputs[i].mutates) continue;
    for (size_t k = call.starts[i]; k < call.starts[i + 1]; ++k) {
      if (call.flat[k] && call.flat[k]->storage) call.flat[k]->storage->bump_version();
    }
  }
}

void check_mutated(const Environment& env, const Call& call) {
  for (size_t i = 0; i + 1 < call.starts.size(); ++i) {
    if (!call.op.inputs[i].mutates) continue;
    for (size_t k = call.starts[i]; k < call.starts[i + 1]; ++k) {
      const Tensor& t = call.flat[k];
      if (!t) continue;
      if (!t->storage)
        fail(ErrorKind::kDType, call.op.name, "input ", call.op.inputs[i].name,
             " is written, wanted a tensor, got a number");
      if (!env.reads.empty()) finish_reads(env, t->storage.get());
      if (t->storage->readers) [[unlikely]]
        fail_busy(env, call.op.name);
      if (env.grad_mode && requires_grad(t)) {
        fail(ErrorKind::kAutograd, call.op.name, "writes ", call.op.inputs[i].name,
             ", which requires a gradient; call it inside noGrad");
      }
      check_writable(call.op, t);
    }
  }
}

// Other views lie within their input by their shape rule.
void check_window(const Op& op, const Tensor& source, const OutputSpec& spec) {
  const int64_t first = source->offset + spec.offset;
  const int64_t room = static_cast<int64_t>(source->storage->bytes() / size_of(spec.dtype));
  if (first < 0 || (spec.numel() > 0 && first + reach_of(spec.shape, spec.strides) >= room)) {
    fail(ErrorKind::kIndex, op.name, "a view of shape ", spec.shape, " leaves the ", room,
         " elements of the storage");
  }
}

// What a view was taken of, if that has a history of the same memory. A view of memory is taken of it, so
// that gradients reach what lies outside of the view that it was asked of.
const Tensor* base_of(const Tensor& t) {
  const AutogradMeta* meta = meta_of(t);
  return meta && meta->view && !meta->requires_grad ? &meta->view->base : nullptr;
}

// Whether the operands can go to the record as they are.
bool is_ready(const Call& call) {
  for (const InputDef& def : call.op.inputs) {
    if (!def.name) break;
    if (def.grads_of >= 0) return false;
  }
  if (call.op.promotion == Promotion::kNone) return true;
  if (call.flat.empty() || !is_floating(call.flat.back()->spec.dtype)) return false;
  const DType dtype = call.flat.back()->spec.dtype;
  for (size_t i = 0; i + 1 < call.starts.size(); ++i) {
    if (!call.op.inputs[i].differentiable) continue;
    for (size_t k = call.starts[i]; k < call.starts[i + 1]; ++k) {
      if (call.flat[k]->spec.dtype != dtype) return false;
    }
  }
  return true;
}

void compute(Environment& env, const Call& ready, std::span<Tensor> outputs) {
  const Call& call = ready;
  check_mutated(env, ready);
  const Specs specs(ready.flat);
  InferContext inferred(call.op, Operands<const TensorSpec*>(specs.pointers, ready.starts), call.attrs);
  call.op.infer(inferred);
  bool fresh = inferred.outputs().empty();
  for (size_t j = 0; j < outputs.size(); ++j) {
    const OutputSpec& spec = inferred.out(static_cast<int>(j));
    if (spec.alias >= 0) {
      const Tensor& source = ready.flat[static_cast<size_t>(spec.alias)];
      if (!source->storage) {
        // A number that is only looked at differently: it has no storage to share, and becomes a tensor.
        outputs[j] = allocate_tensor(call.op.name, spec);
        if (spec.numel() > 0) std::memcpy(outputs[j]->data(), source->scalar, size_of(spec.dtype));
        if (env.recording) [[unlikely]]
          env.recording->created(outputs[j]);
        continue;
      }
      if (call.op.is(kLeavesInput)) check_window(call.op, source, spec);
      outputs[j] = alias_tensor(source, spec, source->offset + spec.offset);
    } else {
      outputs[j] = with_memory(env, [&] { return allocate_tensor(call.op.name, spec); });
      count_allocation(env, outputs[j]);
      fresh = true;
    }
  }
  if (fresh) {
    evaluate(env, ready, inferred, outputs);
  } else if (env.recording) [[unlikely]] {
    env.recording->viewed(ready);
  }
  bump_mutated(ready);
  record(env, ready, outputs);
}

void run_observed(Environment& env, const Call& ready, std::span<Tensor> outputs) {
  ObservedCall observed(env, ready, false);
  compute(env, ready, outputs);
  InlineVector<Tensor, kMaxOutputs> written;
  for (const Tensor& t : outputs) {
    const bool view = std::any_of(ready.flat.begin(), ready.flat.end(),
                                  [&](const Tensor& x) { return x && x->storage == t->storage; });
    if (!view) written.push_back(t);
  }
  observed.finish(written);
}

void run_ready(Environment& env, const Call& ready, std::span<Tensor> outputs) {
  if (env.observer) [[unlikely]]
    return run_observed(env, ready, outputs);
  compute(env, ready, outputs);
}

}  // namespace

namespace {
void promote_and_run(Environment& env, const Call& call, std::span<Tensor> outputs) {
  if (is_ready(call)) {
    run_ready(env, call, outputs);
    return;
  }
  const Promoted prepared = prepare(env, call);
  run_ready(env, prepared.call(call.op, call.attrs), outputs);
}
}  // namespace

void apply(Environment& env, const Call& call, std::span<Tensor> outputs) {
  if (const Tensor* base = call.op.is(kLeavesInput) ? base_of(call.flat[0]) : nullptr) {
    const Attrs attrs = storage_attrs(**base);
    return run_ready(env, {call.op, {base, 1}, call.starts, attrs}, outputs);
  }
  if (casts_operands(env, call.op)) [[unlikely]] {
    const auto flat = cast_operands(env, call);
    return promote_and_run(env, {call.op, flat, call.starts, call.attrs}, outputs);
  }
  promote_and_run(env, call, outputs);
}

void apply_in_place(Environment& env, const Call& call) {
  const Op& op = call.op;
  if (op.input_count() == 0 || op.output_count() != 1 || op.inputs[0].kind != InputKind::kOne) {
    fail(ErrorKind::kValue, op.name, "has no in-place form");
  }
  const Tensor target = call.flat[0];
  if (!target->storage) fail(ErrorKind::kDType, op.name, "an in-place op writes a tensor, got a number");
  check_writable(op, target);
  if (!env.reads.empty()) finish_reads(env, target->storage.get());
  const Promoted prepared = prepare(env, call);
  const Call ready = prepared.call(op, call.attrs);
  std::optional<ObservedCall> observed;
  if (env.observer) [[unlikely]]
    observed.emplace(env, ready, true);
  const bool recorded = will_record(env, ready);
  if (env.grad_mode) check_in_place_history(op, target, recorded);

  Specs specs(ready.flat);
  InferContext inferred(op, Operands<const TensorSpec*>(specs.pointers, ready.starts), call.attrs);
  op.infer(inferred);
  const OutputSpec& out = inferred.out(0);
  if (!(out.shape == target->spec.shape)) {
    fail(ErrorKind::kShape, op.name, "the result of shape ", out.shape, " cannot be written into ",
         target->spec.shape);
  }
  const bool narrows = is_floating(out.dtype)
                           ? !is_floating(target->spec.dtype)
                           : out.dtype != DType::kBool && target->spec.dtype == DType::kBool;
  if (narrows) {
    fail(ErrorKind::kDType, op.name, "a ", name_of(out.dtype), " result cannot be written into ",
         name_of(target->spec.dtype));
  }

  // The tape may need the value that is about to be overwritten, in x.mul_(x) twice.
  Promoted saved = prepared;
  Tensor before;
  for (int i = 0; recorded && i < op.input_count(); ++i) {
    if (!(op.saves.inputs >> i & 1)) continue;
    for (Start k = ready.starts[i]; k < ready.starts[i + 1]; ++k) {
      if (!(ready.flat[k] == target)) continue;
      if (!before) before = clone_with_history(env, target);
      saved.flat[k] = before;
    }
  }

  const bool updates = op.is(kUpdates) && target->spec.is_contiguous();
  bool direct =
      (op.is(kElementwise) || updates) && out.dtype == target->spec.dtype && ready.flat[0] == target;
  for (size_t k = 1; direct && k < ready.flat.size(); ++k) {
    const Tensor& other = ready.flat[k];
    if (!other || other->storage.get() != target->storage.get()) continue;
    direct = !updates && other->offset == target->offset && other->spec.shape == target->spec.shape &&
             other->spec.strides == target->spec.strides;
  }
  if (direct) {
    evaluate(env, ready, inferred, {&target, 1}, true);
  } else {
    Tensor result;
    if (out.alias >= 0) {
      result = alias_tensor(ready.flat[static_cast<size_t>(out.alias)], out,
                            ready.flat[static_cast<size_t>(out.alias)]->offset + out.offset);
      if (env.recording) [[unlikely]]
        env.recording->viewed(ready);
    } else {
      result = with_memory(env, [&] { return allocate_tensor(op.name, out); });
      count_allocation(env, result);
      evaluate(env, ready, inferred, {&result, 1});
    }
    write_copy(env, target, result);
  }
  target->storage->bump_version();
  if (recorded) record_in_place(env, saved.call(op, call.attrs), target);
  if (observed) [[unlikely]]
    observed->finish({&target, 1});
}

namespace {
// One operand per schema input; an undefined tensor is an absent optional one.
struct Fixed {
  InlineVector<Tensor, 4> flat;
  InlineVector<Start, kMaxStarts> starts;
  explicit Fixed(std::initializer_list<Tensor> inputs) {
    for (const Tensor& t : inputs) {
      starts.push_back(static_cast<Start>(flat.size()));
      if (t) flat.push_back(t);
    }
    starts.push_back(static_cast<Start>(flat.size()));
  }
};
}  // namespace

Tensor EnvironmentApplier::apply(const Op& op, std::initializer_list<Tensor> inputs, const Attrs& attrs) {
  std::array<Tensor, kMaxOutputs> outputs;
  apply(op, inputs, attrs, {outputs.data(), static_cast<size_t>(op.output_count())});
  return outputs[0];
}

void EnvironmentApplier::apply(const Op& op, std::initializer_list<Tensor> inputs, const Attrs& attrs,
                               std::span<Tensor> outputs) {
  const Fixed fixed(inputs);
  lanegrad::apply(env_, {op, fixed.flat, fixed.starts, attrs}, outputs);
}

Tensor EnvironmentApplier::apply_list(const Op& op, std::span<const Tensor> list, const Attrs& attrs) {
  const Start starts[] = {0, static_cast<Start>(list.size())};
  Tensor out;
  lanegrad::apply(env_, {op, list, starts, attrs}, {&out, 1});
  return out;
}

Tensor EnvironmentApplier::scalar(double value) { return number_tensor(value, DType::kFloat64); }

}  // namespace lanegrad

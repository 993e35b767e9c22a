#include "graph/record.h"

#include "graph/recording.h"
#include "ops/layout/copy.h"
#include "ops/registry.h"

namespace lanegrad {
namespace {

// A fused op has a composite in TypeScript to differentiate, should its own gradient not do.
bool has_gradient(const Op& op) {
  if (op.vjp) return true;
  return !op.is(kPrimitive) && !op.is(kInternal) && op.output_count() > 0 && op.outputs[0].differentiable;
}

Tensor bare_alias(const Tensor& t) {
  if (!t->storage || !t->autograd) return t;
  return alias_tensor(t, t->spec, t->offset);
}

Ref<Node> make_node(Environment& env, const Call& call) {
  Ref<Node> node(new Node);
  const Op& op = call.op;
  node->op = &op;
  node->sequence = env.next_sequence++;
  node->output_count = op.output_count();
  if (op.attr_count() > 0) node->attrs = std::make_unique<Attrs>(call.attrs);
  for (Start s : call.starts) node->starts.push_back(s);
  node->keep_shapes(call.flat);
  node->edges.resize(call.flat.size());
  if (op.saves.inputs) node->inputs.resize(call.flat.size());
  for (int i = 0; i < op.input_count(); ++i) {
    for (Start k = call.starts[i]; k < call.starts[i + 1]; ++k) {
      const Tensor& t = call.flat[k];
      if (!t) continue;
      if (op.inputs[i].differentiable && is_floating(t->spec.dtype)) node->edges[k] = gradient_edge(env, t);
      if (op.saves.inputs >> i & 1) node->inputs[k] = save_tensor(env, t);
    }
  }
  ++env.counters.tape_nodes;
  return node;
}

void save_outputs(Environment& env, const Ref<Node>& node, std::span<const Tensor> outputs) {
  if (!node->op->saves.outputs) return;
  node->outputs.resize(outputs.size());
  for (size_t j = 0; j < outputs.size(); ++j) {
    if (node->op->saves.outputs >> j & 1) node->outputs[j] = save_tensor(env, outputs[j]);
  }
}

void record_view(const Call& call, const Tensor& out) {
  const Tensor& x = call.flat[0];
  if (!x->storage || out->storage.get() != x->storage.get()) return;
  auto info = std::make_unique<ViewInfo>();
  const AutogradMeta* of = meta_of(x);
  std::shared_ptr<ViewLink> before;
  if (of && of->view) {
    info->base = of->view->base;
    before = of->view->chain;
  } else {
    info->base = x;
  }
  info->chain = std::make_shared<ViewLink>(ViewStep{&call.op, call.attrs}, std::move(before));
  if (const AutogradMeta* base = meta_of(info->base)) info->rebases_seen = base->rebases;
  ensure_meta(out).view = std::move(info);
}

}  // namespace

SavedTensor save_tensor(Environment& env, const Tensor& t) {
  env.counters.saved_bytes += t->spec.bytes();
  return {bare_alias(t), t->storage ? t->storage->version() : 0};
}

bool requires_grad(const Tensor& t) {
  const AutogradMeta* meta = meta_of(t);
  if (!meta) return false;
  if (meta->requires_grad || meta->grad_fn) return true;
  if (!meta->view) return false;
  const AutogradMeta* base = meta_of(meta->view->base);
  return base && base->rebases != meta->view->rebases_seen && base->grad_fn;
}

Edge gradient_edge(Environment& env, const Tensor& t) {
  AutogradMeta* meta = meta_of(t);
  if (!meta) return {};
  if (meta->view) {
    ViewInfo& view = *meta->view;
    const AutogradMeta* base = meta_of(view.base);
    if (base && base->rebases != view.rebases_seen) {
      const FlagGuard recording(env.grad_mode, true);
      const FlagGuard tracking(env.track_views, true);
      EnvironmentApplier c(env);
      const Tensor again = apply_chain(c, view.base, chain_of(*view.chain));
      view.rebases_seen = base->rebases;
      meta->grad_fn = meta_of(again) ? meta_of(again)->grad_fn : Ref<Node>();
      meta->output_index = 0;
    }
  }
  if (meta->grad_fn) return {meta->grad_fn, {}, meta->output_index};
  if (meta->requires_grad) return {{}, t, 0};
  return {};
}

bool will_record(const Environment& env, const Call& call) {
  if (!env.grad_mode || !has_gradient(call.op)) return false;
  for (int i = 0; i < call.op.input_count(); ++i) {
    if (!call.op.inputs[i].differentiable) continue;
    for (Start k = call.starts[i]; k < call.starts[i + 1]; ++k) {
      if (call.flat[k] && requires_grad(call.flat[k])) return true;
    }
  }
  return false;
}

void record(Environment& env, const Call& call, std::span<const Tensor> outputs) {
  const Op& op = call.op;
  const bool view = op.is(kView) && op.outputs[0].differentiable;
  const bool node_wanted = will_record(env, call);
  // A view made before its base gets a history must find it later, so views are noted in any case.
  if (view && env.track_views) record_view(call, outputs[0]);
  if (!node_wanted) return;
  const Ref<Node> node = make_node(env, call);
  for (size_t j = 0; j < outputs.size(); ++j) {
    if (!op.outputs[j].differentiable || !is_floating(outputs[j]->spec.dtype)) continue;
    // An op that returns its input unchanged (a contiguous tensor made contiguous) makes a new descriptor,
    // never this one.
    AutogradMeta& meta = ensure_meta(outputs[j]);
    meta.grad_fn = node;
    meta.output_index = static_cast<int>(j);
  }
  // Last: a tensor that has history is saved as an alias without it. The node must not hold what holds the
  // node.
  save_outputs(env, node, outputs);
}

void record_in_place(Environment& env, const Call& call, const Tensor& target) {
  const Ref<Node> node = make_node(env, call);
  // Operands that share memory with the target were saved as they were before the write.
  for (size_t k = 0; k < node->inputs.size(); ++k) {
    SavedTensor& saved = node->inputs[k];
    if (saved.data && saved.data->storage && saved.data->storage.get() == target->storage.get())
      --saved.version;
  }
  AutogradMeta& meta = ensure_meta(target);
  const Tensor outputs[] = {target};
  save_outputs(env, node, outputs);
  if (!meta.view) {
    meta.grad_fn = node;
    meta.output_index = 0;
    ++meta.rebases;
    return;
  }
  static const Op& scatter = find_op("viewScatter");
  const Tensor& base = meta.view->base;
  const Attrs chain = Attrs().add_ints(encode_chain(base->spec.strides, chain_of(*meta.view->chain)));
  const Tensor flat[] = {base, target};
  Ref<Node> scattered(new Node);
  scattered->op = &scatter;
  scattered->sequence = env.next_sequence++;
  scattered->attrs = std::make_unique<Attrs>(chain);
  for (Start s : {0u, 1u, 2u}) scattered->starts.push_back(s);
  scattered->keep_shapes(flat);
  scattered->edges.push_back(gradient_edge(env, base));
  scattered->edges.push_back({node, {}, 0});
  ++env.counters.tape_nodes;
  AutogradMeta& base_meta = ensure_meta(base);
  base_meta.grad_fn = scattered;
  base_meta.output_index = 0;
  ++base_meta.rebases;
}

void check_writable(const Op& op, const Tensor& t) {
  if (t->spec.numel() == 0) return;
  for (int i = 0; i < t->spec.rank(); ++i) {
    if (t->spec.strides[i] == 0 && t->spec.shape[i] > 1) {
      fail(ErrorKind::kValue, op.name, "cannot write in place: dim ", i, " of ", t->spec.shape,
           " is expanded, so its elements share memory; clone the tensor first");
    }
  }
  if (may_overlap(t->spec.shape, t->spec.strides)) {
    fail(ErrorKind::kValue, op.name, "cannot write in place: elements of ", t->spec.shape, " with strides ",
         t->spec.strides, " may share memory; clone the tensor first");
  }
}

void check_in_place_history(const Op& op, const Tensor& target, bool recorded) {
  const AutogradMeta* meta = meta_of(target);
  if (!meta) return;
  if (meta->requires_grad && !meta->grad_fn) {
    fail(ErrorKind::kAutograd, op.name,
         "a leaf that requires a gradient cannot be changed in place; change it inside noGrad");
  }
  if (!meta->view || !(recorded || requires_grad(target))) return;
  const AutogradMeta* base = meta_of(meta->view->base);
  if (base && base->requires_grad && !base->grad_fn) {
    fail(ErrorKind::kAutograd, op.name,
         "a view of a leaf that requires a gradient cannot be changed in place; change it inside noGrad");
  }
}

Tensor clone_with_history(Environment& env, const Tensor& t) {
  static const Op& clone = find_op("clone");
  const Edge edge = gradient_edge(env, t);
  Tensor copy;
  {
    const FlagGuard quiet(env.grad_mode, false);
    copy = EnvironmentApplier(env).apply(clone, {t}, Attrs());
  }
  if (edge.node) {
    AutogradMeta& meta = ensure_meta(copy);
    meta.grad_fn = edge.node;
    meta.output_index = edge.index;
  }
  return copy;
}

void write_copy(Environment& env, const Tensor& target, const Tensor& source) {
  ++env.counters.ops;
  const Storage* const from = source->storage.get();
  if (target->storage->writers | target->storage->readers | (from ? from->writers : 0)) [[unlikely]]
    fail_busy(env, "copy");
  if (env.recording) [[unlikely]]
    env.recording->before_copy(target);
  copy_view({target->data(), &target->spec}, {source->data(), &source->spec});
  if (env.recording) [[unlikely]]
    env.recording->after_copy(target, source);
}

void fail_busy(const Environment& env, const char* op) {
  fail(ErrorKind::kBusy, op, "uses a tensor that ", env.in_flight.empty() ? "a program" : env.in_flight,
       ", which runs on its own thread, has not done with; await the promise of the call, or tensor.read()");
}

}  // namespace lanegrad

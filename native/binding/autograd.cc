// The tape as JavaScript sees it. Tensors pass as ids in the shared ints; slot -1 stands for null.
#include <algorithm>

#include "binding/addon_data.h"
#include "graph/autocast.h"
#include "graph/backward.h"
#include "graph/record.h"

namespace lanegrad {
namespace {

const Tensor& subject(AddonData& data, const char* op) { return data.handles.get(data.read_id(0), op); }

napi_value boolean(napi_env env, bool value) {
  napi_value out;
  check(env, napi_get_boolean(env, value, &out));
  return out;
}

napi_value null(napi_env env) {
  napi_value out;
  check(env, napi_get_null(env, &out));
  return out;
}

// Reads `count` ids from ints[at...]; slot -1 gives an undefined tensor.
std::vector<Tensor> tensors_at(AddonData& data, size_t at, size_t count, const char* op) {
  std::vector<Tensor> out(count);
  for (size_t i = 0; i < count; ++i) out[i] = data.handles.get(data.read_id(at + 2 * i), op);
  return out;
}

// As above, where a slot of -1 stands for an absent tensor.
std::vector<Tensor> optional_tensors_at(AddonData& data, size_t at, size_t count, const char* op) {
  std::vector<Tensor> out(count);
  for (size_t i = 0; i < count; ++i) {
    const HandleId id = data.read_id(at + 2 * i);
    if (id.slot != -1) out[i] = data.handles.get(id, op);
  }
  return out;
}

napi_value set_grad_mode(AddonData& data, napi_callback_info info) {
  const Arguments<1> arguments(data.env, info);
  const bool former = data.graph.grad_mode;
  data.graph.grad_mode = bool_argument(data.env, arguments[0]);
  return boolean(data.env, former);
}

// setAutocast(dtype): its index, or -1 for off.
napi_value set_autocast(AddonData& data, napi_callback_info info) {
  const Arguments<1> arguments(data.env, info);
  const int32_t index = int_argument(data.env, arguments[0]);
  if (index == -1)
    data.graph.autocast.dtype.reset();
  else if (index >= 0 && index < kDTypeCount && is_floating(static_cast<DType>(index)))
    data.graph.autocast.dtype = static_cast<DType>(index);
  else
    fail(ErrorKind::kDType, "autocast", "no floating dtype has the index ", index);
  return nullptr;
}

napi_value forget_casts(AddonData& data, napi_callback_info) {
  data.graph.autocast.casts.clear();
  return nullptr;
}

// castToScope(handle): tensor 0 in the dtype of the scope, for the handle.
napi_value cast_to_scope_of(AddonData& data, napi_callback_info info) {
  const Arguments<1> arguments(data.env, info);
  const Tensor source = subject(data, "autocast");
  Tensor out = cast_to_scope(data.graph, source);
  if (out.get() == source.get()) return boolean(data.env, false);
  data.write_id(0, data.handles.add(std::move(out), arguments[0]));
  ++data.graph.counters.handles_made;
  return boolean(data.env, true);
}

napi_value get_requires_grad(AddonData& data, napi_callback_info) {
  return boolean(data.env, requires_grad(subject(data, "requiresGrad")));
}

napi_value set_requires_grad(AddonData& data, napi_callback_info info) {
  const Arguments<1> arguments(data.env, info);
  const bool value = bool_argument(data.env, arguments[0]);
  const Tensor& t = subject(data, "requiresGrad");
  if (value && !is_floating(t->spec.dtype)) {
    fail(ErrorKind::kDType, "requiresGrad", "only floating tensors can require a gradient, got ",
         name_of(t->spec.dtype));
  }
  const Edge edge = gradient_edge(data.graph, t);
  if (edge.node) {
    if (value) return nullptr;
    fail(ErrorKind::kAutograd, "requiresGrad",
         "can be switched off on leaves only; detach() gives a tensor without history");
  }
  if (value || t->autograd) ensure_meta(t).requires_grad = value;
  // As a leaf it has a history of its own, and views of it are views of it.
  if (value) ensure_meta(t).view.reset();
  return nullptr;
}

napi_value is_leaf(AddonData& data, napi_callback_info) {
  return boolean(data.env, !gradient_edge(data.graph, subject(data, "isLeaf")).node);
}

napi_value grad_fn(AddonData& data, napi_callback_info) {
  const Edge edge = gradient_edge(data.graph, subject(data, "gradFn"));
  if (!edge.node) return null(data.env);
  napi_value out;
  check(data.env, napi_create_string_utf8(data.env, edge.node->name(), NAPI_AUTO_LENGTH, &out));
  return out;
}

// getGrad(): the one JavaScript object of the gradient if it lives; else its id goes to ints (slot -1: no
// gradient), and the caller binds a new object to it. Returns null in the latter cases.
napi_value get_grad(AddonData& data, napi_callback_info) {
  const AutogradMeta* meta = meta_of(subject(data, "grad"));
  const Tensor grad = !meta ? Tensor() : meta->retained ? meta->retained->grad : meta->grad;
  HandleId id;
  if (grad) {
    if (napi_value object = data.handles.object_of(grad)) return object;
    id = data.handles.add(grad, nullptr);
    data.handles.remember(grad, id);
  }
  data.write_id(0, id);
  return null(data.env);
}

// setGrad(): ints hold the tensor and the gradient.
napi_value set_grad(AddonData& data, napi_callback_info) {
  const Tensor& t = subject(data, "grad");
  const HandleId id = data.read_id(2);
  if (id.slot == -1) {
    if (AutogradMeta* meta = meta_of(t)) {
      meta->grad = Tensor();
      if (meta->retained) meta->retained->grad = Tensor();
    }
    return nullptr;
  }
  const Tensor& grad = data.handles.get(id, "grad");
  // The tensor would hold itself, and nothing could free it.
  if (grad == t) fail(ErrorKind::kAutograd, "grad", "a tensor cannot be its own gradient; assign a clone");
  if (!(grad->spec.shape == t->spec.shape) || grad->spec.dtype != t->spec.dtype) {
    const bool same_shape = grad->spec.shape == t->spec.shape;
    fail(same_shape ? ErrorKind::kDType : ErrorKind::kShape, "grad",
         "a gradient has the shape and dtype of its tensor, ", t->spec.shape, " ", name_of(t->spec.dtype),
         ", got ", grad->spec.shape, " ", name_of(grad->spec.dtype));
  }
  ensure_meta(t).grad = grad;
  return nullptr;
}

napi_value retain_gradient(AddonData& data, napi_callback_info) {
  retain_grad(data.graph, subject(data, "retainGrad"));
  return nullptr;
}

// hookGradient(function, id): ints hold a tensor with a history. Then they hold the ids of hooks that are
// gone for good, as many as are returned.
napi_value attach_hook(AddonData& data, napi_callback_info info) {
  const Arguments<2> arguments(data.env, info);
  const int function = int_argument(data.env, arguments[0]), id = int_argument(data.env, arguments[1]);
  if (function < 0 || static_cast<size_t>(function) >= data.custom_names.size())
    fail(ErrorKind::kInternal, "registerHook", "was not registered");
  hook_gradient(data.graph, subject(data, "registerHook"), id,
                {function, data.custom_names[static_cast<size_t>(function)], std::to_string(id)});
  std::vector<int>& dropped = data.graph.dropped_hooks->ids;
  const size_t count = std::min(dropped.size(), data.shared.int_count);
  for (size_t i = 0; i < count; ++i) {
    data.shared.int_at(i) = dropped.back();
    dropped.pop_back();
  }
  napi_value out;
  check(data.env, napi_create_uint32(data.env, static_cast<uint32_t>(count), &out));
  return out;
}

napi_value version(AddonData& data, napi_callback_info) {
  napi_value out;
  check(data.env, napi_create_uint32(data.env, subject(data, "version")->storage->version(), &out));
  return out;
}

// backward(roots, retainGraph, createGraph): ints hold the roots, then their gradients.
napi_value run_backward(AddonData& data, napi_callback_info info) {
  const Arguments<3> arguments(data.env, info);
  const size_t count = count_argument(data, arguments[0]);
  const auto roots = tensors_at(data, 0, count, "backward");
  const auto grads = optional_tensors_at(data, 2 * count, count, "backward");
  backward(data.graph, roots, grads,
           {.retain_graph = bool_argument(data.env, arguments[1]),
            .create_graph = bool_argument(data.env, arguments[2])});
  data.handles.poll();
  return nullptr;
}

// grad(roots, inputs, retainGraph, createGraph): ints hold roots, inputs, gradients of the roots; the
// results' ids go to ints, and the caller binds objects to them.
napi_value run_grad(AddonData& data, napi_callback_info info) {
  const Arguments<4> arguments(data.env, info);
  const size_t root_count = count_argument(data, arguments[0]);
  const size_t input_count = count_argument(data, arguments[1]);
  const auto roots = tensors_at(data, 0, root_count, "grad");
  const auto inputs = tensors_at(data, 2 * root_count, input_count, "grad");
  const auto grads = optional_tensors_at(data, 2 * (root_count + input_count), root_count, "grad");
  const auto results = gradients(data.graph, roots, inputs, grads,
                                 {.retain_graph = bool_argument(data.env, arguments[2]),
                                  .create_graph = bool_argument(data.env, arguments[3])});
  for (size_t i = 0; i < results.size(); ++i) {
    data.write_id(2 * i, results[i] ? data.handles.add(results[i], nullptr) : HandleId());
  }
  return nullptr;
}

napi_value register_custom(AddonData& data, napi_callback_info info) {
  const Arguments<1> arguments(data.env, info);
  data.custom_names.push_back("customOp:" + string_argument(data.env, arguments[0]));
  napi_value out;
  check(data.env, napi_create_int32(data.env, static_cast<int32_t>(data.custom_names.size() - 1), &out));
  return out;
}

// What a saved tensor is to its node, so that a second derivative finds its history; see node_gradient.cc.
Start relation(const Tensor& t, std::span<const Tensor> inputs, std::span<const Tensor> outputs) {
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i] == t) return static_cast<Start>(1 + i);
  }
  for (size_t j = 0; j < outputs.size(); ++j) {
    if (outputs[j] == t) return static_cast<Start>(kOutputRelation + j);
  }
  return 0;
}

// attachCustom(custom, inputs, outputs, saved, attrs): ints hold the ids of the three lists.
napi_value attach_custom(AddonData& data, napi_callback_info info) {
  const Arguments<5> arguments(data.env, info);
  const size_t function = static_cast<size_t>(int_argument(data.env, arguments[0]));
  if (function >= data.custom_names.size()) fail(ErrorKind::kInternal, "customOp", "was not registered");
  size_t counts[3];
  for (size_t i = 0; i < 3; ++i) counts[i] = count_argument(data, arguments[i + 1]);
  const auto inputs = tensors_at(data, 0, counts[0], "customOp");
  const auto outputs = tensors_at(data, 2 * counts[0], counts[1], "customOp");
  const auto saved = tensors_at(data, 2 * (counts[0] + counts[1]), counts[2], "customOp");
  if (!data.graph.grad_mode) return nullptr;

  Ref<Node> node(new Node);
  bool any = false;
  for (const Tensor& input : inputs) {
    Edge edge = input && is_floating(input->spec.dtype) ? gradient_edge(data.graph, input) : Edge();
    any = any || edge;
    node->edges.push_back(std::move(edge));
  }
  if (!any) return nullptr;
  node->custom = std::make_unique<CustomCall>(CustomCall{
      static_cast<int>(function), data.custom_names[function], string_argument(data.env, arguments[4])});
  node->sequence = data.graph.next_sequence++;
  node->output_count = static_cast<int>(outputs.size());
  node->keep_shapes(inputs);
  for (const Tensor& t : saved) {
    node->starts.push_back(relation(t, inputs, outputs));
    // Always a descriptor of its own: the output would otherwise hold the node that holds it.
    Tensor bare = alias_tensor(t, t->spec, t->offset);
    node->inputs.push_back({bare, t->storage->version()});
    data.graph.counters.saved_bytes += t->spec.bytes();
  }
  for (size_t j = 0; j < outputs.size(); ++j) {
    if (!is_floating(outputs[j]->spec.dtype)) continue;
    AutogradMeta& meta = ensure_meta(outputs[j]);
    if (meta.requires_grad || meta.grad_fn) {
      fail(ErrorKind::kAutograd, "customOp", "output ", j,
           " already has a history; forward must return fresh tensors");
    }
    meta.view.reset();
    meta.grad_fn = node;
    meta.output_index = static_cast<int>(j);
  }
  ++data.graph.counters.tape_nodes;
  return nullptr;
}

}  // namespace

void export_autograd(napi_env env, napi_value exports) {
  export_function(env, exports, "setGradMode", entry<set_grad_mode>);
  export_function(env, exports, "setAutocast", entry<set_autocast>);
  export_function(env, exports, "forgetCasts", entry<forget_casts>);
  export_function(env, exports, "castToScope", entry<cast_to_scope_of>);
  export_function(env, exports, "requiresGrad", entry<get_requires_grad>);
  export_function(env, exports, "setRequiresGrad", entry<set_requires_grad>);
  export_function(env, exports, "isLeaf", entry<is_leaf>);
  export_function(env, exports, "gradFn", entry<grad_fn>);
  export_function(env, exports, "getGrad", entry<get_grad>);
  export_function(env, exports, "setGrad", entry<set_grad>);
  export_function(env, exports, "retainGrad", entry<retain_gradient>);
  export_function(env, exports, "hookGradient", entry<attach_hook>);
  export_function(env, exports, "version", entry<version>);
  export_function(env, exports, "backward", entry<run_backward>);
  export_function(env, exports, "grad", entry<run_grad>);
  export_function(env, exports, "registerCustom", entry<register_custom>);
  export_function(env, exports, "attachCustom", entry<attach_custom>);
}

}  // namespace lanegrad

#include "graph/backward.h"

#include <algorithm>
#include <queue>
#include <unordered_map>
#include <unordered_set>

#include "graph/apply.h"
#include "graph/node_gradient.h"
#include "graph/record.h"
#include "graph/recording.h"
#include "graph/window_sum.h"
#include "ops/functions.h"
#include "ops/registry.h"

namespace lanegrad {
namespace {

// One pass. Nodes run in descending sequence: every consumer of a node has a larger number, so when a node is
// taken all of its gradients have arrived. No recursion, no counting of dependencies.
class Pass {
 public:
  Pass(Environment& env, BackwardOptions options) : env_(env), options_(options) {}

  // Restricts the pass to what leads to these edges, whose gradients are collected instead of accumulated.
  void collect_only(std::span<const Edge> targets, std::span<const Edge> roots);
  void seed(const Edge& edge, const Tensor& grad) { deliver(edge, grad); }
  void run();
  Tensor collected(const Edge& target) const;

 private:
  struct Pending {
    Ref<Node> node;
    InlineVector<Tensor, 2> grads;
    std::vector<WindowSum> windows;  // by output; empty while no gradient came through a window
  };
  struct Later {
    bool operator()(const Node* a, const Node* b) const { return a->sequence < b->sequence; }
  };

  Pending& pending_of(const Edge& edge);
  void deliver(const Edge& edge, Tensor grad);
  bool deliver_window(const Ref<Node>& slice, const Tensor& grad);
  void accumulate_leaf(const Tensor& leaf, Tensor grad);
  void run_node(Pending& pending);
  bool wanted(const Edge& edge) const;
  void add_into(Tensor& sum, Tensor grad);

  Environment& env_;
  BackwardOptions options_;
  std::unordered_map<Node*, Pending> pending_;
  std::priority_queue<Node*, std::vector<Node*>, Later> frontier_;

  bool collecting_ = false;
  std::unordered_set<const Node*> needed_;                                 // lead to a target
  std::unordered_map<const TensorImpl*, Tensor> leaf_targets_;             // leaf -> its gradient
  std::unordered_map<const Node*, InlineVector<Tensor, 2>> node_targets_;  // node -> gradients of its outputs
};

void Pass::collect_only(std::span<const Edge> targets, std::span<const Edge> roots) {
  collecting_ = true;
  for (const Edge& target : targets) {
    if (target.leaf) leaf_targets_[target.leaf.get()];
    if (target.node) {
      auto& grads = node_targets_[target.node.get()];
      if (grads.size() <= static_cast<size_t>(target.index))
        grads.resize(static_cast<size_t>(target.index) + 1);
    }
  }
  // All nodes that the roots reach, then from the oldest on: a node is needed if one of its edges is.
  std::vector<const Node*> reached;
  std::unordered_set<const Node*> seen;
  const auto visit = [&](const Edge& edge) {
    if (edge.node && seen.insert(edge.node.get()).second) reached.push_back(edge.node.get());
  };
  for (const Edge& root : roots) visit(root);
  for (size_t i = 0; i < reached.size(); ++i) {
    for (const Edge& edge : reached[i]->edges) visit(edge);
  }
  std::sort(reached.begin(), reached.end(),
            [](const Node* a, const Node* b) { return a->sequence < b->sequence; });
  for (const Node* node : reached) {
    for (const Edge& edge : node->edges) {
      if (wanted(edge)) {
        needed_.insert(node);
        break;
      }
    }
  }
}

bool Pass::wanted(const Edge& edge) const {
  if (!edge) return false;
  if (!collecting_) return true;
  if (edge.leaf) return leaf_targets_.contains(edge.leaf.get());
  return needed_.contains(edge.node.get()) || node_targets_.contains(edge.node.get());
}

// Sums gradients: in place when this pass alone holds the sum and nobody will differentiate it.
void Pass::add_into(Tensor& sum, Tensor grad) {
  static const Op& add = find_op("add");
  if (!sum) {
    sum = std::move(grad);
    return;
  }
  const bool own = !options_.create_graph && solely_owned(sum) &&
                   is_dense(sum->spec.shape, sum->spec.strides) && sum->spec.shape == grad->spec.shape &&
                   sum->spec.dtype == grad->spec.dtype;
  if (own) {
    const Tensor flat[] = {sum, grad};
    const Start starts[] = {0, 1, 2};
    apply_in_place(env_, {add, flat, starts, Attrs()});
  } else {
    EnvironmentApplier c(env_);
    sum = fn::add(c, sum, grad);
  }
}

Pass::Pending& Pass::pending_of(const Edge& edge) {
  Node* node = edge.node.get();
  Pending& pending = pending_[node];
  if (!pending.node) {
    pending.node = edge.node;
    pending.grads.resize(static_cast<size_t>(node->output_count));
    frontier_.push(node);
  }
  return pending;
}

void Pass::deliver(const Edge& edge, Tensor grad) {
  if (edge.leaf) {
    accumulate_leaf(edge.leaf, std::move(grad));
    return;
  }
  Pending& pending = pending_of(edge);
  const size_t output = static_cast<size_t>(edge.index);
  if (!pending.windows.empty()) pending.windows[output] = {};
  add_into(pending.grads[output], std::move(grad));
}

// The gradient of a slice straight into its place; false if it has to be made as a tensor of its own.
bool Pass::deliver_window(const Ref<Node>& slice, const Tensor& grad) {
  if (options_.create_graph || !WindowSum::takes(env_, *slice, grad)) return false;
  const Edge& edge = slice->edges[0];
  if (!wanted(edge)) return false;
  Pending& pending = pending_of(edge);
  if (pending.windows.empty()) pending.windows.resize(pending.grads.size());
  const size_t output = static_cast<size_t>(edge.index);
  return pending.windows[output].add(env_, pending.grads[output], slice, grad);
}

void Pass::accumulate_leaf(const Tensor& leaf, Tensor grad) {
  if (collecting_) {
    const auto target = leaf_targets_.find(leaf.get());
    if (target != leaf_targets_.end()) add_into(target->second, std::move(grad));
    return;
  }
  static const Op& clone = find_op("clone");
  if (env_.recording) [[unlikely]]
    env_.recording->grad_read(leaf);
  AutogradMeta& meta = ensure_meta(leaf);
  EnvironmentApplier c(env_);
  if (!meta.grad) {
    const bool steal =
        options_.create_graph || (solely_owned(grad) && is_dense(grad->spec.shape, grad->spec.strides));
    meta.grad_dropped = false;
    meta.grad = steal ? std::move(grad) : c.apply(clone, {grad}, Attrs());
    return;
  }
  if (options_.create_graph || requires_grad(meta.grad)) {
    meta.grad = fn::add(c, meta.grad, grad);
    return;
  }
  const Tensor flat[] = {meta.grad, grad};
  const Start starts[] = {0, 1, 2};
  static const Op& add = find_op("add");
  apply_in_place(env_, {add, flat, starts, Attrs()});
}

void Pass::run() {
  const FlagGuard mode(env_.grad_mode, options_.create_graph);
  const PassGuard inside(env_);
  while (!frontier_.empty()) {
    Node* node = frontier_.top();
    frontier_.pop();
    Pending pending = std::move(pending_.extract(node).mapped());
    run_node(pending);
  }
}

void Pass::run_node(Pending& pending) {
  Node& node = *pending.node;
  for (const GradientHook& hook : node.hooks) {
    Tensor& grad = pending.grads[static_cast<size_t>(hook.index)];
    if (!grad) continue;
    const Tensor seen[] = {grad};
    const auto results = env_.hooks->custom_backward(hook.call, seen, {}, options_.create_graph);
    if (!results.empty() && results[0]) grad = results[0];
  }
  for (auto& [index, slot] : node.retained) {
    const Tensor& grad = pending.grads[static_cast<size_t>(index)];
    if (grad && !collecting_)
      add_into(slot->grad, options_.create_graph ? grad : alias_tensor(grad, grad->spec, grad->offset));
  }
  if (const auto target = node_targets_.find(&node); target != node_targets_.end()) {
    for (size_t j = 0; j < target->second.size(); ++j) target->second[j] = pending.grads[j];
    if (!needed_.contains(&node)) return;
  }
  if (node.released) {
    fail(
        ErrorKind::kAutograd, node.name(),
        "its saved tensors were freed by an earlier backward; pass retainGraph: true there to go back twice");
  }
  if (deliver_window(pending.node, pending.grads[0])) {
    if (!options_.retain_graph) node.release_saved();
    return;
  }
  std::vector<bool> wanted_inputs(node.edges.size());
  for (size_t i = 0; i < node.edges.size(); ++i) wanted_inputs[i] = wanted(node.edges[i]);
  std::vector<Tensor> grads = node_gradient(env_, node, pending.grads, wanted_inputs, options_.create_graph);
  if (env_.observer && env_.observer->check != AnomalyCheck::kNone) [[unlikely]]
    check_gradients(env_, node, pending.grads, grads);
  pending.grads.clear();
  if (!options_.retain_graph) node.release_saved();
  for (size_t i = 0; i < node.edges.size(); ++i) {
    if (!wanted_inputs[i] || i >= grads.size() || !grads[i]) continue;
    if (!(grads[i]->spec.shape == node.input_shape(static_cast<int>(i)))) {
      fail(node.custom ? ErrorKind::kShape : ErrorKind::kInternal, node.name(), "the gradient of input ", i,
           " has shape ", grads[i]->spec.shape, ", the input has ", node.input_shape(static_cast<int>(i)));
    }
    EnvironmentApplier c(env_);
    Tensor grad = fn::to(c, grads[i], node.input_dtype(static_cast<int>(i)));
    grads[i] = Tensor();
    deliver(node.edges[i], std::move(grad));
  }
}

Tensor Pass::collected(const Edge& target) const {
  if (target.leaf) {
    const auto found = leaf_targets_.find(target.leaf.get());
    return found == leaf_targets_.end() ? Tensor() : found->second;
  }
  const auto found = node_targets_.find(target.node.get());
  return found == node_targets_.end() ? Tensor() : found->second[static_cast<size_t>(target.index)];
}

Tensor initial_gradient(Environment& env, const Tensor& root, const Tensor& grad) {
  const TensorSpec& spec = root->spec;
  if (!grad) {
    if (spec.numel() != 1) {
      fail(ErrorKind::kShape, "backward", "a tensor of shape ", spec.shape,
           " needs a gradient to start from; without one, wanted a tensor of one element");
    }
    EnvironmentApplier c(env);
    return fn::full(c, spec.shape, 1, spec.dtype);
  }
  if (!(grad->spec.shape == spec.shape)) {
    fail(ErrorKind::kShape, "backward", "the gradient has shape ", grad->spec.shape,
         ", wanted that of the tensor, ", spec.shape);
  }
  EnvironmentApplier c(env);
  return fn::to(c, grad, spec.dtype);
}

std::vector<Edge> root_edges(Environment& env, std::span<const Tensor> roots) {
  std::vector<Edge> edges;
  for (const Tensor& root : roots) {
    edges.push_back(gradient_edge(env, root));
    if (!edges.back()) {
      fail(
          ErrorKind::kAutograd, "backward", "a tensor of shape ", root->spec.shape,
          " does not require a gradient: nothing that led to it does, or it was computed inside noGrad, or "
          "it "
          "is the result of a compiled function, which has no history: call backward inside of the function");
    }
  }
  return edges;
}

}  // namespace

void backward(Environment& env, std::span<const Tensor> roots, std::span<const Tensor> grads,
              BackwardOptions options) {
  const std::vector<Edge> edges = root_edges(env, roots);
  Pass pass(env, options);
  for (size_t i = 0; i < edges.size(); ++i) pass.seed(edges[i], initial_gradient(env, roots[i], grads[i]));
  pass.run();
}

std::vector<Tensor> gradients(Environment& env, std::span<const Tensor> roots, std::span<const Tensor> inputs,
                              std::span<const Tensor> grads, BackwardOptions options) {
  const std::vector<Edge> edges = root_edges(env, roots);
  std::vector<Edge> targets;
  for (const Tensor& input : inputs) {
    targets.push_back(gradient_edge(env, input));
    if (!targets.back()) {
      fail(ErrorKind::kAutograd, "grad", "input ", targets.size() - 1, " of shape ", input->spec.shape,
           " does not require a gradient");
    }
  }
  Pass pass(env, options);
  pass.collect_only(targets, edges);
  for (size_t i = 0; i < edges.size(); ++i) pass.seed(edges[i], initial_gradient(env, roots[i], grads[i]));
  pass.run();
  std::vector<Tensor> out;
  for (const Edge& target : targets) out.push_back(pass.collected(target));
  return out;
}

void hook_gradient(Environment& env, const Tensor& t, int id, CustomCall call) {
  const Edge edge = gradient_edge(env, t);
  if (!edge.node) fail(ErrorKind::kInternal, call.name.c_str(), "the tensor is a leaf");
  edge.node->hooks.emplace_back(edge.index, id, std::move(call), env.dropped_hooks);
}

void retain_grad(Environment& env, const Tensor& t) {
  const Edge edge = gradient_edge(env, t);
  if (!edge) fail(ErrorKind::kAutograd, "retainGrad", "the tensor does not require a gradient");
  if (edge.leaf) return;
  AutogradMeta& meta = *meta_of(t);
  if (!meta.retained) meta.retained = std::make_shared<RetainedGrad>();
  for (const auto& [index, slot] : edge.node->retained) {
    if (slot == meta.retained) return;
  }
  edge.node->retained.emplace_back(edge.index, meta.retained);
}

}  // namespace lanegrad

#include "graph/node_gradient.h"

#include "graph/apply.h"

namespace lanegrad {
namespace {

void check_version(const Node& node, const SavedTensor& saved) {
  if (!saved.data->storage || saved.data->storage->version() == saved.version) return;
  fail(ErrorKind::kAutograd, node.name(), "a tensor of shape ", saved.data->spec.shape,
       " that its gradient needs was changed in place since (version ", saved.data->storage->version(),
       ", saved at ", saved.version, "); change a clone instead");
}

// A tensor on saved data that stands in the history at `edge`.
Tensor with_history(const SavedTensor& saved, const Edge& edge) {
  if (!saved.data->storage) return saved.data;
  // The leaf itself, so that its own identity counts, but only while it is the memory that was saved.
  if (edge.leaf && edge.leaf->storage == saved.data->storage) return edge.leaf;
  Tensor t = alias_tensor(saved.data, saved.data->spec, saved.data->offset);
  if (edge.node) {
    AutogradMeta& meta = ensure_meta(t);
    meta.grad_fn = edge.node;
    meta.output_index = edge.index;
  }
  return t;
}

class NodeContext final : public VjpContext {
 public:
  NodeContext(Environment& env, Node& node, std::span<const Tensor> grads, const std::vector<bool>& wanted,
              bool create_graph)
      : applier_(env),
        node_(node),
        grads_(grads),
        wanted_(wanted),
        create_graph_(create_graph),
        results_(node.edges.size()) {}

  Tensor apply(const Op& op, std::initializer_list<Tensor> inputs, const Attrs& attrs) override {
    return applier_.apply(op, inputs, attrs);
  }
  void apply(const Op& op, std::initializer_list<Tensor> inputs, const Attrs& attrs,
             std::span<Tensor> outputs) override {
    applier_.apply(op, inputs, attrs, outputs);
  }
  Tensor apply_list(const Op& op, std::span<const Tensor> list, const Attrs& attrs) override {
    return applier_.apply_list(op, list, attrs);
  }
  Tensor scalar(double value) override { return applier_.scalar(value); }

  const Attrs& attrs() const override {
    static const Attrs none;
    return node_.attrs ? *node_.attrs : none;
  }
  Tensor input(int i) override {
    const SavedTensor& saved = node_.inputs[static_cast<size_t>(i)];
    check_version(node_, saved);
    return with_history(saved, create_graph_ ? node_.edges[static_cast<size_t>(i)] : Edge());
  }
  Tensor output(int j) override {
    const SavedTensor& saved = node_.outputs[static_cast<size_t>(j)];
    check_version(node_, saved);
    const bool differentiable = create_graph_ && node_.op->outputs[static_cast<size_t>(j)].differentiable;
    return with_history(saved, differentiable ? Edge{Ref<Node>(&node_), {}, j} : Edge());
  }
  int input_count() const override { return static_cast<int>(node_.edges.size()); }
  Dims input_shape(int i) const override { return node_.input_shape(i); }
  DType input_dtype(int i) const override { return node_.input_dtype(i); }
  bool needs(int i) const override { return i < input_count() && wanted_[static_cast<size_t>(i)]; }
  bool has_input(int i) const override {
    return static_cast<size_t>(i) + 1 < node_.starts.size() &&
           node_.starts[static_cast<size_t>(i)] != node_.starts[static_cast<size_t>(i) + 1];
  }
  Tensor grad(int j) override { return grads_[static_cast<size_t>(j)]; }
  void set_grad(int i, Tensor grad) override { results_[static_cast<size_t>(i)] = std::move(grad); }
  bool create_graph() const override { return create_graph_; }

  std::vector<Tensor> take() { return std::move(results_); }

 private:
  EnvironmentApplier applier_;
  Node& node_;
  std::span<const Tensor> grads_;
  const std::vector<bool>& wanted_;
  bool create_graph_;
  std::vector<Tensor> results_;
};

std::vector<Tensor> custom_gradient(Environment& env, Node& node, std::span<const Tensor> grads,
                                    bool create_graph) {
  std::vector<Tensor> saved;
  for (const SavedTensor& s : node.inputs) {
    check_version(node, s);
    saved.push_back(alias_tensor(s.data, s.data->spec, s.data->offset));
  }
  // Saved tensors find their history again: an input by its edge, an output as an output of this node. The
  // binding noted which is which in `starts`: 0 for a plain tensor, 1 + i for input i, kOutputRelation + j
  // for output j.
  if (create_graph) {
    for (size_t k = 0; k < saved.size(); ++k) {
      const Start from = node.starts[k];
      if (from == 0) continue;
      const Edge edge = from >= kOutputRelation
                            ? Edge{Ref<Node>(&node), {}, static_cast<int>(from - kOutputRelation)}
                            : node.edges[from - 1u];
      saved[k] = with_history(node.inputs[k], edge);
    }
  }
  return env.hooks->custom_backward(*node.custom, grads, saved, create_graph);
}

std::vector<Tensor> composite_gradient(Environment& env, Node& node, std::span<const Tensor> grads) {
  std::vector<Tensor> inputs(node.edges.size());
  for (size_t k = 0; k < inputs.size(); ++k) {
    if (!node.inputs[k].data) continue;
    check_version(node, node.inputs[k]);
    inputs[k] = with_history(node.inputs[k], node.edges[k]);
  }
  static const Attrs none;
  return env.hooks->composite_vjp(*node.op, node.attrs ? *node.attrs : none, inputs, node.starts, grads);
}

// A composite is differentiated on the inputs of the op, so only a record that saves them all asks for that.
// A fused op that saves fewer has a vjp made of ops that have gradients themselves.
bool has_composite_gradient(const Op& op) {
  if (op.is(kPrimitive) || op.is(kInternal)) return false;
  return op.saves.inputs == (1u << op.input_count()) - 1;
}

}  // namespace

std::vector<Tensor> node_gradient(Environment& env, Node& node, std::span<const Tensor> grads,
                                  const std::vector<bool>& wanted, bool create_graph) {
  if (node.custom) return custom_gradient(env, node, grads, create_graph);
  if (!node.op->vjp || (create_graph && has_composite_gradient(*node.op)))
    return composite_gradient(env, node, grads);
  const FlagGuard tracking(env.track_views, create_graph);
  NodeContext c(env, node, grads, wanted, create_graph);
  node.op->vjp(c);
  return c.take();
}

}  // namespace lanegrad

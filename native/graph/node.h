// One node of the tape: an op that ran, and what its gradient needs.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/inline_vector.h"
#include "core/refcount.h"
#include "core/tensor.h"
#include "ops/op.h"
#include "ops/layout/view_chain.h"

namespace lanegrad {

class Node;

// Where a gradient goes: output `index` of a node, or a leaf. Neither: nowhere.
struct Edge {
  Ref<Node> node;
  Tensor leaf;
  int index = 0;
  explicit operator bool() const { return node || leaf; }
};

// A tensor as a node keeps it: a bare descriptor on the same storage. It holds no history of its own, so that
// a node never holds itself, however it is written to later; the history is the node's edge.
struct SavedTensor {
  Tensor data;
  uint32_t version = 0;
};

// The gradient of a non-leaf that asked for it, shared between the tensor and its node.
struct RetainedGrad {
  Tensor grad;
};

// What a custom op brings along: the function of its environment, and plain data.
struct CustomCall {
  int function;
  std::string name;
  std::string attrs;
};

// Ids of hooks whose node is gone, for the environment to forget their functions.
struct DroppedHooks {
  std::vector<int> ids;
};

// A function that sees, and may replace, the gradient of output `index` of a node.
class GradientHook {
 public:
  GradientHook(int index, int id, CustomCall call, std::shared_ptr<DroppedHooks> dropped)
      : index(index), call(std::move(call)), id_(id), dropped_(std::move(dropped)) {}
  GradientHook(GradientHook&&) = default;
  GradientHook& operator=(GradientHook&&) = delete;
  ~GradientHook() {
    if (dropped_) dropped_->ids.push_back(id_);
  }

  int index;
  CustomCall call;

 private:
  int id_;
  std::shared_ptr<DroppedHooks> dropped_;  // empty once moved from
};

// In `starts` of a custom node: saved tensor k is output j of the node; see node_gradient.cc.
inline constexpr Start kOutputRelation = 1u << 31;

class Node : public RefCounted<Node> {
 public:
  const Op* op = nullptr;        // null for a custom node
  std::unique_ptr<Attrs> attrs;  // null if the op has none
  std::unique_ptr<CustomCall> custom;
  uint64_t sequence = 0;                // grows with every node: consumers have larger numbers than producers
  InlineVector<Edge, 2> edges;          // one per flat input
  InlineVector<SavedTensor, 2> inputs;  // by flat input; empty entries where not saved
  InlineVector<SavedTensor, 1> outputs;  // by output
  InlineVector<Start, 4> starts;         // flat index of each schema input, and the end
  int output_count = 1;
  bool released = false;  // its saved tensors were freed by a backward pass
  std::vector<std::pair<int, std::shared_ptr<RetainedGrad>>> retained;
  std::vector<GradientHook> hooks;  // in the order they were registered

  void keep_shapes(std::span<const Tensor> flat);
  Dims input_shape(int i) const;
  DType input_dtype(int i) const;
  bool saves_anything() const { return !inputs.empty() || !outputs.empty(); }
  void release_saved();
  const char* name() const { return op ? op->name : custom->name.c_str(); }

  // Frees a chain of any length without recursion.
  static void destroy(Node* node);

 private:
  // Per input: rank * 16 + dtype, then the sizes. An absent input is a -1.
  InlineVector<int64_t, 8> shapes_;
  // Where the last record that was asked for begins: gradients of long lists ask in order.
  mutable int cursor_ = 0;
  mutable size_t cursor_at_ = 0;
  const int64_t* shape_record(int i) const;
};

// How a tensor is a view of another.
struct ViewInfo {
  Tensor base;
  std::shared_ptr<ViewLink> chain;
  uint32_t rebases_seen = 0;  // AutogradMeta::rebases of the base when grad_fn was made
};

struct AutogradMeta : AutogradMetaBase {
  bool requires_grad = false;  // of a leaf; a tensor with a grad_fn requires one anyway
  int output_index = 0;
  uint32_t rebases = 0;  // in-place writes that changed the history of this tensor, as base of views
  Ref<Node> grad_fn;
  Tensor grad;
  bool grad_dropped = false;  // a program computed a gradient and kept none: looking at it is an error
  std::shared_ptr<RetainedGrad> retained;
  std::unique_ptr<ViewInfo> view;
};

inline AutogradMeta* meta_of(const Tensor& t) { return static_cast<AutogradMeta*>(t->autograd.get()); }

inline AutogradMeta& ensure_meta(const Tensor& t) {
  if (!t->autograd) t->autograd = std::make_unique<AutogradMeta>();
  return *meta_of(t);
}

}  // namespace lanegrad

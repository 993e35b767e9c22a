#include "graph/node.h"

namespace lanegrad {

void Node::keep_shapes(std::span<const Tensor> flat) {
  for (const Tensor& t : flat) {
    if (!t) {
      shapes_.push_back(-1);
      continue;
    }
    shapes_.push_back(t->spec.rank() * 16 + static_cast<int>(t->spec.dtype));
    for (int64_t size : t->spec.shape) shapes_.push_back(size);
  }
}

const int64_t* Node::shape_record(int i) const {
  if (i < cursor_) cursor_ = 0, cursor_at_ = 0;
  for (; cursor_ < i; ++cursor_) {
    const int64_t head = shapes_[cursor_at_];
    cursor_at_ += head < 0 ? 1 : 1 + static_cast<size_t>(head / 16);
  }
  return shapes_.data() + cursor_at_;
}

Dims Node::input_shape(int i) const {
  const int64_t* at = shape_record(i);
  if (*at < 0) return Dims();
  return Dims(std::span<const int64_t>(at + 1, static_cast<size_t>(*at / 16)));
}

DType Node::input_dtype(int i) const { return static_cast<DType>(*shape_record(i) & 15); }

void Node::release_saved() {
  if (!saves_anything()) return;
  inputs.clear();
  outputs.clear();
  released = true;
}

void Node::destroy(Node* node) {
  // Deleting a node drops its edges, which may destroy the nodes behind them: those queue up here instead of
  // nesting.
  static thread_local std::vector<Node*>* queue = nullptr;
  if (queue) {
    queue->push_back(node);
    return;
  }
  std::vector<Node*> local{node};
  queue = &local;
  while (!local.empty()) {
    Node* next = local.back();
    local.pop_back();
    delete next;
  }
  queue = nullptr;
}

}  // namespace lanegrad

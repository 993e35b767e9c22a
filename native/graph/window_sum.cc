#include "graph/window_sum.h"

#include "graph/apply.h"
#include "ops/functions.h"
#include "ops/registry.h"

namespace lanegrad {
namespace {

Tensor window_of(Environment& env, const Tensor& sum, const Node& slice) {
  return EnvironmentApplier(env).apply(*slice.op, {sum}, *slice.attrs);
}

void write(Environment& env, const Op& op, const Tensor& window, const Tensor& operand) {
  const Tensor flat[] = {window, operand};
  const Start starts[] = {0, 1, 2};
  apply_in_place(env, {op, flat, starts, Attrs()});
}

struct Places {
  int64_t dim, start, length, step;
  explicit Places(const Node& slice)
      : dim(slice.attrs->get_int(0)),
        start(slice.attrs->get_int(1)),
        length(slice.attrs->get_int(2)),
        step(slice.attrs->get_int(3)) {}
  int64_t last() const { return start + (length - 1) * step; }
};

// Whether the two surely have no element in common.
bool apart(const Node& one, const Node& other) {
  const Places a(one), b(other);
  if (a.length == 0 || b.length == 0) return true;
  return a.dim == b.dim && (a.last() < b.start || b.last() < a.start);
}

}  // namespace

bool solely_owned(const Tensor& t) {
  return t->use_count() == 1 && t->storage && t->storage->use_count() == 1;
}

bool WindowSum::takes(const Environment& env, const Node& node, const Tensor& grad) {
  static const Op& slice = find_op("slice");
  return node.op == &slice && !env.recording &&
         !(env.observer && env.observer->check != AnomalyCheck::kNone) && grad && grad->storage &&
         node.edges[0].node && grad->spec.dtype == node.input_dtype(0);
}

bool WindowSum::add(Environment& env, Tensor& sum, const Ref<Node>& node, const Tensor& grad) {
  static const Op &copy = find_op("copy"), &plus = find_op("add");
  if (sum ? !begun_ || !solely_owned(sum) : begun_) return false;
  const FlagGuard untracked(env.track_views, false);
  EnvironmentApplier c(env);
  if (!sum) {
    sum = fn::full(c, node->input_shape(0), 0, grad->spec.dtype);
    write(env, copy, window_of(env, sum, *node), grad);
    begun_ = true;
    only_ = node;
    return true;
  }
  if (only_) {
    // A sum of two whole tensors adds the zeros around either window to the other one, which makes 0 of -0,
    // but leaves a -0 where both have one. No later part finds a -0 in the sum.
    if (!apart(*only_, *node)) return false;
    write(env, plus, window_of(env, sum, *only_), c.scalar(0));
  }
  only_ = {};
  write(env, plus, window_of(env, sum, *node), grad);
  return true;
}

}  // namespace lanegrad

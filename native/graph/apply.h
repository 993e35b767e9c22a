// The one way an op runs, whoever calls it: JavaScript, a gradient, or the tape.
#pragma once

#include <span>

#include "graph/environment.h"
#include "ops/op.h"

namespace lanegrad {

inline constexpr int kMaxStarts = kMaxInputs + 1;

// The operands of a call: flat[starts[i]..starts[i + 1]) belong to schema input i. An absent optional input
// has none. A number is a tensor with wrapped_number set.
struct Call {
  const Op& op;
  std::span<const Tensor> flat;
  std::span<const Start> starts;
  const Attrs& attrs;
};

// Promotes, infers, allocates, evaluates, records. Fills one tensor per output of the schema.
void apply(Environment& env, const Call& call, std::span<Tensor> outputs);

// Runs the op and writes its only output into flat[0].
void apply_in_place(Environment& env, const Call& call);

// Whether a gradient flows through this tensor.
bool requires_grad(const Tensor& t);
// The edge to which the gradient of `t` goes; for a view whose base was written to, made anew. Empty without
// a gradient.
Edge gradient_edge(Environment& env, const Tensor& t);

// Ops for gradients, run in an environment.
class EnvironmentApplier : public Applier {
 public:
  explicit EnvironmentApplier(Environment& env) : env_(env) {}
  Tensor apply(const Op& op, std::initializer_list<Tensor> inputs, const Attrs& attrs) override;
  void apply(const Op& op, std::initializer_list<Tensor> inputs, const Attrs& attrs,
             std::span<Tensor> outputs) override;
  Tensor apply_list(const Op& op, std::span<const Tensor> list, const Attrs& attrs) override;
  Tensor scalar(double value) override;

 private:
  Environment& env_;
};

}  // namespace lanegrad

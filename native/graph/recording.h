// What listens while a program is recorded: every write to memory and every look at a gradient, below
// autograd, promotion and autocast. As a rule nobody does (Environment::recording is null), and an op pays
// one branch for it.
#pragma once

#include <span>

#include "graph/apply.h"

namespace lanegrad {

class Recording {
 public:
  // The op of `call` is about to write `outputs`, whose memory has been given; in_place: outputs[0] is the
  // first operand. Whatever is there is kept for the case that the recording is given up.
  virtual void before(const Call& call, std::span<const Tensor> outputs, bool in_place) = 0;
  // It has.
  virtual void after(const Call& call, const InferContext& inferred, std::span<const Tensor> outputs,
                     bool in_place, size_t workspace_bytes) = 0;
  // An op has only looked at its operands' memory otherwise: no value is written, but it may keep a history.
  virtual void viewed(const Call& call) = 0;
  // The same of a plain copy.
  virtual void before_copy(const Tensor& target) = 0;
  virtual void after_copy(const Tensor& target, const Tensor& source) = 0;
  // Memory that got its values from JavaScript, or from a number.
  virtual void created(const Tensor& tensor) = 0;

  // Whether it stands on memory that was there before.
  virtual bool is_state(const Tensor& tensor) const = 0;
  // Whether it is the last that JavaScript has of such memory: no view of it, nor the base of one.
  virtual bool is_last_of_state(const Tensor& tensor) const = 0;

  // What depends on `.grad` of this tensor is about to happen; what replaces it is.
  virtual void grad_read(const Tensor& leaf) = 0;
  virtual void grad_written(const Tensor& leaf) = 0;

 protected:
  ~Recording() = default;
};

}  // namespace lanegrad

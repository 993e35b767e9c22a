// The way from a base tensor to one of its views, as a list of view ops. It is how in-place writes to a view
// reach the history of the base: logically, so that it holds for any memory layout.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "ops/op.h"

namespace lanegrad {

struct ViewStep {
  const Op* op;
  Attrs attrs;
};

using ViewChain = std::vector<ViewStep>;

// As one list of integers, the form in which the chain is an attribute of viewScatter: the strides of the
// base, then the steps.
std::vector<int64_t> encode_chain(const Dims& base_strides, std::span<const ViewStep> chain);

struct DecodedChain {
  Dims base_strides;
  ViewChain steps;
};
DecodedChain decode_chain(std::span<const int64_t> values);

// Where the view lies in a tensor of `base`; the offset is in elements.
OutputSpec view_of(const TensorSpec& base, std::span<const ViewStep> chain);

// The attributes of storageView for a tensor: where it lies in its storage.
Attrs storage_attrs(const TensorImpl& t);

// Zeros of the input's shape with the gradient in the place of the view: the gradient of a view that does not
// overlap.
Tensor embed_gradient(VjpContext& c, const Op& view);

// A chain as tensors hold it: the last step, and those before shared with the view that it was taken of, so
// that a view of a view of a view costs no more than a view.
struct ViewLink {
  ViewStep step;
  std::shared_ptr<ViewLink> before;

  ViewLink(ViewStep s, std::shared_ptr<ViewLink> b) : step(std::move(s)), before(std::move(b)) {}
  // Frees a chain of any length without recursion.
  ~ViewLink() {
    while (before && before.use_count() == 1) before = std::exchange(before->before, nullptr);
  }
  ViewLink(const ViewLink&) = delete;
  ViewLink& operator=(const ViewLink&) = delete;
};
// The steps, the first one first.
ViewChain chain_of(const ViewLink& last);

// The same view of another tensor of the base's shape, in ops; copies where its strides do not permit a view.
Tensor apply_chain(Applier& c, const Tensor& x, std::span<const ViewStep> chain);

}  // namespace lanegrad

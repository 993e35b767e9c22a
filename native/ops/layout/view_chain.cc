#include "ops/layout/view_chain.h"

#include <algorithm>

#include "ops/functions.h"
#include "ops/registry.h"

namespace lanegrad {
namespace {

// Views carry integers, booleans and lists of integers, so a flat list of integers holds them exactly.
void encode_attrs(const ViewStep& step, std::vector<int64_t>& out) {
  for (int k = 0; k < step.op->attr_count(); ++k) {
    if (step.op->attrs[k].type == AttrType::kInts) {
      const auto list = step.attrs.get_ints(k);
      out.push_back(static_cast<int64_t>(list.size()));
      out.insert(out.end(), list.begin(), list.end());
    } else {
      out.push_back(step.attrs.get_int(k));
    }
  }
}

int64_t registry_index(const Op* op) {
  const auto all = registry().all();
  for (size_t i = 0; i < all.size(); ++i) {
    if (all[i] == op) return static_cast<int64_t>(i);
  }
  fail(ErrorKind::kInternal, "viewScatter", "unregistered view op ", op->name);
}

}  // namespace

std::vector<int64_t> encode_chain(const Dims& base_strides, std::span<const ViewStep> chain) {
  std::vector<int64_t> out{base_strides.size()};
  out.insert(out.end(), base_strides.begin(), base_strides.end());
  for (const ViewStep& step : chain) {
    out.push_back(registry_index(step.op));
    encode_attrs(step, out);
  }
  return out;
}

DecodedChain decode_chain(std::span<const int64_t> values) {
  size_t at = 0;
  const auto next = [&] {
    if (at >= values.size()) fail(ErrorKind::kInternal, "viewScatter", "the chain ends early");
    return values[at++];
  };
  DecodedChain chain;
  const int64_t rank = next();
  for (int64_t i = 0; i < rank; ++i) chain.base_strides.push_back(next());
  while (at < values.size()) {
    ViewStep step;
    step.op = registry().all()[static_cast<size_t>(next())];
    for (int k = 0; k < step.op->attr_count(); ++k) {
      if (step.op->attrs[k].type == AttrType::kInts) {
        const size_t count = static_cast<size_t>(next());
        if (at + count > values.size()) fail(ErrorKind::kInternal, "viewScatter", "the chain ends early");
        step.attrs.add_ints(values.subspan(at, count));
        at += count;
      } else {
        step.attrs.add_int(next());
      }
    }
    chain.steps.push_back(std::move(step));
  }
  return chain;
}

OutputSpec view_of(const TensorSpec& base, std::span<const ViewStep> chain) {
  OutputSpec at(base);
  for (const ViewStep& step : chain) {
    const TensorSpec* input = &at;
    const Start starts[] = {0, 1};
    InferContext c(*step.op, Operands<const TensorSpec*>({&input, 1}, starts), step.attrs);
    step.op->infer(c);
    const int64_t offset = at.offset + c.out(0).offset;
    at = c.out(0);
    at.offset = offset;
  }
  return at;
}

Attrs storage_attrs(const TensorImpl& t) {
  const size_t room = t.storage->bytes() / size_of(t.spec.dtype);
  return Attrs().add_ints(t.spec.strides).add_int(t.offset).add_int(static_cast<int64_t>(room));
}

Tensor embed_gradient(VjpContext& c, const Op& view) {
  static const Op& scatter = find_op("viewScatter");
  const Tensor g = c.grad(0);
  const Dims shape = c.input_shape(0);
  const ViewStep step{&view, c.attrs()};
  const auto chain = encode_chain(contiguous_strides(shape), {&step, 1});
  return c.apply(scatter, {fn::full(c, shape, 0, g->spec.dtype), g}, Attrs().add_ints(chain));
}

ViewChain chain_of(const ViewLink& last) {
  ViewChain steps;
  for (const ViewLink* link = &last; link; link = link->before.get()) steps.push_back(link->step);
  std::reverse(steps.begin(), steps.end());
  return steps;
}

Tensor apply_chain(Applier& c, const Tensor& x, std::span<const ViewStep> chain) {
  static const Op& reshape = find_op("reshape");
  Tensor out = x;
  for (const ViewStep& step : chain) {
    if (step.op == &reshape) {
      out = c.apply(reshape, {out}, Attrs().add_ints(step.attrs.get_ints(0)).add_bool(false));
    } else {
      out = c.apply(*step.op, {out}, step.attrs);
    }
  }
  return out;
}

}  // namespace lanegrad

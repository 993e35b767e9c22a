// Views: ops whose output shares the storage of their input. They only compute sizes and strides.
#include <algorithm>
#include <optional>

#include "ops/layout/copy.h"
#include "ops/functions.h"
#include "ops/op.h"
#include "ops/registry.h"
#include "ops/layout/view_chain.h"

namespace lanegrad {
namespace {

Dims dims_from(const InferContext& c, std::span<const int64_t> values) {
  if (values.size() > kMaxRank) {
    c.fail(ErrorKind::kShape, "a tensor has at most ", kMaxRank, " dims, got ", values.size());
  }
  return Dims(values);
}

// ---- reshape(x){shape, strict}

// Replaces the one -1 in `wanted` by what is left of the elements of `shape`.
Dims resolve_shape(const InferContext& c, const Dims& shape, Dims wanted) {
  int open = -1;
  Dims known;
  for (int i = 0; i < wanted.size(); ++i) {
    if (wanted[i] == -1) {
      if (open >= 0) c.fail(ErrorKind::kShape, "at most one size may be -1, got ", wanted);
      open = i;
    } else {
      known.push_back(wanted[i]);
    }
  }
  const int64_t have = numel(shape), rest = checked_numel(c.op().name, known);
  if (open >= 0) {
    if (rest == 0 || have % rest != 0) {
      c.fail(ErrorKind::kShape, "cannot give ", shape, " (", have, " elements) the shape ", wanted);
    }
    wanted[open] = have / rest;
  } else if (rest != have) {
    c.fail(ErrorKind::kShape, "cannot give ", shape, " (", have, " elements) the shape ", wanted, " (", rest,
           ")");
  }
  return wanted;
}

// Strides with which the memory of (shape, strides) reads as `wanted`, if there are any. Walks both shapes
// from the inside: each maximal run of dims that lies evenly in memory must be covered by whole dims of the
// new shape.
std::optional<Dims> view_strides(const Dims& shape, const Dims& strides, const Dims& wanted) {
  if (numel(shape) == 0) return contiguous_strides(wanted);
  Dims out = Dims::filled(wanted.size(), 1);
  int w = wanted.size() - 1;
  int64_t run = 1;   // elements of the current run of old dims
  int64_t used = 1;  // of them, covered by new dims
  int64_t base = 1;  // stride of the innermost dim of the run
  bool first = true;
  for (int i = shape.size() - 1; i >= 0; --i) {
    if (shape[i] == 1) continue;
    if (first) {
      base = strides[i];
      first = false;
    }
    run *= shape[i];
    int outer = i - 1;
    while (outer >= 0 && shape[outer] == 1) --outer;
    const bool run_ends = outer < 0 || strides[outer] != run * base;
    if (!run_ends) continue;
    while (w >= 0 && (used < run || wanted[w] == 1)) {
      out[w] = used * base;
      used *= wanted[w];
      --w;
    }
    if (used != run) return std::nullopt;
    run = used = 1;
    first = true;
  }
  // What is left are sizes of 1; their strides do not matter, but keep them row-major.
  for (; w >= 0; --w) out[w] = w + 1 < wanted.size() ? out[w + 1] * wanted[w + 1] : 1;
  return out;
}

void reshape_infer(InferContext& c) {
  const TensorSpec& x = c.in(0);
  const Dims shape = resolve_shape(c, x.shape, dims_from(c, c.attrs().get_ints(0)));
  if (const auto strides = view_strides(x.shape, x.strides, shape)) {
    OutputSpec out(TensorSpec{x.dtype, shape, *strides});
    out.alias = 0;
    c.add_output(out);
    return;
  }
  if (c.attrs().get_bool(1)) {
    fail(ErrorKind::kShape, "view", "strides ", x.strides, " of shape ", x.shape, " cannot be viewed as ",
         shape, "; use reshape, which copies");
  }
  c.add_output(x.dtype, shape);
}

// Only reached when the strides permit no view: the elements in row-major order.
void reshape_eval(const EvalContext& c) {
  TensorSpec flat = c.in(0).spec[0];
  flat.strides = contiguous_strides(flat.shape);
  copy_view(TensorView{c.out(0).data, &flat}, c.in(0));
}

void reshape_vjp(VjpContext& c) { c.set_grad(0, fn::reshape(c, c.grad(0), c.input_shape(0))); }

// ---- permute(x){dims}

void permute_infer(InferContext& c) {
  const TensorSpec& x = c.in(0);
  const auto dims = c.attrs().get_ints(0);
  if (static_cast<int>(dims.size()) != x.rank()) {
    c.fail(ErrorKind::kShape, "got ", dims.size(), " dims for a tensor of rank ", x.rank());
  }
  OutputSpec out(x);
  out.alias = 0;
  uint32_t seen = 0;
  for (int i = 0; i < x.rank(); ++i) {
    const int from = normalize_dim(c.op().name, dims[i], x.rank());
    if (seen & (1u << from)) c.fail(ErrorKind::kValue, "dim ", from, " is given twice in ", Dims(dims));
    seen |= 1u << from;
    out.shape[i] = x.shape[from];
    out.strides[i] = x.strides[from];
  }
  c.add_output(out);
}

void permute_vjp(VjpContext& c) {
  const auto dims = c.attrs().get_ints(0);
  const int rank = static_cast<int>(dims.size());
  Dims inverse = Dims::filled(rank, 0);
  for (int i = 0; i < rank; ++i) inverse[normalize_dim("permute", dims[i], rank)] = i;
  c.set_grad(0, fn::permute(c, c.grad(0), inverse));
}

// ---- expand(x){shape}

void expand_infer(InferContext& c) {
  const TensorSpec& x = c.in(0);
  Dims shape = dims_from(c, c.attrs().get_ints(0));
  const int lead = shape.size() - x.rank();
  if (lead < 0) c.fail(ErrorKind::kShape, "cannot expand ", x.shape, " to fewer dims: ", shape);
  OutputSpec out(TensorSpec{x.dtype, shape, Dims::filled(shape.size(), 0)});
  out.alias = 0;
  for (int i = 0; i < shape.size(); ++i) {
    const bool is_new = i < lead;
    if (shape[i] == -1 && !is_new) out.shape[i] = x.shape[i - lead];
    if (out.shape[i] < 0)
      c.fail(ErrorKind::kShape, "-1 keeps a size that is there, but dim ", i, " of ", shape, " is new");
    if (is_new) continue;
    if (out.shape[i] == x.shape[i - lead]) {
      out.strides[i] = x.strides[i - lead];
    } else if (x.shape[i - lead] != 1) {
      c.fail(ErrorKind::kShape, "cannot expand ", x.shape, " to ", shape, " (", x.shape[i - lead],
             " against ", out.shape[i], " in dim ", i, ")");
    }
  }
  checked_numel(c.op().name, out.shape);
  c.add_output(out);
}

void expand_vjp(VjpContext& c) { c.set_grad(0, fn::sum_to(c, c.grad(0), c.input_shape(0))); }

// ---- slice(x){dim, start, length, step}

enum SliceAttr { kDim, kStart, kLength, kStep };

void slice_infer(InferContext& c) {
  const TensorSpec& x = c.in(0);
  if (x.rank() == 0) c.fail(ErrorKind::kShape, "a 0-dim tensor has no dim to slice");
  const int dim = normalize_dim(c.op().name, c.attrs().get_int(kDim), x.rank());
  const int64_t start = c.attrs().get_int(kStart), length = c.attrs().get_int(kLength),
                step = c.attrs().get_int(kStep);
  const int64_t size = x.shape[dim];
  if (step < 1) c.fail(ErrorKind::kValue, "step must be 1 or more, got ", step);
  // Written so that nothing overflows: start + (length - 1) * step < size.
  if (start < 0 || length < 0 || start > size ||
      (length > 0 && (start >= size || (length - 1) > (size - 1 - start) / step))) {
    c.fail(ErrorKind::kIndex, length, " elements from ", start, " in steps of ", step, " do not fit dim ",
           dim, " of ", x.shape);
  }
  OutputSpec out(x);
  out.alias = 0;
  out.shape[dim] = length;
  out.strides[dim] = x.strides[dim] * step;
  out.offset = length > 0 ? start * x.strides[dim] : 0;
  c.add_output(out);
}

// ---- viewScatter(base, source){chain}: base with the view that `chain` leads to replaced by source

void view_scatter_infer(InferContext& c) {
  const TensorSpec& base = c.in(0);
  const DecodedChain chain = decode_chain(c.attrs().get_ints(0));
  TensorSpec out{base.dtype, base.shape, chain.base_strides};
  if (!is_dense(out.shape, out.strides)) out.strides = contiguous_strides(out.shape);
  const OutputSpec view = view_of(out, chain.steps);
  if (!(view.shape == c.in(1).shape)) c.fail(ErrorKind::kInternal, "source does not fit the view");
  const int64_t last = view.offset + reach_of(view.shape, view.strides);
  if (view.numel() > 0 && (view.offset < 0 || last >= out.numel())) {
    c.fail(ErrorKind::kAutograd,
           "a view that reaches outside of the tensor it was made of cannot be changed by what requires a "
           "gradient");
  }
  c.add_output(out);
}

void view_scatter_eval(const EvalContext& c) {
  const TensorView& out = c.out(0);
  copy_view(out, c.in(0));
  const OutputSpec view = view_of(*out.spec, decode_chain(c.attrs().get_ints(0)).steps);
  char* at = static_cast<char*>(out.data) + view.offset * static_cast<int64_t>(size_of(view.dtype));
  copy_view(TensorView{at, &view}, c.in(1));
}

void view_scatter_vjp(VjpContext& c) {
  static const Op& op = find_op("viewScatter");
  const Tensor g = c.grad(0);
  if (c.needs(0)) {
    const Tensor zeros = fn::full(c, c.input_shape(1), 0, g->spec.dtype);
    c.set_grad(0, c.apply(op, {g, zeros}, c.attrs()));
  }
  if (!c.needs(1)) return;
  const DecodedChain chain = decode_chain(c.attrs().get_ints(0));
  const bool reads_memory = std::any_of(chain.steps.begin(), chain.steps.end(),
                                        [](const ViewStep& step) { return step.op->is(kLeavesInput); });
  // A step that looks at memory wants it as it was: row-major, and nothing around it.
  static const Op& clone = find_op("clone");
  const Tensor memory = reads_memory ? c.apply(clone, {fn::contiguous(c, g)}, Attrs()) : g;
  c.set_grad(1, apply_chain(c, memory, chain.steps));
}

// The gradient of a slice: zeros with the slice's gradient in its place.
void slice_vjp(VjpContext& c) {
  static const Op& slice = find_op("slice");
  c.set_grad(0, embed_gradient(c, slice));
}

void detach_infer(InferContext& c) {
  OutputSpec out(c.in(0));
  out.alias = 0;
  c.add_output(out);
}

const Op kOps[] = {
    {.name = "reshape",
     .inputs = {{{"x"}}},
     .outputs = {{{"out"}}},
     .attrs = {{{"shape", AttrType::kInts}, {"strict", AttrType::kBool}}},
     .flags = kPrimitive | kView | kTakesNarrow,
     .infer = reshape_infer,
     .eval = reshape_eval,
     .vjp = reshape_vjp},
    {.name = "permute",
     .inputs = {{{"x"}}},
     .outputs = {{{"out"}}},
     .attrs = {{{"dims", AttrType::kInts}}},
     .flags = kPrimitive | kView | kTakesNarrow,
     .infer = permute_infer,
     .vjp = permute_vjp},
    {.name = "expand",
     .inputs = {{{"x"}}},
     .outputs = {{{"out"}}},
     .attrs = {{{"shape", AttrType::kInts}}},
     .flags = kPrimitive | kView | kTakesNarrow,
     .infer = expand_infer,
     .vjp = expand_vjp},
    {.name = "slice",
     .inputs = {{{"x"}}},
     .outputs = {{{"out"}}},
     .attrs = {{{"dim", AttrType::kInt},
                {"start", AttrType::kInt},
                {"length", AttrType::kInt},
                {"step", AttrType::kInt}}},
     .flags = kPrimitive | kView | kTakesNarrow,
     .infer = slice_infer,
     .vjp = slice_vjp},
    {.name = "detach",
     .inputs = {{{.name = "x", .differentiable = false}}},
     .outputs = {{{"out", false}}},
     .flags = kPrimitive | kView | kTakesNarrow,
     .infer = detach_infer},
    {.name = "viewScatter",
     .inputs = {{{"base"}, {"source"}}},
     .outputs = {{{"out"}}},
     .attrs = {{{"chain", AttrType::kInts}}},
     .flags = kInternal | kTakesNarrow,
     .infer = view_scatter_infer,
     .eval = view_scatter_eval,
     .vjp = view_scatter_vjp},
};

}  // namespace

void register_strided_view_ops(Registry& r);  // view_strided.cc

void register_view_ops(Registry& r) {
  for (const Op& op : kOps) r.add(op);
  register_strided_view_ops(r);
}

}  // namespace lanegrad

// cat(tensors){dim}
#include <algorithm>

#include "core/streaming.h"
#include "core/threads.h"
#include "ops/layout/copy.h"
#include "ops/functions.h"
#include "ops/op.h"
#include "ops/registry.h"

namespace lanegrad {
namespace {

// Bytes for which a thread is worth while.
constexpr int64_t kGrainBytes = 65536;

// As in PyTorch: an empty 1-D tensor counts for nothing, whatever the shape of the others.
bool is_skipped(const Dims& shape) { return shape.size() == 1 && shape[0] == 0; }

void cat_infer(InferContext& c) {
  const auto list = c.list(0);
  if (list.empty()) c.fail(ErrorKind::kValue, "wants at least one tensor, got an empty list");
  const TensorSpec* model = nullptr;
  for (const TensorSpec* t : list) {
    if (t->rank() == 0) c.fail(ErrorKind::kShape, "a 0-dim tensor cannot be concatenated: reshape it to [1]");
    if (!model && !is_skipped(t->shape)) model = t;
  }
  if (!model) model = list[0];
  const int dim = normalize_dim(c.op().name, c.attrs().get_int(0), model->rank());
  Dims shape = model->shape;
  shape[dim] = 0;
  for (size_t k = 0; k < list.size(); ++k) {
    const Dims& other = list[k]->shape;
    if (list[k]->dtype != model->dtype) {
      c.fail(ErrorKind::kDType, "tensors[", k, "] is ", name_of(list[k]->dtype), ", others are ",
             name_of(model->dtype));
    }
    if (is_skipped(other)) continue;
    bool fits = other.size() == shape.size();
    for (int i = 0; fits && i < shape.size(); ++i) fits = i == dim || other[i] == shape[i];
    if (!fits) {
      c.fail(ErrorKind::kShape, "tensors[", k, "] is ", other, ", which differs from ", model->shape,
             " in more than dim ", dim);
    }
    shape[dim] += other[dim];
  }
  checked_numel(c.op().name, shape);
  c.add_output(model->dtype, shape);
}

void cat_eval(const EvalContext& c) {
  const TensorView& out = c.out(0);
  const Dims& shape = out.spec->shape;
  if (out.spec->numel() == 0) return;
  const int dim = normalize_dim(c.op().name, c.attrs().get_int(0), shape.size());
  const size_t item = size_of(out.spec->dtype);
  int64_t outer = 1, inner = 1;
  for (int i = 0; i < shape.size(); ++i) {
    if (i < dim) outer *= shape[i];
    if (i > dim) inner *= shape[i];
  }
  const int64_t pitch = shape[dim] * inner * static_cast<int64_t>(item);
  const OutputCopy copy(out.spec->bytes());
  char* to = out.as<char>();
  for (const TensorView& x : c.list(0)) {
    if (is_skipped(x.spec->shape) || x.spec->numel() == 0) continue;
    const int64_t slab = x.spec->shape[dim] * inner * static_cast<int64_t>(item);
    if (x.spec->is_contiguous()) {
      const char* from = x.as<char>();
      if (outer == 1) {
        parallel_for(slab, kGrainBytes, [&](int64_t begin, int64_t end) {
          copy(to + begin, from + begin, static_cast<size_t>(end - begin));
          copy.finish();
        });
      } else {
        parallel_for(outer, std::max<int64_t>(1, kGrainBytes / slab), [&](int64_t begin, int64_t end) {
          for (int64_t o = begin; o < end; ++o)
            copy(to + o * pitch, from + o * slab, static_cast<size_t>(slab));
          copy.finish();
        });
      }
    } else {
      const TensorSpec part{out.spec->dtype, x.spec->shape, out.spec->strides};
      copy_view(TensorView{to, &part}, x);
    }
    to += slab;
  }
}

void cat_vjp(VjpContext& c) {
  static const Op& slice = find_op("slice");
  const Tensor g = c.grad(0);
  const int dim = normalize_dim("cat", c.attrs().get_int(0), g->spec.rank());
  int64_t start = 0;
  for (int i = 0; i < c.input_count(); ++i) {
    const Dims& shape = c.input_shape(i);
    if (is_skipped(shape)) {
      if (c.needs(i)) c.set_grad(i, fn::full(c, shape, 0, c.input_dtype(i)));
      continue;
    }
    const int64_t length = shape[dim];
    if (c.needs(i)) {
      c.set_grad(i, c.apply(slice, {g}, Attrs().add_int(dim).add_int(start).add_int(length).add_int(1)));
    }
    start += length;
  }
}

const Op kOps[] = {
    {.name = "cat",
     .inputs = {{{.name = "tensors", .kind = InputKind::kList}}},
     .outputs = {{{"out"}}},
     .attrs = {{{"dim", AttrType::kInt}}},
     .flags = kPrimitive | kTakesNarrow,
     .promotion = Promotion::kCommon,
     .autocast = Autocast::kPromote,
     .infer = cat_infer,
     .eval = cat_eval,
     .vjp = cat_vjp},
};

}  // namespace

void register_cat_ops(Registry& r) {
  for (const Op& op : kOps) r.add(op);
}

}  // namespace lanegrad

// gather, wrapIndex: an index for each element.
#include "kernels/index/index.h"

#include <algorithm>
#include <atomic>

#include "ops/layout/copy.h"
#include "ops/functions.h"
#include "ops/index/planes.h"
#include "ops/registry.h"

namespace lanegrad {

void check_bounds(const EvalContext& c, const TensorView& index, int64_t low, int64_t size, int dim) {
  Walk<1> all;
  for (int i = 0; i < index.spec->rank(); ++i) all.add(index.spec->shape[i], {index.spec->strides[i]});
  all.coalesce();
  const int64_t n = index.spec->numel();
  dispatch_index(index.spec->dtype, [&]<class Index>(Index) {
    // Calls body(first index, how many, their stride) for the runs of a range until one returns false.
    const auto each_run = [&](int64_t begin, int64_t end, const auto& body) {
      Walk<1> walk = all;
      walk.seek(begin);
      for (int64_t at = begin; at < end;) {
        const int64_t run = std::min(walk.run(), end - at);
        if (!body(index.as<Index>() + walk.offset(0), run, walk.run_stride(0))) return;
        walk.advance(run);
        at += run;
      }
    };
    std::atomic<bool> all_good{true};
    parallel_for(n, kIndexGrain, [&](int64_t begin, int64_t end) {
      each_run(begin, end, [&](const Index* p, int64_t run, int64_t stride) {
        bool good = true;
        for (int64_t i = 0; i < run; ++i) {
          const int64_t v = p[i * stride];
          good &= v >= low && v < size;
        }
        if (!good) all_good.store(false, std::memory_order_relaxed);
        return good;
      });
    });
    if (all_good) return;
    each_run(0, n, [&](const Index* p, int64_t run, int64_t stride) {
      for (int64_t i = 0; i < run; ++i) {
        const int64_t v = p[i * stride];
        if (v >= low && v < size) continue;
        c.fail(ErrorKind::kIndex, "index ", v, " is out of range for dim ", dim, " of size ", size);
      }
      return true;
    });
  });
}

namespace {

// ---- gather(x, index){dim}

void gather_infer(InferContext& c) {
  check_index(c, c.in(0), c.in(1));
  c.add_output(c.in(0).dtype, c.in(1).shape);
}

void gather_eval(const EvalContext& c) {
  const TensorView &x = c.in(0), &index = c.in(1), &out = c.out(0);
  const int rank = x.spec->rank(), dim = normalize_dim(c.op().name, c.attrs().get_int(0), rank);
  check_bounds(c, index, 0, rank == 0 ? 1 : x.spec->shape[dim], dim);
  const int64_t xk = stride_at(*x.spec, dim), ik = stride_at(*index.spec, dim),
                ok = stride_at(*out.spec, dim);
  dispatch_width(x.spec->dtype, [&]<class T>(T) {
    dispatch_index(index.spec->dtype, [&]<class Index>(Index) {
      for_each_plane(index.spec->shape, dim, {&x.spec->strides, &index.spec->strides, &out.spec->strides},
                     [&](const Walk<3>& at, int64_t lines, int64_t places) {
                       gather_plane<T, Index>(x.as<T>() + at.offset(0), {at.run_stride(0), xk},
                                              index.as<Index>() + at.offset(1), {at.run_stride(1), ik},
                                              out.as<T>() + at.offset(2), {at.run_stride(2), ok}, lines,
                                              places);
                     });
    });
  });
}

void gather_vjp(VjpContext& c) {
  if (!c.needs(0)) return;
  static const Op& op = find_op("scatterAdd");
  const Tensor zeros = fn::expand(c, fn::full(c, Dims(), 0, c.input_dtype(0)), c.input_shape(0));
  c.set_grad(0, c.apply(op, {zeros, c.input(1), c.grad(0)}, c.attrs()));
}

// ---- wrapIndex(index){size}

void wrap_infer(InferContext& c) {
  const TensorSpec& index = c.in(0);
  check_index_dtype(c, index);
  if (c.attrs().get_int(0) < 0) c.fail(ErrorKind::kValue, "size is ", c.attrs().get_int(0));
  c.add_output(DType::kInt64, index.shape);
}

void wrap_eval(const EvalContext& c) {
  const TensorView &index = c.in(0), &out = c.out(0);
  const int64_t size = c.attrs().get_int(0), n = out.spec->numel();
  int64_t* to = out.as<int64_t>();
  copy_view(out, index);
  check_bounds(c, out, -size, size, 0);
  parallel_for(n, kIndexGrain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) to[i] += to[i] < 0 ? size : 0;
  });
}

const Op kOps[] = {
    {.name = "gather",
     .inputs = {{{"x"}, {.name = "index", .differentiable = false}}},
     .outputs = {{{"out"}}},
     .attrs = {{{"dim", AttrType::kInt}}},
     .flags = kPrimitive | kTakesNarrow,
     .infer = gather_infer,
     .eval = gather_eval,
     .saves = {.inputs = 2},
     .vjp = gather_vjp},
    {.name = "wrapIndex",
     .inputs = {{{.name = "index", .differentiable = false}}},
     .outputs = {{{"out", false}}},
     .attrs = {{{"size", AttrType::kInt}}},
     .flags = kPrimitive | kTakesNarrow,
     .infer = wrap_infer,
     .eval = wrap_eval},
};

}  // namespace

void register_index_row_ops(Registry& r);  // rows.cc
void register_scatter_ops(Registry& r);    // scatter.cc
void register_cat_ops(Registry& r);        // cat.cc

void register_index_ops(Registry& r) {
  for (const Op& op : kOps) r.add(op);
  register_index_row_ops(r);
  register_scatter_ops(r);
  register_cat_ops(r);
}

}  // namespace lanegrad

// indexSelect, indexAdd, indexCopy: one index for a whole slab.
#include <algorithm>
#include <cstring>

#include "core/streaming.h"
#include "core/threads.h"
#include "kernels/index/index.h"
#include "ops/layout/copy.h"
#include "ops/functions.h"
#include "ops/index/common.h"
#include "ops/scratch.h"
#include "ops/registry.h"

namespace lanegrad {
namespace {

constexpr int64_t kGrain = 16384;

int check_rows(InferContext& c, const TensorSpec& x, const TensorSpec& index) {
  check_index_dtype(c, index);
  if (index.rank() > 1) c.fail(ErrorKind::kShape, "wants an index of at most one dim, got ", index.shape);
  return normalize_dim(c.op().name, c.attrs().get_int(0), x.rank());
}

Dims with_size(Dims shape, int dim, int64_t size) {
  if (!shape.empty()) shape[dim] = size;
  return shape;
}

// The dense shape seen as [outer, n, inner] around the dim.
struct Slabs {
  int64_t outer = 1, n = 1, inner = 1;
};
Slabs slabs_of(const Dims& shape, int dim) {
  Slabs s;
  for (int i = 0; i < shape.size(); ++i) (i < dim ? s.outer : i == dim ? s.n : s.inner) *= shape[i];
  return s;
}

template <class Index>
int64_t index_at(const TensorView& index, int64_t k) {
  return index.as<Index>()[index.spec->rank() == 0 ? 0 : k * index.spec->strides[0]];
}

// ---- indexSelect(x, index){dim}

void select_infer(InferContext& c) {
  const TensorSpec &x = c.in(0), &index = c.in(1);
  const int dim = check_rows(c, x, index);
  if (x.rank() == 0 && index.numel() != 1)
    c.fail(ErrorKind::kShape, "x is [] and takes one index, got ", index.shape);
  c.add_output(x.dtype, with_size(x.shape, dim, index.numel()));
}

void select_eval(const EvalContext& c) {
  const TensorView &x = c.in(0), &index = c.in(1), &out = c.out(0);
  const int rank = x.spec->rank(), dim = normalize_dim(c.op().name, c.attrs().get_int(0), rank);
  const int64_t size = rank == 0 ? 1 : x.spec->shape[dim];
  check_bounds(c, index, 0, size, dim);
  if (out.spec->numel() == 0) return;
  const Slabs s = slabs_of(out.spec->shape, dim);
  const int64_t grain = std::max<int64_t>(1, kGrain / s.inner);
  const int64_t x_step = rank == 0 ? 0 : x.spec->strides[dim];
  const int64_t i_step = index.spec->rank() == 0 ? 0 : index.spec->strides[0];
  // The dims outside and inside the indexed one, as x has them.
  Walk<1> outer, inner;
  for (int i = 0; i < rank; ++i)
    if (i != dim) (i < dim ? outer : inner).add(x.spec->shape[i], {x.spec->strides[i]});
  inner.coalesce();
  inner.seek(0);
  const bool rows = inner.run() == s.inner && (s.inner == 1 || inner.run_stride(0) == 1);
  const OutputCopy copy(out.spec->bytes());
  dispatch_width(x.spec->dtype, [&]<class T>(T) {
    dispatch_index(index.spec->dtype, [&]<class Index>(Index) {
      const auto take_row = [&](T* to, const T* from) {
        if (rows) {
          copy(to, from, static_cast<size_t>(s.inner) * sizeof(T));
          return;
        }
        Walk<1> at = inner;
        at.seek(0);
        for (int64_t j = 0; j < s.inner;) {
          const int64_t run = at.run(), stride = at.run_stride(0);
          for (int64_t k = 0; k < run; ++k) to[j + k] = from[at.offset(0) + k * stride];
          at.advance(run);
          j += run;
        }
      };
      parallel_for(s.outer * s.n, grain, [&](int64_t begin, int64_t end) {
        Walk<1> block = outer;
        block.seek(begin / s.n);
        for (int64_t i = begin; i < end; block.advance(1)) {
          // What of one block of the index is this thread's.
          const int64_t first = i % s.n, count = std::min(s.n - first, end - i);
          const T* from = x.as<T>() + block.offset(0);
          T* to = out.as<T>() + i * s.inner;
          if (s.inner == 1) {
            const Index* at = index.as<Index>() + first * i_step;
            for (int64_t k = 0; k < count; ++k) to[k] = from[static_cast<int64_t>(at[k * i_step]) * x_step];
          } else {
            for (int64_t k = 0; k < count; ++k)
              take_row(to + k * s.inner, from + index_at<Index>(index, first + k) * x_step);
          }
          i += count;
        }
        copy.finish();
      });
    });
  });
}

void select_vjp(VjpContext& c) {
  if (!c.needs(0)) return;
  static const Op& op = find_op("indexAdd");
  const Tensor zeros = fn::expand(c, fn::full(c, Dims(), 0, c.input_dtype(0)), c.input_shape(0));
  c.set_grad(0, c.apply(op, {zeros, c.input(1), c.grad(0)}, c.attrs()));
}

// ---- indexAdd(x, index, source){dim}, indexCopy: adds slabs, or puts them in the place of those of x

void add_infer(InferContext& c) {
  const TensorSpec &x = c.in(0), &index = c.in(1), &source = c.in(2);
  const int dim = check_rows(c, x, index);
  if (source.dtype != x.dtype) {
    c.fail(ErrorKind::kDType, "source is ", name_of(source.dtype), ", wants the dtype of x, ",
           name_of(x.dtype));
  }
  const Dims wanted = with_size(x.shape, dim, index.numel());
  if (!(source.shape == wanted) || (x.rank() == 0 && index.numel() != 1)) {
    c.fail(ErrorKind::kShape, "source is ", source.shape, ", wants ", wanted, " for x ", x.shape,
           " and index ", index.shape);
  }
  c.add_output(x.dtype, x.shape);
}

size_t add_workspace(const InferContext& c) {
  Scratch s;
  s.add_copy(c.in(2));
  return s.bytes();
}

// Every thread owns a range of rows of the output and reads the whole index, in its order: no races, and the
// same order of additions for any number of threads. Where there are fewer rows than that pays for, it owns a
// range of columns.
template <class T, class MoveRow>
void write_rows(const EvalContext& c, const MoveRow& move_row) {
  const TensorView &x = c.in(0), &index = c.in(1), &source = c.in(2), &out = c.out(0);
  const int rank = x.spec->rank(), dim = normalize_dim(c.op().name, c.attrs().get_int(0), rank);
  check_bounds(c, index, 0, rank == 0 ? 1 : x.spec->shape[dim], dim);
  copy_view(out, x);
  if (out.spec->numel() == 0 || source.spec->numel() == 0) return;
  const Slabs s = slabs_of(out.spec->shape, dim);
  const int64_t places = index.spec->numel();
  Scratch scratch(c.workspace());
  const void* dense = scratch.contiguous(source);
  dispatch_index(index.spec->dtype, [&]<class Index>(Index) {
    const T* from = static_cast<const T*>(dense);
    T* to = out.as<T>();
    const auto write_block = [&](int64_t outer, int64_t first, int64_t last, int64_t column,
                                 int64_t columns) {
      for (int64_t k = 0; k < places; ++k) {
        const int64_t row = index_at<Index>(index, k);
        if (row < first || row >= last) continue;
        move_row(to + (outer * s.n + row) * s.inner + column, from + (outer * places + k) * s.inner + column,
                 columns);
      }
    };
    if (s.outer > 1) {
      parallel_for(s.outer, std::max<int64_t>(1, kGrain / (places * s.inner)),
                   [&](int64_t begin, int64_t end) {
                     for (int64_t o = begin; o < end; ++o) write_block(o, 0, s.n, 0, s.inner);
                   });
    } else if (s.inner >= 256) {
      parallel_parts(s.inner, std::max<int64_t>(64, kGrain / places),
                     [&](int64_t begin, int64_t end) { write_block(0, 0, s.n, begin, end - begin); });
    } else {
      const int64_t work = std::max<int64_t>(1, places * s.inner / s.n);
      parallel_parts(s.n, std::max<int64_t>(1, 2 * kGrain / work),
                     [&](int64_t begin, int64_t end) { write_block(0, begin, end, 0, s.inner); });
    }
  });
}

void add_eval(const EvalContext& c) {
  dispatch_dtype(c.in(0).spec->dtype, [&]<class T>(T) {
    write_rows<T>(c, [](T* to, const T* from, int64_t n) { add_row<T>(to, from, n); });
  });
}

void copy_eval(const EvalContext& c) {
  dispatch_width(c.in(0).spec->dtype, [&]<class T>(T) {
    write_rows<T>(c, [](T* to, const T* from, int64_t n) {
      std::memcpy(to, from, static_cast<size_t>(n) * sizeof(T));
    });
  });
}

void add_vjp(VjpContext& c) {
  if (c.needs(0)) c.set_grad(0, c.grad(0));
  if (!c.needs(2)) return;
  static const Op& op = find_op("indexSelect");
  c.set_grad(2, c.apply(op, {c.grad(0), c.input(1)}, c.attrs()));
}

// As in PyTorch, where a place is written twice each writer gets its gradient.
void copy_vjp(VjpContext& c) {
  static const Op &select = find_op("indexSelect"), &copy = find_op("indexCopy");
  const Tensor g = c.grad(0), index = c.input(1);
  if (c.needs(0)) {
    const Tensor zero = fn::expand(c, fn::full(c, Dims(), 0, c.input_dtype(2)), c.input_shape(2));
    c.set_grad(0, c.apply(copy, {g, index, zero}, c.attrs()));
  }
  if (c.needs(2)) c.set_grad(2, c.apply(select, {g, index}, c.attrs()));
}

const Op kOps[] = {
    {.name = "indexSelect",
     .inputs = {{{"x"}, {.name = "index", .differentiable = false}}},
     .outputs = {{{"out"}}},
     .attrs = {{{"dim", AttrType::kInt}}},
     .flags = kPrimitive | kTakesNarrow,
     .infer = select_infer,
     .eval = select_eval,
     .saves = {.inputs = 2},
     .vjp = select_vjp},
    {.name = "indexAdd",
     .inputs = {{{"x"}, {.name = "index", .differentiable = false}, {"source"}}},
     .outputs = {{{"out"}}},
     .attrs = {{{"dim", AttrType::kInt}}},
     .flags = kPrimitive | kUpdates,
     .infer = add_infer,
     .workspace = add_workspace,
     .eval = add_eval,
     .saves = {.inputs = 2},
     .vjp = add_vjp},
    {.name = "indexCopy",
     .inputs = {{{"x"}, {.name = "index", .differentiable = false}, {"source"}}},
     .outputs = {{{"out"}}},
     .attrs = {{{"dim", AttrType::kInt}}},
     .flags = kPrimitive | kTakesNarrow | kUpdates,
     .autocast = Autocast::kPromote,
     .infer = add_infer,
     .workspace = add_workspace,
     .eval = copy_eval,
     .saves = {.inputs = 2},
     .vjp = copy_vjp},
};

}  // namespace

void register_index_row_ops(Registry& r) {
  for (const Op& op : kOps) r.add(op);
}

}  // namespace lanegrad

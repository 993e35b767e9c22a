// scatter, scatterAdd, scatterReduce: writes at an index for each element. Where several elements go to one
// place, they do so in the order of the index, for any number of threads; only a long line that is added to
// few places (a histogram) is summed in pieces, which are constants of its length.
#include <algorithm>

#include "kernels/index/index.h"
#include "ops/layout/copy.h"
#include "ops/functions.h"
#include "ops/index/planes.h"
#include "ops/registry.h"

namespace lanegrad {
namespace {

// A line as long as two of these is split by the places of the output that its elements go to.
constexpr int64_t kLongLine = 65536;
// Unless it is added to at most so many places: then it is cut into pieces with sums of their own.
constexpr int64_t kFewPlaces = 4096;
constexpr int64_t kPieces = 16;

bool adds_in_pieces(const TensorSpec& x, const TensorSpec& index) {
  return x.rank() == 1 && index.numel() >= kLongLine && x.numel() <= kFewPlaces;
}

void scatter_infer(InferContext& c) {
  const TensorSpec &x = c.in(0), &index = c.in(1), &source = c.in(2);
  check_index(c, x, index);
  if (source.dtype != x.dtype) {
    c.fail(ErrorKind::kDType, "source is ", name_of(source.dtype), ", wants the dtype of x, ",
           name_of(x.dtype));
  }
  bool fits = source.rank() == index.rank();
  for (int i = 0; fits && i < index.rank(); ++i) fits = index.shape[i] <= source.shape[i];
  if (!fits) c.fail(ErrorKind::kShape, "index ", index.shape, " is larger than source ", source.shape);
  c.add_output(x.dtype, x.shape);
}

template <class T, class Index>
void add_in_pieces(TensorView out, int64_t out_step, const Index* index, int64_t index_step, const T* source,
                   int64_t source_step, int64_t places, T* sums) {
  const int64_t size = out.spec->numel();
  parallel_tasks(kPieces, [&](int64_t piece) {
    T* const own = sums + piece * size;
    std::fill_n(own, size, T(0));
    const int64_t first = places * piece / kPieces, last = places * (piece + 1) / kPieces;
    scatter_plane<AddTo, T, Index>(own, {0, 1}, index + first * index_step, {0, index_step},
                                   source + first * source_step, {0, source_step}, 1, last - first);
  });
  for (int64_t piece = 0; piece < kPieces; ++piece)
    for (int64_t i = 0; i < size; ++i) {
      T& target = out.as<T>()[i * out_step];
      target = add_values<T>(target, sums[piece * size + i]);
    }
}

// T: the type that is computed, or moved.
template <class Meet, class T>
void scatter_into(const EvalContext& c) {
  const TensorView &x = c.in(0), &index = c.in(1), &source = c.in(2), &out = c.out(0);
  const int dim = normalize_dim(c.op().name, c.attrs().get_int(0), x.spec->rank());
  const int64_t size = size_at(*x.spec, dim);
  check_bounds(c, index, 0, size, dim);
  copy_view(out, x);
  const int64_t ok = stride_at(*out.spec, dim), ik = stride_at(*index.spec, dim),
                sk = stride_at(*source.spec, dim);
  dispatch_index(index.spec->dtype, [&]<class Index>(Index) {
    const int64_t places = index.spec->numel();
    if constexpr (std::is_same_v<Meet, AddTo>) {
      if (adds_in_pieces(*x.spec, *index.spec)) {
        return add_in_pieces<T, Index>(out, ok, index.as<Index>(), ik, source.as<T>(), sk, places,
                                       static_cast<T*>(c.workspace()));
      }
    }
    if (places >= kLongLine && places == size_at(*index.spec, dim)) {
      parallel_parts(size, std::max<int64_t>(1, size / (places / kIndexGrain)),
                     [&](int64_t first, int64_t last) {
                       scatter_range<Meet, T, Index>(out.as<T>(), ok, index.as<Index>(), ik, source.as<T>(),
                                                     sk, places, first, last);
                     });
      return;
    }
    for_each_plane(index.spec->shape, dim, {&out.spec->strides, &index.spec->strides, &source.spec->strides},
                   [&](const Walk<3>& at, int64_t lines, int64_t count) {
                     scatter_plane<Meet, T, Index>(out.as<T>() + at.offset(0), {at.run_stride(0), ok},
                                                   index.as<Index>() + at.offset(1), {at.run_stride(1), ik},
                                                   source.as<T>() + at.offset(2), {at.run_stride(2), sk},
                                                   lines, count);
                   });
  });
}

// x with its elements at `index` set to 0: the gradient of what was overwritten.
Tensor clear_at(VjpContext& c, const Tensor& x, const Tensor& index) {
  static const Op& op = find_op("scatter");
  const Tensor zero = fn::expand(c, fn::full(c, Dims(), 0, x->spec.dtype), index->spec.shape);
  return c.apply(op, {x, index, zero}, Attrs().add_int(c.attrs().get_int(0)));
}

Tensor gather(VjpContext& c, const Tensor& x, const Tensor& index) {
  static const Op& op = find_op("gather");
  return c.apply(op, {x, index}, Attrs().add_int(c.attrs().get_int(0)));
}

// A source larger than the index has no gradient beyond it.
Tensor source_grad(VjpContext& c, const Tensor& index) {
  static const Op& cat = find_op("cat");
  Tensor grad = gather(c, c.grad(0), index);
  const Dims& shape = c.input_shape(2);
  for (int i = 0; i < shape.size(); ++i) {  // pads with zeros, one dim at a time
    const int64_t have = grad->spec.shape[i];
    if (have == shape[i]) continue;
    Dims wide = grad->spec.shape;
    wide[i] = shape[i] - have;
    const Tensor parts[] = {grad, fn::full(c, wide, 0, c.input_dtype(2))};
    grad = c.apply_list(cat, parts, Attrs().add_int(i));
  }
  return grad;
}

// ---- scatter(x, index, source){dim}: out[index[i][j]][j] = source[i][j] along dim 0

void scatter_eval(const EvalContext& c) {
  dispatch_width(c.in(0).spec->dtype, [&]<class T>(T) { scatter_into<TakeNew, T>(c); });
}

// As in PyTorch, where a place is written twice each writer gets its gradient.
void scatter_vjp(VjpContext& c) {
  if (c.needs(0)) c.set_grad(0, clear_at(c, c.grad(0), c.input(1)));
  if (c.needs(2)) c.set_grad(2, source_grad(c, c.input(1)));
}

// ---- scatterAdd(x, index, source){dim}

size_t scatter_add_workspace(const InferContext& c) {
  const TensorSpec& x = c.in(0);
  if (!adds_in_pieces(x, c.in(1))) return 0;
  return static_cast<size_t>(kPieces * x.numel()) * size_of(x.dtype);
}

void scatter_add_eval(const EvalContext& c) {
  dispatch_dtype(c.in(0).spec->dtype, [&]<class T>(T) { scatter_into<AddTo, T>(c); });
}

void scatter_add_vjp(VjpContext& c) {
  if (c.needs(0)) c.set_grad(0, c.grad(0));
  if (c.needs(2)) c.set_grad(2, source_grad(c, c.input(1)));
}

// ---- scatterReduce(x, index, source){dim, reduce}: each place of the output is the product, largest or
// smallest of what is in x and of all that goes there

enum Reduce { kProd, kAmax, kAmin };

void reduce_infer(InferContext& c) {
  scatter_infer(c);
  if (!(c.in(1).shape == c.in(2).shape)) {
    c.fail(ErrorKind::kShape, "source is ", c.in(2).shape, ", wants the shape of index, ", c.in(1).shape);
  }
}

void reduce_eval(const EvalContext& c) {
  const int reduce = c.attrs().get_enum(1);
  dispatch_dtype(c.in(0).spec->dtype, [&]<class T>(T) {
    if (reduce == kProd) return scatter_into<MultiplyBy, T>(c);
    if (reduce == kAmax) return scatter_into<TakeLarger, T>(c);
    scatter_into<TakeSmaller, T>(c);
  });
}

Tensor scatter_add(VjpContext& c, const Tensor& x, const Tensor& source) {
  static const Op& op = find_op("scatterAdd");
  return c.apply(op, {x, c.input(1), source}, Attrs().add_int(c.attrs().get_int(0)));
}

Tensor reduce(VjpContext& c, const Tensor& x, const Tensor& source) {
  static const Op& op = find_op("scatterReduce");
  return c.apply(op, {x, c.input(1), source}, c.attrs());
}

// Ones where x is y, of the dtype of x.
Tensor is_same(VjpContext& c, const Tensor& x, const Tensor& y) {
  return fn::to(c, fn::eq(c, x, y), x->spec.dtype);
}

// Elements that tie for the extremum share the gradient of their place.
void extremum_vjp(VjpContext& c) {
  const Tensor index = c.input(1), out = c.output(0);
  const Tensor own = is_same(c, c.input(0), out);
  const Tensor given = is_same(c, c.input(2), gather(c, out, index));
  const Tensor share = fn::div(c, c.grad(0), scatter_add(c, own, given));
  if (c.needs(0)) c.set_grad(0, fn::mul(c, own, share));
  if (c.needs(2)) c.set_grad(2, fn::mul(c, given, gather(c, share, index)));
}

// The product of the others: the whole product over the element, and where the element is the only 0 of its
// place, the product with a 1 in its stead.
void product_vjp(VjpContext& c) {
  const Tensor g = c.grad(0), x = c.input(0), index = c.input(1), source = c.input(2);
  const auto zero_of = [&](const Tensor& t) { return fn::eq(c, t, c.scalar(0)); };
  const auto with_one = [&](const Tensor& where, const Tensor& t) {
    return fn::where(c, where, c.scalar(1), t);
  };
  if (c.needs(0)) {
    const Tensor filled = with_one(zero_of(x), x);
    c.set_grad(0, fn::div(c, fn::mul(c, g, reduce(c, filled, source)), filled));
  }
  if (!c.needs(2)) return;
  const Tensor zero = zero_of(source);
  const Tensor nothing = fn::full(c, x->spec.shape, 0, x->spec.dtype);
  const Tensor zeros = gather(c, scatter_add(c, nothing, fn::to(c, zero, x->spec.dtype)), index);
  const Tensor only = fn::where(c, fn::eq(c, zeros, c.scalar(1)), zero, fn::full(c, Dims(), 0, DType::kBool));
  const Tensor others = gather(c, fn::mul(c, g, reduce(c, x, with_one(only, source))), index);
  const Tensor whole = gather(c, fn::mul(c, g, reduce(c, x, source)), index);
  c.set_grad(2, fn::where(c, only, others, fn::div(c, whole, with_one(zero, source))));
}

void reduce_vjp(VjpContext& c) {
  if (c.attrs().get_enum(1) == kProd) return product_vjp(c);
  extremum_vjp(c);
}

const Op kOps[] = {
    {.name = "scatter",
     .inputs = {{{"x"}, {.name = "index", .differentiable = false}, {"source"}}},
     .outputs = {{{"out"}}},
     .attrs = {{{"dim", AttrType::kInt}}},
     .flags = kPrimitive | kTakesNarrow | kUpdates,
     .infer = scatter_infer,
     .eval = scatter_eval,
     .saves = {.inputs = 2},
     .vjp = scatter_vjp},
    {.name = "scatterAdd",
     .inputs = {{{"x"}, {.name = "index", .differentiable = false}, {"source"}}},
     .outputs = {{{"out"}}},
     .attrs = {{{"dim", AttrType::kInt}}},
     .flags = kPrimitive | kUpdates,
     .infer = scatter_infer,
     .workspace = scatter_add_workspace,
     .eval = scatter_add_eval,
     .saves = {.inputs = 2},
     .vjp = scatter_add_vjp},
    {.name = "scatterReduce",
     .inputs = {{{"x"}, {.name = "index", .differentiable = false}, {"source"}}},
     .outputs = {{{"out"}}},
     .attrs = {{{"dim", AttrType::kInt}, {"reduce", AttrType::kEnum, "prod|amax|amin"}}},
     .flags = kPrimitive | kUpdates,
     .infer = reduce_infer,
     .eval = reduce_eval,
     .saves = {.inputs = 7, .outputs = 1},
     .vjp = reduce_vjp},
};

}  // namespace

void register_scatter_ops(Registry& r) {
  for (const Op& op : kOps) r.add(op);
}

}  // namespace lanegrad

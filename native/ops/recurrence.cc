// recurrence(a, b){dim, reverse}: a linear recurrence along a dim; cummax, cummin (x){dim}: running extrema.
#include "ops/recurrence.h"

#include <algorithm>

#include "kernels/scan/scan.h"
#include "ops/lines.h"
#include "ops/reduce/dims.h"
#include "ops/registry.h"

namespace lanegrad {

Tensor recurrence(Applier& c, const Tensor& a, const Tensor& b, int dim, bool reverse) {
  static const Op& op = find_op("recurrence");
  return c.apply(op, {a, b}, Attrs().add_int(dim).add_bool(reverse));
}

Tensor shifted(Applier& c, const Tensor& x, int dim, bool later, double fill) {
  static const Op& slice = find_op("slice");
  static const Op& cat = find_op("cat");
  Dims edge = x->spec.shape;
  const int64_t n = edge[dim];
  edge[dim] = 1;
  const Tensor rest =
      c.apply(slice, {x}, Attrs().add_int(dim).add_int(later ? 0 : 1).add_int(n - 1).add_int(1));
  const Tensor blank = fn::full(c, edge, fill, x->spec.dtype);
  const Tensor parts[] = {later ? blank : rest, later ? rest : blank};
  return c.apply_list(cat, parts, Attrs().add_int(dim));
}

Tensor product_of_others(Applier& c, const Tensor& x, int dim) {
  static const Op& cumprod = find_op("cumprod");
  const auto products = [&](bool reverse) {
    return shifted(c, c.apply(cumprod, {x}, Attrs().add_int(dim).add_bool(reverse)), dim, !reverse, 1.0);
  };
  return fn::mul(c, products(false), products(true));
}

Tensor scatter_to(Applier& c, const Tensor& grad, const Tensor& index, const Dims& shape, int dim) {
  static const Op& scatter_add = find_op("scatterAdd");
  const Tensor zeros = fn::expand(c, fn::full(c, Dims(), 0, grad->spec.dtype), shape);
  return c.apply(scatter_add, {zeros, index, grad}, Attrs().add_int(dim));
}

namespace {

constexpr int64_t kGrain = 32768;

int dim_of(const Op& op, const Attrs& attrs, const TensorSpec& x) {
  return normalize_dim(op.name, attrs.get_int(0), x.rank());
}

// ---- recurrence

void recurrence_infer(InferContext& c) {
  const TensorSpec &a = c.in(0), &b = c.in(1);
  if (!is_floating(b.dtype)) c.fail(ErrorKind::kDType, "wants a floating dtype, got ", name_of(b.dtype));
  if (!(a.shape == b.shape)) {
    c.fail(ErrorKind::kShape, "a and b differ in shape: ", a.shape, " and ", b.shape);
  }
  dim_of(c.op(), c.attrs(), b);
  c.add_output(TensorSpec{b.dtype, b.shape, dense_strides_like(b.shape, b.strides)});
}

void recurrence_eval(const EvalContext& c) {
  const TensorView &a = c.in(0), &b = c.in(1), &out = c.out(0);
  if (out.spec->numel() == 0) return;
  const int dim = dim_of(c.op(), c.attrs(), *out.spec);
  const Lines<3> lines = lines_along<3>(dim, {out.spec, a.spec, b.spec});
  const int64_t n = lines.n, last = c.attrs().get_bool(1) ? n - 1 : 0, sign = last > 0 ? -1 : 1;
  dispatch_floating(out.spec->dtype, [&]<class T>(T) {
    for_each_lines<3>(lines, kGrain / n, [&](const auto& at, int64_t run, const auto& step) {
      for (int64_t i = 0; i < run; ++i) {
        recurrence_row<T>(a.as<T>() + at[1] + i * step[1] + last * lines.stride[1], sign * lines.stride[1],
                          b.as<T>() + at[2] + i * step[2] + last * lines.stride[2], sign * lines.stride[2],
                          out.as<T>() + at[0] + i * step[0] + last * lines.stride[0], sign * lines.stride[0],
                          n);
      }
    });
  });
}

// With l[j] = g[j] + a[j + 1] l[j + 1]: db = l, da[j] = l[j] y[j - 1].
void recurrence_vjp(VjpContext& c) {
  const Tensor a = c.input(0), y = c.output(0);
  const bool trivial = y->spec.rank() == 0 || y->spec.numel() == 0;
  const int dim = normalize_dim("recurrence", c.attrs().get_int(0), y->spec.rank());
  const bool reverse = c.attrs().get_bool(1);
  const Tensor sums =
      trivial ? c.grad(0) : recurrence(c, shifted(c, a, dim, reverse, 0.0), c.grad(0), dim, !reverse);
  if (c.needs(1)) c.set_grad(1, sums);
  if (!c.needs(0)) return;
  c.set_grad(0, trivial ? fn::mul(c, sums, 0.0) : fn::mul(c, sums, shifted(c, y, dim, !reverse, 0.0)));
}

// ---- cummax, cummin

void extreme_infer(InferContext& c) {
  const TensorSpec& x = c.in(0);
  dim_of(c.op(), c.attrs(), x);
  const Dims strides = dense_strides_like(x.shape, x.strides);
  c.add_output(TensorSpec{x.dtype, x.shape, strides});
  c.add_output(TensorSpec{DType::kInt64, x.shape, strides});
}

template <bool kMax>
void extreme_eval(const EvalContext& c) {
  const TensorView &x = c.in(0), &values = c.out(0), &indices = c.out(1);
  if (x.spec->numel() == 0) return;
  const int dim = dim_of(c.op(), c.attrs(), *x.spec);
  const Lines<2> lines = lines_along<2>(dim, {values.spec, x.spec});
  dispatch_stored(x.spec->dtype, [&]<class T>(T) {
    for_each_lines<2>(lines, kGrain / lines.n, [&](const auto& at, int64_t run, const auto& step) {
      if (run > 1 && step[0] == 1 && step[1] == 1) {
        for (int64_t first = 0; first < run; first += kScanColumnTile) {
          const int64_t to = at[0] + first;
          scan_extreme_columns<T, kMax>(x.as<T>() + at[1] + first, lines.stride[1], values.as<T>() + to,
                                        lines.stride[0], indices.as<int64_t>() + to, lines.stride[0],
                                        std::min(kScanColumnTile, run - first), lines.n);
        }
        return;
      }
      for (int64_t i = 0; i < run; ++i) {
        const int64_t to = at[0] + i * step[0];
        scan_extreme_row<T, kMax>(x.as<T>() + at[1] + i * step[1], lines.stride[1], values.as<T>() + to,
                                  lines.stride[0], indices.as<int64_t>() + to, lines.stride[0], lines.n);
      }
    });
  });
}

void extreme_vjp(VjpContext& c) {
  if (!c.needs(0)) return;
  const Dims& shape = c.input_shape(0);
  if (shape.empty()) return c.set_grad(0, c.grad(0));
  c.set_grad(0, scatter_to(c, c.grad(0), c.output(1), shape,
                           normalize_dim("cummax", c.attrs().get_int(0), shape.size())));
}

template <bool kMax>
constexpr Op extreme_op(const char* name) {
  return {.name = name,
          .inputs = {{{"x"}}},
          .outputs = {{{"values"}, {"indices", false}}},
          .attrs = {{{"dim", AttrType::kInt}}},
          .flags = kPrimitive,
          .infer = extreme_infer,
          .eval = extreme_eval<kMax>,
          .saves = {.outputs = 2},
          .vjp = extreme_vjp};
}

const Op kOps[] = {
    extreme_op<true>("cummax"),
    extreme_op<false>("cummin"),
    {.name = "recurrence",
     .inputs = {{{"a"}, {"b"}}},
     .outputs = {{{"out"}}},
     .attrs = {{{"dim", AttrType::kInt}, {"reverse", AttrType::kBool}}},
     .flags = kPrimitive,
     .promotion = Promotion::kCommonFloating,
     .infer = recurrence_infer,
     .eval = recurrence_eval,
     .saves = {.inputs = 1, .outputs = 1},
     .vjp = recurrence_vjp},
};

}  // namespace

void register_recurrence_ops(Registry& r) {
  for (const Op& op : kOps) r.add(op);
}

}  // namespace lanegrad

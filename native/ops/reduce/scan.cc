// cumsum(x){dim, reverse}: running folds along a dim. `reverse` folds from the end; it is what gradients are
// made of.
#include <algorithm>

#include "kernels/scan/scan.h"
#include "ops/functions.h"
#include "ops/lines.h"
#include "ops/reduce/dims.h"
#include "ops/recurrence.h"
#include "ops/registry.h"

namespace lanegrad {
namespace {

// Elements that a thread should have to itself.
constexpr int64_t kGrain = 32768;
// A row longer than two of these, in a tensor of few rows, is scanned in pieces: all pieces are folded, the
// folds scanned, and each piece is scanned from its own start. A constant: which piece an element is in
// decides its bits.
constexpr int64_t kPiece = 16384;
constexpr int64_t kFewRows = 8;

enum ScanAttr { kDim, kReverse };

int dim_of(const Op& op, const Attrs& attrs, const TensorSpec& x) {
  return normalize_dim(op.name, attrs.get_int(kDim), x.rank());
}

int64_t pieces_of(int64_t n, int64_t count) {
  return count < kFewRows && n >= 2 * kPiece ? (n + kPiece - 1) / kPiece : 1;
}

void cumsum_infer(InferContext& c) {
  const TensorSpec& x = c.in(0);
  dim_of(c.op(), c.attrs(), x);
  const DType dtype = is_floating(x.dtype) ? x.dtype : DType::kInt64;
  c.add_output(TensorSpec{dtype, x.shape, dense_strides_like(x.shape, x.strides)});
}

// One accumulator a piece.
size_t scan_workspace(const InferContext& c) {
  const TensorSpec& x = c.in(0);
  if (x.rank() == 0 || x.numel() == 0) return 0;
  const int64_t n = x.shape[dim_of(c.op(), c.attrs(), x)], count = x.numel() / n;
  const int64_t pieces = pieces_of(n, count);
  return pieces > 1 ? static_cast<size_t>(pieces * count) * 8 : 0;
}

// The pieces of one row are rows themselves; the last one is shorter.
template <class Scan, class In, class Out>
void scan_long_row(ScanRows<const In> x, ScanRows<Out> out, int64_t n, typename Scan::Acc* starts) {
  using Acc = typename Scan::Acc;
  static_assert(sizeof(Acc) == 8);
  const int64_t pieces = (n + kPiece - 1) / kPiece;
  x.outer = kPiece * x.stride;
  out.outer = kPiece * out.stride;
  const auto rows_from = [](auto rows, int64_t i) {
    rows.data += i * rows.outer;
    return rows;
  };
  // The last piece starts nothing.
  parallel_for(pieces - 1, 1, [&](int64_t begin, int64_t end) {
    fold_rows<Scan, In>(rows_from(x, begin), end - begin, kPiece, starts + begin + 1);
  });
  starts[0] = Scan::start();
  for (int64_t i = 1; i < pieces; ++i) starts[i] = Scan::join(starts[i - 1], starts[i]);
  parallel_for(pieces - 1, 1, [&](int64_t begin, int64_t end) {
    scan_rows<Scan, In, Out>(rows_from(x, begin), rows_from(out, begin), end - begin, kPiece, starts + begin);
  });
  const int64_t last = pieces - 1;
  scan_rows<Scan, In, Out>(rows_from(x, last), rows_from(out, last), 1, n - last * kPiece, starts + last);
}

template <class Scan, class In, class Out>
void scan(const Lines<2>& lines, const In* x, Out* out, bool reverse, void* workspace) {
  const int64_t n = lines.n;
  int64_t x_stride = lines.stride[0], out_stride = lines.stride[1];
  if (reverse) {
    x += (n - 1) * x_stride;
    out += (n - 1) * out_stride;
    x_stride = -x_stride;
    out_stride = -out_stride;
  }
  if (pieces_of(n, lines.count) > 1) {
    auto* starts = static_cast<typename Scan::Acc*>(workspace);
    Walk<2> at = lines.outer;
    at.seek(0);
    for (int64_t i = 0; i < lines.count; ++i, at.advance(1)) {
      scan_long_row<Scan, In, Out>({x + at.offset(0), x_stride, 0}, {out + at.offset(1), out_stride, 0}, n,
                                   starts + i * pieces_of(n, lines.count));
    }
    return;
  }
  for_each_lines<2>(lines, kGrain / n, [&](const auto& at, int64_t run, const auto& step) {
    const In* p = x + at[0];
    Out* q = out + at[1];
    // Neighbouring lines that lie closer in memory than the elements of one go column by column.
    if (run > 1 && std::abs(step[0]) < std::abs(lines.stride[0])) {
      for (int64_t first = 0; first < run; first += kScanColumnTile) {
        scan_columns<Scan, In, Out>({p + first * step[0], x_stride, step[0]},
                                    {q + first * step[1], out_stride, step[1]},
                                    std::min(kScanColumnTile, run - first), n);
      }
    } else {
      scan_rows<Scan, In, Out>({p, x_stride, step[0]}, {q, out_stride, step[1]}, run, n, nullptr);
    }
  });
}

template <template <class> class ScanOf>
void fold_eval(const EvalContext& c) {
  const TensorView &x = c.in(0), &out = c.out(0);
  if (x.spec->numel() == 0) return;
  const Lines<2> lines = lines_along<2>(dim_of(c.op(), c.attrs(), *x.spec), {x.spec, out.spec});
  dispatch_stored(x.spec->dtype, [&]<class In>(In) {
    using Scan = ScanOf<In>;
    scan<Scan>(lines, x.as<const In>(), out.as<typename Scan::Out>(), c.attrs().get_bool(kReverse),
               c.workspace());
  });
}

// Element j is in the sums from j on: the gradient is the sum from the other end.
void cumsum_vjp(VjpContext& c) {
  if (!c.needs(0)) return;
  static const Op& op = find_op("cumsum");
  c.set_grad(0, c.apply(op, {c.grad(0)},
                        Attrs().add_int(c.attrs().get_int(kDim)).add_bool(!c.attrs().get_bool(kReverse))));
}

void floating_infer(InferContext& c) {
  if (!is_floating(c.in(0).dtype)) {
    c.fail(ErrorKind::kDType, "wants a floating dtype, got ", name_of(c.in(0).dtype));
  }
  cumsum_infer(c);
}

void floating_eval(const EvalContext& c) {
  const TensorView &x = c.in(0), &out = c.out(0);
  if (x.spec->numel() == 0) return;
  const Lines<2> lines = lines_along<2>(dim_of(c.op(), c.attrs(), *x.spec), {x.spec, out.spec});
  dispatch_floating(x.spec->dtype, [&]<class T>(T) {
    scan<LogSumScan<T>>(lines, x.as<const T>(), out.as<T>(), c.attrs().get_bool(kReverse), c.workspace());
  });
}

// out[j] = x[0] ... x[j]. With p[i] the product before i, dx[i] = p[i] s[i], s[i] = g[i] + x[i + 1] s[i + 1]:
// nothing is divided by, so zeros need no care, and every step has a gradient itself.
void cumprod_vjp(VjpContext& c) {
  if (!c.needs(0)) return;
  const Tensor x = c.input(0);
  if (x->spec.rank() == 0 || x->spec.numel() == 0) return c.set_grad(0, c.grad(0));
  const int dim = normalize_dim("cumprod", c.attrs().get_int(kDim), x->spec.rank());
  const bool reverse = c.attrs().get_bool(kReverse);
  const Tensor before = shifted(c, c.output(0), dim, /*later=*/!reverse, 1.0);
  const Tensor factors = shifted(c, x, dim, /*later=*/reverse, 0.0);
  c.set_grad(0, fn::mul(c, before, recurrence(c, factors, c.grad(0), dim, !reverse)));
}

// dx[i] = e^(x[i] - y[i]) t[i], t[i] = g[i] + e^(y[i] - y[i + 1]) t[i + 1]. y only grows: no exponential is
// above 1.
void logcumsumexp_vjp(VjpContext& c) {
  if (!c.needs(0)) return;
  const Tensor x = c.input(0), y = c.output(0);
  if (x->spec.rank() == 0 || x->spec.numel() == 0) return c.set_grad(0, c.grad(0));
  const int dim = normalize_dim("logcumsumexp", c.attrs().get_int(kDim), x->spec.rank());
  const bool reverse = c.attrs().get_bool(kReverse);
  const Tensor factors = fn::exp(c, fn::sub(c, y, shifted(c, y, dim, /*later=*/reverse, 0.0)));
  const Tensor sums = recurrence(c, factors, c.grad(0), dim, !reverse);
  c.set_grad(0, fn::mul(c, fn::exp(c, fn::sub(c, x, y)), sums));
}

const Op kOps[] = {
    {.name = "cumsum",
     .inputs = {{{"x"}}},
     .outputs = {{{"out"}}},
     .attrs = {{{"dim", AttrType::kInt}, {"reverse", AttrType::kBool}}},
     .flags = kPrimitive,
     .infer = cumsum_infer,
     .workspace = scan_workspace,
     .eval = fold_eval<SumScan>,
     .vjp = cumsum_vjp},
    {.name = "cumprod",
     .inputs = {{{"x"}}},
     .outputs = {{{"out"}}},
     .attrs = {{{"dim", AttrType::kInt}, {"reverse", AttrType::kBool}}},
     .flags = kPrimitive,
     .infer = cumsum_infer,
     .workspace = scan_workspace,
     .eval = fold_eval<ProductScan>,
     .saves = {.inputs = 1, .outputs = 1},
     .vjp = cumprod_vjp},
    {.name = "logcumsumexp",
     .inputs = {{{"x"}}},
     .outputs = {{{"out"}}},
     .attrs = {{{"dim", AttrType::kInt}, {"reverse", AttrType::kBool}}},
     .flags = kPrimitive,
     .infer = floating_infer,
     .workspace = scan_workspace,
     .eval = floating_eval,
     .saves = {.inputs = 1, .outputs = 1},
     .vjp = logcumsumexp_vjp},
};

}  // namespace

void register_recurrence_ops(Registry& r);  // recurrence.cc

void register_scan_ops(Registry& r) {
  for (const Op& op : kOps) r.add(op);
  register_recurrence_ops(r);
}

}  // namespace lanegrad

// argmax, argmin, maxDim, minDim: extrema along one dim, with the place of the first.
#include <algorithm>

#include "ops/reduce/dims.h"
#include "ops/reduce/run.h"
#include "ops/registry.h"

namespace lanegrad {
namespace {

// A line longer than two of these, in a tensor of few lines, is searched in pieces by several threads.
constexpr int64_t kPiece = 65536;

struct Lines {
  int64_t n = 1, stride = 0;  // along the reduced dim
  int64_t count = 1;          // lines
  int64_t pieces = 1;         // of each
};

Lines lines_of(const TensorSpec& x, int dim) {
  Lines lines;
  if (x.rank() > 0) {
    lines.n = x.shape[dim];
    lines.stride = x.strides[dim];
  }
  lines.count = lines.n > 0 ? x.numel() / lines.n : 0;
  if (lines.n >= 2 * kPiece && lines.count < 8) lines.pieces = (lines.n + kPiece - 1) / kPiece;
  return lines;
}

void extreme_dim_infer(InferContext& c, bool with_values) {
  const TensorSpec& x = c.in(0);
  const int dim = normalize_dim(c.op().name, c.attrs().get_int(0), x.rank());
  if (x.rank() > 0 && x.shape[dim] == 0) {
    c.fail(ErrorKind::kIndex, "dim ", dim, " of ", x.shape,
           " is empty: an extremum wants at least one element");
  }
  const uint32_t mask = x.rank() > 0 ? uint32_t{1} << dim : 0;
  const Dims shape = reduced_shape(x.shape, mask, c.attrs().get_bool(1));
  if (with_values) c.add_output(x.dtype, shape);
  c.add_output(DType::kInt64, shape);
}
void dim_infer(InferContext& c) { extreme_dim_infer(c, true); }
void arg_infer(InferContext& c) { extreme_dim_infer(c, false); }

// Candidates of the pieces: values (8 bytes each), then places.
size_t pieces_workspace(const InferContext& c) {
  const TensorSpec& x = c.in(0);
  const Lines lines = lines_of(x, normalize_dim(c.op().name, c.attrs().get_int(0), x.rank()));
  return lines.pieces > 1 ? static_cast<size_t>(lines.count * lines.pieces) * 16 : 0;
}

template <bool kMax, class T>
bool takes_over(T v, T best) {
  if (v != v) return best == best;
  return kMax ? v > best : v < best;
}

template <class T, bool kMax>
void search(const TensorSpec& spec, const T* x, int dim, T* values, int64_t* index, void* workspace) {
  const ExtremeKernels<T>& kernels = kMax ? reduce_table().argmax<T>() : reduce_table().argmin<T>();
  const Lines lines = lines_of(spec, dim);
  Walk<2> outer;  // the lines in the order of the result: offsets in x and in the result
  int64_t step = 1;
  Dims out = Dims::filled(spec.rank(), 0);
  for (int i = spec.rank() - 1; i >= 0; --i) {
    if (i == dim) continue;
    out[i] = step;
    step *= spec.shape[i];
  }
  for (int i = 0; i < spec.rank(); ++i)
    if (i != dim) outer.add(spec.shape[i], {spec.strides[i], out[i]});
  outer.coalesce();

  if (lines.pieces > 1) {
    const int64_t parts = lines.count * lines.pieces;
    T* best = static_cast<T*>(workspace);
    int64_t* at = reinterpret_cast<int64_t*>(static_cast<char*>(workspace) + parts * 8);
    parallel_tasks(parts, [&](int64_t i) {
      Walk<2> line = outer;
      line.seek(i / lines.pieces);
      const int64_t first = i % lines.pieces * kPiece;
      kernels.rows(x + line.offset(0) + first * lines.stride, 1, 0, std::min(kPiece, lines.n - first),
                   lines.stride, first, best + i, at + i, 1);
    });
    for (int64_t line = 0; line < lines.count; ++line) {
      int64_t winner = line * lines.pieces;
      for (int64_t i = winner + 1; i < (line + 1) * lines.pieces; ++i)
        if (takes_over<kMax>(Accumulated<T>(best[i]), Accumulated<T>(best[winner]))) winner = i;
      if (values) values[line] = best[winner];
      index[line] = at[winner];
    }
    return;
  }
  parallel_for(lines.count, std::max<int64_t>(1, kReduceGrain / lines.n), [&](int64_t begin, int64_t end) {
    Walk<2> at = outer;
    at.seek(begin);
    for (int64_t i = begin; i < end;) {
      // Neighbouring lines that lie closer in memory than the elements of one go column by column.
      int64_t run = std::min(at.run(), end - i);
      const bool columns = run > 1 && at.run_stride(0) < lines.stride;
      if (columns) run = std::min(run, kColumnTile);
      const T* p = x + at.offset(0);
      T* v = values ? values + at.offset(1) : nullptr;
      if (columns) {
        kernels.columns(p, lines.n, lines.stride, run, at.run_stride(0), v, index + at.offset(1),
                        at.run_stride(1));
      } else {
        kernels.rows(p, run, at.run_stride(0), lines.n, lines.stride, 0, v, index + at.offset(1),
                     at.run_stride(1));
      }
      at.advance(run);
      i += run;
    }
  });
}

template <bool kMax>
void dim_eval(const EvalContext& c) {
  const TensorView& x = c.in(0);
  if (x.spec->numel() == 0) return;
  const int dim = normalize_dim(c.op().name, c.attrs().get_int(0), x.spec->rank());
  dispatch_reduced(x.spec->dtype, [&]<class T>(T) {
    search<T, kMax>(*x.spec, x.as<T>(), dim, c.out(0).as<T>(), c.out(1).as<int64_t>(), c.workspace());
  });
}

template <bool kMax>
void arg_eval(const EvalContext& c) {
  const TensorView& x = c.in(0);
  if (x.spec->numel() == 0) return;
  const int dim = normalize_dim(c.op().name, c.attrs().get_int(0), x.spec->rank());
  dispatch_reduced(x.spec->dtype, [&]<class T>(T) {
    search<T, kMax>(*x.spec, x.as<T>(), dim, nullptr, c.out(0).as<int64_t>(), c.workspace());
  });
}

// The gradient goes to where the extremum was.
void dim_vjp(VjpContext& c) {
  if (!c.needs(0)) return;
  const Dims& shape = c.input_shape(0);
  if (shape.empty()) return c.set_grad(0, c.grad(0));
  const int dim = normalize_dim("maxDim", c.attrs().get_int(0), shape.size());
  const uint32_t mask = uint32_t{1} << dim;
  static const Op& scatter_add = find_op("scatterAdd");
  const Tensor zeros = fn::expand(c, fn::full(c, Dims(), 0, c.input_dtype(0)), shape);
  c.set_grad(0, c.apply(scatter_add,
                        {zeros, with_reduced_dims(c, c.output(1), shape, mask),
                         with_reduced_dims(c, c.grad(0), shape, mask)},
                        Attrs().add_int(dim)));
}

const Op kOps[] = {
    {.name = "maxDim",
     .inputs = {{{"x"}}},
     .outputs = {{{"values"}, {"indices", false}}},
     .attrs = {{{"dim", AttrType::kInt}, {"keepdim", AttrType::kBool}}},
     .flags = kPrimitive | kReduction | kTakesNarrow,
     .infer = dim_infer,
     .workspace = pieces_workspace,
     .eval = dim_eval<true>,
     .saves = {.outputs = 2},
     .vjp = dim_vjp},
    {.name = "minDim",
     .inputs = {{{"x"}}},
     .outputs = {{{"values"}, {"indices", false}}},
     .attrs = {{{"dim", AttrType::kInt}, {"keepdim", AttrType::kBool}}},
     .flags = kPrimitive | kReduction | kTakesNarrow,
     .infer = dim_infer,
     .workspace = pieces_workspace,
     .eval = dim_eval<false>,
     .saves = {.outputs = 2},
     .vjp = dim_vjp},
    {.name = "argmax",
     .inputs = {{{.name = "x", .differentiable = false}}},
     .outputs = {{{"out", false}}},
     .attrs = {{{"dim", AttrType::kInt}, {"keepdim", AttrType::kBool}}},
     .flags = kPrimitive | kReduction | kTakesNarrow,
     .infer = arg_infer,
     .workspace = pieces_workspace,
     .eval = arg_eval<true>},
    {.name = "argmin",
     .inputs = {{{.name = "x", .differentiable = false}}},
     .outputs = {{{"out", false}}},
     .attrs = {{{"dim", AttrType::kInt}, {"keepdim", AttrType::kBool}}},
     .flags = kPrimitive | kReduction | kTakesNarrow,
     .infer = arg_infer,
     .workspace = pieces_workspace,
     .eval = arg_eval<false>},
};

}  // namespace

void register_extreme_index_ops(Registry& r) {
  for (const Op& op : kOps) r.add(op);
}

}  // namespace lanegrad

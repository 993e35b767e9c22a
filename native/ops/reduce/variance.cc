// var(x){dims, correction, keepdim}
#include <algorithm>
#include <limits>

#include "ops/functions.h"
#include "ops/reduce/results.h"
#include "ops/registry.h"

namespace lanegrad {
namespace {

void var_infer(InferContext& c) {
  const TensorSpec& x = c.in(0);
  if (!is_floating(x.dtype)) {
    c.fail(ErrorKind::kDType, "wants a floating dtype, got ", name_of(x.dtype),
           ": cast first, for instance to float32");
  }
  const uint32_t mask = reduce_mask(c.op().name, c.attrs().get_ints(0), x.rank());
  c.add_output(x.dtype, reduced_shape(x.shape, mask, c.attrs().get_bool(2)));
}

// The means, results that are still to be rounded, then partial sums and partial squares.
size_t var_workspace(const InferContext& c) {
  const TensorSpec &x = c.in(0), &out = c.out(0);
  int64_t elements = 2 * aligned(out.numel());
  if (x.numel() > 0) {
    const uint32_t mask = reduce_mask(c.op().name, c.attrs().get_ints(0), x.rank());
    elements += 2 * plan_reduction(x, mask).intermediate_elements;
  }
  return static_cast<size_t>(elements) * size_of(partial_dtype(out.dtype));
}

double var_divisor(const Dims& shape, uint32_t mask, double correction) {
  return std::max(0.0, static_cast<double>(reduced_count(shape, mask)) - correction);
}

// Rows that one call takes, so that they are in the first-level cache when they are read again.
constexpr int64_t kRowsAtOnce = 64;
constexpr int64_t kCachedElements = 8192;

// The first level of a reduction to sums and to squares of differences from the mean of the chunk itself: a
// chunk is read twice, but comes from memory once. The squares lie behind the sums by `distance`.
template <class In, class T>
void run_moments(const ReduceLevel& level, const In* x, T* sums, int64_t distance) {
  const ReduceKernels<In, T>& sum = reduce_table().sum<In>();
  const CenteredKernels<In, T>& centered = reduce_table().floats<In>().centered;
  run_level<In, T>(
      level, x, nullptr, sums,
      [&](const In* p, int64_t count, int64_t p_outer, int64_t n, int64_t stride, const T*, int64_t, T* q,
          int64_t q_stride) {
        const int64_t most = std::clamp<int64_t>(kCachedElements / n, 1, kRowsAtOnce);
        for (int64_t i = 0; i < count; i += most) {
          const int64_t rows = std::min(most, count - i);
          T mean[kRowsAtOnce];
          T* const to = q + i * q_stride;
          sum.rows(p + i * p_outer, rows, p_outer, n, stride, to, q_stride);
          for (int64_t r = 0; r < rows; ++r) mean[r] = to[r * q_stride] / static_cast<T>(n);
          centered.rows(p + i * p_outer, rows, p_outer, n, stride, mean, 1, to + distance, q_stride);
        }
      },
      [&](const In* p, int64_t n, int64_t row_stride, int64_t cols, int64_t col_stride, const T*, int64_t,
          T* q, int64_t q_stride) {
        T mean[kColumnTile];
        sum.columns(p, n, row_stride, cols, col_stride, q, q_stride);
        for (int64_t i = 0; i < cols; ++i) mean[i] = q[i * q_stride] / static_cast<T>(n);
        centered.columns(p, n, row_stride, cols, col_stride, mean, 1, q + distance, q_stride);
      });
}

// Moves the squares of each chunk from its own mean to that of the result: n (mean_chunk - mean)^2 more.
template <class T>
void recenter(const ReduceLevel& level, const T* mean, const T* sums, int64_t distance) {
  const auto move = [&](int64_t count, int64_t n, const T* center, int64_t center_stride, const T* q,
                        int64_t q_stride) {
    for (int64_t i = 0; i < count; ++i) {
      const T difference = q[i * q_stride] / static_cast<T>(n) - center[i * center_stride];
      const_cast<T*>(q)[i * q_stride + distance] += static_cast<T>(n) * difference * difference;
    }
  };
  run_level<T, const T>(
      level, sums, mean, sums,
      [&](const T*, int64_t count, int64_t, int64_t n, int64_t, const T* center, int64_t center_stride,
          const T* q, int64_t q_stride) { move(count, n, center, center_stride, q, q_stride); },
      [&](const T*, int64_t n, int64_t, int64_t cols, int64_t, const T* center, int64_t center_stride,
          const T* q, int64_t q_stride) { move(cols, n, center, center_stride, q, q_stride); });
}

// The sums of all squares of differences from the mean, in one pass over x (Chan, Golub, LeVeque, "Updating
// formulae and a pairwise algorithm for computing sample variances", 1979).
template <class In, class T>
void squares_about_mean(const ReducePlan& plan, const In* x, int64_t outputs, T count, T* mean, T* out,
                        T* workspace) {
  const auto& sum = reduce_table().sum<T>();
  const ReduceLevel& first = plan.levels[0];
  if (first.last) return run_moments<In, T>(first, x, mean, out - mean);
  const int64_t distance = plan.intermediate_elements;
  run_levels<In, T>(
      plan, x, mean, workspace,
      [&](const ReduceLevel& level, const In* from, T* to) { run_moments<In, T>(level, from, to, distance); },
      sum);
  divide_all<T>(mean, outputs, count);
  run_levels<In, T>(
      plan, x, out, workspace + distance,
      [&](const ReduceLevel& level, const In*, T* to) { recenter<T>(level, mean, to - distance, distance); },
      sum);
}

void var_eval(const EvalContext& c) {
  const TensorView &x = c.in(0), &out = c.out(0);
  const Dims& shape = x.spec->shape;
  const uint32_t mask = reduce_mask(c.op().name, c.attrs().get_ints(0), shape.size());
  const int64_t outputs = out.spec->numel();
  dispatch_reduced(x.spec->dtype, [&]<class In>(In) {
    if constexpr (!std::is_integral_v<In>) {
      using T = Accumulated<In>;
      T* mean = static_cast<T*>(c.workspace());
      const Results<T> result(c, mean + aligned(outputs));
      if (x.spec->numel() == 0) {
        std::fill_n(result.at, outputs, std::numeric_limits<T>::quiet_NaN());
        return result.finish(c);
      }
      const T count = static_cast<T>(reduced_count(shape, mask));
      squares_about_mean<In, T>(plan_reduction(*x.spec, mask), x.as<In>(), outputs, count, mean, result.at,
                                result.rest);
      divide_all<T>(result.at, outputs, static_cast<T>(var_divisor(shape, mask, c.attrs().get_float(1))));
      result.finish(c);
    }
  });
}

// d var / dx = 2 (x - mean) / (n - correction)
void var_vjp(VjpContext& c) {
  if (!c.needs(0)) return;
  const Dims& shape = c.input_shape(0);
  const uint32_t mask = reduce_mask("var", c.attrs().get_ints(0), shape.size());
  static const Op& mean_op = find_op("mean");
  const Tensor x = c.input(0);
  const Tensor mean = c.apply(mean_op, {x}, Attrs().add_ints(c.attrs().get_ints(0)).add_bool(true));
  const Tensor scale = fn::mul(c, c.grad(0), 2.0 / var_divisor(shape, mask, c.attrs().get_float(1)));
  c.set_grad(0, fn::mul(c, fn::sub(c, x, mean), with_reduced_dims(c, scale, shape, mask)));
}

const Op kOps[] = {
    {.name = "var",
     .inputs = {{{"x"}}},
     .outputs = {{{"out"}}},
     .attrs = {{{"dims", AttrType::kInts}, {"correction", AttrType::kFloat}, {"keepdim", AttrType::kBool}}},
     .flags = kReduction | kTakesNarrow,
     .infer = var_infer,
     .workspace = var_workspace,
     .eval = var_eval,
     .saves = {.inputs = 1},
     .vjp = var_vjp},
};

}  // namespace

void register_variance_ops(Registry& r) {
  for (const Op& op : kOps) r.add(op);
}

}  // namespace lanegrad

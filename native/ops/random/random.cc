// Random ops. Each reads a counter {seed, offset} and makes element i a pure function of it and i: any part
// can be made by any thread, and a gradient that needs the same numbers makes them again.
#include <algorithm>
#include <cmath>

#include "kernels/random/random.h"
#include "kernels/elementwise/elementwise.h"
#include "ops/layout/copy.h"
#include "ops/op.h"
#include "ops/random/random_counter.h"
#include "ops/registry.h"
#include "ops/shape_attr.h"

namespace lanegrad {
namespace {

// ---- nextCounter(generator){count}: takes `count` blocks

void next_counter_infer(InferContext& c) {
  check_counter(c, c.in(0), "generator");
  if (c.attrs().get_int(0) < 0)
    c.fail(ErrorKind::kValue, "count must not be negative, got ", c.attrs().get_int(0));
  c.add_output(DType::kInt64, Dims{2});
}

void next_counter_eval(const EvalContext& c) {
  const Counter now = read_counter(c.in(0));
  c.out(0).as<int64_t>()[0] = static_cast<int64_t>(now.seed);
  c.out(0).as<int64_t>()[1] = static_cast<int64_t>(now.offset);
  c.in(0).as<int64_t>()[c.in(0).spec->strides[0]] =
      static_cast<int64_t>(now.offset + static_cast<uint64_t>(c.attrs().get_int(0)));
}

// ---- uniform(counter){shape, dtype}, normal(counter){shape, dtype}

void floating_infer(InferContext& c) {
  check_counter(c, c.in(0), "counter");
  const DType dtype = c.attrs().get_dtype(1);
  if (!is_floating(dtype))
    c.fail(ErrorKind::kDType, name_of(dtype), " is not supported, wanted float32 or float64");
  c.add_output(dtype, shape_attr(c, 0));
}

template <class Float, class Double>
void floating_eval(const EvalContext& c, Float single, Double twice) {
  const Counter counter = read_counter(c.in(0));
  const TensorView& out = c.out(0);
  if (out.spec->dtype == DType::kFloat32) {
    for_each_block_range(out.spec->numel(), 4, counter.offset, [&](int64_t first, int64_t n, uint64_t block) {
      single(out.as<float>() + first, n, counter.seed, block);
    });
  } else {
    for_each_block_range(out.spec->numel(), 2, counter.offset, [&](int64_t first, int64_t n, uint64_t block) {
      twice(out.as<double>() + first, n, counter.seed, block);
    });
  }
}

void uniform_eval(const EvalContext& c) {
  floating_eval(c, random_table().uniform_float, random_table().uniform_double);
}
void normal_eval(const EvalContext& c) {
  floating_eval(c, random_table().normal_float, random_table().normal_double);
}

// ---- randint(counter){shape, low, high, dtype}: low <= x < high

void randint_infer(InferContext& c) {
  check_counter(c, c.in(0), "counter");
  const int64_t low = c.attrs().get_int(1), high = c.attrs().get_int(2);
  if (high <= low) c.fail(ErrorKind::kValue, "high must be above low, got low ", low, " and high ", high);
  if (static_cast<uint64_t>(high) - static_cast<uint64_t>(low) > uint64_t{1} << 32) {
    c.fail(ErrorKind::kValue, "at most 2^32 values are possible, got low ", low, " and high ", high);
  }
  c.add_output(c.attrs().get_dtype(3), shape_attr(c, 0));
}

void randint_eval(const EvalContext& c) {
  const Counter counter = read_counter(c.in(0));
  const TensorView& out = c.out(0);
  const int64_t low = c.attrs().get_int(1);
  const uint64_t range = static_cast<uint64_t>(c.attrs().get_int(2)) - static_cast<uint64_t>(low);
  const auto kernel = random_table().integers[static_cast<int>(out.spec->dtype)];
  const int64_t size = static_cast<int64_t>(size_of(out.spec->dtype));
  for_each_block_range(out.spec->numel(), 4, counter.offset, [&](int64_t first, int64_t n, uint64_t block) {
    kernel(out.as<char>() + first * size, n, counter.seed, block, low, range);
  });
}

// ---- dropout(x, counter){p}: x / (1 - p) where the uniform number of the element is at least p, else 0

void dropout_infer(InferContext& c) {
  check_counter(c, c.in(1), "counter");
  const TensorSpec& x = c.in(0);
  const double p = c.attrs().get_float(0);
  if (!is_floating(x.dtype))
    c.fail(ErrorKind::kDType, name_of(x.dtype), " is not supported, wanted float32 or float64");
  if (!(p >= 0 && p <= 1)) c.fail(ErrorKind::kValue, "p must be between 0 and 1, got ", p);
  c.add_output(x.dtype, x.shape);
}

void dropout_eval(const EvalContext& c) {
  const Counter counter = read_counter(c.in(1));
  const TensorView& out = c.out(0);
  TensorView x = c.in(0);
  // The numbers go by the row-major place of an element, so other layouts are brought into that order first.
  if (!x.spec->is_contiguous()) {
    copy_view(out, x);
    x = out;
  }
  const double p = c.attrs().get_float(0);
  // u >= p for u = bits / 2^24, decided in integers: no rounding of p.
  const uint32_t threshold = static_cast<uint32_t>(std::ceil(p * 0x1p24));
  const int64_t n = out.spec->numel();
  if (out.spec->dtype == DType::kFloat32) {
    const float scale = p < 1 ? 1.0f / (1.0f - static_cast<float>(p)) : 0.0f;
    for_each_block_range(n, 4, counter.offset, [&](int64_t first, int64_t count, uint64_t block) {
      random_table().dropout_float(out.as<float>() + first, x.as<float>() + first, count, counter.seed, block,
                                   threshold, scale);
    });
  } else if (out.spec->dtype != DType::kFloat64) {
    const float scale = p < 1 ? 1.0f / (1.0f - static_cast<float>(p)) : 0.0f;
    const auto& casts = elementwise_table().casts;
    const int narrow = static_cast<int>(out.spec->dtype), wide = static_cast<int>(DType::kFloat32);
    const int64_t size = static_cast<int64_t>(size_of(out.spec->dtype));
    for_each_block_range(n, 4, counter.offset, [&](int64_t first, int64_t count, uint64_t block) {
      constexpr int64_t kTile = 1024;
      alignas(64) float tile[kTile];
      for (int64_t i = 0; i < count; i += kTile, block += kTile / 4) {
        const int64_t m = std::min(kTile, count - i), at = (first + i) * size;
        casts[narrow][wide](tile, x.as<char>() + at, m);
        random_table().dropout_float(tile, tile, m, counter.seed, block, threshold, scale);
        casts[wide][narrow](out.as<char>() + at, tile, m);
      }
    });
  } else {
    const double scale = p < 1 ? 1.0 / (1.0 - p) : 0.0;
    for_each_block_range(n, 4, counter.offset, [&](int64_t first, int64_t count, uint64_t block) {
      random_table().dropout_double(out.as<double>() + first, x.as<double>() + first, count, counter.seed,
                                    block, threshold, scale);
    });
  }
}

// The same mask again.
void dropout_vjp(VjpContext& c) {
  static const Op& op = find_op("dropout");
  c.set_grad(0, c.apply(op, {c.grad(0), c.input(1)}, c.attrs()));
}

const Op kOps[] = {
    {.name = "nextCounter",
     .inputs = {{{.name = "generator", .mutates = true, .differentiable = false}}},
     .outputs = {{{"counter", false}}},
     .attrs = {{{"count", AttrType::kInt}}},
     .flags = kPrimitive,
     .infer = next_counter_infer,
     .eval = next_counter_eval},
    {.name = "uniform",
     .inputs = {{{.name = "counter", .differentiable = false}}},
     .outputs = {{{"out", false}}},
     .attrs = {{{"shape", AttrType::kInts}, {"dtype", AttrType::kDType}}},
     .flags = kPrimitive | kRandom,
     .infer = floating_infer,
     .eval = uniform_eval},
    {.name = "normal",
     .inputs = {{{.name = "counter", .differentiable = false}}},
     .outputs = {{{"out", false}}},
     .attrs = {{{"shape", AttrType::kInts}, {"dtype", AttrType::kDType}}},
     .flags = kPrimitive | kRandom,
     .infer = floating_infer,
     .eval = normal_eval},
    {.name = "randint",
     .inputs = {{{.name = "counter", .differentiable = false}}},
     .outputs = {{{"out", false}}},
     .attrs = {{{"shape", AttrType::kInts},
                {"low", AttrType::kInt},
                {"high", AttrType::kInt},
                {"dtype", AttrType::kDType}}},
     .flags = kPrimitive | kRandom,
     .infer = randint_infer,
     .eval = randint_eval},
    {.name = "dropout",
     .inputs = {{{"x"}, {.name = "counter", .differentiable = false}}},
     .outputs = {{{"out"}}},
     .attrs = {{{"p", AttrType::kFloat}}},
     .flags = kRandom | kTakesNarrow,
     .infer = dropout_infer,
     .eval = dropout_eval,
     .saves = {.inputs = 2},
     .vjp = dropout_vjp},
};

}  // namespace

void register_sampling_ops(Registry& r);  // sampling.cc

void register_random_ops(Registry& r) {
  for (const Op& op : kOps) r.add(op);
  register_sampling_ops(r);
}

}  // namespace lanegrad

// Tensors from nothing: full, arange, linspace, eye.
#include <algorithm>

#include "core/streaming.h"
#include "core/threads.h"
#include "kernels/elementwise/elementwise.h"
#include "kernels/elementwise/saturating_cast.h"
#include "ops/op.h"
#include "ops/registry.h"
#include "ops/shape_attr.h"

namespace lanegrad {
namespace {

constexpr int64_t kGrain = 32768;

void fill_contiguous(const TensorView& out, double value) {
  dispatch_storage(out.spec->dtype, [&]<class T>(T) {
    const T x = saturating_cast<T>(value);
    const auto fill = elementwise_table().fill[log2_size(sizeof(T))];
    const bool past_caches = exceeds_caches(out.spec->bytes());
    parallel_for(out.spec->numel(), kGrain, [&](int64_t begin, int64_t end) {
      if (!past_caches) return fill(out.as<T>() + begin, &x, end - begin);
      stream_fill(out.as<T>() + begin, &x, sizeof(T), static_cast<size_t>(end - begin) * sizeof(T));
      end_streams();
    });
  });
}

// ---- full(){shape, value, dtype}

void full_infer(InferContext& c) { c.add_output(c.attrs().get_dtype(2), shape_attr(c, 0)); }

void full_eval(const EvalContext& c) { fill_contiguous(c.out(0), c.attrs().get_float(1)); }

// ---- arange(){start, step, length, dtype}: start + i * step

void arange_infer(InferContext& c) {
  c.add_output(c.attrs().get_dtype(3), checked_shape(c, {c.attrs().get_int(2)}));
}

void arange_eval(const EvalContext& c) {
  const double start = c.attrs().get_float(0), step = c.attrs().get_float(1);
  const TensorView& out = c.out(0);
  const auto kernel = elementwise_table().arange[static_cast<int>(out.spec->dtype)];
  const int64_t size = static_cast<int64_t>(size_of(out.spec->dtype));
  const bool past_caches = exceeds_caches(out.spec->bytes());
  parallel_for(out.spec->numel(), kGrain, [&](int64_t begin, int64_t end) {
    char* const to = out.as<char>();
    if (!past_caches) return kernel(to + begin * size, start, step, begin, end - begin);
    constexpr int64_t kTile = 1024;
    alignas(64) char tile[kTile * 8];
    for (int64_t i = begin; i < end; i += kTile) {
      const int64_t count = std::min(kTile, end - i);
      kernel(tile, start, step, i, count);
      stream_copy(to + i * size, tile, static_cast<size_t>(count * size));
    }
    end_streams();
  });
}

// ---- linspace(){start, end, steps, dtype}: from both ends, so that both are exact and the values symmetric

void linspace_infer(InferContext& c) {
  c.add_output(c.attrs().get_dtype(3), checked_shape(c, {c.attrs().get_int(2)}));
}

void linspace_eval(const EvalContext& c) {
  const double start = c.attrs().get_float(0), end = c.attrs().get_float(1);
  const TensorView& out = c.out(0);
  const int64_t steps = out.spec->numel();
  const double step = steps > 1 ? (end - start) / static_cast<double>(steps - 1) : 0;
  dispatch_storage(out.spec->dtype, [&]<class T>(T) {
    T* const values = out.as<T>();
    parallel_for(steps, kGrain, [&](int64_t first, int64_t last) {
      for (int64_t i = first; i < last; ++i) {
        const bool from_start = i < steps / 2 || steps == 1;
        const double x = from_start ? start + step * static_cast<double>(i)
                                    : end - step * static_cast<double>(steps - 1 - i);
        values[i] = saturating_cast<T>(x);
      }
    });
  });
}

// ---- eye(){rows, columns, dtype}

void eye_infer(InferContext& c) {
  c.add_output(c.attrs().get_dtype(2), checked_shape(c, {c.attrs().get_int(0), c.attrs().get_int(1)}));
}

void eye_eval(const EvalContext& c) {
  const TensorView& out = c.out(0);
  fill_contiguous(out, 0);
  const int64_t rows = out.spec->shape[0], columns = out.spec->shape[1];
  dispatch_storage(out.spec->dtype, [&]<class T>(T) {
    for (int64_t i = 0; i < rows && i < columns; ++i) out.as<T>()[i * (columns + 1)] = T(1);
  });
}

const Op kOps[] = {
    {.name = "full",
     .outputs = {{{"out"}}},
     .attrs = {{{"shape", AttrType::kInts}, {"value", AttrType::kFloat}, {"dtype", AttrType::kDType}}},
     .flags = kPrimitive | kTakesNarrow,
     .infer = full_infer,
     .eval = full_eval},
    {.name = "arange",
     .outputs = {{{"out"}}},
     .attrs = {{{"start", AttrType::kFloat},
                {"step", AttrType::kFloat},
                {"length", AttrType::kInt},
                {"dtype", AttrType::kDType}}},
     .flags = kPrimitive | kTakesNarrow,
     .infer = arange_infer,
     .eval = arange_eval},
    {.name = "linspace",
     .outputs = {{{"out"}}},
     .attrs = {{{"start", AttrType::kFloat},
                {"end", AttrType::kFloat},
                {"steps", AttrType::kInt},
                {"dtype", AttrType::kDType}}},
     .flags = kPrimitive | kTakesNarrow,
     .infer = linspace_infer,
     .eval = linspace_eval},
    {.name = "eye",
     .outputs = {{{"out"}}},
     .attrs = {{{"rows", AttrType::kInt}, {"columns", AttrType::kInt}, {"dtype", AttrType::kDType}}},
     .flags = kPrimitive | kTakesNarrow,
     .infer = eye_infer,
     .eval = eye_eval},
};

}  // namespace

void register_create_ops(Registry& r) {
  for (const Op& op : kOps) r.add(op);
}

}  // namespace lanegrad

// searchsorted(sorted, values){right}: where values belong in sorted rows. nonzero(x){count}: where x is not
// 0.
#include <algorithm>

#include "core/threads.h"
#include "ops/lines.h"
#include "ops/op.h"
#include "ops/reduce/dims.h"
#include "ops/registry.h"

namespace lanegrad {
namespace {

constexpr int64_t kGrain = 4096;

// ---- searchsorted

void searchsorted_infer(InferContext& c) {
  const TensorSpec &sorted = c.in(0), &values = c.in(1);
  if (sorted.dtype != values.dtype) {
    c.fail(ErrorKind::kDType, "sorted is ", name_of(sorted.dtype), " and values are ", name_of(values.dtype));
  }
  bool fits = sorted.rank() == 1 || sorted.rank() == values.rank();
  for (int d = 0; fits && sorted.rank() > 1 && d < sorted.rank() - 1; ++d)
    fits = sorted.shape[d] == values.shape[d];
  if (!fits || sorted.rank() == 0) {
    c.fail(ErrorKind::kShape, "sorted is ", sorted.shape, " and values are ", values.shape,
           ": wanted one row, or a row for each row of values");
  }
  c.add_output(DType::kInt64, values.shape);
}

// Values that are looked for at once: the loads of one search do not wait for those of another.
constexpr int64_t kSearches = 8;

// For each value the first place whose element is not below it (or, from the right, above it). A NaN belongs
// at the end. The row is halved the same way for every value, and what is below moves by a product: a branch
// would be guessed wrong every other time.
template <bool kRight, class T>
void places_in(const T* sorted, int64_t stride, int64_t n, const T* values, int64_t value_stride,
               int64_t count, int64_t* out) {
  const auto below = [](T element, T value) { return kRight ? !(element > value) : !(element >= value); };
  for (int64_t i = 0; i < count; i += kSearches) {
    const int64_t here = std::min(kSearches, count - i);
    T value[kSearches];
    int64_t low[kSearches] = {};
    for (int64_t k = 0; k < kSearches; ++k) value[k] = values[(i + std::min(k, here - 1)) * value_stride];
    int64_t left = n;
    while (left > 1) {
      const int64_t half = left / 2;
      for (int64_t k = 0; k < kSearches; ++k)
        low[k] += half * below(sorted[(low[k] + half - 1) * stride], value[k]);
      left -= half;
    }
    if (left == 1)
      for (int64_t k = 0; k < kSearches; ++k) low[k] += below(sorted[low[k] * stride], value[k]);
    std::copy_n(low, here, out + i);
  }
}

void searchsorted_eval(const EvalContext& c) {
  const TensorView &sorted = c.in(0), &values = c.in(1), &out = c.out(0);
  const int64_t total = out.spec->numel();
  if (total == 0) return;
  const int last = sorted.spec->rank() - 1;
  const int64_t n = sorted.spec->shape[last], stride = sorted.spec->strides[last];
  const bool right = c.attrs().get_bool(0);
  Walk<2> walk;  // offsets in values, and of the row in sorted
  for (int d = 0; d < out.spec->rank(); ++d) {
    const bool batch = last > 0 && d < last;
    walk.add(out.spec->shape[d], {values.spec->strides[d], batch ? sorted.spec->strides[d] : 0});
  }
  dispatch_stored(values.spec->dtype, [&]<class T>(T) {
    parallel_for(total, kGrain, [&](int64_t begin, int64_t end) {
      Walk<2> at = walk;
      at.seek(begin);
      const auto search = right ? places_in<true, T> : places_in<false, T>;
      for (int64_t i = begin; i < end;) {
        const int64_t run = at.run_stride(1) == 0 ? std::min(at.run(), end - i) : 1;
        search(sorted.as<T>() + at.offset(1), stride, n, values.as<T>() + at.offset(0), at.run_stride(0), run,
               out.as<int64_t>() + i);
        at.advance(run);
        i += run;
      }
    });
  });
}

// ---- nonzero(x){count}: [count, rank], the coordinates of what is not 0 in row-major order
//
// The shape depends on values, so the caller counts first and says how many there are; another count is an
// error.

constexpr int64_t kParts = 64;
enum NonzeroAttr { kCount };

void nonzero_infer(InferContext& c) {
  const int64_t count = c.attrs().get_int(kCount);
  if (count < 0 || count > c.in(0).numel()) {
    c.fail(ErrorKind::kValue, "count is ", count, " for ", c.in(0).numel(), " elements");
  }
  c.add_output(DType::kInt64, Dims{count, c.in(0).rank()});
}

size_t nonzero_workspace(const InferContext&) { return (kParts + 1) * 8; }

// Elements that are looked at between two branches.
constexpr int64_t kBlock = 1024;

template <class T>
int32_t count_block(const T* p, int64_t n, int64_t stride) {
  int32_t count = 0;
  if (stride == 1) {
    for (int64_t j = 0; j < n; ++j) count += p[j] != T(0);
  } else {
    for (int64_t j = 0; j < n; ++j) count += p[j * stride] != T(0);
  }
  return count;
}

// Each place is written, and kept by moving on: a branch would be guessed wrong for every other element.
template <class T>
int64_t find_block(const T* p, int64_t n, int64_t stride, int64_t first, int64_t* places) {
  int64_t found = 0;
  for (int64_t j = 0; j < n; ++j) {
    places[found] = first + j;
    found += p[j * stride] != T(0);
  }
  return found;
}

template <class T>
void nonzero_of(const EvalContext& c) {
  const TensorSpec& spec = *c.in(0).spec;
  const T* x = c.in(0).as<T>();
  const int rank = spec.rank();
  const int64_t n = spec.numel();
  int64_t* starts = static_cast<int64_t*>(c.workspace());
  Walk<1> walk;
  for (int d = 0; d < rank; ++d) walk.add(spec.shape[d], {spec.strides[d]});
  walk.coalesce();
  const auto first = [n](int64_t part) { return n * part / kParts; };
  const auto run = [&](auto&& body) {
    if (n < kGrain * 4) {
      for (int64_t i = 0; i < kParts; ++i) body(i);
    } else {
      parallel_tasks(kParts, body);
    }
  };
  // Calls body(i, p, run, stride) for the runs of a part: element i and those after it, from p on.
  const auto each_run = [&](int64_t part, auto&& body) {
    Walk<1> at = walk;
    at.seek(first(part));
    for (int64_t i = first(part), end = first(part + 1); i < end;) {
      const int64_t length = std::min(at.run(), end - i);
      body(i, x + at.offset(0), length, at.run_stride(0));
      at.advance(length);
      i += length;
    }
  };
  run([&](int64_t part) {
    int64_t count = 0;
    each_run(part, [&](int64_t, const T* p, int64_t length, int64_t stride) {
      for (int64_t j = 0; j < length; j += kBlock)
        count += count_block(p + j * stride, std::min(kBlock, length - j), stride);
    });
    starts[part + 1] = count;
  });
  starts[0] = 0;
  for (int64_t part = 0; part < kParts; ++part) starts[part + 1] += starts[part];
  if (starts[kParts] != c.attrs().get_int(kCount)) {
    c.fail(ErrorKind::kValue, "count is ", c.attrs().get_int(kCount), ", but ", starts[kParts], " are not 0");
  }
  if (rank == 0) return;
  run([&](int64_t part) {
    int64_t* out = c.out(0).as<int64_t>() + starts[part] * rank;
    each_run(part, [&](int64_t i, const T* p, int64_t length, int64_t stride) {
      int64_t places[kBlock];
      for (int64_t j = 0; j < length; j += kBlock) {
        const int64_t found = find_block(p + j * stride, std::min(kBlock, length - j), stride, i + j, places);
        if (rank == 1) {
          std::copy_n(places, found, out);
          out += found;
          continue;
        }
        for (int64_t k = 0; k < found; ++k, out += rank) {
          int64_t rest = places[k];
          for (int d = rank - 1; d > 0; --d) {
            out[d] = rest % spec.shape[d];
            rest /= spec.shape[d];
          }
          out[0] = rest;
        }
      }
    });
  });
}

void nonzero_eval(const EvalContext& c) {
  dispatch_stored(c.in(0).spec->dtype, [&]<class T>(T) { nonzero_of<T>(c); });
}

const Op kOps[] = {
    {.name = "searchsorted",
     .inputs = {{{"sorted"}, {"values"}}},
     .outputs = {{{"out", false}}},
     .attrs = {{{"right", AttrType::kBool}}},
     .flags = kPrimitive,
     .promotion = Promotion::kCommon,
     .infer = searchsorted_infer,
     .eval = searchsorted_eval},
    {.name = "nonzero",
     .inputs = {{{.name = "x", .differentiable = false}}},
     .outputs = {{{"out", false}}},
     .attrs = {{{"count", AttrType::kInt}}},
     .flags = kPrimitive,
     .infer = nonzero_infer,
     .workspace = nonzero_workspace,
     .eval = nonzero_eval},
};

}  // namespace

void register_search_ops(Registry& r) {
  for (const Op& op : kOps) r.add(op);
}

}  // namespace lanegrad

// Random ops whose elements each take a walk of their own: multinomial, poisson. As in random.cc, a result is
// a pure function of the counter and its place, and the amount consumed depends on the shape alone.
#include <atomic>
#include <limits>

#include "core/philox.h"
#include "kernels/random/sampling.h"
#include "ops/layout/copy.h"
#include "ops/linalg/batch.h"
#include "ops/random/random_counter.h"
#include "ops/registry.h"

namespace lanegrad {
namespace {

void note_first(std::atomic<int64_t>& first, int64_t place) {
  for (int64_t known = first; place < known && !first.compare_exchange_weak(known, place);) {
  }
}

// ---- multinomial(x, counter){samples, replacement}: places drawn with the probabilities in each row of x

enum MultinomialAttr { kSamples, kReplacement };

struct Rows {
  explicit Rows(const TensorSpec& x)
      : classes(x.shape[x.rank() - 1]),
        count(x.rank() == 2 ? x.shape[0] : 1),
        row_stride(x.rank() == 2 ? x.strides[0] : 0),
        stride(x.strides[x.rank() - 1]) {}
  int64_t classes, count, row_stride, stride;
  size_t tree_bytes() const { return sizeof(double) * 2 * static_cast<size_t>(SumTree::leaves_of(classes)); }
  // Rows worked on at a time, each with a tree of its own.
  int64_t slices() const { return batch_slices(count, tree_bytes()); }
};

void multinomial_infer(InferContext& c) {
  const TensorSpec& x = c.in(0);
  check_counter(c, c.in(1), "counter");
  if (!is_floating(x.dtype)) c.fail(ErrorKind::kDType, "x is ", name_of(x.dtype), ", wanted a float");
  if (x.rank() < 1 || x.rank() > 2) c.fail(ErrorKind::kShape, "x is ", x.shape, ", wanted [C] or [N, C]");
  const int64_t samples = c.attrs().get_int(kSamples);
  const Rows rows(x);
  if (samples < 1 || rows.classes < 1 || (!c.attrs().get_bool(kReplacement) && samples > rows.classes)) {
    c.fail(ErrorKind::kValue, "numSamples: got ", samples, ", wanted 1 to ", rows.classes,
           ", or replacement and at least one class");
  }
  c.add_output(DType::kInt64, x.rank() == 2 ? Dims{rows.count, samples} : Dims{samples});
}

size_t multinomial_workspace(const InferContext& c) {
  const Rows rows(c.in(0));
  return static_cast<size_t>(rows.slices()) * rows.tree_bytes();
}

double draw(const Counter& counter, int64_t i) {
  const PhiloxBlock words = philox(counter.seed, counter.offset + static_cast<uint64_t>(i / 2));
  return i % 2 == 0 ? uniform_double(words[0], words[1]) : uniform_double(words[2], words[3]);
}

// Whether all weights are finite and not negative, and `wanted` of them positive.
template <class T>
bool is_good_row(const T* weights, const Rows& rows, int64_t wanted) {
  int64_t positive = 0;
  for (int64_t i = 0; i < rows.classes; ++i) {
    const T weight = weights[i * rows.stride];
    if (!(weight >= 0 && weight < std::numeric_limits<T>::infinity())) return false;
    positive += weight > 0;
  }
  return positive >= wanted;
}

template <class T>
[[noreturn]] void fail_row(const EvalContext& c, const T* weights, const Rows& rows, int64_t wanted) {
  int64_t positive = 0;
  for (int64_t i = 0; i < rows.classes; ++i) {
    const T weight = weights[i * rows.stride];
    if (!(weight >= 0 && weight < std::numeric_limits<T>::infinity())) {
      c.fail(ErrorKind::kValue, "got the probability ", static_cast<double>(weight),
             ", wanted finite ones of at least 0");
    }
    positive += weight > 0;
  }
  c.fail(ErrorKind::kValue, "got ", positive, " probabilities above 0, wanted at least ", wanted);
}

void multinomial_eval(const EvalContext& c) {
  const TensorView& x = c.in(0);
  const Counter counter = read_counter(c.in(1));
  const int64_t samples = c.attrs().get_int(kSamples);
  const bool replacement = c.attrs().get_bool(kReplacement);
  const int64_t wanted = replacement ? 1 : samples;
  const Rows rows(*x.spec);
  int64_t* const out = c.out(0).as<int64_t>();
  const int64_t slices = rows.slices();
  std::atomic<int64_t> bad = rows.count;
  dispatch_floating(x.spec->dtype, [&]<class T>(T) {
    parallel_tasks(slices, [&](int64_t slice) {
      SumTree tree(static_cast<double*>(c.workspace()) + slice * 2 * SumTree::leaves_of(rows.classes),
                   rows.classes);
      for (int64_t row = rows.count * slice / slices; row < rows.count * (slice + 1) / slices; ++row) {
        const T* const weights = x.as<T>() + row * rows.row_stride;
        if (!is_good_row(weights, rows, wanted)) return note_first(bad, row);
        tree.load(weights, rows.stride, rows.classes);
        const auto draw_range = [&](int64_t begin, int64_t end) {
          for (int64_t i = row * samples + begin; i < row * samples + end; ++i) {
            out[i] = tree.find(draw(counter, i));
            if (!replacement) tree.remove(out[i]);
          }
        };
        if (replacement) {
          parallel_for(samples, 1024, draw_range);  // nested in a task it runs there
        } else {
          draw_range(0, samples);
        }
      }
    });
    if (bad < rows.count) fail_row(c, x.as<T>() + bad * rows.row_stride, rows, wanted);
  });
}

// ---- poisson(x, counter): counts of a Poisson distribution with the rates in x

void poisson_infer(InferContext& c) {
  check_counter(c, c.in(1), "counter");
  const TensorSpec& x = c.in(0);
  if (!is_floating(x.dtype)) c.fail(ErrorKind::kDType, "x is ", name_of(x.dtype), ", wanted a float");
  c.add_output(x.dtype, x.shape);
}

void poisson_eval(const EvalContext& c) {
  const Counter counter = read_counter(c.in(1));
  const TensorView& out = c.out(0);
  TensorView x = c.in(0);
  // The numbers go by the row-major place of an element.
  if (!x.spec->is_contiguous()) {
    copy_view(out, x);
    x = out;
  }
  const int64_t n = out.spec->numel();
  std::atomic<int64_t> bad = n;
  dispatch_floating(out.spec->dtype, [&]<class T>(T) {
    const T* const rates = x.as<T>();
    T* const counts = out.as<T>();
    parallel_for(n, 512, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        if (!(rates[i] >= 0)) return note_first(bad, i);
        const PhiloxBlock words = philox(counter.seed, counter.offset + static_cast<uint64_t>(i));
        counts[i] =
            static_cast<T>(poisson_of(static_cast<double>(rates[i]), uniform_double(words[0], words[1]),
                                      uniform_double(words[2], words[3])));
      }
    });
    if (bad < n) {
      c.fail(ErrorKind::kValue, "got the rate ", static_cast<double>(rates[bad]), ", wanted at least 0");
    }
  });
}

const Op kOps[] = {
    {.name = "multinomial",
     .inputs = {{{.name = "x", .differentiable = false}, {.name = "counter", .differentiable = false}}},
     .outputs = {{{"out", false}}},
     .attrs = {{{"samples", AttrType::kInt}, {"replacement", AttrType::kBool}}},
     .flags = kPrimitive | kRandom,
     .infer = multinomial_infer,
     .workspace = multinomial_workspace,
     .eval = multinomial_eval},
    {.name = "poisson",
     .inputs = {{{.name = "x", .differentiable = false}, {.name = "counter", .differentiable = false}}},
     .outputs = {{{"out", false}}},
     .flags = kPrimitive | kRandom,
     .infer = poisson_infer,
     .eval = poisson_eval},
};

}  // namespace

void register_sampling_ops(Registry& r) {
  for (const Op& op : kOps) r.add(op);
}

}  // namespace lanegrad

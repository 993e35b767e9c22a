// checkRange(x){low, high, takesNaN, caller}: x, or an error in the name of the function that asks if a value
// is not in [low, high]. So that a function checks values without reading them in JavaScript.
#include <atomic>

#include "core/threads.h"
#include "ops/layout/copy.h"
#include "ops/op.h"
#include "ops/registry.h"

namespace lanegrad {
namespace {

constexpr const char* kCallers[] = {"bernoulli", "bernoulli_", "cov",        "gaussianNllLoss",
                                    "normal",    "quantile",   "nanquantile"};
constexpr const char* kChoices = "bernoulli|bernoulli_|cov|gaussianNllLoss|normal|quantile|nanquantile";

void check_infer(InferContext& c) {
  const TensorSpec& x = c.in(0);
  c.add_output(TensorSpec{x.dtype, x.shape, dense_strides_like(x.shape, x.strides)});
}

void check_eval(const EvalContext& c) {
  const TensorView &x = c.in(0), &out = c.out(0);
  const double low = c.attrs().get_float(0), high = c.attrs().get_float(1);
  const bool takes_nan = c.attrs().get_bool(2);
  const int64_t n = x.spec->numel();
  copy_view(out, x);
  std::atomic<int64_t> bad = n;
  dispatch_dtype(x.spec->dtype, [&]<class T>(T) {
    const T* values = out.as<T>();
    const auto is_good = [&](T value) {
      const double v = static_cast<double>(value);
      return (v >= low && v <= high) || (takes_nan && v != v);
    };
    parallel_for(n, 32768, [&](int64_t begin, int64_t end) {
      bool good = true;
      for (int64_t i = begin; i < end; ++i) good &= is_good(values[i]);
      if (good) return;
      int64_t first = begin;
      while (is_good(values[first])) ++first;
      for (int64_t known = bad; first < known && !bad.compare_exchange_weak(known, first);) {
      }
    });
    if (bad < n) {
      fail(ErrorKind::kValue, kCallers[c.attrs().get_enum(3)], "got ", static_cast<double>(values[bad]),
           ", wanted numbers in [", low, ", ", high, "]");
    }
  });
}

void check_vjp(VjpContext& c) {
  if (c.needs(0)) c.set_grad(0, c.grad(0));
}

const Op kCheckRange = {.name = "checkRange",
                        .inputs = {{{"x"}}},
                        .outputs = {{{"out"}}},
                        .attrs = {{{"low", AttrType::kFloat},
                                   {"high", AttrType::kFloat},
                                   {"takesNaN", AttrType::kBool},
                                   {"caller", AttrType::kEnum, kChoices}}},
                        .flags = kPrimitive,
                        .infer = check_infer,
                        .eval = check_eval,
                        .vjp = check_vjp};

}  // namespace

void register_check_ops(Registry& r) { r.add(kCheckRange); }

}  // namespace lanegrad

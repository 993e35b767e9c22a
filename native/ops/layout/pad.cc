// padConstant: a border of one value, or, with negative sizes, a cut.
#include <algorithm>

#include "core/threads.h"
#include "ops/op.h"
#include "ops/registry.h"

namespace lanegrad {
namespace {

constexpr int64_t kMaxExtent = int64_t{1} << 40;
constexpr int64_t kGrain = int64_t{1} << 15;  // elements of a task at least

// padConstant(x){before, after, value}: the last dims of x, as many as there are entries, get `before`
// elements in front and `after` behind.
void pad_infer(InferContext& c) {
  const TensorSpec& x = c.in(0);
  const auto before = c.attrs().get_ints(0), after = c.attrs().get_ints(1);
  if (before.size() != after.size() || before.size() > static_cast<size_t>(x.rank())) {
    c.fail(ErrorKind::kValue, "before and after must have one entry for each of the last dims of ", x.shape,
           ", got ", before.size(), " and ", after.size());
  }
  Dims shape = x.shape;
  const int lead = x.rank() - static_cast<int>(before.size());
  for (size_t i = 0; i < before.size(); ++i) {
    int64_t& size = shape[lead + static_cast<int>(i)];
    if (std::max(std::abs(before[i]), std::abs(after[i])) > kMaxExtent)
      c.fail(ErrorKind::kValue, "padding is too large: ", before[i], " and ", after[i]);
    if (size + before[i] + after[i] < 0)
      c.fail(ErrorKind::kShape, "padding of ", before[i], " and ", after[i],
             " cuts more than there is: input is ", x.shape);
    size += before[i] + after[i];
  }
  checked_numel(c.op().name, shape);
  c.add_output(x.dtype, shape);
}

// Row by row of the output.
void pad_eval(const EvalContext& c) {
  const TensorView &x = c.in(0), &out = c.out(0);
  const int rank = x.spec->rank();
  const auto before = c.attrs().get_ints(0);
  const int lead = rank - static_cast<int>(before.size());
  const auto front = [&](int d) { return d < lead ? int64_t{0} : before[d - lead]; };
  const int64_t width = rank > 0 ? out.spec->shape[rank - 1] : 1;
  if (out.spec->numel() == 0) return;
  const int64_t rows = out.spec->numel() / width;
  const int64_t in_width = rank > 0 ? x.spec->shape[rank - 1] : 1,
                step = rank > 0 ? x.spec->strides[rank - 1] : 1;
  const int64_t first = rank > 0 ? front(rank - 1) : 0;
  const int64_t left = std::clamp<int64_t>(first, 0, width),
                right = std::clamp<int64_t>(first + in_width, left, width);
  dispatch_dtype(x.spec->dtype, [&]<class T>(T) {
    const T value = static_cast<T>(c.attrs().get_float(2));
    parallel_for(rows, std::max<int64_t>(1, kGrain / width), [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; ++r) {
        T* const to = out.as<T>() + r * width;
        int64_t offset = (left - first) * step, rest = r;
        bool inside = true;
        for (int d = rank - 2; d >= 0; --d) {
          const int64_t at = rest % out.spec->shape[d] - front(d);
          rest /= out.spec->shape[d];
          inside = inside && at >= 0 && at < x.spec->shape[d];
          offset += at * x.spec->strides[d];
        }
        if (!inside) {
          std::fill(to, to + width, value);
          continue;
        }
        const T* const from = x.as<const T>() + offset;
        std::fill(to, to + left, value);
        if (step == 1)
          std::copy(from, from + (right - left), to + left);
        else
          for (int64_t j = left; j < right; ++j) to[j] = from[(j - left) * step];
        std::fill(to + right, to + width, value);
      }
    });
  });
}

// The border goes, and what was cut comes back as zeros.
void pad_vjp(VjpContext& c) {
  static const Op& pad = find_op("padConstant");
  if (!c.grad(0) || !c.needs(0)) return;
  Dims before(c.attrs().get_ints(0)), after(c.attrs().get_ints(1));
  for (int64_t& v : before) v = -v;
  for (int64_t& v : after) v = -v;
  c.set_grad(0, c.apply(pad, {c.grad(0)}, Attrs().add_ints(before).add_ints(after).add_float(0)));
}

const Op kPadConstant{
    .name = "padConstant",
    .inputs = {InputDef{"x"}},
    .outputs = {OutputDef{"out"}},
    .attrs = {AttrDef{"before", AttrType::kInts}, AttrDef{"after", AttrType::kInts},
              AttrDef{"value", AttrType::kFloat}},
    .flags = kPrimitive,
    .infer = pad_infer,
    .eval = pad_eval,
    .vjp = pad_vjp,
};

}  // namespace

void register_pad_ops(Registry& registry) { registry.add(kPadConstant); }

}  // namespace lanegrad

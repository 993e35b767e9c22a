// ctcLoss(logProbs, targets, inputLengths, targetLengths){blank, reduction, zeroInfinity} and its gradient.
// The gradient runs the forward recursion again: it costs less than keeping its rows, of which there are more
// than log probabilities where targets are long.
#include <limits>

#include "core/threads.h"
#include "kernels/ctc/ctc.h"
#include "ops/loss/cross_entropy.h"
#include "ops/index/common.h"
#include "ops/check_operand.h"
#include "ops/scratch.h"
#include "ops/registry.h"

namespace lanegrad {
namespace {

// Log probabilities [T, N, C]; targets [N, S], or those of all samples behind one another.
struct Sizes {
  int64_t steps, samples, classes;
  int64_t places;  // of targets
  int64_t width;   // S, or -1 where they are behind one another
};
Sizes sizes_of(const TensorSpec& x, const TensorSpec& targets) {
  return {x.shape[0], x.shape[1], x.shape[2], targets.numel(), targets.rank() == 2 ? targets.shape[1] : -1};
}

void check_inputs(const InferContext& c, int first) {
  const TensorSpec &x = c.in(first), &targets = c.in(first + 1);
  if (!is_floating(x.dtype))
    c.fail(ErrorKind::kDType, "wants logProbs of a floating dtype, got ", name_of(x.dtype));
  if (x.rank() != 3) c.fail(ErrorKind::kShape, "logProbs is ", x.shape, ", wants [T, N, C]");
  constexpr const char* kNames[] = {"targets", "inputLengths", "targetLengths"};
  for (int i = 0; i < 3; ++i) {
    const TensorSpec& given = c.in(first + 1 + i);
    if (given.dtype != DType::kInt64 && given.dtype != DType::kInt32)
      c.fail(ErrorKind::kDType, kNames[i], " is ", name_of(given.dtype), ", wants int64 or int32");
    if (i > 0 && !(given.shape == Dims({x.shape[1]})))
      c.fail(ErrorKind::kShape, kNames[i], " is ", given.shape, ", wants one for each of ", x.shape[1],
             " samples");
  }
  if (targets.rank() != 1 && !(targets.rank() == 2 && targets.shape[0] == x.shape[1])) {
    c.fail(ErrorKind::kShape, "targets is ", targets.shape, ", wants [", x.shape[1],
           ", S], or those of all samples behind one another");
  }
  // An expanded tensor may have more steps than memory could hold rows for.
  if (static_cast<double>(x.shape[0] + 1) * static_cast<double>(targets.numel() + x.shape[1]) > 1e15)
    c.fail(ErrorKind::kShape, "logProbs is ", x.shape, " and targets ", targets.shape, ": that is too large");
  const int64_t blank = c.attrs().get_int(0);
  if (blank < 0 || blank >= x.shape[2])
    c.fail(ErrorKind::kValue, "blank: got ", blank, " for ", x.shape[2], " classes");
}

// What the samples are made of, in the workspace.
struct Batch {
  int64_t *steps, *lengths, *starts, *labels;
};

void add_batch(Scratch& s, const Sizes& z) {
  for (int i = 0; i < 3; ++i) s.add(static_cast<size_t>(z.samples) * sizeof(int64_t));
  s.add(static_cast<size_t>(z.places) * sizeof(int64_t));
}

void read_integers(const TensorView& x, int64_t* out) {
  Walk<1> walk;
  for (int i = 0; i < x.spec->rank(); ++i) walk.add(x.spec->shape[i], {x.spec->strides[i]});
  walk.seek(0);
  const int64_t n = x.spec->numel();
  dispatch_index(x.spec->dtype, [&]<class Index>(Index) {
    for (int64_t i = 0; i < n; ++i, walk.advance(1)) out[i] = x.as<Index>()[walk.offset(0)];
  });
}

void check_lengths(const EvalContext& c, const char* name, const int64_t* lengths, int64_t n, int64_t most) {
  for (int64_t i = 0; i < n; ++i) {
    if (lengths[i] < 0 || lengths[i] > most)
      c.fail(ErrorKind::kValue, name, ": got ", lengths[i], " at ", i, ", wants lengths in [0, ", most, "]");
  }
}

// Reads and checks what only the values show.
Batch read_batch(const EvalContext& c, Scratch& s, const Sizes& z, int first) {
  const size_t row = static_cast<size_t>(z.samples) * sizeof(int64_t);
  Batch b;
  for (int64_t** p : {&b.steps, &b.lengths, &b.starts}) *p = static_cast<int64_t*>(s.take(row));
  b.labels = static_cast<int64_t*>(s.take(static_cast<size_t>(z.places) * sizeof(int64_t)));
  read_integers(c.in(first + 1), b.labels);
  read_integers(c.in(first + 2), b.steps);
  read_integers(c.in(first + 3), b.lengths);
  check_lengths(c, "inputLengths", b.steps, z.samples, z.steps);
  check_lengths(c, "targetLengths", b.lengths, z.samples, z.width >= 0 ? z.width : INT64_MAX);
  int64_t at = 0;
  for (int64_t i = 0; i < z.samples; ++i) {
    b.starts[i] = z.width >= 0 ? i * z.width : at;
    if (z.width < 0 && b.lengths[i] > z.places - at) {
      at = -1;
      break;
    }
    at += b.lengths[i];
  }
  if (z.width < 0 && at != z.places) {
    c.fail(ErrorKind::kShape, "targets is [", z.places, "], wants as many as the sum of targetLengths");
  }
  for (int64_t i = 0; i < z.samples; ++i) {
    for (int64_t k = 0; k < b.lengths[i]; ++k) {
      const int64_t label = b.labels[b.starts[i] + k];
      if (label < 0 || label >= z.classes)
        c.fail(ErrorKind::kIndex, "target ", label, " of sample ", i, " is out of range: there are ",
               z.classes, " classes");
    }
  }
  return b;
}

// Log probabilities whose classes lie side by side.
bool has_rows(const TensorSpec& x) { return x.strides[2] == 1 || x.shape[2] == 1; }

template <class T>
struct Rows {
  const T* data;
  int64_t step, sample;
};
template <class T>
Rows<T> rows_of(Scratch& s, const TensorView& x) {
  if (has_rows(*x.spec)) return {x.as<T>(), x.spec->strides[0], x.spec->strides[1]};
  const int64_t classes = x.spec->shape[2];
  return {static_cast<const T*>(s.contiguous(x)), x.spec->shape[1] * classes, classes};
}

template <class T>
CtcSample<T> sample_of(const Rows<T>& x, const Sizes& z, const Batch& b, int64_t i, int64_t blank) {
  return {x.data + i * x.sample, x.step, b.steps[i], z.classes, b.labels + b.starts[i], b.lengths[i], blank};
}

// Elements of `each(labels)` for all samples, and where those of a sample begin: `each` is linear.
template <class Each>
int64_t room_of(const Sizes& z, const Each& each) {
  const int64_t constant = each(0), slope = each(1) - constant;
  return z.places * slope + z.samples * constant;
}
template <class Each>
int64_t room_before(const Batch& b, int64_t i, const Each& each) {
  const int64_t constant = each(0), slope = each(1) - constant;
  return b.starts[i] * slope + i * constant;
}

// Samples that a thread should have to itself: what a state costs at a time is some ten elementwise
// operations.
int64_t grain_of(const Sizes& z) {
  const int64_t states = z.samples > 0 ? 2 * z.places / z.samples + 1 : 1;
  return std::max<int64_t>(1, 4096 / std::max<int64_t>(1, z.steps * states));
}

// ---- ctcLoss

void ctc_infer(InferContext& c) {
  check_inputs(c, 0);
  c.add_output(c.in(0).dtype, c.attrs().get_enum(1) == kLossNone ? Dims({c.in(0).shape[1]}) : Dims());
}

size_t ctc_workspace(const InferContext& c) {
  const TensorSpec& x = c.in(0);
  const Sizes z = sizes_of(x, c.in(1));
  Scratch s;
  add_batch(s, z);
  if (!has_rows(x)) s.add_copy(x);
  s.add(static_cast<size_t>(room_of(z, ctc_scratch)) * size_of(x.dtype));
  s.add(static_cast<size_t>(z.samples) * size_of(x.dtype));
  return s.bytes();
}

void ctc_eval(const EvalContext& c) {
  const TensorView& x = c.in(0);
  const Sizes z = sizes_of(*x.spec, *c.in(1).spec);
  const int reduction = c.attrs().get_enum(1);
  const bool zero_infinity = c.attrs().get_bool(2);
  Scratch s(c.workspace());
  const Batch b = read_batch(c, s, z, 0);
  dispatch_floating(x.spec->dtype, [&]<class T>(T) {
    const Rows<T> rows = rows_of<T>(s, x);
    T* scratch = static_cast<T*>(s.take(static_cast<size_t>(room_of(z, ctc_scratch)) * sizeof(T)));
    T* losses = reduction == kLossNone ? c.out(0).as<T>()
                                       : static_cast<T*>(s.take(static_cast<size_t>(z.samples) * sizeof(T)));
    const auto& kernels = ctc_table().of<T>();
    parallel_for(z.samples, grain_of(z), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const T loss = kernels.loss(sample_of(rows, z, b, i, c.attrs().get_int(0)),
                                    scratch + room_before(b, i, ctc_scratch));
        losses[i] = zero_infinity && loss == std::numeric_limits<T>::infinity() ? T(0) : loss;
      }
    });
    if (reduction == kLossNone) return;
    double total = 0;
    for (int64_t i = 0; i < z.samples; ++i) {
      const double divisor =
          reduction == kLossMean ? static_cast<double>(std::max<int64_t>(1, b.lengths[i])) : 1;
      total += static_cast<double>(losses[i]) / divisor;
    }
    *c.out(0).as<T>() =
        static_cast<T>(reduction == kLossMean ? total / static_cast<double>(z.samples) : total);
  });
}

void ctc_vjp(VjpContext& c) {
  if (!c.needs(0) || !c.grad(0)) return;
  static const Op& op = find_op("ctcLossBackward");
  c.set_grad(0, c.apply(op, {c.grad(0), c.input(0), c.input(1), c.input(2), c.input(3)}, c.attrs()));
}

// ---- ctcLossBackward(grad, logProbs, targets, inputLengths, targetLengths) of the same attributes

int64_t alpha_room(const Sizes& z) { return z.steps * room_of(z, ctc_row); }

void backward_infer(InferContext& c) {
  check_inputs(c, 1);
  const TensorSpec& x = c.in(1);
  check_parameter(c, "grad", c.in(0), x.dtype,
                  c.attrs().get_enum(1) == kLossNone ? Dims({x.shape[1]}) : Dims());
  c.add_output(x.dtype, x.shape);
}

size_t backward_workspace(const InferContext& c) {
  const TensorSpec& x = c.in(1);
  const Sizes z = sizes_of(x, c.in(2));
  Scratch s;
  add_batch(s, z);
  if (!has_rows(x)) s.add_copy(x);
  s.add(static_cast<size_t>(room_of(z, ctc_scratch)) * size_of(x.dtype));
  s.add(static_cast<size_t>(alpha_room(z)) * size_of(x.dtype));
  s.add_copy(c.in(0));
  return s.bytes();
}

void backward_eval(const EvalContext& c) {
  const TensorView& x = c.in(1);
  const Sizes z = sizes_of(*x.spec, *c.in(2).spec);
  const int reduction = c.attrs().get_enum(1);
  const bool zero_infinity = c.attrs().get_bool(2);
  Scratch s(c.workspace());
  const Batch b = read_batch(c, s, z, 1);
  dispatch_floating(x.spec->dtype, [&]<class T>(T) {
    const Rows<T> rows = rows_of<T>(s, x);
    T* scratch = static_cast<T*>(s.take(static_cast<size_t>(room_of(z, ctc_scratch)) * sizeof(T)));
    T* alpha = static_cast<T*>(s.take(static_cast<size_t>(alpha_room(z)) * sizeof(T)));
    const T* grad = static_cast<const T*>(s.contiguous(c.in(0)));
    const auto& kernels = ctc_table().of<T>();
    const int64_t stride = z.samples * z.classes;
    parallel_for(z.samples, grain_of(z), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        T g = grad[reduction == kLossNone ? i : 0];
        if (reduction == kLossMean) g /= static_cast<T>(z.samples * std::max<int64_t>(1, b.lengths[i]));
        T* const dx = c.out(0).as<T>() + i * z.classes;
        const bool possible = kernels.gradient(sample_of(rows, z, b, i, c.attrs().get_int(0)), g,
                                               alpha + z.steps * room_before(b, i, ctc_row),
                                               scratch + room_before(b, i, ctc_scratch), dx, stride);
        const T none = zero_infinity ? T(0) : std::numeric_limits<T>::quiet_NaN();
        for (int64_t t = possible ? b.steps[i] : 0; t < z.steps; ++t)
          for (int64_t k = 0; k < z.classes; ++k) dx[t * stride + k] = t < b.steps[i] ? none : T(0);
      }
    });
  });
}

constexpr std::array<AttrDef, kMaxAttrs> kAttrs = {{{"blank", AttrType::kInt},
                                                    {"reduction", AttrType::kEnum, "none|mean|sum"},
                                                    {"zeroInfinity", AttrType::kBool}}};

const Op kOps[] = {
    {.name = "ctcLoss",
     .inputs = {{{"logProbs"},
                 {.name = "targets", .differentiable = false},
                 {.name = "inputLengths", .differentiable = false},
                 {.name = "targetLengths", .differentiable = false}}},
     .outputs = {{{"out"}}},
     .attrs = kAttrs,
     .autocast = Autocast::kFloat32,
     .infer = ctc_infer,
     .workspace = ctc_workspace,
     .eval = ctc_eval,
     .saves = {.inputs = 15},
     .vjp = ctc_vjp},
    {.name = "ctcLossBackward",
     .inputs = {{{"grad"},
                 {"logProbs"},
                 {.name = "targets", .differentiable = false},
                 {.name = "inputLengths", .differentiable = false},
                 {.name = "targetLengths", .differentiable = false}}},
     .outputs = {{{"logProbsGrad"}}},
     .attrs = kAttrs,
     .flags = kInternal,
     .infer = backward_infer,
     .workspace = backward_workspace,
     .eval = backward_eval},
};

}  // namespace

void register_ctc_ops(Registry& r) {
  for (const Op& op : kOps) r.add(op);
}

}  // namespace lanegrad

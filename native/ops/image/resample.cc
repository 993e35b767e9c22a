// Ops that make the last one to three dims anew from a table: outerIndex picks elements, resample sums a few
// with weights. The tables are small tensors, made once per shape in TypeScript, so that every way of
// resizing and padding is one of these two and their transposes.
#include "kernels/resample/resample.h"

#include <algorithm>

#include "core/threads.h"
#include "ops/index/common.h"
#include "ops/op.h"
#include "ops/pool/pooling.h"
#include "ops/registry.h"

namespace lanegrad {
namespace {

using namespace pooling;

constexpr int64_t kMaxTasks = 64;

// The table of one call: entries of direction d start at starts[d], taps[d] for each of count[d] places.
struct Table {
  PoolSizes size, count, taps, starts;
  int64_t entries = 0;
};

Table table_of(const PoolSizes& size, const PoolSizes& count, const PoolSizes& taps) {
  Table t{size, count, taps, {}};
  for (int d = 0; d < kPoolDims; ++d) {
    t.starts[d] = t.entries;
    t.entries += count[d] * taps[d];
  }
  return t;
}

// A direction that is not there has one entry, which the operand does not have.
int64_t entries_of(std::span<const int64_t> count, std::span<const int64_t> taps) {
  int64_t n = 0;
  for (size_t d = 0; d < count.size(); ++d) n += count[d] * (taps.empty() ? 1 : taps[d]);
  return n;
}

void check_table(const InferContext& c, int input, const char* name, int64_t entries) {
  const TensorSpec& t = c.in(input);
  if (t.shape != Dims{entries})
    c.fail(ErrorKind::kShape, name, " must be ", Dims{entries}, ", got ", t.shape);
}

// Reads an operand into row-major memory with a leading entry for each direction that is not there.
template <class From, class To>
void read_table(const TensorView& from, int64_t lead, To otherwise, To* to) {
  std::fill(to, to + lead, otherwise);
  const int64_t n = from.spec->shape[0], step = from.spec->strides[0];
  for (int64_t i = 0; i < n; ++i) to[lead + i] = static_cast<To>(from.as<const From>()[i * step]);
}

void read_index(const EvalContext& c, const TensorView& index, const Table& t, int directions, int64_t* to) {
  dispatch_index(index.spec->dtype, [&]<class Index>(Index) {
    read_table<Index, int64_t>(index, kPoolDims - directions, 0, to);
  });
  for (int d = 0; d < kPoolDims; ++d) {
    for (int64_t i = t.starts[d]; i < t.starts[d] + t.count[d] * t.taps[d]; ++i) {
      if (to[i] < 0 || to[i] >= t.size[d])
        c.fail(ErrorKind::kIndex, "index ", to[i], " is out of range for a dim of ", t.size[d]);
    }
  }
}

template <class T>
const T* row_at(const PoolView<T>& v, int64_t k, int64_t i) {
  return v.data + k * v.strides[0] + i * v.strides[1];
}

int directions_of(const EvalContext& c) { return static_cast<int>(c.attrs().get_ints(0).size()); }

// What both forward ops ask: sizes of the output, table entries that fit.
Dims check_forward(const InferContext& c, int64_t entries) {
  check_index_dtype(c, c.in(1));
  const Dims& x = c.in(0).shape;
  const int directions = check_directions(c, 0, "sizes", x);
  check_sizes(c, 0, "sizes", 0, directions);
  check_table(c, 1, "index", entries);
  const Dims shape = with_last(x, c.attrs().get_ints(0));
  checked_numel(c.op().name, shape);
  return shape;
}

// ---- outerIndex(x, index){sizes}: out[..., i, j] = x[..., index[i], index[sizes[0] + j]]

void outer_infer(InferContext& c) {
  c.add_output(c.in(0).dtype, check_forward(c, entries_of(c.attrs().get_ints(0), {})));
}

size_t outer_workspace(const InferContext& c) {
  return static_cast<size_t>(c.in(1).shape[0] + kPoolDims) * sizeof(int64_t);
}

void outer_eval(const EvalContext& c) {
  const TensorView &x = c.in(0), &out = c.out(0);
  const int directions = directions_of(c);
  const Table t =
      table_of(last_sizes(x.spec->shape, directions), last_sizes(out.spec->shape, directions), {1, 1, 1});
  int64_t* const index = static_cast<int64_t*>(c.workspace());
  read_index(c, c.in(1), t, directions, index);
  const int64_t rows = t.count[0] * t.count[1], width = t.count[2];
  const int64_t *const z = index, *const y = index + t.starts[1], *const at = index + t.starts[2];
  dispatch_width(x.spec->dtype, [&]<class T>(T) {
    for_channels(channels_of(x.spec->shape, directions) * rows, width, [&](int64_t r) {
      const PoolView<T> in = channel<T>(x, directions, r / rows);
      const T* const from = row_at(in, z[r % rows / t.count[1]], y[r % t.count[1]]);
      T* const to = out.as<T>() + r * width;
      for (int64_t j = 0; j < width; ++j) to[j] = from[at[j] * in.strides[2]];
    });
  });
}

// ---- outerIndexBackward(grad, index){sizes}: the transpose; picks that meet add up

Dims check_backward(const InferContext& c, int64_t entries) {
  if (!is_floating(c.in(0).dtype))
    c.fail(ErrorKind::kDType, "input must be floating, got ", name_of(c.in(0).dtype));
  return check_forward(c, entries);
}

std::span<const int64_t> last_of(const Dims& shape, int directions) {
  return std::span<const int64_t>(shape).subspan(shape.size() - directions);
}

void outer_backward_infer(InferContext& c) {
  const int directions = check_directions(c, 0, "sizes", c.in(0).shape);
  c.add_output(c.in(0).dtype, check_backward(c, entries_of(last_of(c.in(0).shape, directions), {})));
}

void outer_backward_eval(const EvalContext& c) {
  const TensorView &grad = c.in(0), &out = c.out(0);
  const int directions = directions_of(c);
  const Table t =
      table_of(last_sizes(out.spec->shape, directions), last_sizes(grad.spec->shape, directions), {1, 1, 1});
  int64_t* const index = static_cast<int64_t*>(c.workspace());
  read_index(c, c.in(1), t, directions, index);
  const int64_t volume = t.size[0] * t.size[1] * t.size[2];
  const int64_t *const z = index, *const y = index + t.starts[1], *const at = index + t.starts[2];
  dispatch_floating(grad.spec->dtype, [&]<class T>(T) {
    for_channels(channels_of(grad.spec->shape, directions), volume, [&](int64_t p) {
      const PoolView<T> from = channel<T>(grad, directions, p);
      T* const to = out.as<T>() + p * volume;
      std::fill(to, to + volume, T{0});
      for (int64_t k = 0; k < t.count[0]; ++k) {
        for (int64_t i = 0; i < t.count[1]; ++i) {
          const T* const g = row_at(from, k, i);
          T* const row = to + (z[k] * t.size[1] + y[i]) * t.size[2];
          for (int64_t j = 0; j < t.count[2]; ++j) row[at[j]] += g[j * from.strides[2]];
        }
      }
    });
  });
}

// ---- resample(x, index, weights){sizes, taps}

void check_taps(const InferContext& c, int directions) {
  check_sizes(c, 1, "taps", 1, directions);
  if (c.in(2).dtype != DType::kFloat64)
    c.fail(ErrorKind::kDType, "weights must be float64, got ", name_of(c.in(2).dtype));
}

void resample_infer(InferContext& c) {
  const int directions = check_directions(c, 0, "sizes", c.in(0).shape);
  check_taps(c, directions);
  const int64_t entries = entries_of(c.attrs().get_ints(0), c.attrs().get_ints(1));
  check_table(c, 2, "weights", entries);
  c.add_output(c.in(0).dtype, check_backward(c, entries));
}

// The tables, then a row of the source for each task.
struct ResampleRoom {
  size_t weights, rows, bytes;
};
ResampleRoom room_for(int64_t entries, int64_t width, size_t item) {
  const auto aligned = [](size_t bytes) { return (bytes + 63) / 64 * 64; };
  ResampleRoom r;
  r.weights = aligned(static_cast<size_t>(entries + kPoolDims) * sizeof(int64_t));
  r.rows = r.weights + aligned(static_cast<size_t>(entries + kPoolDims) * item);
  r.bytes = r.rows + static_cast<size_t>(kMaxTasks) * aligned(static_cast<size_t>(width) * item);
  return r;
}

size_t resample_workspace(const InferContext& c) {
  const Dims& x = c.in(0).shape;
  return room_for(c.in(1).shape[0], x[x.size() - 1], size_of(c.in(0).dtype)).bytes;
}

template <class T>
struct ResampleTask {
  Table t;
  const int64_t* index;
  const T* weights;
  char* rows;
  size_t row_bytes;

  T* row(int64_t task) const { return reinterpret_cast<T*>(rows + static_cast<size_t>(task) * row_bytes); }
  ResampleTaps<T> across() const {
    return {index + t.starts[2], weights + t.starts[2], t.taps[2], t.count[2]};
  }
  // Calls body(slice, row, weight) for all source rows of the output row (k, i).
  template <class F>
  void each_source(int64_t k, int64_t i, F&& body) const {
    for (int64_t a = 0; a < t.taps[0]; ++a) {
      const int64_t at_z = t.starts[0] + k * t.taps[0] + a;
      for (int64_t b = 0; b < t.taps[1]; ++b) {
        const int64_t at_y = t.starts[1] + i * t.taps[1] + b;
        body(index[at_z], index[at_y], weights[at_z] * weights[at_y]);
      }
    }
  }
};

template <class T>
ResampleTask<T> prepare(const EvalContext& c, const Dims& in, const Dims& out, int directions) {
  const PoolSizes taps = last_sizes(c.attrs().get_ints(1), directions);
  ResampleTask<T> task;
  task.t = table_of(last_sizes(in, directions), last_sizes(out, directions), taps);
  const int64_t width = task.t.size[2];
  const ResampleRoom room = room_for(c.in(1).spec->shape[0], width, sizeof(T));
  char* const base = static_cast<char*>(c.workspace());
  int64_t* const index = reinterpret_cast<int64_t*>(base);
  T* const weights = reinterpret_cast<T*>(base + room.weights);
  read_index(c, c.in(1), task.t, directions, index);
  read_table<double, T>(c.in(2), kPoolDims - directions, T{1}, weights);
  task.index = index;
  task.weights = weights;
  task.rows = base + room.rows;
  task.row_bytes = (room.bytes - room.rows) / static_cast<size_t>(kMaxTasks);
  return task;
}

// Runs body(i, task) for i in [0, count) in at most kMaxTasks pieces, each of which may use the row of its
// task.
template <class F>
void in_pieces(int64_t count, int64_t work, F&& body) {
  const int64_t tasks = std::min({count, kMaxTasks, std::max<int64_t>(1, count * work / kChannelGrain)});
  parallel_tasks(tasks, [&](int64_t task) {
    for (int64_t i = count * task / tasks; i < count * (task + 1) / tasks; ++i) body(i, task);
  });
}

void resample_eval(const EvalContext& c) {
  const TensorView &x = c.in(0), &out = c.out(0);
  const int directions = directions_of(c);
  if (out.spec->numel() == 0) return;
  dispatch_floating(x.spec->dtype, [&]<class T>(T) {
    const ResampleTask<T> r = prepare<T>(c, x.spec->shape, out.spec->shape, directions);
    const ResampleTable<T>& kernels = resample_table<T>();
    const int64_t rows = r.t.count[0] * r.t.count[1], width = r.t.size[2];
    const int64_t sources = r.t.taps[0] * r.t.taps[1];
    in_pieces(channels_of(x.spec->shape, directions) * rows, sources * width + r.t.taps[2] * r.t.count[2],
              [&](int64_t p, int64_t task) {
                const PoolView<T> in = channel<T>(x, directions, p / rows);
                T* const to = out.as<T>() + p * r.t.count[2];
                const int64_t k = p % rows / r.t.count[1], i = p % r.t.count[1];
                bool first = true;
                r.each_source(k, i, [&](int64_t slice, int64_t row, T weight) {
                  const T* const from = row_at(in, slice, row);
                  if (sources == 1 && weight == T{1}) {
                    kernels.combine(from, in.strides[2], r.across(), to);
                    return;
                  }
                  (first ? kernels.scale : kernels.add)(from, in.strides[2], weight, width, r.row(task));
                  first = false;
                });
                if (!first) kernels.combine(r.row(task), 1, r.across(), to);
              });
  });
}

// ---- resampleBackward(grad, index, weights){sizes, taps}: the transpose

void resample_backward_infer(InferContext& c) {
  const Dims& grad = c.in(0).shape;
  const int directions = check_directions(c, 0, "sizes", grad);
  check_taps(c, directions);
  const int64_t entries = entries_of(last_of(grad, directions), c.attrs().get_ints(1));
  check_table(c, 2, "weights", entries);
  c.add_output(c.in(0).dtype, check_backward(c, entries));
}

size_t resample_backward_workspace(const InferContext& c) {
  const Dims& out = c.out(0).shape;
  return room_for(c.in(1).shape[0], out[out.size() - 1], size_of(c.in(0).dtype)).bytes;
}

void resample_backward_eval(const EvalContext& c) {
  const TensorView &grad = c.in(0), &out = c.out(0);
  const int directions = directions_of(c);
  if (out.spec->numel() == 0) return;
  dispatch_floating(grad.spec->dtype, [&]<class T>(T) {
    const ResampleTask<T> r = prepare<T>(c, out.spec->shape, grad.spec->shape, directions);
    const ResampleTable<T>& kernels = resample_table<T>();
    const int64_t width = r.t.size[2], volume = r.t.size[0] * r.t.size[1] * width;
    in_pieces(channels_of(grad.spec->shape, directions), volume, [&](int64_t p, int64_t task) {
      const PoolView<T> from = channel<T>(grad, directions, p);
      T* const to = out.as<T>() + p * volume;
      T* const row = r.row(task);
      std::fill(to, to + volume, T{0});
      for (int64_t k = 0; k < r.t.count[0]; ++k) {
        for (int64_t i = 0; i < r.t.count[1]; ++i) {
          std::fill(row, row + width, T{0});
          kernels.spread(row_at(from, k, i), from.strides[2], r.across(), row);
          r.each_source(k, i, [&](int64_t slice, int64_t line, T weight) {
            kernels.add(row, 1, weight, width, to + (slice * r.t.size[1] + line) * width);
          });
        }
      }
    });
  });
}

// ---- gradients: each op is linear, and its transpose is the other of its pair

Tensor transpose(VjpContext& c, const Op& op, bool weighted) {
  const Dims shape = c.input_shape(0);
  const int directions = static_cast<int>(c.attrs().get_ints(0).size());
  Attrs attrs;
  attrs.add_ints(last_of(shape, directions));
  if (!weighted) return c.apply(op, {c.grad(0), c.input(1)}, attrs);
  return c.apply(op, {c.grad(0), c.input(1), c.input(2)}, attrs.add_ints(c.attrs().get_ints(1)));
}

void outer_vjp(VjpContext& c) {
  static const Op& op = find_op("outerIndexBackward");
  if (c.grad(0) && c.needs(0)) c.set_grad(0, transpose(c, op, false));
}
void outer_backward_vjp(VjpContext& c) {
  static const Op& op = find_op("outerIndex");
  if (c.grad(0) && c.needs(0)) c.set_grad(0, transpose(c, op, false));
}
void resample_vjp(VjpContext& c) {
  static const Op& op = find_op("resampleBackward");
  if (c.grad(0) && c.needs(0)) c.set_grad(0, transpose(c, op, true));
}
void resample_backward_vjp(VjpContext& c) {
  static const Op& op = find_op("resample");
  if (c.grad(0) && c.needs(0)) c.set_grad(0, transpose(c, op, true));
}

constexpr InputDef kIndex{.name = "index", .differentiable = false};
constexpr InputDef kWeights{.name = "weights", .differentiable = false};
constexpr AttrDef kSizes{"sizes", AttrType::kInts}, kTaps{"taps", AttrType::kInts};

const Op kOps[] = {
    {.name = "outerIndex",
     .inputs = {InputDef{"x"}, kIndex},
     .outputs = {OutputDef{"out"}},
     .attrs = {kSizes},
     .flags = kPrimitive,
     .infer = outer_infer,
     .workspace = outer_workspace,
     .eval = outer_eval,
     .saves = {.inputs = 0b10},
     .vjp = outer_vjp},
    {.name = "outerIndexBackward",
     .inputs = {InputDef{"grad"}, kIndex},
     .outputs = {OutputDef{"out"}},
     .attrs = {kSizes},
     .flags = kPrimitive,
     .infer = outer_backward_infer,
     .workspace = outer_workspace,
     .eval = outer_backward_eval,
     .saves = {.inputs = 0b10},
     .vjp = outer_backward_vjp},
    {.name = "resample",
     .inputs = {InputDef{"x"}, kIndex, kWeights},
     .outputs = {OutputDef{"out"}},
     .attrs = {kSizes, kTaps},
     .flags = kPrimitive,
     .infer = resample_infer,
     .workspace = resample_workspace,
     .eval = resample_eval,
     .saves = {.inputs = 0b110},
     .vjp = resample_vjp},
    {.name = "resampleBackward",
     .inputs = {InputDef{"grad"}, kIndex, kWeights},
     .outputs = {OutputDef{"out"}},
     .attrs = {kSizes, kTaps},
     .flags = kPrimitive,
     .infer = resample_backward_infer,
     .workspace = resample_backward_workspace,
     .eval = resample_backward_eval,
     .saves = {.inputs = 0b110},
     .vjp = resample_backward_vjp},
};

}  // namespace

void register_resample_ops(Registry& registry) {
  for (const Op& op : kOps) registry.add(op);
}

}  // namespace lanegrad

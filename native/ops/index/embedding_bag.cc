// embeddingBag(weight, index, offsets?, perSampleWeights?){mode, includeLastOffset, paddingIdx,
// scaleGradByFreq} and its gradients.
#include <algorithm>
#include <atomic>

#include "core/threads.h"
#include "kernels/embedding/embedding.h"
#include "ops/index/common.h"
#include "ops/check_operand.h"
#include "ops/scratch.h"
#include "ops/reduce/dims.h"
#include "ops/registry.h"
#include "ops/walk.h"

namespace lanegrad {
namespace {

constexpr int64_t kGrain = 16384;
enum Mode { kSum, kMean, kMax };

// Weight [N, D]; index [B, L], or [K] with where each bag starts. Operands stand in this order from `first`
// on.
struct Sizes {
  int64_t rows, width, places, bags;
};

Sizes sizes_of(const TensorSpec& weight, const TensorSpec& index, const TensorSpec* offsets, bool last) {
  const int64_t bags = offsets ? offsets->shape[0] - (last ? 1 : 0) : index.shape[0];
  return {weight.shape[0], weight.shape[1], index.numel(), bags};
}
Sizes sizes_of(const InferContext& c, int first) {
  const TensorSpec* offsets = c.has(first + 2) ? &c.in(first + 2) : nullptr;
  return sizes_of(c.in(first), c.in(first + 1), offsets, c.attrs().get_bool(1));
}
Sizes sizes_of(const EvalContext& c, int first) {
  const TensorSpec* offsets = c.has(first + 2) ? c.in(first + 2).spec : nullptr;
  return sizes_of(*c.in(first).spec, *c.in(first + 1).spec, offsets, c.attrs().get_bool(1));
}

void check_inputs(const InferContext& c, int first) {
  const TensorSpec &weight = c.in(first), &index = c.in(first + 1);
  if (!is_floating(weight.dtype))
    c.fail(ErrorKind::kDType, "wants a weight of a floating dtype, got ", name_of(weight.dtype));
  if (weight.rank() != 2) c.fail(ErrorKind::kShape, "weight is ", weight.shape, ", wants [N, D]");
  check_index_dtype(c, index);
  if (index.rank() != 1 && index.rank() != 2)
    c.fail(ErrorKind::kShape, "index is ", index.shape, ", wants one dim or two");
  if (c.has(first + 2) != (index.rank() == 1))
    c.fail(ErrorKind::kValue, "wants offsets with an index of one dim and none with two, got an index ",
           index.shape);
  if (c.has(first + 2)) {
    const TensorSpec& offsets = c.in(first + 2);
    check_index_dtype(c, offsets);
    if (offsets.rank() != 1) c.fail(ErrorKind::kShape, "offsets is ", offsets.shape, ", wants [B]");
    if (c.attrs().get_bool(1) && offsets.shape[0] == 0)
      c.fail(ErrorKind::kValue, "got no offsets, wants the end of the last bag");
  }
  if (c.has(first + 3)) {
    if (c.attrs().get_enum(0) != kSum) c.fail(ErrorKind::kValue, "takes perSampleWeights with mode sum only");
    check_parameter(c, "perSampleWeights", c.in(first + 3), weight.dtype, index.shape);
  }
}

int64_t element_at(const TensorView& x, int64_t offset) {
  return x.spec->dtype == DType::kInt64 ? x.as<int64_t>()[offset] : x.as<int32_t>()[offset];
}

void add_bags(Scratch& s, const Sizes& z) {
  s.add(static_cast<size_t>(z.places) * sizeof(int64_t));
  s.add(static_cast<size_t>(z.bags + 1) * sizeof(int64_t));
}

void read_starts(const EvalContext& c, const Sizes& z, int first, int64_t* starts) {
  if (!c.has(first + 2)) {
    const int64_t size = c.in(first + 1).spec->shape[1];
    for (int64_t b = 0; b <= z.bags; ++b) starts[b] = b * size;
    return;
  }
  const TensorView& offsets = c.in(first + 2);
  const int64_t count = offsets.spec->shape[0];
  for (int64_t b = 0; b < count; ++b) starts[b] = element_at(offsets, b * offsets.spec->strides[0]);
  if (!c.attrs().get_bool(1)) starts[z.bags] = z.places;
  const bool empty = z.bags == 0 && !c.attrs().get_bool(1);
  bool good = empty || starts[0] == 0;
  for (int64_t b = 0; b < z.bags; ++b) good = good && starts[b] <= starts[b + 1];
  if (!good || starts[z.bags] > z.places) {
    c.fail(ErrorKind::kValue, "offsets: wants them rising from 0 to at most ", z.places,
           ", the number of indices");
  }
}

// The index in row-major order, -1 where a row does not count or stands in no bag.
void read_index(const EvalContext& c, const Sizes& z, int first, int64_t used, int64_t* out) {
  const TensorView& index = c.in(first + 1);
  const int64_t padding = c.attrs().get_int(2), n = z.places;
  Walk<1> all;
  for (int i = 0; i < index.spec->rank(); ++i) all.add(index.spec->shape[i], {index.spec->strides[i]});
  std::atomic<int64_t> bad = n;
  parallel_for(n, kGrain, [&](int64_t begin, int64_t end) {
    Walk<1> walk = all;
    walk.seek(begin);
    int64_t wrong = n;
    for (int64_t i = begin; i < end; ++i, walk.advance(1)) {
      const int64_t row = element_at(index, walk.offset(0));
      if (i < used && (row < 0 || row >= z.rows)) wrong = std::min(wrong, i);
      out[i] = i >= used || row == padding ? -1 : row;
    }
    for (int64_t known = bad; wrong < known && !bad.compare_exchange_weak(known, wrong);) {
    }
  });
  if (bad < n) {
    all.seek(bad);
    c.fail(ErrorKind::kIndex, "index ", element_at(index, all.offset(0)), " is out of range for ", z.rows,
           " rows");
  }
}

// Reads and checks what only the values show.
Bags read_bags(const EvalContext& c, Scratch& s, const Sizes& z, int first) {
  int64_t* index = static_cast<int64_t*>(s.take(static_cast<size_t>(z.places) * sizeof(int64_t)));
  int64_t* starts = static_cast<int64_t*>(s.take(static_cast<size_t>(z.bags + 1) * sizeof(int64_t)));
  read_starts(c, z, first, starts);
  read_index(c, z, first, z.bags == 0 ? 0 : starts[z.bags], index);
  return {index, starts, z.bags};
}

Bags part_of(const Bags& bags, int64_t begin, int64_t end) {
  return {bags.index, bags.starts + begin, end - begin};
}

int64_t bag_grain(const Sizes& z) {
  const int64_t work = (z.places / std::max<int64_t>(1, z.bags) + 1) * std::max<int64_t>(1, z.width);
  return std::max<int64_t>(1, kGrain / work);
}

// The table: where it is if its rows are dense, else a copy.
bool has_rows(const TensorSpec& weight) { return weight.strides[1] == 1 || weight.shape[1] <= 1; }
template <class T>
const T* table_of(Scratch& s, const TensorView& weight, int64_t& stride) {
  stride = has_rows(*weight.spec) ? weight.spec->strides[0] : weight.spec->shape[1];
  return has_rows(*weight.spec) ? weight.as<T>() : static_cast<const T*>(s.contiguous(weight));
}
void add_table(Scratch& s, const TensorSpec& weight) {
  if (!has_rows(weight)) s.add_copy(weight);
}

// ---- embeddingBag

void bag_infer(InferContext& c) {
  check_inputs(c, 0);
  const Sizes z = sizes_of(c, 0);
  c.add_output(c.in(0).dtype, {z.bags, z.width});
}

size_t bag_workspace(const InferContext& c) {
  Scratch s;
  add_bags(s, sizes_of(c, 0));
  add_table(s, c.in(0));
  if (c.has(3)) s.add_copy(c.in(3));
  return s.bytes();
}

void bag_eval(const EvalContext& c) {
  const Sizes z = sizes_of(c, 0);
  const int mode = c.attrs().get_enum(0);
  Scratch s(c.workspace());
  const Bags bags = read_bags(c, s, z, 0);
  dispatch_floating(c.in(0).spec->dtype, [&]<class T>(T) {
    int64_t stride = 0;
    const T* table = table_of<T>(s, c.in(0), stride);
    const T* scale = c.has(3) ? static_cast<const T*>(s.contiguous(c.in(3))) : nullptr;
    const BagKernels<T>& kernels = bag_table().of<T>();
    T* out = c.out(0).as<T>();
    parallel_for(z.bags, bag_grain(z), [&](int64_t begin, int64_t end) {
      const Bags part = part_of(bags, begin, end);
      if (mode == kMax)
        kernels.max(table, stride, z.width, part, out + begin * z.width);
      else
        kernels.sum(table, stride, z.width, part, scale, mode == kMean, out + begin * z.width);
    });
  });
}

void bag_vjp(VjpContext& c) {
  const Tensor g = c.grad(0);
  if (!g) return;
  int at = 2;
  const Tensor offsets = c.has_input(2) ? c.input(at++) : Tensor();
  const Tensor scale = c.has_input(3) ? c.input(at) : Tensor();
  static const Op &to_weight = find_op("embeddingBagBackward"),
                  &to_scale = find_op("embeddingBagScaleBackward");
  const std::initializer_list<Tensor> inputs = {g, c.input(0), c.input(1), offsets, scale};
  if (c.needs(0)) c.set_grad(0, c.apply(to_weight, inputs, c.attrs()));
  if (c.has_input(3) && c.needs(at)) c.set_grad(at, c.apply(to_scale, inputs, c.attrs()));
}

// ---- embeddingBagBackward(grad, weight, index, offsets?, perSampleWeights?) of the same attributes

void check_backward(const InferContext& c) {
  check_inputs(c, 1);
  const Sizes z = sizes_of(c, 1);
  check_parameter(c, "grad", c.in(0), c.in(1).dtype, {z.bags, z.width});
}

void backward_infer(InferContext& c) {
  check_backward(c);
  c.add_output(c.in(1).dtype, c.in(1).shape);
}

size_t backward_workspace(const InferContext& c) {
  const Sizes z = sizes_of(c, 1);
  const size_t item = size_of(c.in(1).dtype);
  const int mode = c.attrs().get_enum(0);
  Scratch s;
  add_bags(s, z);
  s.add_copy(c.in(0));
  if (mode == kMax) {
    add_table(s, c.in(1));
    s.add(static_cast<size_t>(z.bags * z.width) * sizeof(int64_t));
    return s.bytes();
  }
  if (c.has(4)) s.add_copy(c.in(4));
  if (mode == kMean) s.add(static_cast<size_t>(z.bags) * item);
  if (c.attrs().get_bool(3)) s.add(static_cast<size_t>(z.rows) * item);
  return s.bytes();
}

// Every thread owns a range of columns: the additions to an element are made in the order of the bags.
template <class T>
void spread_largest(const EvalContext& c, Scratch& s, const Sizes& z, const Bags& bags, const T* grad) {
  int64_t stride = 0;
  const T* table = table_of<T>(s, c.in(1), stride);
  int64_t* rows = static_cast<int64_t*>(s.take(static_cast<size_t>(z.bags * z.width) * sizeof(int64_t)));
  T* out = c.out(0).as<T>();
  parallel_for(z.bags, bag_grain(z), [&](int64_t begin, int64_t end) {
    bag_table().of<T>().largest(table, stride, z.width, part_of(bags, begin, end), rows + begin * z.width);
  });
  parallel_for(z.rows * z.width, kGrain,
               [&](int64_t begin, int64_t end) { std::fill(out + begin, out + end, T(0)); });
  parallel_parts(z.width, std::max<int64_t>(8, kGrain / std::max<int64_t>(1, z.bags)),
                 [&](int64_t begin, int64_t end) {
                   for (int64_t b = 0; b < z.bags; ++b) {
                     for (int64_t i = begin; i < end; ++i) {
                       const int64_t row = rows[b * z.width + i];
                       if (row >= 0) out[row * z.width + i] += grad[b * z.width + i];
                     }
                   }
                 });
}

// 1 / how many rows of a bag count.
template <class T>
void bag_shares(const Bags& bags, T* out) {
  parallel_for(bags.count, 1024, [&](int64_t begin, int64_t end) {
    for (int64_t b = begin; b < end; ++b) {
      int64_t counted = 0;
      for (int64_t k = bags.starts[b]; k < bags.starts[b + 1]; ++k) counted += bags.index[k] >= 0;
      out[b] = T(1) / static_cast<T>(std::max<int64_t>(1, counted));
    }
  });
}

// 1 / how often a row is named.
template <class T>
void row_shares(const Sizes& z, const int64_t* index, T* out) {
  std::fill_n(out, z.rows, T(0));
  for (int64_t k = 0; k < z.places; ++k)
    if (index[k] >= 0) out[index[k]] += T(1);
  for (int64_t i = 0; i < z.rows; ++i) out[i] = T(1) / std::max(T(1), out[i]);
}

// Every thread owns a range of rows of the table and reads all bags, in their order: no races, and the same
// order of additions for any number of threads.
void backward_eval(const EvalContext& c) {
  const Sizes z = sizes_of(c, 1);
  const int mode = c.attrs().get_enum(0);
  Scratch s(c.workspace());
  const Bags bags = read_bags(c, s, z, 1);
  dispatch_floating(c.in(1).spec->dtype, [&]<class T>(T) {
    const T* grad = static_cast<const T*>(s.contiguous(c.in(0)));
    if (mode == kMax) return spread_largest<T>(c, s, z, bags, grad);
    const T* places = c.has(4) ? static_cast<const T*>(s.contiguous(c.in(4))) : nullptr;
    BagScales<T> scales = {nullptr, places, nullptr};
    if (mode == kMean) {
      T* shares = static_cast<T*>(s.take(static_cast<size_t>(z.bags) * sizeof(T)));
      bag_shares(bags, shares);
      scales.of_bag = shares;
    }
    if (c.attrs().get_bool(3)) {
      T* shares = static_cast<T*>(s.take(static_cast<size_t>(z.rows) * sizeof(T)));
      row_shares(z, bags.index, shares);
      scales.of_row = shares;
    }
    T* out = c.out(0).as<T>();
    const BagKernels<T>& kernels = bag_table().of<T>();
    const int64_t work = std::max<int64_t>(1, (z.places / std::max<int64_t>(1, z.rows) + 1) * z.width);
    parallel_parts(z.rows, std::max<int64_t>(1, 2 * kGrain / work), [&](int64_t begin, int64_t end) {
      std::fill(out + begin * z.width, out + end * z.width, T(0));
      if (z.bags > 0) kernels.spread(grad, z.width, bags, scales, begin, end, out);
    });
  });
}

// ---- embeddingBagScaleBackward: the gradient of perSampleWeights

void scale_infer(InferContext& c) {
  check_backward(c);
  c.add_output(c.in(1).dtype, c.in(2).shape);
}

size_t scale_workspace(const InferContext& c) {
  Scratch s;
  add_bags(s, sizes_of(c, 1));
  s.add_copy(c.in(0));
  add_table(s, c.in(1));
  return s.bytes();
}

void scale_eval(const EvalContext& c) {
  const Sizes z = sizes_of(c, 1);
  Scratch s(c.workspace());
  const Bags bags = read_bags(c, s, z, 1);
  dispatch_floating(c.in(1).spec->dtype, [&]<class T>(T) {
    const T* grad = static_cast<const T*>(s.contiguous(c.in(0)));
    int64_t stride = 0;
    const T* table = table_of<T>(s, c.in(1), stride);
    T* out = c.out(0).as<T>();
    std::fill(out + (z.bags == 0 ? 0 : bags.starts[z.bags]), out + z.places, T(0));
    const BagKernels<T>& kernels = bag_table().of<T>();
    parallel_for(z.bags, bag_grain(z), [&](int64_t begin, int64_t end) {
      kernels.dot(grad + begin * z.width, table, stride, z.width, part_of(bags, begin, end), out);
    });
  });
}

constexpr std::array<AttrDef, kMaxAttrs> kAttrs = {{{"mode", AttrType::kEnum, "sum|mean|max"},
                                                    {"includeLastOffset", AttrType::kBool},
                                                    {"paddingIdx", AttrType::kInt},
                                                    {"scaleGradByFreq", AttrType::kBool}}};
constexpr InputDef kIndex = {.name = "index", .differentiable = false};
constexpr InputDef kOffsets = {.name = "offsets", .kind = InputKind::kOptional, .differentiable = false};
constexpr InputDef kScale = {.name = "perSampleWeights", .kind = InputKind::kOptional};

const Op kOps[] = {
    {.name = "embeddingBag",
     .inputs = {{{"weight"}, kIndex, kOffsets, kScale}},
     .outputs = {{{"out"}}},
     .attrs = kAttrs,
     .infer = bag_infer,
     .workspace = bag_workspace,
     .eval = bag_eval,
     .saves = {.inputs = 15},
     .vjp = bag_vjp},
    {.name = "embeddingBagBackward",
     .inputs = {{{"grad"}, {"weight"}, kIndex, kOffsets, kScale}},
     .outputs = {{{"weightGrad"}}},
     .attrs = kAttrs,
     .flags = kInternal,
     .infer = backward_infer,
     .workspace = backward_workspace,
     .eval = backward_eval},
    {.name = "embeddingBagScaleBackward",
     .inputs = {{{"grad"}, {"weight"}, kIndex, kOffsets, kScale}},
     .outputs = {{{"perSampleWeightsGrad"}}},
     .attrs = kAttrs,
     .flags = kInternal,
     .infer = scale_infer,
     .workspace = scale_workspace,
     .eval = scale_eval},
};

}  // namespace

void register_embedding_ops(Registry& r) {
  for (const Op& op : kOps) r.add(op);
}

}  // namespace lanegrad

// topk, kthvalue, median, nanmedian, mode: some elements of each line in order, and where they are, without
// sorting it where that can be avoided.
#include "kernels/sort/select.h"

#include "ops/functions.h"
#include "ops/recurrence.h"
#include "ops/reduce/dims.h"
#include "ops/registry.h"
#include "ops/sort/sort_lines.h"

namespace lanegrad {
namespace {

// Of a PlacedKey, whatever the key.
constexpr size_t kEntryBytes = 16;

size_t slot_bytes(int64_t entries) { return aligned_bytes(static_cast<size_t>(entries) * kEntryBytes); }

void add_outputs(InferContext& c, DType dtype, const Dims& shape) {
  c.add_output(dtype, shape);
  c.add_output(DType::kInt64, shape);
}

// The gradient of what was chosen goes to where it was.
Tensor chosen_grad(VjpContext& c, int64_t dim, bool dropped) {
  const Dims& shape = c.input_shape(0);
  if (shape.empty()) return fn::reshape(c, c.grad(0), shape);
  const int d = normalize_dim("select", dim, shape.size());
  if (!dropped) return scatter_to(c, c.grad(0), c.output(1), shape, d);
  const uint32_t mask = uint32_t{1} << d;
  return scatter_to(c, with_reduced_dims(c, c.grad(0), shape, mask),
                    with_reduced_dims(c, c.output(1), shape, mask), shape, d);
}

// ---- topk(x){k, dim, largest}: in order, the first first

enum TopkAttr { kK, kDim, kLargest };

// Of a long line, each slot looks at a part; then the best of the parts are looked at.
bool in_parts(int64_t k, const LineShape& s) { return is_long(s.n, s.count) && k <= s.n / (4 * kSlots); }

void topk_infer(InferContext& c) {
  const TensorSpec& x = c.in(0);
  const LineShape s = line_shape(c.op().name, c.attrs().get_int(kDim), x);
  check_line_length(c, s.n);
  const int64_t k = c.attrs().get_int(kK);
  if (k < 0 || k > s.n) c.fail(ErrorKind::kValue, "k is ", k, " for a dim of size ", s.n);
  Dims shape = x.shape;
  if (x.rank() > 0)
    shape[s.dim] = k;
  else if (k == 0)
    shape.push_back(0);
  add_outputs(c, x.dtype, shape);
}

size_t topk_workspace(const InferContext& c) {
  const LineShape s = line_shape(c.op().name, c.attrs().get_int(kDim), c.in(0));
  const int64_t k = c.attrs().get_int(kK);
  const int64_t slots = in_parts(k, s) ? kSlots + 1 : slots_of(s.count);
  return slot_bytes(std::max(select_capacity(k, s.n), in_parts(k, s) ? k * kSlots : 0)) *
         static_cast<size_t>(slots);
}

template <class T>
void take_range(Selection<SortKey<T>>& best, const T* x, int64_t stride, int64_t begin, int64_t end,
                bool largest) {
  for (int64_t i = begin; i < end; ++i)
    best.take({sort_key<T>(x[i * stride], largest), static_cast<uint32_t>(i)});
}

// The k best of one line with all threads; the result is at the start of the last slot.
template <class T>
PlacedKey<SortKey<T>>* top_of_parts(const T* x, int64_t stride, int64_t n, int64_t k, bool largest,
                                    char* memory, size_t each) {
  using Entry = PlacedKey<SortKey<T>>;
  const int64_t capacity = select_capacity(k, n);
  const auto slot = [&](int64_t i) {
    return reinterpret_cast<Entry*>(memory + static_cast<size_t>(i) * each);
  };
  parallel_tasks(kSlots, [&](int64_t i) {
    Selection<SortKey<T>> best(slot(i), k, capacity);
    take_range<T>(best, x, stride, n * i / kSlots, n * (i + 1) / kSlots, largest);
    best.finish();
  });
  Selection<SortKey<T>> best(slot(kSlots), k, k * kSlots);
  for (int64_t i = 0; i < kSlots; ++i)
    for (int64_t j = 0; j < k; ++j) best.take(slot(i)[j]);
  best.finish();
  best.sort();
  return best.entries();
}

void topk_eval(const EvalContext& c) {
  const TensorView &x = c.in(0), &values = c.out(0), &indices = c.out(1);
  if (values.spec->numel() == 0) return;
  const LineShape s = line_shape(c.op().name, c.attrs().get_int(kDim), *x.spec);
  const int64_t k = c.attrs().get_int(kK);
  const bool largest = c.attrs().get_bool(kLargest);
  const Lines<2> lines = lines_along<2>(s.dim, {x.spec, values.spec});
  char* memory = static_cast<char*>(c.workspace());
  const size_t each = slot_bytes(std::max(select_capacity(k, s.n), in_parts(k, s) ? k * kSlots : 0));
  dispatch_stored(x.spec->dtype, [&]<class T>(T) {
    using Entry = PlacedKey<SortKey<T>>;
    static_assert(sizeof(Entry) <= kEntryBytes);
    const auto write = [&](const std::array<int64_t, 2>& at, const Entry* entries) {
      for (int64_t j = 0; j < k; ++j) {
        const int64_t place = entries[j].place, to = at[1] + j * lines.stride[1];
        values.as<T>()[to] = x.as<T>()[at[0] + place * lines.stride[0]];
        indices.as<int64_t>()[to] = place;
      }
    };
    if (in_parts(k, s)) {
      Walk<2> at = lines.outer;
      at.seek(0);
      for (int64_t i = 0; i < lines.count; ++i, at.advance(1))
        write({at.offset(0), at.offset(1)},
              top_of_parts<T>(x.as<T>() + at.offset(0), lines.stride[0], s.n, k, largest, memory, each));
      return;
    }
    for_each_line_in_slots<2>(lines, [&](int64_t slot, const std::array<int64_t, 2>& at) {
      Selection<SortKey<T>> best(reinterpret_cast<Entry*>(memory + static_cast<size_t>(slot) * each), k,
                                 select_capacity(k, s.n));
      take_range<T>(best, x.as<T>() + at[0], lines.stride[0], 0, s.n, largest);
      best.finish();
      best.sort();
      write(at, best.entries());
    });
  });
}

void topk_vjp(VjpContext& c) {
  if (c.needs(0)) c.set_grad(0, chosen_grad(c, c.attrs().get_int(kDim), false));
}

// ---- kthvalue(x){k, dim, keepdim}, median(x){dim, keepdim}, nanmedian, mode: one element of each line

enum class Pick { kKth, kMedian, kNanMedian, kMode };

template <Pick kPick>
int64_t dim_attr(const Attrs& attrs) {
  return attrs.get_int(kPick == Pick::kKth ? 1 : 0);
}

template <Pick kPick>
void pick_infer(InferContext& c) {
  const TensorSpec& x = c.in(0);
  const LineShape s = line_shape(c.op().name, dim_attr<kPick>(c.attrs()), x);
  check_line_length(c, s.n);
  if (s.n == 0)
    c.fail(ErrorKind::kIndex, "dim ", s.dim, " of ", x.shape, " is empty: there is nothing to pick");
  if (kPick != Pick::kMode && x.dtype == DType::kBool)
    c.fail(ErrorKind::kDType, "does not take bool; cast it first");
  if (kPick == Pick::kKth) {
    const int64_t k = c.attrs().get_int(0);
    if (k < 1 || k > s.n) c.fail(ErrorKind::kValue, "k is ", k, " for a dim of size ", s.n);
  }
  const uint32_t mask = x.rank() > 0 ? uint32_t{1} << s.dim : 0;
  add_outputs(c, x.dtype, reduced_shape(x.shape, mask, c.attrs().get_bool(kPick == Pick::kKth ? 2 : 1)));
}

template <Pick kPick>
size_t pick_bytes(DType dtype, int64_t n) {
  return kPick == Pick::kMode ? sort_bytes(dtype, n) : slot_bytes(n);
}

template <Pick kPick>
size_t pick_workspace(const InferContext& c) {
  const TensorSpec& x = c.in(0);
  const LineShape s = line_shape(c.op().name, dim_attr<kPick>(c.attrs()), x);
  return pick_bytes<kPick>(x.dtype, s.n) * static_cast<size_t>(slots_of(s.count));
}

// The place of the k-th smallest of a line, counted from 0.
template <class T>
int64_t place_of_kth(PlacedKey<SortKey<T>>* entries, int64_t n, int64_t k) {
  std::nth_element(entries, entries + k, entries + n);
  return entries[k].place;
}

// Of the longest run of equals, the first of which there are several; the last place of it, as in PyTorch.
template <class T>
int64_t place_of_mode(const T* x, int64_t stride, int64_t n, void* memory) {
  const Keyed<SortKey<T>> sorted = sorted_line<T>(x, stride, n, false, SortMemory<SortKey<T>>(memory, n));
  int64_t longest = 0, place = 0;
  for (int64_t i = 0; i < n;) {
    int64_t end = i + 1;
    while (end < n && sorted.keys[end] == sorted.keys[i]) ++end;
    if (end - i > longest) {
      longest = end - i;
      place = sorted.places[end - 1];
    }
    i = end;
  }
  return place;
}

template <class T, Pick kPick>
int64_t pick_place(const T* x, int64_t stride, int64_t n, int64_t k, void* memory) {
  if constexpr (kPick == Pick::kMode) {
    return place_of_mode<T>(x, stride, n, memory);
  } else {
    auto* entries = static_cast<PlacedKey<SortKey<T>>*>(memory);
    int64_t nans = 0, first_nan = 0;
    for (int64_t i = n - 1; i >= 0; --i) {
      const T v = x[i * stride];
      entries[i] = {sort_key<T>(v, false), static_cast<uint32_t>(i)};
      if (v != v) {
        ++nans;
        first_nan = i;
      }
    }
    if constexpr (kPick != Pick::kKth) {
      if (kPick == Pick::kMedian ? nans > 0 : nans == n) return first_nan;
      k = (n - nans - 1) / 2;
    }
    return place_of_kth<T>(entries, n, k);
  }
}

template <Pick kPick>
void pick_eval(const EvalContext& c) {
  const TensorView &x = c.in(0), &values = c.out(0), &indices = c.out(1);
  if (x.spec->numel() == 0) return;
  const LineShape s = line_shape(c.op().name, dim_attr<kPick>(c.attrs()), *x.spec);
  // The result with its dim put back, so that it walks with x.
  TensorSpec wide = *values.spec;
  if (x.spec->rank() > 0)
    wide = TensorSpec::contiguous(wide.dtype, reduced_shape(x.spec->shape, 1u << s.dim, true));
  const Lines<2> lines = lines_along<2>(s.dim, {x.spec, &wide});
  const int64_t k = kPick == Pick::kKth ? c.attrs().get_int(0) - 1 : 0;
  dispatch_stored(x.spec->dtype, [&]<class T>(T) {
    for_each_line_in_slots<2>(lines, [&](int64_t slot, const std::array<int64_t, 2>& at) {
      char* memory = static_cast<char*>(c.workspace()) +
                     static_cast<size_t>(slot) * pick_bytes<kPick>(x.spec->dtype, s.n);
      const T* line = x.as<T>() + at[0];
      const int64_t place = pick_place<T, kPick>(line, lines.stride[0], s.n, k, memory);
      values.as<T>()[at[1]] = line[place * lines.stride[0]];
      indices.as<int64_t>()[at[1]] = place;
    });
  });
}

template <Pick kPick>
void pick_vjp(VjpContext& c) {
  if (c.needs(0)) c.set_grad(0, chosen_grad(c, dim_attr<kPick>(c.attrs()), true));
}

template <Pick kPick>
constexpr Op pick_op(const char* name) {
  Op op{.name = name,
        .inputs = {{{"x"}}},
        .outputs = {{{"values"}, {"indices", false}}},
        .attrs = {{{"dim", AttrType::kInt}, {"keepdim", AttrType::kBool}}},
        .infer = pick_infer<kPick>,
        .workspace = pick_workspace<kPick>,
        .eval = pick_eval<kPick>,
        .saves = {.outputs = 2},
        .vjp = pick_vjp<kPick>};
  if (kPick == Pick::kKth)
    op.attrs = {{{"k", AttrType::kInt}, {"dim", AttrType::kInt}, {"keepdim", AttrType::kBool}}};
  return op;
}

const Op kOps[] = {
    {.name = "topk",
     .inputs = {{{"x"}}},
     .outputs = {{{"values"}, {"indices", false}}},
     .attrs = {{{"k", AttrType::kInt}, {"dim", AttrType::kInt}, {"largest", AttrType::kBool}}},
     .infer = topk_infer,
     .workspace = topk_workspace,
     .eval = topk_eval,
     .saves = {.outputs = 2},
     .vjp = topk_vjp},
    pick_op<Pick::kKth>("kthvalue"),
    pick_op<Pick::kMedian>("median"),
    pick_op<Pick::kNanMedian>("nanmedian"),
    pick_op<Pick::kMode>("mode"),
};

}  // namespace

void register_select_ops(Registry& r) {
  for (const Op& op : kOps) r.add(op);
}

}  // namespace lanegrad

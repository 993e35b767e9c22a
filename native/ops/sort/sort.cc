// sort(x){dim, descending}: values and where they were. Always stable.
#include "ops/functions.h"
#include "ops/recurrence.h"
#include "ops/registry.h"
#include "ops/sort/sort_lines.h"

namespace lanegrad {
namespace {

enum SortAttr { kDim, kDescending };

void sort_infer(InferContext& c) {
  const TensorSpec& x = c.in(0);
  check_line_length(c, line_shape(c.op().name, c.attrs().get_int(kDim), x).n);
  const Dims strides = dense_strides_like(x.shape, x.strides);
  c.add_output(TensorSpec{x.dtype, x.shape, strides});
  c.add_output(TensorSpec{DType::kInt64, x.shape, strides});
}

size_t sort_workspace(const InferContext& c) {
  const TensorSpec& x = c.in(0);
  const LineShape s = line_shape(c.op().name, c.attrs().get_int(kDim), x);
  if (x.numel() == 0) return 0;
  const size_t each = sort_bytes(x.dtype, s.n);
  if (is_long(s.n, s.count)) return each + static_cast<size_t>(kSlots) * kDigits * 4;
  return each * static_cast<size_t>(slots_of(s.count));
}

// One line with all threads: in each pass every block counts, then moves.
template <class Key>
Keyed<Key> sort_long(Keyed<Key> a, Keyed<Key> b, int64_t n, uint32_t* counts) {
  const auto first = [n](int64_t block) { return n * block / kSlots; };
  for (int shift = 0; shift < static_cast<int>(8 * sizeof(Key)); shift += 8) {
    parallel_tasks(kSlots, [&](int64_t i) {
      count_digits(a.keys + first(i), first(i + 1) - first(i), shift, counts + i * kDigits);
    });
    if (!place_digits(counts, kSlots, n)) continue;
    parallel_tasks(kSlots, [&](int64_t i) {
      move_digits<Key>({a.keys + first(i), a.places + first(i)}, first(i + 1) - first(i), shift,
                       counts + i * kDigits, b);
    });
    std::swap(a, b);
  }
  return a;
}

template <class T>
struct SortTarget {
  const T* x;
  int64_t x_stride;
  T* values;
  int64_t* indices;
  int64_t stride;
  void write(const uint32_t* places, int64_t begin, int64_t end) const {
    for (int64_t j = begin; j < end; ++j) {
      values[j * stride] = x[static_cast<int64_t>(places[j]) * x_stride];
      indices[j * stride] = static_cast<int64_t>(places[j]);
    }
  }
};

template <class T>
void sort_long_line(const SortTarget<T>& target, int64_t n, bool descending, void* workspace) {
  using Key = SortKey<T>;
  constexpr int64_t kGrain = 16384;
  const SortMemory<Key> memory(workspace, n);
  uint32_t* counts =
      reinterpret_cast<uint32_t*>(static_cast<char*>(workspace) + sort_bytes(dtype_of<T>::value, n));
  parallel_for(n, kGrain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      memory.a.keys[i] = sort_key<T>(target.x[i * target.x_stride], descending);
      memory.a.places[i] = static_cast<uint32_t>(i);
    }
  });
  const Keyed<Key> sorted = sort_long(memory.a, memory.b, n, counts);
  parallel_for(n, kGrain, [&](int64_t begin, int64_t end) { target.write(sorted.places, begin, end); });
}

void sort_eval(const EvalContext& c) {
  const TensorView &x = c.in(0), &values = c.out(0), &indices = c.out(1);
  if (x.spec->numel() == 0) return;
  const LineShape s = line_shape(c.op().name, c.attrs().get_int(kDim), *x.spec);
  const bool descending = c.attrs().get_bool(kDescending);
  const Lines<2> lines = lines_along<2>(s.dim, {values.spec, x.spec});
  dispatch_stored(x.spec->dtype, [&]<class T>(T) {
    const auto target = [&](const std::array<int64_t, 2>& at) {
      return SortTarget<T>{x.as<T>() + at[1], lines.stride[1], values.as<T>() + at[0],
                           indices.as<int64_t>() + at[0], lines.stride[0]};
    };
    if (is_long(s.n, s.count)) {
      Walk<2> at = lines.outer;
      at.seek(0);
      for (int64_t i = 0; i < lines.count; ++i, at.advance(1))
        sort_long_line<T>(target({at.offset(0), at.offset(1)}), s.n, descending, c.workspace());
      return;
    }
    const size_t each = sort_bytes(x.spec->dtype, s.n);
    for_each_line_in_slots<2>(lines, [&](int64_t slot, const std::array<int64_t, 2>& at) {
      const SortMemory<SortKey<T>> memory(
          static_cast<char*>(c.workspace()) + static_cast<size_t>(slot) * each, s.n);
      const SortTarget<T> line = target(at);
      line.write(sorted_line<T>(line.x, line.x_stride, s.n, descending, memory).places, 0, s.n);
    });
  });
}

// Every element goes to one place: the gradient comes from there.
void sort_vjp(VjpContext& c) {
  if (!c.needs(0)) return;
  const Dims& shape = c.input_shape(0);
  if (shape.empty()) return c.set_grad(0, c.grad(0));
  const int dim = normalize_dim("sort", c.attrs().get_int(kDim), shape.size());
  c.set_grad(0, scatter_to(c, c.grad(0), c.output(1), shape, dim));
}

const Op kOps[] = {
    {.name = "sort",
     .inputs = {{{"x"}}},
     .outputs = {{{"values"}, {"indices", false}}},
     .attrs = {{{"dim", AttrType::kInt}, {"descending", AttrType::kBool}}},
     .flags = kPrimitive,
     .infer = sort_infer,
     .workspace = sort_workspace,
     .eval = sort_eval,
     .saves = {.outputs = 2},
     .vjp = sort_vjp},
};

}  // namespace

void register_select_ops(Registry& r);  // select.cc
void register_search_ops(Registry& r);  // search.cc

void register_sort_ops(Registry& r) {
  for (const Op& op : kOps) r.add(op);
  register_select_ops(r);
  register_search_ops(r);
}

}  // namespace lanegrad

#include "ops/product/batched_gemm.h"

#include <algorithm>
#include <type_traits>

#include "core/threads.h"
#include "ops/product/gemm.h"

namespace lanegrad {
namespace {

// Several products run side by side, each with its slice of the workspace; neither bound changes any result.
constexpr int64_t kMaxSlices = 32;
constexpr size_t kMaxWorkspace = size_t{64} << 20;
constexpr int64_t kSmallWork = int64_t{1} << 19;

Dims batch_of(const Dims& dims) {
  Dims batch = dims;
  batch.resize(dims.size() - 2);
  return batch;
}

// Whether the dims read as one with a single stride, and which.
struct Fold {
  bool possible = true;
  int64_t size = 1;
  int64_t stride = 0;  // of the folded dim
};
Fold fold(const Dims& shape, const Dims& strides, int dims) {
  Fold f;
  for (int i = dims - 1; i >= 0; --i) {
    if (shape[i] == 1) continue;
    if (f.size == 1)
      f.stride = strides[i];
    else if (strides[i] != f.stride * f.size)
      f.possible = false;
    f.size *= shape[i];
  }
  return f;
}

template <class T>
struct Plan {
  GemmProblem<T> one;  // of the first batch; without data
  Dims batch, a_strides, b_strides;
  int64_t count = 1;
  size_t slice = 0;
  int64_t slices = 1;
};

template <class T>
Plan<T> make_plan(const TensorSpec& a, const TensorSpec& b, const TensorSpec& c) {
  Plan<T> plan;
  GemmProblem<T>& g = plan.one;
  const int ra = a.rank(), rb = b.rank(), rc = c.rank();
  g.m = a.shape[ra - 2];
  g.k = a.shape[ra - 1];
  g.n = b.shape[rb - 1];
  g.a_row = a.strides[ra - 2];
  g.a_col = a.strides[ra - 1];
  g.b_row = b.strides[rb - 2];
  g.b_col = b.strides[rb - 1];
  g.c_row = g.n;
  plan.batch = batch_of(c.shape);
  plan.count = numel(plan.batch);
  // One matrix b for the whole batch: the rows of all of a are one tall matrix, if their strides allow.
  if (plan.count > 1 && numel(batch_of(b.shape)) == 1 && ra == rc) {
    const Fold rows = fold(a.shape, a.strides, ra - 1);
    if (rows.possible && rows.size == plan.count * g.m) {
      g.m = rows.size;
      g.a_row = rows.stride;
      plan.batch = Dims{};
      plan.count = 1;
    }
  }
  // A stride along a dim of size 1 says nothing; a definite one lets the kernels see what is contiguous.
  if (g.k == 1) g.a_col = 1, g.b_row = std::max<int64_t>(g.n, 1);
  if (g.m == 1) g.a_row = std::max<int64_t>(g.k, 1);
  if (g.n == 1) g.b_col = std::max<int64_t>(g.k, 1);
  if (plan.count > 1) {
    plan.a_strides = broadcast_strides(batch_of(a.shape), batch_of(a.strides), plan.batch);
    plan.b_strides = broadcast_strides(batch_of(b.shape), batch_of(b.strides), plan.batch);
  }
  plan.slice = plan.count > 0 ? gemm_workspace(g) : 0;
  plan.slices = std::clamp<int64_t>(plan.count, 1, kMaxSlices);
  if (plan.slice > 0) {
    plan.slices = std::clamp<int64_t>(static_cast<int64_t>(kMaxWorkspace / plan.slice), 1, plan.slices);
  }
  return plan;
}

// Elements of c from `offset` on are where a product goes, and what becomes of it there. 16-bit results are
// what finishing makes of the sums.
template <class T>
void aim(GemmProblem<T>& g, T* c, int64_t offset, const GemmExtras& extras) {
  g.column_bias = static_cast<const GemmSum<T>*>(extras.bias);
  if (!kIsHalf<T>) g.c = reinterpret_cast<GemmSum<T>*>(c + offset);
  if constexpr (kIsHalf<T> || std::is_floating_point_v<T>) {
    if (!kIsHalf<T> && !extras.activation && !extras.residual) return;
    g.finish.out = c + offset;
    g.finish.out_row = g.c_row;
    g.finish.store = kGemmStore<T>;
    g.finish.activation = extras.activation;
    if (extras.residual) g.finish.residual = static_cast<const T*>(extras.residual) + offset;
    g.finish.residual_row = g.c_row;
  }
}

template <class T>
void run(const TensorSpec& a, const T* a_data, const TensorSpec& b, const T* b_data, const TensorSpec& c,
         T* c_data, const GemmExtras& extras, void* workspace) {
  const Plan<T> plan = make_plan<T>(a, b, c);
  if (plan.count == 0 || plan.one.m == 0 || plan.one.n == 0) return;
  const auto product = [&](int64_t index, void* slice, bool threaded) {
    GemmProblem<T> g = plan.one;
    g.a = a_data;
    g.b = b_data;
    aim(g, c_data, index * g.m * g.n, extras);
    if (plan.count == 1) g.packed_b = static_cast<const GemmSum<T>*>(extras.packed_b);
    for (int d = plan.batch.size() - 1; d >= 0 && plan.count > 1; --d) {
      const int64_t i = index % plan.batch[d];
      index /= plan.batch[d];
      g.a += i * plan.a_strides[d];
      g.b += i * plan.b_strides[d];
    }
    gemm(g, slice, threaded);
  };
  if (plan.count == 1) return product(0, workspace, true);

  const int64_t work = plan.one.m * plan.one.n * std::max<int64_t>(plan.one.k, 1);
  const bool side_by_side = plan.slices > 1 && (plan.count >= num_threads() || work < 4 * kSmallWork);
  if (!side_by_side || plan.count <= kSmallWork / work) {
    for (int64_t i = 0; i < plan.count; ++i) product(i, workspace, !side_by_side);
    return;
  }
  parallel_tasks(plan.slices, [&](int64_t task) {
    void* const slice = static_cast<char*>(workspace) + plan.slice * static_cast<size_t>(task);
    const int64_t end = plan.count * (task + 1) / plan.slices;
    for (int64_t i = plan.count * task / plan.slices; i < end; ++i) product(i, slice, false);
  });
}

template <class F>
decltype(auto) dispatch(DType dtype, F&& fn) {
  switch (dtype) {
    case DType::kUint8:
      return fn(uint8_t{});
    case DType::kInt32:
      return fn(int32_t{});
    case DType::kInt64:
      return fn(int64_t{});
    default:
      return dispatch_factor(dtype, static_cast<F&&>(fn));
  }
}

}  // namespace

size_t batched_gemm_workspace(const TensorSpec& a, const TensorSpec& b, const TensorSpec& c) {
  return dispatch(c.dtype, [&]<class T>(T) {
    const Plan<T> plan = make_plan<T>(a, b, c);
    return plan.slice * static_cast<size_t>(plan.slices);
  });
}

bool batched_gemm_packs(const TensorSpec& a, const TensorSpec& b, const TensorSpec& c) {
  return dispatch_factor(c.dtype, [&]<class T>(T) {
    const Plan<T> plan = make_plan<T>(a, b, c);
    return plan.count == 1 && gemm_packs(plan.one);
  });
}

void batched_gemm(const TensorSpec& a, const void* a_data, const TensorSpec& b, const void* b_data,
                  const TensorSpec& c, void* c_data, const GemmExtras& extras, void* workspace) {
  dispatch(c.dtype, [&]<class T>(T) {
    run<T>(a, static_cast<const T*>(a_data), b, static_cast<const T*>(b_data), c, static_cast<T*>(c_data),
           extras, workspace);
  });
}

}  // namespace lanegrad

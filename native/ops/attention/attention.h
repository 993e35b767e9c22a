// What the forward and the backward pass of attention share: their operands, and blocks of masks.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstdint>

#include "kernels/attention/attention.h"
#include "kernels/gemm/gemm.h"
#include "kernels/random/random.h"
#include "ops/linalg/batch.h"
#include "ops/scratch.h"
#include "ops/op.h"

namespace lanegrad {

// Where the operands stand among the inputs of attention; behind a gradient among those of the backward op.
inline constexpr int kQuery = 0, kKey = 1, kValue = 2, kAttnMask = 3, kDropCounter = 4;
inline constexpr int kOutGrad = 0, kGradOperands = 1, kSavedOut = 6, kSavedLogSum = 7;
// The attributes, of both ops.
inline constexpr int kIsCausal = 0, kScale = 1, kDropoutP = 2;
// Of prefixAttention, in the place of kDropCounter.
inline constexpr int kPrefixLength = 4;

// Sizes of a call. query: [..., L, E], key: [..., S, E], value: [..., S, Ev]; the dims before these agree,
// but that `group` heads (the last of them) of query share one of key and value.
struct AttentionSizes {
  int64_t heads = 1;  // of query, in all batches
  int64_t group = 1;
  int64_t queries = 0, keys = 0, width = 0, value_width = 0;
  int64_t past = 0;  // keys before that of query 0; negative: the first queries see none
  bool causal = false, has_mask = false, drops = false;
  int64_t key_heads() const { return heads / group; }
  // Keys that query i sees by the causal rule.
  int64_t end_of_keys(int64_t i) const { return causal ? std::min(keys, i + 1 + past) : keys; }
};

inline size_t line_up(size_t bytes) { return (bytes + 63) & ~size_t{63}; }

inline const TensorSpec& spec_of(const InferContext& c, int i) { return c.in(i); }
inline const TensorSpec& spec_of(const EvalContext& c, int i) { return *c.in(i).spec; }

// The sizes of a call whose operands begin at input `first`.
template <class Context>
AttentionSizes attention_sizes(const Context& c, int first) {
  const TensorSpec &query = spec_of(c, first + kQuery), &key = spec_of(c, first + kKey);
  AttentionSizes z;
  z.heads = numel(batch_dims(query));
  const int last = query.rank() - 3;
  z.group = last >= 0 && key.shape[last] > 0 && z.heads > 0 ? query.shape[last] / key.shape[last] : 1;
  z.queries = rows_of(query);
  z.keys = rows_of(key);
  z.width = columns_of(query);
  z.value_width = columns_of(spec_of(c, first + kValue));
  z.causal = c.attrs().get_bool(kIsCausal);
  z.has_mask = c.has(first + kAttnMask);
  z.drops =
      c.op().attr_count() > kDropoutP && c.has(first + kDropCounter) && c.attrs().get_float(kDropoutP) > 0;
  return z;
}

inline constexpr int64_t divide_up(int64_t a, int64_t b) { return (a + b - 1) / b; }
inline constexpr int64_t round_up(int64_t a, int64_t b) { return divide_up(a, b) * b; }

// Matrices whose rows are contiguous.
template <class T>
struct HeadRows {
  const T* data = nullptr;
  TensorSpec spec;
  const T* head(int64_t i) const { return data + matrix_offset(spec, i); }
  int64_t row() const { return spec.strides[spec.rank() - 2]; }
};

inline bool has_rows(const TensorSpec& x) {
  return x.strides[x.rank() - 1] == 1 || x.shape[x.rank() - 1] <= 1;
}
// Room for a copy of what has no contiguous rows.
inline void add_rows(Scratch& s, const TensorSpec& x) {
  if (!has_rows(x)) s.add(x.bytes());
}
template <class T>
HeadRows<T> take_rows(Scratch& s, const TensorView& x) {
  if (has_rows(*x.spec)) return {x.as<const T>(), *x.spec};
  return {static_cast<const T*>(s.contiguous(x)), TensorSpec::contiguous(x.spec->dtype, x.spec->shape)};
}

// C[m, n] = A[m, k] B[k, n], or added to C; one task.
template <class T>
struct LeftMatrix {
  const T* data;
  int64_t row, col;
};
template <class T>
struct RightMatrix {
  const T* data;
  int64_t row;
  bool packed = false;  // then `row` counts nothing
};
template <class T>
struct MatrixRows {
  T* data;
  int64_t row;
  T* at(int64_t i) const { return data + i * row; }
};
// Those of an output.
template <class T>
MatrixRows<T> rows_of_head(const TensorView& x, int64_t head) {
  return {x.as<T>() + matrix_offset(*x.spec, head), x.spec->strides[x.spec->rank() - 2]};
}
template <class T>
void multiply(int64_t m, int64_t n, int64_t k, const LeftMatrix<T>& a, const RightMatrix<T>& b,
              const MatrixRows<T>& c, bool accumulate) {
  const GemmTable<T>& table = gemm_table<T>();
  GemmBlock<T> g{};
  g.m = m;
  g.n = n;
  g.k = k;
  g.a = a.data;
  g.a_row = a.row;
  g.a_col = a.col;
  g.b = b.data;
  g.b_row = b.row;
  g.packed_b = b.packed;
  g.c = c.data;
  g.c_row = c.row;
  g.accumulate = accumulate;
  table.block(g);
}

// What is added to the scores, and what dropout makes of the weights.
template <class T>
class AttentionMasks {
 public:
  // The operands begin at input `first`.
  AttentionMasks(const EvalContext& c, const AttentionSizes& sizes, int first);

  // Bias and keep of a block: queries [i, i + rows) of a head against keys [j, j + n). The buffers take
  // rows * b.row elements, where b.row is at least n.
  void set(ScoreBlock<T>& b, int64_t head, int64_t i, int64_t j, T* bias, T* keep) const;
  // The same for one query of each of `rows` heads from `head` on.
  void set_across(ScoreBlock<T>& b, int64_t head, int64_t j, T* bias, T* keep) const;

 private:
  void set_bias(ScoreBlock<T>& b, int64_t offset, int64_t row, T* buffer) const;
  void keep_row(int64_t head, int64_t i, int64_t j, int64_t n, T* out) const;

  const AttentionSizes& sizes_;
  TensorView mask_;
  TensorSpec mask_spec_;  // broadcast to [heads..., L, S]
  uint64_t seed_ = 0, offset_ = 0;
  uint32_t threshold_ = 0;
  T kept_ = 0;
};

void attention_forward(const EvalContext& c);
size_t attention_forward_workspace(const InferContext& c);  // of calls with fewer keys too
// The forward pass of operands that are not narrow.
void run_attention(const EvalContext& c, const AttentionSizes& sizes);
void prefix_attention(const EvalContext& c);
size_t prefix_attention_workspace(const InferContext& c);
void attention_backward(const EvalContext& c);
size_t attention_backward_workspace(const InferContext& c);

// Work of fewer multiply-adds stays on the calling thread.
inline constexpr int64_t kAttentionSerial = int64_t{1} << 19;
// Pieces of workspace: at most so many tasks run side by side.
inline constexpr int64_t kAttentionSlices = 32;

// How the gradient cuts the keys of a head: into parts of whole blocks, more than one where heads are few.
struct KeyParts {
  int64_t keys, count;  // of a part; parts
  KeyParts(const AttentionSizes& z, int64_t block_keys) {
    constexpr int64_t kWantedItems = 16;
    const int64_t blocks = divide_up(z.keys, block_keys);
    const int64_t wanted = std::min(divide_up(kWantedItems, z.key_heads()), blocks);
    keys = divide_up(blocks, wanted) * block_keys;
    count = divide_up(z.keys, keys);
  }
};

// Pieces of workspace that tasks take and give back. The first that is free is taken: no more are in use than
// threads, and they stay in the caches.
class FreeSlices {
 public:
  int64_t take() {
    uint32_t taken = taken_.load(std::memory_order_relaxed);
    while (!taken_.compare_exchange_weak(taken, taken | (taken + 1), std::memory_order_acquire)) {
    }
    return std::countr_one(taken);
  }
  void give_back(int64_t slice) { taken_.fetch_and(~(uint32_t{1} << slice), std::memory_order_release); }

 private:
  std::atomic<uint32_t> taken_{0};
  static_assert(kAttentionSlices <= 32);
};

// Calls body(item, slice) for every item; calls with the same slice never run at the same time.
template <class F>
void for_each_item(int64_t items, bool serial, F&& body) {
  const int64_t tasks = std::min(items, kAttentionSlices);
  FreeSlices free;
  const auto run = [&](int64_t task) {
    const int64_t slice = free.take();
    for (int64_t i = items * task / tasks; i < items * (task + 1) / tasks; ++i) body(i, slice);
    free.give_back(slice);
  };
  if (serial) {
    for (int64_t task = 0; task < tasks; ++task) run(task);
  } else {
    parallel_tasks(tasks, run);
  }
}

}  // namespace lanegrad

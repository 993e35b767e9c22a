// What the ops of recurrent layers share: how the rows of a batch of sequences lie in memory, and which are
// worked on when.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/threads.h"
#include "ops/layout/copy.h"
#include "ops/scratch.h"
#include "ops/op.h"

namespace lanegrad {

enum class RecurrentCell : int { kTanh, kRelu, kLstm, kGru };
inline constexpr const char* kRecurrentCells = "tanh|relu|lstm|gru";

// Gates of the weights, in multiples of the hidden size.
inline int64_t gates_of(RecurrentCell cell) {
  return cell == RecurrentCell::kLstm ? 4 : cell == RecurrentCell::kGru ? 3 : 1;
}
// What forward keeps of a step: lstm i f g o c, gru r z n h_n. The output of an rnn says all.
inline int64_t kept_of(RecurrentCell cell) {
  return cell == RecurrentCell::kLstm ? 5 : cell == RecurrentCell::kGru ? 4 : 0;
}
// Gate gradients of a step; gru: r z h_n x_n, since the two products have different gradients of n.
inline int64_t gate_grads_of(RecurrentCell cell) { return cell == RecurrentCell::kGru ? 4 : gates_of(cell); }

// Sequences [steps, batch, width], whose memory may be [batch, steps, width] too, or packed: the rows of each
// step one after another, [rows, width], without those of sequences that have ended. All tensors of a call
// lie alike, so that a step is `between` rows apart in each of them and all rows are one dense matrix.
struct SequenceLayout {
  bool packed = false, batch_major = false;
  int64_t steps = 0, batch = 0, rows = 0;

  static SequenceLayout of(const TensorSpec& x, int64_t batch, const TensorSpec* batch_sizes) {
    SequenceLayout l;
    l.packed = batch_sizes != nullptr;
    l.batch = batch;
    l.steps = l.packed ? batch_sizes->shape[0] : x.shape[0];
    l.rows = l.packed ? x.shape[0] : l.steps * batch;
    if (l.packed || l.steps <= 1 || batch <= 1) return l;
    // As copies and widened ones lie, too: an expanded input has no order of its own.
    const Dims strides = dense_strides_like(x.shape, x.strides);
    l.batch_major = strides[0] < strides[1];
    return l;
  }
  // Rows between neighbours of a step.
  int64_t between() const { return batch_major ? steps : 1; }
  TensorSpec spec(DType dtype, int64_t width) const {
    if (packed) return TensorSpec::contiguous(dtype, {rows, width});
    TensorSpec s = TensorSpec::contiguous(dtype, {steps, batch, width});
    if (batch_major) s.strides = Dims{width, steps * width, 1};
    return s;
  }
};

// Which rows each step has.
class Schedule {
 public:
  // offsets: [steps + 1] for a packed layout, else not read.
  Schedule(const SequenceLayout& layout, const int64_t* offsets) : layout_(layout), offsets_(offsets) {}
  int64_t row(int64_t t) const {
    return layout_.packed ? offsets_[t] : layout_.batch_major ? t : t * layout_.batch;
  }
  // Sequences that have a step t: the first ones of the batch.
  int64_t active(int64_t t) const {
    if (t < 0 || t >= layout_.steps) return 0;
    return layout_.packed ? offsets_[t + 1] - offsets_[t] : layout_.batch;
  }
  const SequenceLayout& layout() const { return layout_; }

 private:
  SequenceLayout layout_;
  const int64_t* offsets_;
};

inline size_t schedule_bytes(const SequenceLayout& layout) {
  return layout.packed ? sizeof(int64_t) * static_cast<size_t>(layout.steps + 1) : 0;
}
// Reads and checks the batch sizes.
Schedule make_schedule(const EvalContext& c, const SequenceLayout& layout, const TensorView* batch_sizes,
                       Scratch& room);

// x as `wanted` lies, a spec of a layout.
bool lies_as(const TensorSpec& x, const TensorSpec& wanted);
inline void add_in_order(Scratch& room, const TensorSpec& x, const TensorSpec& wanted) {
  if (!lies_as(x, wanted)) room.add(wanted.bytes());
}
inline const void* in_order(Scratch& room, const TensorView& x, const TensorSpec& wanted) {
  if (lies_as(*x.spec, wanted)) return x.data;
  void* const copy = room.take(wanted.bytes());
  copy_view(TensorView{copy, &wanted}, x);
  return copy;
}

// A row length for matrices of few rows that are read together: rows a multiple of 1 KB apart would compete
// for the same sets of the L1 cache.
template <class T>
int64_t spread(int64_t width) {
  constexpr int64_t line = 64 / static_cast<int64_t>(sizeof(T));
  const int64_t lines = (width + line - 1) / line;
  return (lines % 16 == 0 ? lines + 1 : lines) * line;
}

template <class T>
TensorSpec spread_spec(DType dtype, int64_t rows, int64_t width) {
  return {dtype, Dims{rows, width}, Dims{spread<T>(width), 1}};
}
template <class T>
size_t spread_bytes(int64_t rows, int64_t width) {
  return sizeof(T) * static_cast<size_t>(rows * spread<T>(width));
}

// Calls body(begin, end) for ranges of sequences, which do not touch each other: where there are enough of
// them, a thread takes its own through all steps and waits for nobody. `step_work`: multiply-adds of a step.
// The pool is used within a step instead if the weights are so large that each core should read a part of
// them only, or the sequences too few.
template <class F>
void for_sequences(const SequenceLayout& layout, int64_t step_work, F&& body) {
  constexpr int64_t kThreadWork = int64_t{1} << 20, kSharedWork = int64_t{1} << 25, kLeastRows = 8;
  const bool large = layout.steps > 1 && step_work * layout.steps >= 2 * kThreadWork;
  const bool own =
      step_work < kThreadWork || (step_work < kSharedWork && layout.batch >= kLeastRows * num_threads());
  if (large && own)
    parallel_parts(layout.batch, kLeastRows, body);  // each goes through the weights anew
  else
    body(int64_t{0}, layout.batch);
}

// Rows of gate arithmetic, on the pool where they are many.
template <class F>
void for_step_rows(int64_t rows, int64_t hidden, F&& body) {
  constexpr int64_t kElements = 8192;
  parallel_for(rows, std::max<int64_t>(1, kElements / hidden), body);
}

void recurrent_forward(const EvalContext& c);
size_t recurrent_forward_workspace(const InferContext& c);

}  // namespace lanegrad

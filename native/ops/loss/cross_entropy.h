// What the two forms of crossEntropy share: how classes lie in memory, class weights, the reduction.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/threads.h"
#include "kernels/loss/loss.h"
#include "ops/scratch.h"
#include "ops/op.h"
#include "ops/reduce/dims.h"
#include "ops/reduce/plan.h"

namespace lanegrad {

enum LossReduction { kLossNone, kLossMean, kLossSum };

// Logits [N, C, d...] or [C]: a row for each target. The classes of a row lie side by side, or (planes) the
// rows of a sample do.
struct ClassLayout {
  bool planes = false;
  int64_t rows = 1, classes = 1;
  int64_t positions = 1;  // rows of a sample, where there are planes
};

// In elements. Rows: from row to row. Planes: from class to class, and from sample to sample.
struct ClassStrides {
  int64_t row = 0, plane = 0, sample = 0;
};

template <class T>
struct ClassOperand {
  const T* data = nullptr;
  ClassStrides strides;
  // Element (row, class 0) of planes.
  const T* at(const ClassLayout& l, int64_t row) const {
    return data + row / l.positions * strides.sample + row % l.positions;
  }
};

// The sizes of logits without those of the classes.
Dims target_shape(const TensorSpec& logits);
// Logits are read where they are if they lie in rows or planes, else from a copy in rows.
ClassLayout class_layout(const TensorSpec& logits);
// A fresh tensor of the shape of the logits, in rows or in planes.
TensorSpec like_logits(const TensorSpec& logits, const ClassLayout& layout);

void check_logits(const InferContext& c, const TensorSpec& logits);
void check_loss_attrs(const InferContext& c, double smoothing);
void check_class_weight(const InferContext& c, const TensorSpec& logits, const TensorSpec& weight);

// Room for a copy of x, which has the shape of the logits, if it does not lie as the layout says.
void add_classes(Scratch& s, const TensorSpec& x, const ClassLayout& layout);
// x where it is, or in a copy.
const void* take_classes(Scratch& s, const TensorView& x, const ClassLayout& layout, ClassStrides& strides);

template <class T>
ClassOperand<T> class_operand(Scratch& s, const TensorView& x, const ClassLayout& layout) {
  ClassOperand<T> operand;
  operand.data = static_cast<const T*>(take_classes(s, x, layout, operand.strides));
  return operand;
}

// `weight`, if there is one, is made dense.
template <class T>
ClassScale<T> class_scale(Scratch& s, const TensorView* weight, int64_t classes, double smoothing) {
  const T* w = weight ? static_cast<const T*>(s.contiguous(*weight)) : nullptr;
  T total = static_cast<T>(classes);
  if (w) {
    double sum = 0;
    for (int64_t i = 0; i < classes; ++i) sum += static_cast<double>(w[i]);
    total = static_cast<T>(sum);
  }
  return {classes, w, total, static_cast<T>(smoothing)};
}

// Room for what `total_of` takes.
void add_total(Scratch& s, DType dtype, int64_t rows);
template <class T>
T total_of(Scratch& s, const T* x, int64_t rows);
extern template float total_of(Scratch&, const float*, int64_t);
extern template double total_of(Scratch&, const double*, int64_t);

// Splits the rows among the threads: in_rows(begin, end) of rows, in_planes(begin, count) of positions of one
// sample.
template <class InRows, class InPlanes>
void for_class_rows(const ClassLayout& l, const InRows& in_rows, const InPlanes& in_planes) {
  constexpr int64_t kGrain = 16384;
  parallel_for(l.rows, std::max<int64_t>(1, kGrain / std::max<int64_t>(1, l.classes)),
               [&](int64_t begin, int64_t end) {
                 if (!l.planes) return in_rows(begin, end);
                 while (begin < end) {
                   const int64_t count = std::min(l.positions - begin % l.positions, end - begin);
                   in_planes(begin, count);
                   begin += count;
                 }
               });
}

}  // namespace lanegrad

// Connectionist temporal classification (Graves et al., 2006) of one sample, in log space.
//
// A path goes through the states blank, label 0, blank, label 1, ..., blank. They are kept apart, S labels
// and S + 1 blanks, so that a step from time to time is a few loops over neighbours in memory.
#pragma once

#include <cstdint>
#include <type_traits>

namespace lanegrad {

template <class T>
struct CtcSample {
  const T* log_probs;  // [steps][classes], `stride` from step to step
  int64_t stride, steps, classes;
  const int64_t* labels;
  int64_t count;  // of labels
  int64_t blank;
};

// Elements of working memory beside the rows of alpha.
constexpr int64_t ctc_scratch(int64_t labels) { return 8 * labels + 8; }
// Elements of a row of alpha.
constexpr int64_t ctc_row(int64_t labels) { return 2 * labels + 2; }

template <class T>
struct CtcKernels {
  // -log of the probability of the labels; infinite if no path reads so.
  T (*loss)(const CtcSample<T>& sample, T* scratch);
  // dx[t][c] = grad (exp(log_probs[t][c]) - the probability, given the labels, of being in class c at t),
  // dx_stride from step to step. alpha: a row for each step. False, and nothing written, if no path reads so.
  bool (*gradient)(const CtcSample<T>& sample, T grad, T* alpha, T* scratch, T* dx, int64_t dx_stride);
};

struct CtcTable {
  CtcKernels<float> f32;
  CtcKernels<double> f64;
  template <class T>
  const CtcKernels<T>& of() const {
    if constexpr (std::is_same_v<T, float>)
      return f32;
    else
      return f64;
  }
};

const CtcTable& ctc_table();

}  // namespace lanegrad

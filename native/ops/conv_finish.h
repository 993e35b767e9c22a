// What follows a convolution, made of each part of the result right after the part, while it is in cache.
#pragma once

#include <cstdint>

#include "kernels/elementwise/elementwise.h"

namespace lanegrad {

// An activation, a sum with a residual that lies like the result, or both, with the kernels of the
// elementwise ops: the bits of one op after the other. Parts may be cut anywhere.
template <class T>
struct ConvFinish {
  T* out = nullptr;  // the whole result
  const T* residual = nullptr;
  ElementwiseKernel activation = nullptr;
  ElementwiseKernel add = nullptr;  // there with a residual
  bool residual_first = false;

  bool any() const { return residual || activation; }

  // `n` elements of the result from `at` on.
  void run(T* at, int64_t n) const {
    if (n <= 0) return;
    if (residual_first) sum(at, n);
    if (activation) {
      const void* const in[] = {at};
      activation(at, in, n, 0);
    }
    if (!residual_first) sum(at, n);
  }

  // `n` elements of each of so many channels, `apart` from one to the next.
  void run_channels(T* at, int64_t channels, int64_t apart, int64_t n) const {
    if (!any()) return;
    if (n == apart) return run(at, channels * n);
    for (int64_t c = 0; c < channels; ++c) run(at + c * apart, n);
  }

 private:
  void sum(T* at, int64_t n) const {
    if (!residual) return;
    const void* const in[] = {at, residual + (at - out)};
    add(at, in, n, 0);
  }
};

}  // namespace lanegrad

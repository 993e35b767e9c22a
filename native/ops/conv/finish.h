// What follows a convolution, made of each part of the result right after the part, while it is in cache.
#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels/elementwise/elementwise.h"

namespace lanegrad {

// Channels that are moved, scaled and moved again, as by a batch norm in evaluation: (y - shift) * scale +
// offset, each of which may be null.
template <class T>
struct ConvChannels {
  const T *shift = nullptr, *scale = nullptr, *offset = nullptr;  // [channels]
  ElementwiseKernel sub = nullptr, mul = nullptr, add = nullptr;  // there with the one that they take
  int64_t channels = 1, plane = 1;                                // elements of a channel

  bool any() const { return shift || scale || offset; }

  // `n` elements, the first of which has place `place` in the result.
  void run(T* at, int64_t place, int64_t n) const {
    while (n > 0) {
      const int64_t channel = place / plane % channels;
      const int64_t count = std::min(n, plane > 1 ? plane - place % plane : channels - channel);
      step(sub, shift, channel, at, count);
      step(mul, scale, channel, at, count);
      step(add, offset, channel, at, count);
      at += count;
      place += count;
      n -= count;
    }
  }

 private:
  // One number for all elements, or, where a channel is one element, one for each.
  void step(ElementwiseKernel kernel, const T* numbers, int64_t channel, T* at, int64_t n) const {
    if (!numbers) return;
    const void* const in[] = {at, numbers + channel};
    kernel(at, in, n, plane > 1 ? 0b10 : 0);
  }
};

// Those channels, then an activation, a sum with a residual that lies like the result, or both, with the
// kernels of the elementwise ops: the bits of one op after the other. Parts may be cut anywhere.
template <class T>
struct ConvFinish {
  T* out = nullptr;  // the whole result
  ConvChannels<T> channels;
  const T* residual = nullptr;
  ElementwiseKernel activation = nullptr;
  ElementwiseKernel add = nullptr;  // there with a residual
  bool residual_first = false;

  bool any() const { return residual || activation || channels.any(); }
  // Whether the store of a matrix product may do it: in the order that products know, and nothing else.
  bool in_store() const { return any() && !residual_first && !channels.any(); }

  // `n` elements of the result from `at` on.
  void run(T* at, int64_t n) const {
    if (n <= 0) return;
    if (channels.any()) channels.run(at, at - out, n);
    if (residual_first) sum(at, n);
    if (activation) {
      const void* const in[] = {at};
      activation(at, in, n, 0);
    }
    if (!residual_first) sum(at, n);
  }

  // `n` elements of each of so many channels, `apart` from one to the next.
  void run_channels(T* at, int64_t count, int64_t apart, int64_t n) const {
    if (!any()) return;
    if (n == apart) return run(at, count * n);
    for (int64_t c = 0; c < count; ++c) run(at + c * apart, n);
  }

 private:
  void sum(T* at, int64_t n) const {
    if (!residual) return;
    const void* const in[] = {at, residual + (at - out)};
    add(at, in, n, 0);
  }
};

}  // namespace lanegrad

// Contracts of the random kernels. All start at a Philox block; `block` is its number: the counter's offset
// plus its place in the tensor. Block b of a float32 tensor has elements 4b .. 4b + 3, of a float64 one 2b
// and 2b + 1.
#pragma once

#include <cstdint>

#include "core/dtype.h"

namespace lanegrad {

struct RandomTable {
  // Uniform in [0, 1).
  void (*uniform_float)(float* out, int64_t n, uint64_t seed, uint64_t block);
  void (*uniform_double)(double* out, int64_t n, uint64_t seed, uint64_t block);
  // Standard normal by Box and Muller.
  void (*normal_float)(float* out, int64_t n, uint64_t seed, uint64_t block);
  void (*normal_double)(double* out, int64_t n, uint64_t seed, uint64_t block);
  // low + floor(word * range / 2^32), range <= 2^32; by dtype. Blocks as for float32.
  void (*integers[kDTypeCount])(void* out, int64_t n, uint64_t seed, uint64_t block, int64_t low,
                                uint64_t range);
  // out[i] = 24 random bits >= threshold ? in[i] * scale : 0. Blocks as for float32 in both types. out may be
  // in.
  void (*dropout_float)(float* out, const float* in, int64_t n, uint64_t seed, uint64_t block,
                        uint32_t threshold, float scale);
  void (*dropout_double)(double* out, const double* in, int64_t n, uint64_t seed, uint64_t block,
                         uint32_t threshold, double scale);
};

const RandomTable& random_table();

}  // namespace lanegrad

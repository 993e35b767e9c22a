// The gradient of the input, direction by direction: which taps an input pixel sees, and where.
#pragma once

#include <algorithm>

#include "ops/conv/pixels.h"

namespace lanegrad::conv_detail {

// In one direction: the input pixels first, first + stride, ... see the same taps, namely those k with
// (first + padding - k * dilation) divisible by the stride, and the output pixel there is the quotient plus
// the index.
struct Direction {
  int64_t first;
  const ConvGeometry* g;
  int d;
  int64_t count() const { return first < g->size[d] ? ceil_div(g->size[d] - first, g->stride[d]) : 0; }
  bool sees(int64_t k) const { return (first + g->padding[d] - k * g->dilation[d]) % g->stride[d] == 0; }
  int64_t base(int64_t k) const { return (first + g->padding[d] - k * g->dilation[d]) / g->stride[d]; }
  int64_t taps() const {
    int64_t n = 0;
    for (int64_t k = 0; k < g->kernel[d]; ++k) n += sees(k);
    return n;
  }
};

// How far outside the gradient the taps reach: before its first element and past its last.
struct Reach {
  int64_t before = 0, after = 0;
};
inline Reach reach(const ConvGeometry& g, int d) {
  Reach r;
  for (int64_t first = 0; first < std::min(g.stride[d], g.size[d]); ++first) {
    const Direction dir{first, &g, d};
    for (int64_t k = 0; k < g.kernel[d]; ++k) {
      if (!dir.sees(k)) continue;
      r.before = std::max(r.before, -dir.base(k));
      r.after = std::max(r.after, dir.base(k) + dir.count() - g.out[d]);
    }
  }
  return r;
}

}  // namespace lanegrad::conv_detail

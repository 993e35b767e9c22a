// One direction of a convolution, seen from where its results lie: which taps a place sees, and at which
// element of the source. Forward the places are those of the output; of the input gradient, whose source is
// the gradient of the output, those of the input.
#pragma once

#include <algorithm>

#include "ops/conv/convolution.h"

namespace lanegrad::conv_detail {

struct Sight {
  const ConvGeometry* g;
  int d;
  bool gradient;

  int64_t places() const { return gradient ? g->size[d] : g->out[d]; }
  int64_t kernel() const { return g->kernel[d]; }
  // Places so far apart see the same taps, but for edges, in sources that are `advance` apart.
  int64_t step() const { return gradient ? g->stride[d] : 1; }
  int64_t advance() const { return gradient ? 1 : g->stride[d]; }

  // Where tap k is seen; -1 where it lies outside, or between elements of the source.
  int64_t source(int64_t place, int64_t k) const {
    if (!gradient) {
      const int64_t at = place * g->stride[d] - g->padding[d] + k * g->dilation[d];
      return at < g->size[d] ? std::max<int64_t>(at, -1) : -1;
    }
    const int64_t at = place + g->padding[d] - k * g->dilation[d];
    if (at < 0 || at % g->stride[d] != 0) return -1;
    return at / g->stride[d] < g->out[d] ? at / g->stride[d] : -1;
  }
  bool same_taps(int64_t a, int64_t b) const {
    for (int64_t k = 0; k < kernel(); ++k)
      if ((source(a, k) < 0) != (source(b, k) < 0)) return false;
    return true;
  }
};

struct SeenTap {
  int64_t k, source;
};

// Places first, first + step, ... that see the same taps; `seen` is where the first one sees them.
struct SightRun {
  int64_t first, count, taps;
  const SeenTap* seen;
};

inline int64_t most_runs(const Sight& s) { return s.places(); }
inline int64_t most_seen(const Sight& s) { return s.places() * s.kernel(); }

inline int64_t see_taps(const Sight& s, int64_t place, SeenTap* seen) {
  int64_t taps = 0;
  for (int64_t k = 0; k < s.kernel(); ++k) {
    const int64_t source = s.source(place, k);
    if (source >= 0) seen[taps++] = {k, source};
  }
  return taps;
}

// All places as runs; returns how many.
inline int64_t find_runs(const Sight& s, SightRun* runs, SeenTap* seen) {
  int64_t count = 0;
  const int64_t step = s.step(), places = s.places();
  for (int64_t phase = 0; phase < std::min(step, places); ++phase) {
    for (int64_t place = phase; place < places;) {
      SightRun run{place, 0, see_taps(s, place, seen), seen};
      for (; place < places && s.same_taps(run.first, place); place += step) ++run.count;
      seen += run.taps;
      runs[count++] = run;
    }
  }
  return count;
}

}  // namespace lanegrad::conv_detail

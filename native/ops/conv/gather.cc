#include "ops/conv/gather.h"

#include "ops/conv/pixels.h"

namespace lanegrad::conv_detail {
namespace {

// Where tap k of direction d lies, as seen from the first place of a phase; false if the phase does not see
// it.
bool lies_at(const ConvGeometry& g, bool gradient, int d, int64_t first, int64_t k, int64_t* at) {
  if (!gradient) {
    *at = k * g.dilation[d] - g.padding[d];
    return true;
  }
  const int64_t all = first + g.padding[d] - k * g.dilation[d];
  *at = all / g.stride[d];
  return all % g.stride[d] == 0;
}

// Taps in the order in which they lie in the image: of a gradient the last comes first.
int64_t tap_at(const ConvGeometry& g, bool gradient, int d, int64_t index) {
  return gradient ? g.kernel[d] - 1 - index : index;
}

void list_taps(const ConvGeometry& g, bool gradient, GatherPhase& p, ConvSizes* kernel, TapRun* run) {
  for (int64_t a = 0; a < g.kernel[1]; ++a) {
    const int64_t ky = tap_at(g, gradient, 1, a);
    int64_t y, x;
    if (!lies_at(g, gradient, 1, p.first_row, ky, &y)) continue;
    bool begins = true;
    for (int64_t b = 0; b < g.kernel[2]; ++b) {
      const int64_t kx = tap_at(g, gradient, 2, b);
      if (!lies_at(g, gradient, 2, p.first_column, kx, &x)) continue;
      TapRun* const last = run + p.runs - 1;
      if (!begins && last->column + last->taps == x)
        ++last->taps;
      else
        run[p.runs++] = {y, x, 1, p.taps};
      begins = false;
      kernel[p.taps++] = {0, ky, kx};
    }
  }
}

}  // namespace

int64_t phase_count(const ConvGeometry& g, bool gradient) {
  return gradient ? std::min(g.stride[1], g.size[1]) * std::min(g.stride[2], g.size[2]) : 1;
}

void find_phases(const ConvGeometry& g, bool gradient, GatherPhase* phases, ConvSizes* kernel, TapRun* run) {
  const int64_t across = gradient ? std::min(g.stride[2], g.size[2]) : 1;
  for (int64_t i = 0; i < phase_count(g, gradient); ++i) {
    GatherPhase& p = phases[i];
    p = {};
    p.kernel = kernel;
    p.run = run;
    if (gradient) {
      p.first_row = i / across;
      p.first_column = i % across;
      p.rows = ceil_div(g.size[1] - p.first_row, g.stride[1]);
      p.columns = ceil_div(g.size[2] - p.first_column, g.stride[2]);
      p.advance_rows = p.advance_columns = 1;
    } else {
      p.rows = g.out[1];
      p.columns = g.out[2];
      p.advance_rows = g.stride[1];
      p.advance_columns = g.stride[2];
    }
    list_taps(g, gradient, p, kernel, run);
    kernel += p.taps;
    run += p.runs;
  }
}

}  // namespace lanegrad::conv_detail

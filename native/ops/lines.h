// Operands of one shape seen as lines along a dim, for ops that treat each line by itself: scans, sorts,
// searches.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "core/threads.h"
#include "core/tensor.h"
#include "ops/walk.h"

namespace lanegrad {

template <int K>
struct Lines {
  int64_t n = 1;                    // elements of a line
  int64_t count = 1;                // lines
  std::array<int64_t, K> stride{};  // along a line, of each operand
  Walk<K> outer;                    // the starts of the lines, in the memory order of operand 0
};

// `dim` is normalized; a 0-dim tensor is one line of one element. The sizes are those of operand 0; the
// others may differ along `dim` only.
template <int K>
Lines<K> lines_along(int dim, const std::array<const TensorSpec*, K>& operands) {
  Lines<K> lines;
  const TensorSpec& lead = *operands[0];
  std::array<int, kMaxRank> order;
  int rest = 0;
  for (int d = 0; d < lead.rank(); ++d) {
    if (d == dim) continue;
    // Widest stride first, so that neighbouring lines are visited one after the other.
    int at = rest++;
    for (; at > 0 && lead.strides[order[at - 1]] < lead.strides[d]; --at) order[at] = order[at - 1];
    order[at] = d;
  }
  for (int i = 0; i < rest; ++i) {
    std::array<int64_t, K> strides;
    for (int k = 0; k < K; ++k) strides[k] = operands[k]->strides[order[i]];
    lines.outer.add(lead.shape[order[i]], strides);
  }
  lines.outer.coalesce();
  lines.count = lines.outer.count();
  if (lead.rank() > 0) {
    lines.n = lead.shape[dim];
    for (int k = 0; k < K; ++k) lines.stride[k] = operands[k]->strides[dim];
  }
  return lines;
}

// Calls body(offsets, run, steps) in parallel for runs of lines that lie evenly: line i of a run starts at
// offsets[k] + i * steps[k] of operand k. A thread gets at least `grain` lines. Runs depend on the number of
// threads.
template <int K, class F>
void for_each_lines(const Lines<K>& lines, int64_t grain, F&& body) {
  parallel_for(lines.count, std::max<int64_t>(1, grain), [&](int64_t begin, int64_t end) {
    Walk<K> at = lines.outer;
    at.seek(begin);
    for (int64_t i = begin; i < end;) {
      const int64_t run = std::min(at.run(), end - i);
      std::array<int64_t, K> offsets, steps;
      for (int k = 0; k < K; ++k) {
        offsets[k] = at.offset(k);
        steps[k] = at.run_stride(k);
      }
      body(offsets, run, steps);
      at.advance(run);
      i += run;
    }
  });
}

}  // namespace lanegrad

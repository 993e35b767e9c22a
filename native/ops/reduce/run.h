// Runs a ReducePlan: walks the outer dims of each level and splits them among the threads.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/threads.h"
#include "kernels/reduce/reduce.h"
#include "ops/reduce/plan.h"
#include "ops/walk.h"

namespace lanegrad {

// Elements that a thread should have to itself.
inline constexpr int64_t kReduceGrain = 32768;

// One level. rows(x, count, x_outer, n, stride, center, center_stride, out, out_stride) and columns(...) are
// the kernels; `center` is null but for a centred sum.
template <class In, class Out, class Rows, class Columns>
void run_level(const ReduceLevel& level, const In* x, const Out* center, Out* out, const Rows& rows,
               const Columns& columns) {
  const int64_t n = level.fold.size, stride = level.fold.in;
  Walk<3> outer;
  for (size_t i = 0; i < level.outer.size(); ++i) {
    const ReduceDim& d = level.outer[i];
    outer.add(d.size, {d.in, d.out, level.center[i]});
  }
  if (level.columns) {
    const int64_t tiles = (level.cols + kColumnTile - 1) / kColumnTile;
    const int64_t work = level.chunk * std::min(level.cols, kColumnTile);
    const int64_t each = tiles * level.chunks;
    parallel_for(
        outer.count() * each, std::max<int64_t>(1, kReduceGrain / work), [&](int64_t begin, int64_t end) {
          Walk<3> at = outer;
          at.seek(begin / each);
          for (int64_t i = begin; i < end; ++i) {
            if (i > begin && i % each == 0) at.advance(1);
            const int64_t chunk = i % each / tiles, tile = i % tiles;
            const int64_t first = chunk * level.chunk, col = tile * kColumnTile;
            columns(x + at.offset(0) + first * stride + col * level.col_in, std::min(level.chunk, n - first),
                    stride, std::min(kColumnTile, level.cols - col), level.col_in,
                    center ? center + at.offset(2) + col * level.col_center : nullptr, level.col_center,
                    out + at.offset(1) + chunk * level.chunk_out + col * level.col_out, level.col_out);
          }
        });
    return;
  }
  const int64_t grain = std::max<int64_t>(1, kReduceGrain / level.chunk);
  if (level.chunks == 1) {
    parallel_for(outer.count(), grain, [&](int64_t begin, int64_t end) {
      Walk<3> at = outer;
      at.seek(begin);
      for (int64_t i = begin; i < end;) {
        const int64_t run = std::min(at.run(), end - i);
        rows(x + at.offset(0), run, at.run_stride(0), n, stride, center ? center + at.offset(2) : nullptr,
             at.run_stride(2), out + at.offset(1), at.run_stride(1));
        at.advance(run);
        i += run;
      }
    });
    return;
  }
  parallel_for(outer.count() * level.chunks, grain, [&](int64_t begin, int64_t end) {
    Walk<3> at = outer;
    at.seek(begin / level.chunks);
    for (int64_t i = begin; i < end; ++i) {
      const int64_t chunk = i % level.chunks, first = chunk * level.chunk;
      if (i > begin && chunk == 0) at.advance(1);
      rows(x + at.offset(0) + first * stride, 1, 0, std::min(level.chunk, n - first), stride,
           center ? center + at.offset(2) : nullptr, 0, out + at.offset(1) + chunk * level.chunk_out, 1);
    }
  });
}

// All levels after the first, with kernels from Out to Out. `workspace` holds plan.intermediate_elements.
template <class In, class Out, class First>
void run_levels(const ReducePlan& plan, const In* x, Out* out, Out* workspace, const First& first,
                const ReduceKernels<Out, Out>& rest) {
  const auto rows = [&](const Out* p, int64_t count, int64_t p_outer, int64_t n, int64_t stride, const Out*,
                        int64_t, Out* q,
                        int64_t q_stride) { rest.rows(p, count, p_outer, n, stride, q, q_stride); };
  const auto columns = [&](const Out* p, int64_t n, int64_t row_stride, int64_t cols, int64_t col_stride,
                           const Out*, int64_t, Out* q, int64_t q_stride) {
    rest.columns(p, n, row_stride, cols, col_stride, q, q_stride);
  };
  const Out* from = nullptr;
  for (size_t i = 0; i < plan.levels.size(); ++i) {
    const ReduceLevel& level = plan.levels[i];
    Out* to = level.last ? out : workspace;
    if (i == 0)
      first(level, x, to);
    else
      run_level<Out, Out>(level, from, nullptr, to, rows, columns);
    from = to;
    if (!level.last) workspace += (level.out_elements + 63) & ~int64_t{63};
  }
}

// out = the fold of x that the kernels compute.
template <class In, class Out>
void run_reduction(const ReducePlan& plan, const In* x, Out* out, Out* workspace,
                   const ReduceKernels<In, Out>& kernels, const ReduceKernels<Out, Out>& rest) {
  run_levels<In, Out>(
      plan, x, out, workspace,
      [&](const ReduceLevel& level, const In* from, Out* to) {
        run_level<In, Out>(
            level, from, nullptr, to,
            [&](const In* p, int64_t count, int64_t p_outer, int64_t n, int64_t stride, const Out*, int64_t,
                Out* q, int64_t q_stride) { kernels.rows(p, count, p_outer, n, stride, q, q_stride); },
            [&](const In* p, int64_t n, int64_t row_stride, int64_t cols, int64_t col_stride, const Out*,
                int64_t, Out* q,
                int64_t q_stride) { kernels.columns(p, n, row_stride, cols, col_stride, q, q_stride); });
      },
      rest);
}

// out = sums of squared differences from `center`, which is laid out as the result.
template <class In, class T>
void run_centered(const ReducePlan& plan, const In* x, const T* center, T* out, T* workspace,
                  const CenteredKernels<In, T>& kernels, const ReduceKernels<T, T>& rest) {
  run_levels<In, T>(
      plan, x, out, workspace,
      [&](const ReduceLevel& level, const In* from, T* to) {
        run_level<In, T>(level, from, center, to, kernels.rows, kernels.columns);
      },
      rest);
}

}  // namespace lanegrad

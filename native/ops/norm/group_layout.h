// How groupNorm reads x: [N, C, ...] as units that are taken through all passes, and as parts of constant
// size, whose sums meet in the order of the parts. All of it follows from the shape alone.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/threads.h"
#include "kernels/norm/norm.h"
#include "ops/layout/memory_format.h"

namespace lanegrad {

// Elements of a part that is a piece of memory: in the first cache for the second pass over it.
inline constexpr int64_t kGroupPart = 4096;
// Elements of a channel of a sample below which a group is one row with a weight for each element.
inline constexpr int64_t kFewElements = 16;

struct GroupLayout {
  enum class Kind {
    kRows,     // few elements a channel: rows, see rows.h
    kPlanes,   // [N, C, inner] in memory: a unit is a group of a sample
    kColumns,  // channels last, [N, inner, C]: a unit is a sample
  };
  Kind kind = Kind::kPlanes;
  Dims strides;  // of x if it is read in place, and of the output
  int64_t samples = 1, channels = 1, groups = 1, inner = 1;

  // A part: of run `run` of its channels the n elements (columns: n rows) from `offset` in the unit.
  struct Part {
    int64_t run, channel, channels, n, offset;
  };

  bool columns() const { return kind == Kind::kColumns; }
  bool empty() const { return samples == 0 || channels == 0 || inner == 0; }
  int64_t group_channels() const { return channels / groups; }

  int64_t units() const { return columns() ? samples : samples * groups; }
  int64_t unit_channels() const { return columns() ? channels : group_channels(); }
  int64_t unit_groups() const { return columns() ? groups : 1; }
  int64_t unit_elements() const { return unit_channels() * inner; }

  int64_t run_length() const { return columns() ? kStripRows : std::min(inner, kGroupPart); }
  int64_t runs() const { return (inner + run_length() - 1) / run_length(); }
  int64_t tile_channels() const {
    return columns() ? std::min(channels, kStripColumns) : std::max<int64_t>(1, kGroupPart / inner);
  }
  int64_t tiles() const { return (unit_channels() + tile_channels() - 1) / tile_channels(); }
  int64_t parts() const { return runs() * tiles(); }
  // In memory order.
  Part part(int64_t i) const {
    const int64_t run = columns() ? i / tiles() : i % runs(), tile = columns() ? i % tiles() : i / runs();
    const int64_t channel = tile * tile_channels(), first = run * run_length();
    return {run, channel, std::min(tile_channels(), unit_channels() - channel),
            std::min(run_length(), inner - first),
            columns() ? first * channels + channel : channel * inner + first};
  }
  int64_t run_size(int64_t run) const { return std::min(run_length(), inner - run * run_length()); }
};

inline GroupLayout group_layout(const TensorSpec& x, int64_t groups) {
  GroupLayout l;
  l.samples = x.shape[0];
  l.channels = x.shape[1];
  l.groups = groups;
  for (int i = 2; i < x.rank(); ++i) l.inner *= x.shape[i];
  const bool last = !x.is_contiguous() && is_channels_last(x);
  l.strides = last ? x.strides : contiguous_strides(x.shape);
  if (last)
    l.kind = GroupLayout::Kind::kColumns;
  else if (l.inner < kFewElements)
    l.kind = GroupLayout::Kind::kRows;
  return l;
}

// Calls first(unit, part) for the parts of each unit, then join(unit), then second(unit, part). Units that
// fit a cache go through all three in one thread, so that memory is read once; large ones are split by parts.
template <class First, class Join, class Second>
void for_each_unit(const GroupLayout& l, const First& first, const Join& join, const Second& second) {
  constexpr int64_t kCached = int64_t{1} << 18, kGrain = 16384, kManyUnits = 8;
  const int64_t units = l.units(), parts = l.parts(), elements = l.unit_elements();
  const bool small = units * elements < 2 * kGrain;
  if (small || (elements <= kCached && units >= kManyUnits)) {
    parallel_for(units, std::max<int64_t>(1, kGrain / elements), [&](int64_t begin, int64_t end) {
      for (int64_t u = begin; u < end; ++u) {
        for (int64_t i = 0; i < parts; ++i) first(u, l.part(i));
        join(u);
        for (int64_t i = 0; i < parts; ++i) second(u, l.part(i));
      }
    });
    return;
  }
  const int64_t grain = std::max<int64_t>(1, kGrain * parts / elements);
  const auto each_part = [&](const auto& fn) {
    parallel_for(units * parts, grain, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) fn(i / parts, l.part(i % parts));
    });
  };
  each_part(first);
  parallel_for(units, 1, [&](int64_t begin, int64_t end) {
    for (int64_t u = begin; u < end; ++u) join(u);
  });
  each_part(second);
}

}  // namespace lanegrad

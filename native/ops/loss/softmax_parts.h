// How softmax and its kin go through a dense tensor.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/dims.h"
#include "core/threads.h"

namespace lanegrad {

// The dense shape seen as [outer, n, inner] around what is folded.
struct SoftmaxBlock {
  int64_t outer = 1, n = 1, inner = 1;
};

// Around the dims from `first` to `last`.
inline SoftmaxBlock softmax_block(const Dims& shape, int first, int last) {
  SoftmaxBlock b;
  for (int i = 0; i < shape.size(); ++i) (i < first ? b.outer : i <= last ? b.n : b.inner) *= shape[i];
  return b;
}

// Calls rows(first, count) or columns(outer, column, columns) over the whole block.
template <class Rows, class Columns>
void for_each_softmax_part(const SoftmaxBlock& b, const Rows& rows, const Columns& columns) {
  constexpr int64_t kGrain = 16384;
  // Columns that one call takes: a constant, so that it never matters how many threads there are.
  constexpr int64_t kColumns = 64;
  if (b.inner == 1) {
    parallel_for(b.outer, std::max<int64_t>(1, kGrain / std::max<int64_t>(1, b.n)),
                 [&](int64_t begin, int64_t end) { rows(begin, end - begin); });
    return;
  }
  const int64_t tiles = (b.inner + kColumns - 1) / kColumns;
  const int64_t grain =
      std::max<int64_t>(1, kGrain / std::max<int64_t>(1, b.n * std::min(b.inner, kColumns)));
  parallel_for(b.outer * tiles, grain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t first = i % tiles * kColumns;
      columns(i / tiles, first, std::min(kColumns, b.inner - first));
    }
  });
}

}  // namespace lanegrad

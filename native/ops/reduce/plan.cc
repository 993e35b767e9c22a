#include "ops/reduce/plan.h"

#include <algorithm>

#include "kernels/reduce/reduce.h"

namespace lanegrad {
namespace {

using DimList = InlineVector<ReduceDim, 12>;

// Merges neighbours of the same kind that lie evenly in memory (and in the result).
DimList coalesce(const DimList& dims) {
  DimList out;
  for (const ReduceDim& d : dims) {
    if (!out.empty()) {
      ReduceDim& last = out[out.size() - 1];
      if (last.reduced == d.reduced && last.in == d.in * d.size &&
          (d.reduced || last.out == d.out * d.size)) {
        last.size *= d.size;
        last.in = d.in;
        last.out = d.out;
        continue;
      }
    }
    out.push_back(d);
  }
  return out;
}

// The dims in memory order, outermost first: the innermost one then decides which kernel reads along memory.
DimList memory_order(const TensorSpec& x, uint32_t mask) {
  DimList dims;
  int64_t out = 1;
  for (int i = x.rank() - 1; i >= 0; --i) {
    const bool reduced = (mask >> i & 1) != 0;
    if (x.shape[i] != 1) dims.push_back({x.shape[i], x.strides[i], reduced ? 0 : out, reduced});
    if (!reduced) out *= x.shape[i];
  }
  std::reverse(dims.begin(), dims.end());
  for (size_t i = 1; i < dims.size(); ++i)  // stable, and without the allocation of std::stable_sort
    for (size_t j = i; j > 0 && dims[j - 1].in < dims[j].in; --j) std::swap(dims[j - 1], dims[j]);
  return dims;
}

int64_t round_up(int64_t n) { return (n + 63) & ~int64_t{63}; }

}  // namespace

ReducePlan plan_reduction(const TensorSpec& x, uint32_t mask) {
  ReducePlan plan;
  DimList dims = memory_order(x, mask);
  do {
    dims = coalesce(dims);
    ReduceLevel level;
    int fold = static_cast<int>(dims.size()) - 1;
    while (fold >= 0 && !dims[fold].reduced) --fold;
    level.columns = !dims.empty() && !dims[dims.size() - 1].reduced;
    level.fold = fold >= 0 ? dims[fold] : ReduceDim{1, 0, 0, true};  // all reduced dims are of size 1: a copy
    level.chunk = std::min(level.fold.size, level.columns ? kColumnChunk : kRowChunk);
    level.chunks = (level.fold.size + level.chunk - 1) / level.chunk;
    bool more = level.chunks > 1;
    for (int i = 0; i < static_cast<int>(dims.size()); ++i) more = more || (dims[i].reduced && i != fold);
    level.last = !more;

    // The output of this level: the same dims with the folded one shrunk to its chunks, dense.
    DimList next;
    for (int i = 0; i < static_cast<int>(dims.size()); ++i) {
      ReduceDim d = dims[i];
      if (i == fold) d.size = level.chunks;
      next.push_back(d);
    }
    int64_t step = 1;
    for (int i = static_cast<int>(next.size()) - 1; i >= 0; --i) {
      next[i].in = step;
      step *= next[i].size;
    }
    level.out_elements = step;
    const int column = level.columns ? static_cast<int>(dims.size()) - 1 : -1;
    for (int i = 0; i < static_cast<int>(dims.size()); ++i) {
      const int64_t out = more ? next[i].in : dims[i].out;
      if (i == fold) {
        level.chunk_out = out;
      } else if (i == column) {
        level.cols = dims[i].size;
        level.col_in = dims[i].in;
        level.col_out = out;
        level.col_center = dims[i].out;
      } else {
        level.outer.push_back({dims[i].size, dims[i].in, out, dims[i].reduced});
        level.center.push_back(dims[i].out);
      }
    }
    if (more) plan.intermediate_elements += round_up(level.out_elements);
    plan.levels.push_back(level);
    dims.clear();
    for (const ReduceDim& d : next)
      if (d.size != 1) dims.push_back(d);
    if (!more) break;
  } while (true);
  return plan;
}

}  // namespace lanegrad

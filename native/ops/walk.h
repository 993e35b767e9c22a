// Walks the indices of a small strided space in row-major order, keeping K offsets at once.
#pragma once

#include <array>
#include <cstdint>

#include "core/dims.h"

namespace lanegrad {

template <int K>
class Walk {
 public:
  // Dims are added outermost first. A dim of size 1 is dropped.
  void add(int64_t size, const std::array<int64_t, K>& strides) {
    if (size == 1) return;
    size_[rank_] = size;
    strides_[rank_] = strides;
    coordinates_[rank_++] = 0;
    count_ *= size;
  }
  // Merges neighbours that lie evenly under all K strides: fewer and longer runs.
  void coalesce() {
    int kept = 0;
    for (int i = 1; i < rank_; ++i) {
      bool even = true;
      for (int k = 0; k < K; ++k) even = even && strides_[kept][k] == strides_[i][k] * size_[i];
      if (even) {
        size_[kept] *= size_[i];
        strides_[kept] = strides_[i];
      } else if (++kept != i) {
        size_[kept] = size_[i];
        strides_[kept] = strides_[i];
      }
    }
    if (rank_ > 0) rank_ = kept + 1;
  }
  int64_t count() const { return count_; }

  void seek(int64_t index) {
    offsets_ = {};
    if (count_ == 0) return;
    for (int d = rank_ - 1; d >= 0; --d) {
      coordinates_[d] = index % size_[d];
      index /= size_[d];
      for (int k = 0; k < K; ++k) offsets_[k] += coordinates_[d] * strides_[d][k];
    }
  }
  int64_t offset(int k) const { return offsets_[k]; }

  // Positions from here to the end of the innermost dim, which lie `run_stride(k)` apart.
  int64_t run() const { return rank_ == 0 ? 1 : size_[rank_ - 1] - coordinates_[rank_ - 1]; }
  int64_t run_stride(int k) const { return rank_ == 0 ? 0 : strides_[rank_ - 1][k]; }
  // Steps over n <= run() positions.
  void advance(int64_t n) {
    int d = rank_ - 1;
    if (d < 0) return;
    coordinates_[d] += n;
    for (int k = 0; k < K; ++k) offsets_[k] += n * strides_[d][k];
    while (d > 0 && coordinates_[d] == size_[d]) {
      for (int k = 0; k < K; ++k) offsets_[k] += strides_[d - 1][k] - size_[d] * strides_[d][k];
      coordinates_[d] = 0;
      ++coordinates_[--d];
    }
  }

 private:
  int rank_ = 0;
  int64_t count_ = 1;
  std::array<int64_t, kMaxRank + 2> size_, coordinates_;
  std::array<std::array<int64_t, K>, kMaxRank + 2> strides_;
  std::array<int64_t, K> offsets_{};
};

}  // namespace lanegrad

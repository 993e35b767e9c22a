// The k smallest of a line without sorting it: a buffer takes what is below the k-th smallest so far, and is
// cut back to k when it is full. On data in no order most elements meet one comparison. Limit: the
// comparison, until k nears n.
#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels/sort/keys.h"

namespace lanegrad {

// Entries that the buffer wants for k of n.
inline int64_t select_capacity(int64_t k, int64_t n) { return std::min(n, 2 * k + 256); }

template <class Key>
class Selection {
 public:
  Selection(PlacedKey<Key>* buffer, int64_t k, int64_t capacity)
      : buffer_(buffer), k_(k), capacity_(capacity) {}

  void take(PlacedKey<Key> entry) {
    if (bounded_ && !(entry < bound_)) return;
    if (size_ == capacity_) cut();
    buffer_[size_++] = entry;
  }
  // The k smallest to the front, the largest of them last. 1 <= k <= the entries taken.
  void finish() {
    std::nth_element(buffer_, buffer_ + (k_ - 1), buffer_ + size_);
    size_ = k_;
  }
  void sort() { std::sort(buffer_, buffer_ + k_); }
  PlacedKey<Key>* entries() { return buffer_; }

 private:
  void cut() {
    std::nth_element(buffer_, buffer_ + (k_ - 1), buffer_ + size_);
    bound_ = buffer_[k_ - 1];
    bounded_ = true;
    size_ = k_;
  }
  PlacedKey<Key>* buffer_;
  int64_t k_, capacity_, size_ = 0;
  PlacedKey<Key> bound_{};
  bool bounded_ = false;
};

}  // namespace lanegrad

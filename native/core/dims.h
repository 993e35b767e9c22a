// Sizes and strides of up to kMaxRank dims, held without an allocation, and the arithmetic on them.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <ostream>
#include <span>

namespace lanegrad {

inline constexpr int kMaxRank = 12;

class Dims {
 public:
  Dims() = default;
  Dims(std::initializer_list<int64_t> values) {
    for (int64_t v : values) push_back(v);
  }
  explicit Dims(std::span<const int64_t> values) {
    for (int64_t v : values) push_back(v);
  }
  static Dims filled(int rank, int64_t value) {
    Dims d;
    for (int i = 0; i < rank; ++i) d.push_back(value);
    return d;
  }
  Dims(const Dims& other) { *this = other; }
  Dims& operator=(const Dims& other) {
    size_ = other.size_;
    for (int i = 0; i < size_; ++i) values_[i] = other.values_[i];
    return *this;
  }

  // Ops check the rank themselves and say more; this is the net below them.
  void push_back(int64_t v) {
    if (size_ == kMaxRank) [[unlikely]]
      fail_full();
    values_[size_++] = v;
  }
  void resize(int rank) {
    if (rank > kMaxRank) [[unlikely]]
      fail_full();
    for (int i = size_; i < rank; ++i) values_[i] = 0;
    size_ = rank;
  }
  int size() const { return size_; }
  bool empty() const { return size_ == 0; }
  int64_t& operator[](int i) { return values_[i]; }
  int64_t operator[](int i) const { return values_[i]; }
  int64_t back() const { return values_[size_ - 1]; }
  const int64_t* begin() const { return values_; }
  const int64_t* end() const { return values_ + size_; }
  int64_t* begin() { return values_; }
  int64_t* end() { return values_ + size_; }
  operator std::span<const int64_t>() const { return {values_, static_cast<size_t>(size_)}; }

  friend bool operator==(const Dims& a, const Dims& b) {
    if (a.size_ != b.size_) return false;
    for (int i = 0; i < a.size_; ++i)
      if (a.values_[i] != b.values_[i]) return false;
    return true;
  }
  // Prints as JavaScript would: [32, 784].
  friend std::ostream& operator<<(std::ostream& out, const Dims& d) {
    out << '[';
    for (int i = 0; i < d.size_; ++i) out << (i ? ", " : "") << d.values_[i];
    return out << ']';
  }

 private:
  [[noreturn]] static void fail_full();

  int size_ = 0;
  int64_t values_[kMaxRank];
};

// Product of the sizes: 1 for a 0-dim shape. Shapes that reach a kernel were checked not to overflow (see
// checked_numel).
inline int64_t numel(const Dims& shape) {
  int64_t n = 1;
  for (int64_t s : shape) n *= s;
  return n;
}

// Row-major strides, in elements. A dim of size 0 counts as 1, as in PyTorch.
inline Dims contiguous_strides(const Dims& shape) {
  Dims strides = shape;
  int64_t step = 1;
  for (int i = shape.size() - 1; i >= 0; --i) {
    strides[i] = step;
    step *= shape[i] > 1 ? shape[i] : 1;
  }
  return strides;
}

inline bool is_contiguous(const Dims& shape, const Dims& strides) {
  int64_t step = 1;
  for (int i = shape.size() - 1; i >= 0; --i) {
    if (shape[i] == 0) return true;
    if (shape[i] == 1) continue;
    if (strides[i] != step) return false;
    step *= shape[i];
  }
  return true;
}

// numel with the checks that sizes from JavaScript need: no negative size, and at most 2^48 bytes at 8 bytes
// an element.
int64_t checked_numel(const char* op, const Dims& shape);

// The shape both broadcast to; throws a shape error that names both.
Dims broadcast_shapes(const char* op, const Dims& a, const Dims& b);

// Strides with which a tensor of `shape` reads as the broadcast shape `wide` (0 along stretched dims).
Dims broadcast_strides(const Dims& shape, const Dims& strides, const Dims& wide);

// Wraps a negative dim and checks it against the rank (a 0-dim tensor takes -1 and 0).
int normalize_dim(const char* op, int64_t dim, int rank);

// Strides of a dense tensor of `shape` that keeps the dim order of `strides` (so a channels-last input stays
// channels-last). Falls back to row-major where `strides` repeats elements or leaves it open.
Dims dense_strides_like(const Dims& shape, const Dims& strides);

// Whether elements may share a place: dims that interleave without meeting count as well.
bool may_overlap(const Dims& shape, const Dims& strides);

// How far behind the first element the last one lies; 0 for an empty tensor.
int64_t reach_of(const Dims& shape, const Dims& strides);

// Every element in its own place and none skipped, in any dim order.
bool is_dense(const Dims& shape, const Dims& strides);

}  // namespace lanegrad

// A workspace cut into pieces.
#pragma once

#include <cstddef>

#include "ops/layout/copy.h"
#include "ops/op.h"

namespace lanegrad {

// Without memory it adds up what will be taken; with it, it hands the pieces out. Both sides make the same
// calls.
class Scratch {
 public:
  Scratch() = default;
  explicit Scratch(void* memory) : at_(static_cast<char*>(memory)) {}

  void add(size_t bytes) { bytes_ += round_up(bytes); }
  // Room for a copy of what is not contiguous.
  void add_copy(const TensorSpec& spec) {
    if (!spec.is_contiguous()) add(spec.bytes());
  }
  size_t bytes() const { return bytes_; }

  void* take(size_t bytes) {
    void* piece = at_;
    at_ += round_up(bytes);
    return piece;
  }
  template <class T>
  T* take(int64_t n) {
    return static_cast<T*>(take(static_cast<size_t>(n) * sizeof(T)));
  }
  // The data in row-major order: x itself, or a copy.
  const void* contiguous(const TensorView& x) {
    if (x.spec->is_contiguous()) return x.data;
    const TensorSpec dense = TensorSpec::contiguous(x.spec->dtype, x.spec->shape);
    void* const copy = take(dense.bytes());
    copy_view(TensorView{copy, &dense}, x);
    return copy;
  }

 private:
  static size_t round_up(size_t bytes) { return (bytes + 63) & ~size_t{63}; }
  char* at_ = nullptr;
  size_t bytes_ = 0;
};

}  // namespace lanegrad

// What the fused ops share: checks of their parameters, gradients in schema order, and a workspace cut into
// pieces.
#pragma once

#include <cstddef>
#include <span>

#include "ops/copy.h"
#include "ops/op.h"

namespace lanegrad {

inline void check_floating(const InferContext& c, const TensorSpec& x) {
  if (!is_floating(x.dtype)) c.fail(ErrorKind::kDType, "wants x of a floating dtype, got ", name_of(x.dtype));
}

inline void check_parameter(const InferContext& c, const char* what, const TensorSpec& got, DType dtype,
                            const Dims& shape) {
  if (got.dtype != dtype) {
    c.fail(ErrorKind::kDType, what, " is ", name_of(got.dtype), ", wants the dtype of x, ", name_of(dtype));
  }
  if (!(got.shape == shape)) c.fail(ErrorKind::kShape, what, " is ", got.shape, ", wants ", shape);
}

// An optional weight or bias of a norm. Beside a 16-bit x it may be float32.
inline void check_affine(const InferContext& c, int i, const char* what, const TensorSpec& x,
                         const Dims& shape) {
  if (!c.has(i)) return;
  const DType wide = computed_dtype(x.dtype);
  check_parameter(c, what, c.in(i), c.in(i).dtype == wide ? wide : x.dtype, shape);
}

// The gradients of the first schema inputs, in their order: an absent one takes no place among the flat ones.
inline void set_grads(VjpContext& c, std::span<const Tensor> grads) {
  int at = 0;
  for (size_t i = 0; i < grads.size(); ++i) {
    if (!c.has_input(static_cast<int>(i))) continue;
    if (c.needs(at)) c.set_grad(at, grads[i]);
    ++at;
  }
}

// x: [N, C, ...] in memory as [N, ..., C].
inline bool is_channels_last(const TensorSpec& x) {
  Dims shape, strides;
  for (int i = 0; i <= x.rank(); ++i) {
    if (i == 1) continue;
    const int dim = i == x.rank() ? 1 : i;
    shape.push_back(x.shape[dim]);
    strides.push_back(x.strides[dim]);
  }
  return is_contiguous(shape, strides);
}

// Whether x lies in memory with these strides.
inline bool laid_out(const TensorSpec& x, const Dims& strides) {
  for (int i = 0; i < x.rank(); ++i)
    if (x.shape[i] > 1 && x.strides[i] != strides[i]) return false;
  return true;
}

struct Moments {
  double mean = 0, variance = 0;
};

// Mean and biased variance of parts, from their means and sums of squared differences. They lie in `depth`
// rows of `width`, count(row) elements each.
template <class T, class Count>
Moments join_moments(const T* mean, const T* m2, int64_t depth, int64_t width, int64_t stride,
                     const Count& count) {
  double total = 0, sum = 0, squares = 0;
  for (int64_t k = 0; k < depth; ++k) {
    double row = 0;
    for (int64_t i = 0; i < width; ++i) row += static_cast<double>(mean[k * stride + i]);
    sum += row * static_cast<double>(count(k));
    total += static_cast<double>(width * count(k));
  }
  const double center = sum / total;
  for (int64_t k = 0; k < depth; ++k) {
    double within = 0, between = 0;
    for (int64_t i = 0; i < width; ++i) {
      const double d = static_cast<double>(mean[k * stride + i]) - center;
      within += static_cast<double>(m2[k * stride + i]);
      between += d * d;
    }
    squares += within + between * static_cast<double>(count(k));
  }
  return {center, squares / total};
}

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

// What the ops on batches of matrices share: checks, access to one matrix, and running the batch.
#pragma once

#include <algorithm>
#include <atomic>
#include <utility>

#include "core/threads.h"
#include "ops/op.h"

namespace lanegrad {

inline int64_t rows_of(const TensorSpec& x) { return x.shape[x.rank() - 2]; }
inline int64_t columns_of(const TensorSpec& x) { return x.shape[x.rank() - 1]; }

// The dims before the last `matrix_dims`.
inline Dims batch_dims(const TensorSpec& x, int matrix_dims = 2) {
  Dims dims = x.shape;
  dims.resize(x.rank() - matrix_dims);
  return dims;
}
inline Dims with_matrix(Dims batch, int64_t rows, int64_t columns) {
  batch.push_back(rows);
  batch.push_back(columns);
  return batch;
}
inline Dims with_vector(Dims batch, int64_t size) {
  batch.push_back(size);
  return batch;
}

inline void check_matrix(const InferContext& c, const char* name, const TensorSpec& x) {
  if (!is_floating(x.dtype)) {
    c.fail(ErrorKind::kDType, "wants ", name, " of float32 or float64, got ", name_of(x.dtype));
  }
  if (x.rank() < 2) c.fail(ErrorKind::kShape, "wants ", name, " of at least 2 dims, got ", x.shape);
}
inline void check_square(const InferContext& c, const char* name, const TensorSpec& x) {
  check_matrix(c, name, x);
  if (rows_of(x) != columns_of(x)) {
    c.fail(ErrorKind::kShape, "wants ", name, " of square matrices, got ", x.shape, " (", rows_of(x),
           " against ", columns_of(x), ")");
  }
}
inline void check_same_batch(const InferContext& c, const TensorSpec& a, const TensorSpec& b) {
  if (a.dtype != b.dtype) {
    c.fail(ErrorKind::kDType, "a is ", name_of(a.dtype), ", b is ", name_of(b.dtype), ": wants one dtype");
  }
  if (!(batch_dims(a) == batch_dims(b))) {
    c.fail(ErrorKind::kShape, "leading dims differ: a is ", a.shape, ", b is ", b.shape);
  }
}

// Row-major matrices whose columns are contiguous instead.
inline TensorSpec column_major(DType dtype, const Dims& shape) {
  TensorSpec spec = TensorSpec::contiguous(dtype, shape);
  const int rank = spec.rank();
  spec.strides[rank - 1] = std::max<int64_t>(shape[rank - 2], 1);
  spec.strides[rank - 2] = 1;
  return spec;
}

// Where matrix (or vector) `index` of a batch begins, in elements.
inline int64_t matrix_offset(const TensorSpec& x, int64_t index, int matrix_dims = 2) {
  int64_t offset = 0;
  for (int d = x.rank() - matrix_dims - 1; d >= 0; --d) {
    offset += index % x.shape[d] * x.strides[d];
    index /= x.shape[d];
  }
  return offset;
}

// Copies matrix `index` of x, of any strides, to row-major rows `ld` apart; transposed if so wanted.
template <class T>
void load_matrix(const TensorView& x, int64_t index, T* to, int64_t ld, bool transpose = false) {
  const TensorSpec& spec = *x.spec;
  const T* from = x.as<T>() + matrix_offset(spec, index);
  int64_t rows = rows_of(spec), columns = columns_of(spec);
  int64_t row = spec.strides[spec.rank() - 2], column = spec.strides[spec.rank() - 1];
  if (transpose) {
    std::swap(rows, columns);
    std::swap(row, column);
  }
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < columns; ++j) to[i * ld + j] = from[i * row + j * column];
  }
}

// How many matrices of a batch are worked on at a time: of the shape alone, since the workspace depends on
// it.
inline int64_t batch_slices(int64_t count, size_t slice_bytes) {
  constexpr int64_t kMostSlices = 32;
  constexpr size_t kMostBytes = size_t{64} << 20;
  const int64_t fit = slice_bytes == 0 ? kMostSlices : static_cast<int64_t>(kMostBytes / slice_bytes);
  return std::clamp<int64_t>(std::min(count, fit), 1, kMostSlices);
}
inline size_t batch_workspace(int64_t count, size_t slice_bytes) {
  const size_t padded = (slice_bytes + 63) & ~size_t{63};
  return padded * static_cast<size_t>(batch_slices(count, padded));
}

// body(index, memory, threaded) for each matrix; `memory` has slice_bytes. Few and large ones run one after
// the other, with threads inside; else side by side. `work`: multiplications for one.
template <class F>
void for_matrices(int64_t count, int64_t work, size_t slice_bytes, void* workspace, F&& body) {
  constexpr int64_t kSerialWork = int64_t{1} << 17;
  const size_t padded = (slice_bytes + 63) & ~size_t{63};
  const int64_t slices = batch_slices(count, padded);
  const auto memory = [&](int64_t slice) {
    return static_cast<void*>(static_cast<char*>(workspace) + padded * static_cast<size_t>(slice));
  };
  const bool alone = slices == 1 || count < num_threads();
  if (alone || count <= kSerialWork / std::max<int64_t>(work, 1)) {
    for (int64_t i = 0; i < count; ++i) body(i, memory(0), alone);
    return;
  }
  parallel_tasks(slices, [&](int64_t slice) {
    const int64_t end = count * (slice + 1) / slices;
    for (int64_t i = count * slice / slices; i < end; ++i) body(i, memory(slice), false);
  });
}

// The first matrix of a batch that failed, and a number that says how: bodies of parallel work must not
// throw.
class FirstFailure {
 public:
  void report(int64_t index, int64_t detail) {
    const uint64_t mine =
        static_cast<uint64_t>(index) << 24 | static_cast<uint64_t>(std::min<int64_t>(detail, 0xffffff));
    uint64_t known = code_.load();
    while (mine < known && !code_.compare_exchange_weak(known, mine)) {
    }
  }
  bool any() const { return code_.load() != kNone; }
  int64_t index() const { return static_cast<int64_t>(code_.load() >> 24); }
  int64_t detail() const { return static_cast<int64_t>(code_.load() & 0xffffff); }

 private:
  static constexpr uint64_t kNone = ~uint64_t{0};
  std::atomic<uint64_t> code_{kNone};
};

// "matrix 3 of the batch" or "the matrix".
inline std::string matrix_name(int64_t index, int64_t count) {
  return count == 1 ? "the matrix" : "matrix " + std::to_string(index) + " of the batch";
}

}  // namespace lanegrad

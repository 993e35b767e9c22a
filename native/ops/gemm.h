// Runs a matrix product: decides what to pack, cuts the work into tasks, and hands the blocks to the kernels.
// Shared by matmul, linear and the convolutions.
#pragma once

#include <cstddef>
#include <cstdint>

namespace lanegrad {

// C[m, n] = A[m, k] B[k, n] + column_bias[n] + row_bias[m]; element (i, p) of A at a[i * a_row + p * a_col],
// and so on. C is row-major with rows c_row apart.
template <class T>
struct GemmProblem {
  int64_t m = 0, n = 0, k = 0;
  const T* a = nullptr;
  int64_t a_row = 0, a_col = 0;
  const T* b = nullptr;
  int64_t b_row = 0, b_col = 0;
  T* c = nullptr;
  int64_t c_row = 0;
  const T* column_bias = nullptr;
  const T* row_bias = nullptr;
  bool accumulate = false;  // C += A B, and no bias
};

// Bytes that gemm() needs for this problem; only extents and strides are looked at. A multiple of 64.
template <class T>
size_t gemm_workspace(const GemmProblem<T>& problem);

// Bytes that are enough for every problem whose operands have at most so many elements and extents, whatever
// their strides.
template <class T>
size_t gemm_workspace_bound(int64_t elements, int64_t longest);

// With `threaded` the thread pool may be used, where the work is worth it. The result is the same bits either
// way.
template <class T>
void gemm(const GemmProblem<T>& problem, void* workspace, bool threaded);

}  // namespace lanegrad

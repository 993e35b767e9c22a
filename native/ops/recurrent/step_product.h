// A matrix that many small products share, as the recurrent weights of all time steps: it is packed once.
#pragma once

#include <cstddef>
#include <cstdint>

namespace lanegrad {

// C[m, n] = A[m, k] B[k, n], B the same each time. Bits are those of gemm() where that does not
// form dot products: they depend on k alone, neither on m nor on threads.
template <class T>
class StepProduct {
 public:
  StepProduct() = default;
  // Element (p, j) of B at b[p * b_row + j * b_col]; not read before pack(). With few uses packing would cost
  // more than it saves: then B is left to gemm().
  StepProduct(const T* b, int64_t b_row, int64_t b_col, int64_t k, int64_t n, bool once);

  // Bytes of memory for products of at most `rows` rows. A multiple of 64.
  size_t bytes(int64_t rows) const;
  // Uses the thread pool.
  void pack(void* memory);
  // Rows of A and C are a_row and c_row apart. The pool is used where the work is worth it. Products of
  // different rows may run at the same time, unless `once`.
  void multiply(int64_t rows, const T* a, int64_t a_row, T* c, int64_t c_row, bool accumulate) const;

 private:
  const T* b_ = nullptr;
  int64_t b_row_ = 0, b_col_ = 0, k_ = 0, n_ = 0;
  bool once_ = true;
  T* packed_ = nullptr;  // or the workspace of gemm()
};

}  // namespace lanegrad

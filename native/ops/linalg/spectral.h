// What eigenvalues and singular values have in common: the reduction to two diagonals by reflections, and
// iterations of rotations on those. The iterations run in double, whatever the dtype: they are O(n^2), and
// everything else applies their rotations.
#pragma once

#include <cstddef>
#include <cstdint>

#include "ops/linalg/blocks.h"

namespace lanegrad {

// Rotations of neighbouring rows of a matrix, gathered and applied many at a time, block of columns after
// block: a block stays in the cache for all of them, and blocks are independent.
template <class T>
class RotationBuffer {
 public:
  static size_t bytes(int64_t rows);
  // On `rows` rows of z, [rows, width]; a null z drops everything.
  RotationBuffer(T* z, int64_t rows, int64_t width, int64_t ld, char* memory, bool threaded);
  // A chain: rotation k is of the rows first + k * step and first + (k + 1) * step, as in rotate_chain.
  void begin(int64_t first, int64_t step);
  void add(double c, double s) {
    if (!z_) return;
    c_[used_] = static_cast<T>(c);
    s_[used_++] = static_cast<T>(s);
  }
  void flush();

 private:
  struct Chain {
    int64_t first, step, start;
  };
  T* z_;
  int64_t rows_, width_, ld_;
  bool threaded_;
  T *c_, *s_;
  Chain* chains_;
  int64_t used_ = 0, chain_count_ = 0;
};

// The symmetric A, both triangles given, becomes Q D Q^T with D tridiagonal: d [n], e [n], the last of it 0.
// The vectors of Q are left in the rows of A: Reflectors{a + 1, 1, ld, tau, n - 1, n - 1} acts on rows 1 to n
// - 1. work: 2 n elements.
template <class T>
void linalg_tridiagonalize(int64_t n, T* a, int64_t ld, double* d, double* e, T* tau, T* work, bool threaded);
// Eigenvalues d of the symmetric tridiagonal matrix, not sorted; e is lost. With the eigenvectors as Z, rows
// of z become Z^T z. False if it did not converge.
template <class T>
bool linalg_tridiagonal_ql(int64_t n, double* d, double* e, RotationBuffer<T>& z);

// The square A becomes P B Q^T with B upper bidiagonal: d [n], e [n], the last of it 0. The vectors of P are
// left in the columns, Reflectors{a, ld, 1, left, n, n}, those of Q in the rows, Reflectors{a + 1, 1, ld,
// right, n - 1, n - 1}, which acts on rows 1 to n - 1. work: 2 n elements.
template <class T>
void linalg_bidiagonalize(int64_t n, T* a, int64_t ld, double* d, double* e, T* left, T* right, T* work,
                          bool threaded);
// Singular values d of the upper bidiagonal matrix, not sorted, of either sign; e is lost. With B = U S V^T,
// rows of u become U^T u, those of v V^T v. False if it did not converge.
template <class T>
bool linalg_bidiagonal_qr(int64_t n, double* d, double* e, RotationBuffer<T>& u, RotationBuffer<T>& v);

// Scales the elements by a power of two that brings the largest near 1, and gives that by which results must
// be multiplied; NaN if an element is not finite.
template <class T>
double linalg_normalize(int64_t rows, int64_t columns, T* a, int64_t ld);

}  // namespace lanegrad

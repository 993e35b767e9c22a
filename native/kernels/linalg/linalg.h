// What the factorizations do outside of matrix products: small blocks, panels of few columns, products with
// one vector, and rotations. All matrices are row-major with rows `ld` apart.
//
// The O(n^3) part of a factorization runs as matrix products; these take O(n^2) times the block size.
#pragma once

#include <cstdint>
#include <type_traits>

namespace lanegrad {

// Sides of the blocks that are worked on without matrix products.
inline constexpr int64_t kLinalgBlock = 16;

template <class T>
struct LinalgKernels {
  // x . y
  T (*dot)(int64_t n, const T* x, const T* y);
  // y += a x
  void (*axpy)(int64_t n, T a, const T* x, T* y);
  // z += a x + b y
  void (*axpy2)(int64_t n, T a, const T* x, T b, const T* y, T* z);
  // out[j] = sum over i of v[i] a[i][j], for j < width
  void (*combine_rows)(int64_t rows, int64_t width, const T* a, int64_t ld, const T* v, T* out);
  // Row-major X, [n, k], in place: the solution of T X = B for a lower (upper) triangle T, element (i, p) at
  // t[i * row + p * col]. n <= kLinalgBlock.
  void (*solve_triangle)(int64_t n, int64_t k, const T* t, int64_t row, int64_t col, bool upper, bool unit,
                         T* x, int64_t ld);
  // The upper triangle of a becomes U with U^T U = A. n <= kLinalgBlock. Gives 0, or the order of the leading
  // minor that is not positive.
  int64_t (*cholesky)(int64_t n, T* a, int64_t ld);
  // LU with partial pivoting of a panel of n <= kLinalgBlock columns and m >= n rows. pivots[j]: the row that
  // row j was exchanged with. Gives 0, or 1 + the first column without a pivot.
  int64_t (*lu)(int64_t m, int64_t n, T* a, int64_t ld, int32_t* pivots, bool pivot);
  // Householder QR of a panel of n <= 2 kLinalgBlock columns: R above the diagonal and on it, the vectors
  // below (their first element, 1, is not stored), H_j = I - tau[j] v v^T.
  void (*qr)(int64_t m, int64_t n, T* a, int64_t ld, T* tau);
  // Rotations of neighbouring rows, each taking up where the last one ended: with x the row reached and y the
  // next, `step` elements on: (x, y) <- (c x + s y, c y - s x).
  void (*rotate_chain)(int64_t count, const T* c, const T* s, T* row, int64_t step, int64_t width);
};

struct LinalgTable {
  LinalgKernels<float> f32;
  LinalgKernels<double> f64;
  template <class T>
  const LinalgKernels<T>& of() const {
    if constexpr (std::is_same_v<T, float>)
      return f32;
    else
      return f64;
  }
};

const LinalgTable& linalg_table();

}  // namespace lanegrad

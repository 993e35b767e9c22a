// Blocked factorizations of one row-major matrix: small blocks and panels go to the kernels, all else is
// matrix products. They recurse by halves, so that the products are as large as can be.
#pragma once

#include <cstddef>
#include <cstdint>

namespace lanegrad {

// Memory for products with matrices of at most m x n elements (and panels of them), carved by linalg_scratch.
template <class T>
struct LinalgScratch {
  T* copy = nullptr;     // a negated operand
  void* gemm = nullptr;  // what the product packs
  bool threaded = false;
};
template <class T>
size_t linalg_scratch_bytes(int64_t m, int64_t n);
// Takes linalg_scratch_bytes(m, n) from `memory`, and advances it.
template <class T>
LinalgScratch<T> linalg_scratch(int64_t m, int64_t n, char*& memory, bool threaded);

// C = A B; element (i, p) of A at a[i * a_row + p * a_col], rows of C `c_row` apart.
template <class T>
void linalg_multiply(const LinalgScratch<T>& s, int64_t m, int64_t n, int64_t k, const T* a, int64_t a_row,
                     int64_t a_col, const T* b, int64_t b_row, int64_t b_col, T* c, int64_t c_row);
// C -= A B.
template <class T>
void linalg_subtract(const LinalgScratch<T>& s, int64_t m, int64_t n, int64_t k, const T* a, int64_t a_row,
                     int64_t a_col, const T* b, int64_t b_row, int64_t b_col, T* c, int64_t c_row);

// X [n, k] becomes the solution of T X = B; element (i, p) of the triangle at t[i * row + p * col].
template <class T>
void linalg_solve_triangle(const LinalgScratch<T>& s, int64_t n, int64_t k, const T* t, int64_t row,
                           int64_t col, bool upper, bool unit, T* x, int64_t ld);

// The upper triangle of A becomes U with U^T U = A; below it stays what was there. 0, or the order of the
// leading minor that is not positive.
template <class T>
int64_t linalg_cholesky(const LinalgScratch<T>& s, int64_t n, T* a, int64_t ld);

// A [m, n] becomes L and U of P A = L U, pivots[j] the row that row j was exchanged with. 0, or 1 + the first
// column without a pivot.
template <class T>
int64_t linalg_lu(const LinalgScratch<T>& s, int64_t m, int64_t n, T* a, int64_t ld, int32_t* pivots,
                  bool pivot = true);
// The exchanges of rows, on other columns.
template <class T>
void linalg_exchange_rows(int64_t count, const int32_t* pivots, T* x, int64_t ld, int64_t columns);

// Householder vectors: element i of vector j at v[i * row + j * col] for i > j, 1 for i = j, 0 before;
// tau[j].
template <class T>
struct Reflectors {
  const T* v;
  int64_t row, col;
  const T* tau;
  int64_t rows, count;
};
template <class T>
size_t linalg_reflector_bytes(int64_t rows, int64_t columns);
// C [rows, n] becomes H_0 H_1 ... C, or its transpose ... H_1 H_0 C. `memory`: reflector_bytes(rows, n).
template <class T>
void linalg_apply(const LinalgScratch<T>& s, const Reflectors<T>& h, bool transpose, int64_t n, T* c,
                  int64_t ld, char* memory);
// A [m, n] becomes R and the vectors of Q = H_0 H_1 ...
template <class T>
void linalg_qr(const LinalgScratch<T>& s, int64_t m, int64_t n, T* a, int64_t ld, T* tau, char* memory);
// The first `columns` columns of H_0 H_1 ..., row-major.
template <class T>
void linalg_form_q(const LinalgScratch<T>& s, const Reflectors<T>& h, int64_t columns, T* q, int64_t ld,
                   char* memory);

}  // namespace lanegrad

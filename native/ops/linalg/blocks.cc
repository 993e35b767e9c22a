#include "ops/linalg/blocks.h"

#include <algorithm>

#include "kernels/linalg/linalg.h"
#include "ops/product/gemm.h"

namespace lanegrad {
namespace {

size_t padded(size_t bytes) { return (bytes + 63) & ~size_t{63}; }

// Half of n, in whole blocks: what the first half of a recursion takes. n > kLinalgBlock.
int64_t half(int64_t n) { return (n / 2 + kLinalgBlock - 1) / kLinalgBlock * kLinalgBlock; }

// Of an operand: the matrix, or a panel of it.
int64_t most_elements(int64_t m, int64_t n) {
  const int64_t longest = std::max(m, n), shortest = std::min(m, n);
  return longest * std::max(shortest, std::min(longest, 2 * kLinalgBlock));
}

template <class T>
void product(const LinalgScratch<T>& s, int64_t m, int64_t n, int64_t k, const T* a, int64_t a_row,
             int64_t a_col, const T* b, int64_t b_row, int64_t b_col, T* c, int64_t c_row, bool accumulate) {
  if (m == 0 || n == 0 || (accumulate && k == 0)) return;
  GemmProblem<T> g;
  g.m = m;
  g.n = n;
  g.k = k;
  g.a = a;
  g.a_row = a_row;
  g.a_col = a_col;
  g.b = b;
  g.b_row = b_row;
  g.b_col = b_col;
  g.c = c;
  g.c_row = c_row;
  g.accumulate = accumulate;
  gemm(g, s.gemm, s.threaded);
}

}  // namespace

template <class T>
size_t linalg_scratch_bytes(int64_t m, int64_t n) {
  const int64_t longest = std::max(m, n), elements = most_elements(m, n);
  return padded(sizeof(T) * static_cast<size_t>(elements)) +
         padded(gemm_workspace_bound<T>(elements, longest));
}

template <class T>
LinalgScratch<T> linalg_scratch(int64_t m, int64_t n, char*& memory, bool threaded) {
  LinalgScratch<T> s;
  s.copy = reinterpret_cast<T*>(memory);
  s.gemm = memory + padded(sizeof(T) * static_cast<size_t>(most_elements(m, n)));
  s.threaded = threaded;
  memory += linalg_scratch_bytes<T>(m, n);
  return s;
}

template <class T>
void linalg_multiply(const LinalgScratch<T>& s, int64_t m, int64_t n, int64_t k, const T* a, int64_t a_row,
                     int64_t a_col, const T* b, int64_t b_row, int64_t b_col, T* c, int64_t c_row) {
  product(s, m, n, k, a, a_row, a_col, b, b_row, b_col, c, c_row, false);
}

template <class T>
void linalg_subtract(const LinalgScratch<T>& s, int64_t m, int64_t n, int64_t k, const T* a, int64_t a_row,
                     int64_t a_col, const T* b, int64_t b_row, int64_t b_col, T* c, int64_t c_row) {
  for (int64_t i = 0; i < m; ++i) {
    for (int64_t p = 0; p < k; ++p) s.copy[i * k + p] = -a[i * a_row + p * a_col];
  }
  product<T>(s, m, n, k, s.copy, k, 1, b, b_row, b_col, c, c_row, true);
}

template <class T>
void linalg_solve_triangle(const LinalgScratch<T>& s, int64_t n, int64_t k, const T* t, int64_t row,
                           int64_t col, bool upper, bool unit, T* x, int64_t ld) {
  if (n <= kLinalgBlock) {
    return linalg_table().of<T>().solve_triangle(n, k, t, row, col, upper, unit, x, ld);
  }
  const int64_t h = half(n), rest = n - h;
  const T* const lower_right = t + h * (row + col);
  if (upper) {
    linalg_solve_triangle(s, rest, k, lower_right, row, col, upper, unit, x + h * ld, ld);
    linalg_subtract<T>(s, h, k, rest, t + h * col, row, col, x + h * ld, ld, 1, x, ld);
    linalg_solve_triangle(s, h, k, t, row, col, upper, unit, x, ld);
  } else {
    linalg_solve_triangle(s, h, k, t, row, col, upper, unit, x, ld);
    linalg_subtract<T>(s, rest, k, h, t + h * row, row, col, x, ld, 1, x + h * ld, ld);
    linalg_solve_triangle(s, rest, k, lower_right, row, col, upper, unit, x + h * ld, ld);
  }
}

template <class T>
int64_t linalg_cholesky(const LinalgScratch<T>& s, int64_t n, T* a, int64_t ld) {
  if (n <= kLinalgBlock) return linalg_table().of<T>().cholesky(n, a, ld);
  const int64_t h = half(n), rest = n - h;
  if (const int64_t failed = linalg_cholesky(s, h, a, ld)) return failed;
  T* const right = a + h;
  T* const lower_right = right + h * ld;
  // U12 = U11^-T A12, A22 -= U12^T U12
  linalg_solve_triangle<T>(s, h, rest, a, 1, ld, false, false, right, ld);
  linalg_subtract<T>(s, rest, rest, h, right, 1, ld, right, ld, 1, lower_right, ld);
  const int64_t failed = linalg_cholesky(s, rest, lower_right, ld);
  return failed ? h + failed : 0;
}

template <class T>
void linalg_exchange_rows(int64_t count, const int32_t* pivots, T* x, int64_t ld, int64_t columns) {
  for (int64_t j = 0; j < count; ++j) {
    if (pivots[j] != j) std::swap_ranges(x + j * ld, x + j * ld + columns, x + pivots[j] * ld);
  }
}

template <class T>
int64_t linalg_lu(const LinalgScratch<T>& s, int64_t m, int64_t n, T* a, int64_t ld, int32_t* pivots,
                  bool pivot) {
  if (n <= kLinalgBlock && n <= m) return linalg_table().of<T>().lu(m, n, a, ld, pivots, pivot);
  const int64_t h = n > m ? m : half(n), rest = n - h;
  T* const right = a + h;
  int64_t missing = linalg_lu(s, m, h, a, ld, pivots, pivot);
  linalg_exchange_rows(h, pivots, right, ld, rest);
  linalg_solve_triangle<T>(s, h, rest, a, ld, 1, false, true, right, ld);
  if (m == h) return missing;
  T* const lower_right = right + h * ld;
  linalg_subtract<T>(s, m - h, rest, h, a + h * ld, ld, 1, right, ld, 1, lower_right, ld);
  const int64_t later = linalg_lu(s, m - h, rest, lower_right, ld, pivots + h, pivot);
  if (missing == 0 && later != 0) missing = h + later;
  linalg_exchange_rows(rest, pivots + h, a + h * ld, ld, h);
  for (int64_t j = h; j < n; ++j) pivots[j] += static_cast<int32_t>(h);
  return missing;
}

#define LANEGRAD_LINALG(T)                                                                                \
  template size_t linalg_scratch_bytes<T>(int64_t, int64_t);                                              \
  template LinalgScratch<T> linalg_scratch<T>(int64_t, int64_t, char*&, bool);                            \
  template void linalg_multiply<T>(const LinalgScratch<T>&, int64_t, int64_t, int64_t, const T*, int64_t, \
                                   int64_t, const T*, int64_t, int64_t, T*, int64_t);                     \
  template void linalg_subtract<T>(const LinalgScratch<T>&, int64_t, int64_t, int64_t, const T*, int64_t, \
                                   int64_t, const T*, int64_t, int64_t, T*, int64_t);                     \
  template void linalg_solve_triangle<T>(const LinalgScratch<T>&, int64_t, int64_t, const T*, int64_t,    \
                                         int64_t, bool, bool, T*, int64_t);                               \
  template int64_t linalg_cholesky<T>(const LinalgScratch<T>&, int64_t, T*, int64_t);                     \
  template void linalg_exchange_rows<T>(int64_t, const int32_t*, T*, int64_t, int64_t);                   \
  template int64_t linalg_lu<T>(const LinalgScratch<T>&, int64_t, int64_t, T*, int64_t, int32_t*, bool);
LANEGRAD_LINALG(float)
LANEGRAD_LINALG(double)
#undef LANEGRAD_LINALG

}  // namespace lanegrad

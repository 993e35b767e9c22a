// The determinant of one matrix, for det and its gradient.
#pragma once

#include <algorithm>
#include <cmath>

#include "ops/linalg/blocks.h"

namespace lanegrad {

// Of an LU factorization: the product of the pivots, signed by the exchanges. It is scaled as it grows, so
// that it is infinite or zero only if the result is.
template <class T>
T linalg_pivot_product(int64_t n, const T* lu, const int32_t* pivots) {
  double product = 1;
  int64_t exponent = 0;
  for (int64_t i = 0; i < n; ++i) {
    int shift = 0;
    product = std::frexp(product * static_cast<double>(lu[i * (n + 1)]), &shift);
    if (pivots[i] != i) product = -product;
    exponent += shift;
  }
  return static_cast<T>(std::ldexp(product, static_cast<int>(std::clamp<int64_t>(exponent, -5000, 5000))));
}

// Of a row-major matrix, which is lost.
template <class T>
T linalg_determinant(const LinalgScratch<T>& scratch, int64_t n, T* a, int32_t* pivots) {
  if (n > 0) linalg_lu(scratch, n, n, a, n, pivots);
  return linalg_pivot_product(n, a, pivots);
}

}  // namespace lanegrad

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/threads.h"
#include "kernels/linalg/linalg.h"
#include "ops/linalg/reflection.h"
#include "ops/linalg/spectral.h"

namespace lanegrad {
namespace {

constexpr double kEps = std::numeric_limits<double>::epsilon();

struct Rotation {
  double c, s, r;
};
// c f + s g = r, c g - s f = 0. The arguments are near 1 in size (see linalg_normalize).
Rotation rotation(double f, double g) {
  if (g == 0) return {1, 0, f};
  if (f == 0) return {0, 1, g};
  const double r = std::copysign(std::sqrt(f * f + g * g), f);
  return {f / r, g / r, r};
}

// The smaller singular value of [f g; 0 h], without overflow and to full relative accuracy.
double smaller_singular_value(double f, double g, double h) {
  f = std::fabs(f);
  g = std::fabs(g);
  h = std::fabs(h);
  const double low = std::min(f, h), high = std::max(f, h);
  if (low == 0) return 0;
  const double sum = 1 + low / high, difference = (high - low) / high;
  if (g < high) {
    const double q = g / high * (g / high);
    return low * 2 / (std::sqrt(sum * sum + q) + std::sqrt(difference * difference + q));
  }
  const double q = high / g;
  if (q == 0) return low * high / g;
  const double x = sum * q, y = difference * q;
  return 2 * low * q / (std::sqrt(1 + x * x) + std::sqrt(1 + y * y));
}

// One sweep from row `low` to `high` without a shift, which keeps small singular values accurate.
template <class T>
void plain_sweep(int64_t low, int64_t high, double* d, double* e, RotationBuffer<T>& u,
                 RotationBuffer<T>& v) {
  Rotation left{1, 0, 0};
  double c = 1;
  for (int64_t i = low; i < high; ++i) {
    const Rotation right = rotation(d[i] * c, e[i]);
    if (i > low) e[i - 1] = left.s * right.r;
    left = rotation(left.c * right.r, d[i + 1] * right.s);
    d[i] = left.r;
    c = right.c;
    v.add(right.c, right.s);
    u.add(left.c, left.s);
  }
  const double h = d[high] * c;
  d[high] = h * left.c;
  e[high - 1] = h * left.s;
}

template <class T>
void shifted_sweep(int64_t low, int64_t high, double shift, double* d, double* e, RotationBuffer<T>& u,
                   RotationBuffer<T>& v) {
  double f = (std::fabs(d[low]) - shift) * (std::copysign(1.0, d[low]) + shift / d[low]), g = e[low];
  for (int64_t i = low; i < high; ++i) {
    const Rotation right = rotation(f, g);
    if (i > low) e[i - 1] = right.r;
    f = right.c * d[i] + right.s * e[i];
    e[i] = right.c * e[i] - right.s * d[i];
    g = right.s * d[i + 1];
    d[i + 1] *= right.c;
    const Rotation left = rotation(f, g);
    d[i] = left.r;
    f = left.c * e[i] + left.s * d[i + 1];
    d[i + 1] = left.c * d[i + 1] - left.s * e[i];
    if (i + 1 < high) {
      g = left.s * e[i + 1];
      e[i + 1] *= left.c;
    }
    v.add(right.c, right.s);
    u.add(left.c, left.s);
  }
  e[high - 1] = f;
}

// Rows [begin, end) of x minus tau v w^T.
template <class T>
void rank_one(int64_t rows, int64_t columns, T* x, int64_t ld, T tau, const T* v, const T* w, bool threaded) {
  const auto& kernels = linalg_table().of<T>();
  const int64_t grain =
      threaded ? std::max<int64_t>(1, (int64_t{1} << 15) / std::max<int64_t>(columns, 1)) : rows;
  parallel_for(rows, grain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) kernels.axpy(columns, -tau * v[i], w, x + i * ld);
  });
}

}  // namespace

template <class T>
void linalg_bidiagonalize(int64_t n, T* a, int64_t ld, double* d, double* e, T* left, T* right, T* work,
                          bool threaded) {
  const auto& kernels = linalg_table().of<T>();
  T *const v = work, *const w = work + n;
  for (int64_t k = 0; k < n; ++k) {
    T* const corner = a + k * (ld + 1);
    const int64_t rows = n - k, rest = rows - 1;
    d[k] = static_cast<double>(make_reflection(rows, corner, ld, &left[k]));
    e[k] = 0;
    if (rest == 0) break;
    for (int64_t i = 0; i < rows; ++i) v[i] = corner[i * ld];
    if (left[k] != 0) {
      // Blocks of columns are independent: the order of each sum is that of the rows.
      const int64_t grain = threaded ? std::max<int64_t>(64, (int64_t{1} << 15) / rows) : rest;
      parallel_for(rest, grain, [&](int64_t begin, int64_t end) {
        kernels.combine_rows(rows, end - begin, corner + 1 + begin, ld, v, w + begin);
      });
      rank_one(rows, rest, corner + 1, ld, left[k], v, w, threaded);
    }
    T* const row = corner + 1;
    e[k] = static_cast<double>(make_reflection(rest, row, 1, &right[k]));
    if (right[k] == 0) continue;
    T* const below = row + ld;
    const int64_t grain = threaded ? std::max<int64_t>(1, (int64_t{1} << 15) / rest) : rest;
    parallel_for(rest, grain, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const T product = kernels.dot(rest, below + i * ld, row);
        kernels.axpy(rest, -right[k] * product, row, below + i * ld);
      }
    });
  }
}

// Demmel and Kahan, "Accurate singular values of bidiagonal matrices" (1990): implicit QR, whose shift is
// left out where it would cost accuracy.
template <class T>
bool linalg_bidiagonal_qr(int64_t n, double* d, double* e, RotationBuffer<T>& u, RotationBuffer<T>& v) {
  int64_t high = n - 1;
  double largest = 0;
  for (int64_t i = 0; i < n; ++i) largest = std::max({largest, std::fabs(d[i]), std::fabs(e[i])});
  const double nothing = kEps * std::numeric_limits<float>::min() * largest;
  for (int64_t sweep = 0; high > 0;) {
    for (int64_t i = 0; i < high; ++i) {
      if (std::fabs(e[i]) <= kEps * (std::fabs(d[i]) + std::fabs(d[i + 1])) || std::fabs(e[i]) <= nothing)
        e[i] = 0;
    }
    if (e[high - 1] == 0) {
      --high;
      continue;
    }
    if (++sweep > 60 * n) return false;
    int64_t low = high - 1;
    while (low > 0 && e[low - 1] != 0) --low;
    double top = 0, smallest = std::numeric_limits<double>::infinity();
    for (int64_t i = low; i <= high; ++i) {
      top = std::max({top, std::fabs(d[i]), i < high ? std::fabs(e[i]) : 0.0});
      smallest = std::min(smallest, std::fabs(d[i]));
    }
    double shift = 0;
    if (smallest > kEps * top) shift = smaller_singular_value(d[high - 1], e[high - 1], d[high]);
    const double share = shift / std::fabs(d[low]);
    u.begin(low, 1);
    v.begin(low, 1);
    if (shift == 0 || share * share < kEps) {
      plain_sweep(low, high, d, e, u, v);
    } else {
      shifted_sweep(low, high, shift, d, e, u, v);
    }
  }
  u.flush();
  v.flush();
  return true;
}

#define LANEGRAD_BIDIAGONAL(T)                                                                     \
  template void linalg_bidiagonalize<T>(int64_t, T*, int64_t, double*, double*, T*, T*, T*, bool); \
  template bool linalg_bidiagonal_qr<T>(int64_t, double*, double*, RotationBuffer<T>&, RotationBuffer<T>&);
LANEGRAD_BIDIAGONAL(float)
LANEGRAD_BIDIAGONAL(double)
#undef LANEGRAD_BIDIAGONAL

}  // namespace lanegrad

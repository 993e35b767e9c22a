#include <algorithm>
#include <cmath>
#include <limits>

#include "core/threads.h"
#include "kernels/linalg/linalg.h"
#include "ops/linalg/reflection.h"
#include "ops/linalg/spectral.h"

namespace lanegrad {
namespace {

constexpr int64_t kColumns = 64;   // of a block that rotations are applied to
constexpr int64_t kBuffered = 32;  // rotations for each row that are gathered
constexpr int64_t kChains = 1024;

size_t padded(size_t bytes) { return (bytes + 63) & ~size_t{63}; }
int64_t capacity(int64_t rows) { return kBuffered * rows; }

}  // namespace

template <class T>
size_t RotationBuffer<T>::bytes(int64_t rows) {
  return 2 * padded(sizeof(T) * static_cast<size_t>(capacity(rows))) + padded(sizeof(Chain) * kChains);
}

template <class T>
RotationBuffer<T>::RotationBuffer(T* z, int64_t rows, int64_t width, int64_t ld, char* memory, bool threaded)
    : z_(z), rows_(rows), width_(width), ld_(ld), threaded_(threaded) {
  const size_t list = padded(sizeof(T) * static_cast<size_t>(capacity(rows)));
  c_ = reinterpret_cast<T*>(memory);
  s_ = reinterpret_cast<T*>(memory + list);
  chains_ = reinterpret_cast<Chain*>(memory + 2 * list);
}

template <class T>
void RotationBuffer<T>::begin(int64_t first, int64_t step) {
  if (!z_) return;
  if (chain_count_ == kChains || used_ + rows_ > capacity(rows_)) flush();
  chains_[chain_count_++] = {first, step, used_};
}

template <class T>
void RotationBuffer<T>::flush() {
  if (used_ > 0) {
    const auto& kernels = linalg_table().of<T>();
    auto block = [&](int64_t index) {
      const int64_t column = index * kColumns, columns = std::min(kColumns, width_ - column);
      for (int64_t k = 0; k < chain_count_; ++k) {
        const Chain& chain = chains_[k];
        const int64_t end = k + 1 < chain_count_ ? chains_[k + 1].start : used_;
        kernels.rotate_chain(end - chain.start, c_ + chain.start, s_ + chain.start,
                             z_ + chain.first * ld_ + column, chain.step * ld_, columns);
      }
    };
    const int64_t blocks = (width_ + kColumns - 1) / kColumns;
    if (threaded_ && used_ * width_ > (int64_t{1} << 16)) {
      parallel_tasks(blocks, block);
    } else {
      for (int64_t i = 0; i < blocks; ++i) block(i);
    }
  }
  used_ = chain_count_ = 0;
}

template <class T>
double linalg_normalize(int64_t rows, int64_t columns, T* a, int64_t ld) {
  T largest = 0;
  bool finite = true;
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < columns; ++j) {
      const T size = std::fabs(a[i * ld + j]);
      finite = finite && size <= std::numeric_limits<T>::max();
      largest = std::max(largest, size);
    }
  }
  if (!finite) return std::numeric_limits<double>::quiet_NaN();
  if (largest == 0) return 1;
  const int exponent = std::ilogb(largest);
  if (exponent >= -20 && exponent <= 20) return 1;
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < columns; ++j) a[i * ld + j] = std::ldexp(a[i * ld + j], -exponent);
  }
  return std::ldexp(1.0, exponent);
}

template <class T>
void linalg_tridiagonalize(int64_t n, T* a, int64_t ld, double* d, double* e, T* tau, T* work,
                           bool threaded) {
  const auto& kernels = linalg_table().of<T>();
  for (int64_t k = 0; k + 1 < n; ++k) {
    const int64_t size = n - 1 - k;
    T* const v = a + k * ld + k + 1;
    T* const rest = v + ld;
    d[k] = static_cast<double>(a[k * (ld + 1)]);
    e[k] = static_cast<double>(make_reflection(size, v, 1, &tau[k]));
    if (tau[k] == 0) continue;
    // With p = tau A v and w = p - (tau / 2) (p . v) v: A - v w^T - w v^T.
    T *const p = work, scale = tau[k];
    const int64_t grain = threaded ? std::max<int64_t>(1, (int64_t{1} << 15) / size) : size;
    parallel_for(size, grain, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) p[i] = scale * kernels.dot(size, rest + i * ld, v);
    });
    kernels.axpy(size, -scale / 2 * kernels.dot(size, p, v), v, p);
    parallel_for(size, grain, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) kernels.axpy2(size, -v[i], p, -p[i], v, rest + i * ld);
    });
  }
  if (n == 0) return;
  d[n - 1] = static_cast<double>(a[(n - 1) * (ld + 1)]);
  e[n - 1] = 0;
}

// The implicit QL method with Wilkinson's shift; see Bowdler, Martin, Reinsch and Wilkinson (1968).
template <class T>
bool linalg_tridiagonal_ql(int64_t n, double* d, double* e, RotationBuffer<T>& z) {
  constexpr double kEps = std::numeric_limits<double>::epsilon();
  constexpr int kSweeps = 60;
  for (int64_t l = 0; l < n; ++l) {
    for (int sweep = 0;; ++sweep) {
      int64_t m = l;
      while (m + 1 < n && std::fabs(e[m]) > kEps * (std::fabs(d[m]) + std::fabs(d[m + 1]))) ++m;
      if (m == l) break;
      if (sweep == kSweeps) return false;
      double g = (d[l + 1] - d[l]) / (2 * e[l]);
      g = d[m] - d[l] + e[l] / (g + std::copysign(std::sqrt(g * g + 1), g));
      double s = 1, c = 1, p = 0;
      bool whole = true;
      z.begin(m, -1);
      for (int64_t i = m - 1; i >= l; --i) {
        const double f = s * e[i], b = c * e[i], r = std::sqrt(f * f + g * g);
        e[i + 1] = r;
        if (r == 0) {
          d[i + 1] -= p;
          whole = false;
          break;
        }
        s = f / r;
        c = g / r;
        g = d[i + 1] - p;
        const double t = (d[i] - g) * s + 2 * c * b;
        p = s * t;
        d[i + 1] = g + p;
        g = c * t - b;
        z.add(c, s);
      }
      if (whole) {
        d[l] -= p;
        e[l] = g;
      }
      e[m] = 0;
    }
  }
  z.flush();
  return true;
}

#define LANEGRAD_TRIDIAGONAL(T)                                                                 \
  template class RotationBuffer<T>;                                                             \
  template double linalg_normalize<T>(int64_t, int64_t, T*, int64_t);                           \
  template void linalg_tridiagonalize<T>(int64_t, T*, int64_t, double*, double*, T*, T*, bool); \
  template bool linalg_tridiagonal_ql<T>(int64_t, double*, double*, RotationBuffer<T>&);
LANEGRAD_TRIDIAGONAL(float)
LANEGRAD_TRIDIAGONAL(double)
#undef LANEGRAD_TRIDIAGONAL

}  // namespace lanegrad

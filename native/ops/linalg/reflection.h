// One Householder reflection: (I - tau v v^T) x = beta e_0.
#pragma once

#include <cmath>
#include <cstdint>

namespace lanegrad {

// x becomes v, with v[0] = 1; gives beta. Sums are double and scaled: they neither overflow nor vanish. A
// tail of zeros is left alone, with tau 0.
template <class T>
T make_reflection(int64_t n, T* x, int64_t step, T* tau) {
  T largest = 0;
  for (int64_t i = 1; i < n; ++i) largest = std::fmax(largest, std::fabs(x[i * step]));
  const T head = x[0];
  x[0] = 1;
  *tau = 0;
  if (largest == 0) return head;
  const double scale = static_cast<double>(std::fmax(largest, std::fabs(head)));
  double sum = static_cast<double>(head) / scale * (static_cast<double>(head) / scale);
  for (int64_t i = 1; i < n; ++i) {
    const double part = static_cast<double>(x[i * step]) / scale;
    sum += part * part;
  }
  const T norm = static_cast<T>(scale * std::sqrt(sum));
  const T beta = head > 0 ? -norm : norm;
  for (int64_t i = 1; i < n; ++i) x[i * step] /= head - beta;
  *tau = (beta - head) / beta;
  return beta;
}

}  // namespace lanegrad

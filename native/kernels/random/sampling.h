// Samples whose steps depend on the numbers drawn: a place by its weight, a count of a Poisson distribution.
//
// Loop order: a tree of sums is walked from the root, one level a step; the counts of a Poisson distribution
// are tried in the order of their distance from the most likely one. Accumulator: double. Limit: the tree
// waits for the cache at each of its log C levels, the counts for a division in each of some sqrt(rate)
// steps. No ISA table: every element takes its own way, and a vector would wait for the longest.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

namespace lanegrad {

// Sums of weights by halves, halves of halves and so on, in 2 * leaves doubles of the caller: finds by a
// partial sum, and changes a weight, in log C steps.
class SumTree {
 public:
  static int64_t leaves_of(int64_t count) {
    int64_t leaves = 1;
    while (leaves < count) leaves *= 2;
    return leaves;
  }

  SumTree(double* memory, int64_t count) : sums_(memory), leaves_(leaves_of(count)) {}

  template <class T>
  void load(const T* weights, int64_t stride, int64_t count) {
    for (int64_t i = 0; i < count; ++i) sums_[leaves_ + i] = static_cast<double>(weights[i * stride]);
    std::fill(sums_ + leaves_ + count, sums_ + 2 * leaves_, 0.0);
    for (int64_t i = leaves_ - 1; i > 0; --i) sums_[i] = sums_[2 * i] + sums_[2 * i + 1];
  }

  // The place of a share of the sum, u in [0, 1); never one of weight 0.
  int64_t find(double u) const {
    double left = u * sums_[1];
    int64_t node = 1;
    while (node < leaves_) {
      node *= 2;
      if (sums_[node + 1] > 0 && left >= sums_[node]) left -= sums_[node++];
    }
    return node - leaves_;
  }

  void remove(int64_t place) {
    int64_t node = place + leaves_;
    sums_[node] = 0;
    for (node /= 2; node > 0; node /= 2) sums_[node] = sums_[2 * node] + sums_[2 * node + 1];
  }

 private:
  double* sums_;
  int64_t leaves_;
};

// log n! by Stirling's series from n = 16, below it by the product.
inline double log_factorial(double n) {
  if (n < 16) {
    double product = 1;
    for (int i = 2; i <= n; ++i) product *= i;
    return std::log(product);
  }
  const double inverse = 1 / n;
  const double series = inverse * (1.0 / 12 - inverse * inverse * (1.0 / 360 - inverse * inverse / 1260));
  return n * std::log(n) - n + 0.5 * std::log(6.2831853071795865 * n) + series;
}

// The quantile function of the outcomes in the order of their distance from the most likely one. Above 1e8 a
// rounded normal number is as good, made of u and v: the skewness is below 1e-4.
inline double poisson_of(double rate, double u, double v) {
  if (rate == 0) return 0;
  if (rate > 1e8) {
    const double z = std::sqrt(-2 * std::log(1 - u)) * std::cos(6.2831853071795865 * v);
    return std::max(0.0, std::floor(rate + std::sqrt(rate) * z + 0.5));
  }
  const double mode = std::floor(rate);
  const double peak = std::exp(mode * std::log(rate) - rate - log_factorial(mode));
  double left = u - peak, above = peak, below = peak;
  for (double step = 1; left >= 0; ++step) {
    above *= rate / (mode + step);
    left -= above;
    if (left < 0) return mode + step;
    const double low = mode - step;
    if (low >= 0) {
      below *= (low + 1) / rate;
      left -= below;
      if (left < 0) return low;
    } else if (above < std::numeric_limits<double>::denorm_min()) {
      return mode;  // the probabilities sum to a little less than u by rounding
    }
  }
  return mode;
}

}  // namespace lanegrad

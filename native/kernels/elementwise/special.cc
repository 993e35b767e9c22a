// Series and continued fractions are stopped where a term no longer counts, and bounded, so that no argument
// hangs.
#include "kernels/elementwise/special.h"

#include <math.h>

#include <cmath>
#include <limits>

namespace lanegrad::special {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kPi = 3.14159265358979323846;
constexpr double kRootHalf = 0.70710678118654752440;
constexpr double kRootPi = 1.77245385090551602730;
constexpr double kTiny = 1e-17;  // a term of this relative size does not count

// B_2j / (2j)!, j = 1, 2 ...: the coefficients of the Euler-Maclaurin formula.
constexpr double kBernoulli[] = {1.0 / 12,
                                 -1.0 / 720,
                                 1.0 / 30240,
                                 -1.0 / 1209600,
                                 1.0 / 47900160,
                                 -691.0 / 1307674368000,
                                 1.0 / 74724249600,
                                 -3617.0 / 10670622842880000,
                                 43867.0 / 5109094217170944000};

// y >= 0 with erfc(y) = q, 0 < q <= 1/2: Newton's method on the logarithm, which is nearly a parabola.
double erfc_inverse_tail(double q) {
  const double log_q = std::log(q);
  double y = std::sqrt(-log_q) * 0.9;
  for (int i = 0; i < 8; ++i) {
    const double scaled = erfcx(y);
    const double step = (std::log(scaled) - y * y - log_q) * scaled * kRootPi / 2;
    y += step;
    if (std::fabs(step) <= 1e-16 * y) break;
  }
  return y;
}

// I_v(x) exp(-x) for large x, u = 4 v^2.
double bessel_i_large(double x, double u) {
  double sum = 1, term = 1;
  for (int k = 1; k < 40 && std::fabs(term) > kTiny; ++k) {
    const double odd = 2 * k - 1;
    term *= -(u - odd * odd) / (k * 8 * x);
    sum += term;
  }
  return sum / std::sqrt(2 * kPi * x);
}

// sum of (x/2)^2k / (k! (k + v)!) for v = 0, 1.
double bessel_i_series(double x, int v) {
  const double z = x * x / 4;
  double sum = 1, term = 1;
  for (int k = 1; k < 200 && term > kTiny * sum; ++k) {
    term *= z / (static_cast<double>(k) * (k + v));
    sum += term;
  }
  return sum;
}

constexpr double kBesselLarge = 30;

// x^a e^-x / gamma(a)
double gamma_density(double a, double x) { return std::exp(a * std::log(x) - x - log_gamma(a)); }

double igamma_series(double a, double x) {
  double sum = 1 / a, term = sum;
  for (int n = 1; n < 200000 && term > kTiny * sum; ++n) {
    term *= x / (a + n);
    sum += term;
  }
  return sum * gamma_density(a, x);
}

// The continued fraction of the complement, by Lentz's method; x > a + 1.
double igammac_fraction(double a, double x) {
  constexpr double kSmall = 1e-300;
  double b = x + 1 - a, c = 1 / kSmall, d = 1 / b, h = d;
  for (int i = 1; i < 200000; ++i) {
    const double an = -i * (i - a);
    b += 2;
    d = an * d + b;
    if (std::fabs(d) < kSmall) d = kSmall;
    c = b + an / c;
    if (std::fabs(c) < kSmall) c = kSmall;
    d = 1 / d;
    h *= d * c;
    if (std::fabs(d * c - 1) < 1e-16) break;
  }
  return h * gamma_density(a, x);
}

}  // namespace

double sinc(double x) {
  if (x == 0) return 1;
  const double n = std::nearbyint(x), sine = std::sin(kPi * (x - n));
  return (std::fmod(n, 2) == 0 ? sine : -sine) / (kPi * x);
}

double softplus(double x) {
  if (x != x) return x;
  return std::fmax(x, 0.0) + std::log1p(std::exp(-std::fabs(x)));
}

double logaddexp(double a, double b) {
  if (a == b) return a + 0.69314718055994530942;
  if (a != a || b != b) return a + b;
  return std::fmax(a, b) + std::log1p(std::exp(-std::fabs(a - b)));
}

double logaddexp2(double a, double b) {
  if (a == b) return a + 1;
  if (a != a || b != b) return a + b;
  return std::fmax(a, b) + std::log1p(std::exp2(-std::fabs(a - b))) * 1.44269504088896340736;
}

double erfinv(double x) {
  const double size = std::fabs(x);
  if (!(size < 1)) return size == 1 ? std::copysign(kInfinity, x) : kNaN;
  if (size > 0.5) return std::copysign(erfc_inverse_tail(1 - size), x);
  // Halley's method from two terms of the series.
  double y = x * (kRootPi / 2) * (1 + kPi / 12 * x * x);
  for (int i = 0; i < 3; ++i) {
    const double u = (std::erf(y) - x) * (kRootPi / 2) * std::exp(y * y);
    y -= u / (1 + y * u);
  }
  return y;
}

double erfcx(double x) {
  if (x < 10) {
    const double square = x * x, rest = std::fma(x, x, -square);
    return square == kInfinity ? kInfinity : std::exp(square) * (1 + rest) * std::erfc(x);
  }
  // The asymptotic series: 1 - 1/(2x^2) + 3/(2x^2)^2 - ...
  double sum = 1, term = 1;
  for (int k = 1; k < 40 && std::fabs(term) > kTiny; ++k) {
    term *= -(2 * k - 1) / (2 * x * x);
    sum += term;
  }
  return sum / (x * kRootPi);
}

double ndtr(double x) { return 0.5 * std::erfc(-x * kRootHalf); }

double ndtri(double p) {
  if (p == 0 || p == 1) return p == 0 ? -kInfinity : kInfinity;
  if (!(p > 0 && p < 1)) return kNaN;
  const double tail = p < 0.5 ? 2 * p : 2 * (1 - p);
  const double y = (tail < 0.5 ? erfc_inverse_tail(tail) : erfinv(1 - tail)) / kRootHalf;
  return p < 0.5 ? -y : y;
}

double log_ndtr(double x) {
  if (x < -1) return std::log(erfcx(-x * kRootHalf) / 2) - x * x / 2;
  return std::log1p(-std::erfc(x * kRootHalf) / 2);
}

double log_gamma(double x) {
#if defined(_WIN32)
  return std::lgamma(x);
#else
  int sign = 0;  // std::lgamma writes the sign to a variable that all threads share
  return ::lgamma_r(x, &sign);
#endif
}

double digamma(double x) {
  if (x == 0) return std::copysign(kInfinity, -x);
  double shift = 0;
  if (x < 0) {
    if (x == std::trunc(x)) return kNaN;
    // psi(x) = psi(1 - x) - pi / tan(pi x), the angle reduced exactly.
    shift = -kPi / std::tan(kPi * std::fmod(x, 1.0));
    x = 1 - x;
  }
  for (; x < 10; x += 1) shift -= 1 / x;
  if (x == kInfinity) return shift + x;
  // log x - 1/(2x) - sum of B_2j / (2j x^2j)
  constexpr double kTerms[] = {1.0 / 12,  -1.0 / 120,     1.0 / 252, -1.0 / 240,
                               1.0 / 132, -691.0 / 32760, 1.0 / 12};
  const double z = 1 / (x * x);
  double sum = 0;
  for (int j = 6; j >= 0; --j) sum = (sum + kTerms[j]) * z;
  return shift + std::log(x) - 0.5 / x - sum;
}

double polygamma(double n, double x) {
  if (n == 0) return digamma(x);
  if (x == -kInfinity) return kNaN;
  const double size = std::exp(log_gamma(n + 1)) * zeta(n + 1, x);
  return std::fmod(n, 2) == 0 ? -size : size;
}

double zeta(double s, double q) {
  if (s == 1) return kInfinity;
  if (!(s > 1)) return kNaN;
  if (q <= 0) {
    if (q == std::floor(q)) return kInfinity;
    if (s != std::floor(s) || q < -1e5) return kNaN;
  }
  if (!(q < kInfinity)) return q == kInfinity ? 0 : kNaN;
  double sum = 0, a = q;
  for (int k = 0; k < 10 || a <= 10; ++k, a += 1) {
    const double term = std::pow(a, -s);
    sum += term;
    if (a > 1 && term < kTiny * std::fabs(sum) / s) return sum;
  }
  // The rest by Euler's and Maclaurin's formula.
  const double last = std::pow(a, -s);
  sum += last * (a / (s - 1) + 0.5);
  double factor = s * last / a;
  for (int j = 0; j < 9; ++j) {
    const double term = factor * kBernoulli[j];
    sum += term;
    if (std::fabs(term) < kTiny * std::fabs(sum)) break;
    factor *= (s + 2 * j + 1) * (s + 2 * j + 2) / (a * a);
  }
  return sum;
}

double igamma(double a, double x) {
  if (!(a >= 0) || !(x >= 0)) return kNaN;
  if (a == 0) return x > 0 ? 1 : kNaN;
  if (a == kInfinity) return x == kInfinity ? kNaN : 0;
  if (x == 0 || x == kInfinity) return x == 0 ? 0 : 1;
  return x > a + 1 ? 1 - igammac_fraction(a, x) : igamma_series(a, x);
}

double igammac(double a, double x) {
  if (!(a >= 0) || !(x >= 0)) return kNaN;
  if (a == 0) return x > 0 ? 0 : kNaN;
  if (a == kInfinity) return x == kInfinity ? kNaN : 1;
  if (x == 0 || x == kInfinity) return x == 0 ? 1 : 0;
  return x > a + 1 ? igammac_fraction(a, x) : 1 - igamma_series(a, x);
}

double bessel_i0(double x) {
  const double size = std::fabs(x);
  if (!(size > kBesselLarge)) return bessel_i_series(x, 0);
  if (size == kInfinity) return size;
  // In two factors: the exponential alone would overflow before the product.
  const double half = std::exp(size / 2);
  return half * bessel_i_large(size, 0) * half;
}
double bessel_i0e(double x) {
  const double size = std::fabs(x);
  return size > kBesselLarge ? bessel_i_large(size, 0) : std::exp(-size) * bessel_i_series(x, 0);
}
double bessel_i1(double x) {
  const double size = std::fabs(x);
  if (!(size > kBesselLarge)) return x / 2 * bessel_i_series(x, 1);
  if (size == kInfinity) return x;
  const double half = std::exp(size / 2);
  return std::copysign(half * bessel_i_large(size, 4) * half, x);
}
double bessel_i1e(double x) {
  const double size = std::fabs(x);
  if (size > kBesselLarge) return std::copysign(bessel_i_large(size, 4), x);
  return std::exp(-size) * (x / 2) * bessel_i_series(x, 1);
}

#if defined(_WIN32)
double bessel_j0(double x) { return ::_j0(x); }
double bessel_j1(double x) { return ::_j1(x); }
#else
double bessel_j0(double x) { return ::j0(x); }
double bessel_j1(double x) { return ::j1(x); }
#endif

}  // namespace lanegrad::special

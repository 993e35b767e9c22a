// Special functions of one double at a time: what the rows of functions.def use where there is no vector
// code. Written once, for every level; accurate to some units of 1e-15 unless said otherwise.
#pragma once

namespace lanegrad::special {

double sinc(double x);      // sin(pi x) / (pi x)
double softplus(double x);  // log(1 + e^x)
double logaddexp(double a, double b);
double logaddexp2(double a, double b);

double erfinv(double x);
double erfcx(double x);  // exp(x^2) erfc(x)
double ndtr(double x);   // the normal distribution function
double ndtri(double p);  // its inverse
double log_ndtr(double x);

double log_gamma(double x);  // log |gamma(x)|
double digamma(double x);
double polygamma(double n, double x);
double zeta(double s, double q);     // sum of (q + k)^-s; q below -1e5 gives NaN
double igamma(double a, double x);   // the lower regularized incomplete gamma function
double igammac(double a, double x);  // 1 less that

double bessel_i0(double x);
double bessel_i0e(double x);  // exp(-|x|) I0(x)
double bessel_i1(double x);
double bessel_i1e(double x);
double bessel_j0(double x);
double bessel_j1(double x);

}  // namespace lanegrad::special

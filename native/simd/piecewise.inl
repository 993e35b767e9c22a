// Functions given by the tables of simd/tables.gen.h: a polynomial in one variable, or one for each of
// sixteen intervals, whose coefficients are looked up lane by lane. kDouble is for float64, the shorter
// kSingle for what is rounded to float32.

namespace detail {

// Horner's rule; c[0] is the constant term.
template <class T, size_t n>
LANEGRAD_INLINE Vec<T> horner(Vec<T> x, const T (&c)[n]) {
  Vec<T> p = Vec<T>::broadcast(c[n - 1]);
  for (size_t k = n - 1; k-- > 0;) p = fma(p, x, Vec<T>::broadcast(c[k]));
  return p;
}

template <class Polynomial, bool kDouble>
LANEGRAD_INLINE Vec<double> polynomial(Vec<double> x) {
  if constexpr (kDouble)
    return horner(x, Polynomial::kDouble);
  else
    return horner(x, Polynomial::kSingle);
}

template <size_t n>
LANEGRAD_INLINE Vec<double> horner16(Vec<double> x, Vec<int64_t> i, const double (&c)[n][16]) {
  Vec<double> p = lookup16(c[n - 1], i);
  for (size_t k = n - 1; k-- > 0;) p = fma(p, x, lookup16(c[k], i));
  return p;
}

// x must lie in the sixteen intervals of the table; beyond them the value is some number, NaN gives NaN.
template <class Table, bool kDouble>
LANEGRAD_INLINE Vec<double> piecewise(Vec<double> x) {
  constexpr int kShift = 52 - Table::kBits;
  constexpr int64_t kHalf = int64_t{1} << (kShift - 1);
  const auto offset = Vec<double>::broadcast(Table::kOffset);
  const Vec<int64_t> bits = to_bits(Table::kOffset == 0 ? x : x + offset);
  const Vec<int64_t> first = bits & Vec<int64_t>::broadcast(-2 * kHalf);
  const Vec<double> middle = from_bits(first | Vec<int64_t>::broadcast(kHalf));
  const Vec<double> t = x - (Table::kOffset == 0 ? middle : middle - offset);
  const Vec<int64_t> i = shift_right<kShift>(bits);
  if constexpr (kDouble)
    return horner16(t, i, Table::kDouble);
  else
    return horner16(t, i, Table::kSingle);
}

}  // namespace detail

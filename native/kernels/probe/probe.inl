// Loop: rounds. Accumulators: ten, which with the two factors fit into sixteen registers. A multiply-add
// takes four cycles and two begin in each, so eight would do. Expected limit: two multiply-adds a cycle.

template <class T>
static double multiply_adds(int64_t rounds) {
  constexpr int kChains = 10;
  // Opaque to the compiler, so that nothing is computed beforehand.
  volatile T seed[2] = {T(0.999), T(0.001)};
  const Vec<T> factor = Vec<T>::broadcast(seed[0]), term = Vec<T>::broadcast(seed[1]);
  Vec<T> a = term, b = term, c = term, d = term, e = term, f = term, g = term, h = term, i = term, j = term;
  for (int64_t r = 0; r < rounds; ++r) {
    a = fma(a, factor, term);
    b = fma(b, factor, term);
    c = fma(c, factor, term);
    d = fma(d, factor, term);
    e = fma(e, factor, term);
    f = fma(f, factor, term);
    g = fma(g, factor, term);
    h = fma(h, factor, term);
    i = fma(i, factor, term);
    j = fma(j, factor, term);
  }
  volatile T kept = reduce_add((a + b) + (c + d) + ((e + f) + (g + h)) + (i + j));
  static_cast<void>(kept);
  return 2.0 * kChains * Vec<T>::kWidth * static_cast<double>(rounds);
}

inline constexpr ProbeTable kProbeTable = {multiply_adds<float>, multiply_adds<double>};

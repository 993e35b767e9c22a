// Loop: rounds. Accumulators: ten, which with the two factors fit into sixteen registers. A multiply-add
// takes four cycles and two begin in each, so eight would do. Expected limit: two multiply-adds a cycle.

template <class T>
static double multiply_adds(int64_t rounds) {
  constexpr int kChains = 10;
  // Opaque to the compiler, so that nothing is computed beforehand. Each chain starts elsewhere: of equal
  // ones it keeps one, which then waits for itself and counts ten times.
  volatile T seed[2 + kChains] = {T(0.999), T(0.001)};
  for (int chain = 0; chain < kChains; ++chain) seed[2 + chain] = T(chain);
  const auto load = [&](int k) { return Vec<T>::broadcast(seed[k]); };
  const Vec<T> factor = load(0), term = load(1);
  Vec<T> a = load(2), b = load(3), c = load(4), d = load(5), e = load(6), f = load(7), g = load(8),
         h = load(9), i = load(10), j = load(11);
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

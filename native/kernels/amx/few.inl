// One or two vectors times a few, by dot products of pairs along the depth: see AmxFew.
//
// Loops: groups of up to eight of the few outside, the depth inside. Accumulators: up to sixteen vectors.
// Loads: ten for sixteen products. Expected limit: reading the many, of which each is read once from beyond
// the L1 cache; in the caches the products, 64 flop each.
#pragma once

namespace {

template <class Dots, int F>
LANEGRAD_INLINE bool dots_of_few(const AmxFew& g, int64_t first) {
  const BFloat16* const many[2] = {g.many, g.many + (g.count - 1) * g.many_step};
  const BFloat16* const few = g.few + first * g.few_step;
  __m512 sums[2][F];
  LANEGRAD_UNROLL
  for (int f = 0; f < F; ++f) sums[0][f] = sums[1][f] = _mm512_setzero_ps();
  SeenHalves seen;
  for (int64_t p = 0; p < g.k; p += kAmxStep) {
    const int64_t n = g.k - p;
    const __m512i x[2] = {load_words(many[0] + p, n), load_words(many[1] + p, n)};
    seen.see(x[0]);
    seen.see(x[1]);
    LANEGRAD_UNROLL
    for (int f = 0; f < F; ++f) {
      const __m512i y = load_words(few + f * g.few_step + p, n);
      Dots::add(sums[0][f], y, x[0]);
      Dots::add(sums[1][f], y, x[1]);
    }
  }
  LANEGRAD_UNROLL
  for (int f = 0; f < F; ++f) {
    g.sums[first + f] = _mm512_reduce_add_ps(sums[0][f]);
    g.sums[kAmxFew + first + f] = _mm512_reduce_add_ps(sums[1][f]);
  }
  return seen.within(g.least, g.greatest);
}

template <class Dots>
__attribute__((noinline)) bool dots_of_group(const AmxFew& g, int64_t first) {
  switch (g.few_count - first) {
    case 1:
      return dots_of_few<Dots, 1>(g, first);
    case 2:
      return dots_of_few<Dots, 2>(g, first);
    case 3:
      return dots_of_few<Dots, 3>(g, first);
    case 4:
      return dots_of_few<Dots, 4>(g, first);
    case 5:
      return dots_of_few<Dots, 5>(g, first);
    case 6:
      return dots_of_few<Dots, 6>(g, first);
    case 7:
      return dots_of_few<Dots, 7>(g, first);
    default:
      return dots_of_few<Dots, 8>(g, first);
  }
}

template <class Dots>
bool multiply_few(const AmxFew& g) {
  bool holds = true;
  for (int64_t f = 0; f < g.few_count && holds; f += 8) {
    if constexpr (std::is_same_v<Dots, EmulatedDots>) {
      const Flushing flushing;
      holds = dots_of_group<Dots>(g, f);
    } else {
      holds = dots_of_group<Dots>(g, f);
    }
  }
  return holds;
}

}  // namespace

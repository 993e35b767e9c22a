// bfloat16 as it lies in memory: loading some of it, and what its values are like.
#pragma once

namespace {

// Up to 32 neighbours, the rest zero. Loads with a mask are several times as slow on Zen 5, even of all.
LANEGRAD_INLINE __m512i load_words(const BFloat16* from, int64_t n) {
  if (n >= 32) return _mm512_loadu_si512(from);
  return _mm512_maskz_loadu_epi16(n <= 0 ? 0u : (1u << n) - 1, from);
}

// Up to sixteen values, `step` apart, in the lower halves of the lanes; the rest zero.
LANEGRAD_INLINE __m512i strided_halves(const BFloat16* from, int64_t step, int64_t n) {
  if (step == 1) {
    const auto mask = static_cast<__mmask16>(n >= 16 ? 0xFFFFu : (1u << n) - 1);
    return _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(mask, from));
  }
  if (step == 2) {
    if (n > 16) return _mm512_and_si512(_mm512_loadu_si512(from), _mm512_set1_epi32(0xFFFF));
    const uint32_t mask = n >= 16 ? 0xFFFFFFFFu : (1u << 2 * n) - 1;
    return _mm512_maskz_loadu_epi16(mask & 0x55555555u, from);
  }
  alignas(64) uint32_t x[16] = {};
  for (int64_t i = 0; i < (n < 16 ? n : 16); ++i) x[i] = from[i * step].bits;
  return _mm512_load_si512(x);
}

// 32 words of each, side by side.
LANEGRAD_INLINE void pair_words(__m512i even, __m512i odd, uint16_t* out) {
  const __m512i lower = _mm512_set_epi16(47, 15, 46, 14, 45, 13, 44, 12, 43, 11, 42, 10, 41, 9, 40, 8, 39, 7,
                                         38, 6, 37, 5, 36, 4, 35, 3, 34, 2, 33, 1, 32, 0);
  const __m512i upper = _mm512_add_epi16(lower, _mm512_set1_epi16(16));
  _mm512_storeu_si512(out, _mm512_permutex2var_epi16(even, lower, odd));
  _mm512_storeu_si512(out + 32, _mm512_permutex2var_epi16(even, upper, odd));
}

// Exponents of bfloat16, two a lane.
struct SeenHalves {
  __m512i least, greatest;

  SeenHalves() : least(_mm512_set1_epi16(-1)), greatest(_mm512_setzero_si512()) {}
  LANEGRAD_INLINE void see(__m512i x) {
    const __m512i size = _mm512_and_si512(x, _mm512_set1_epi16(0x7FFF));
    greatest = _mm512_max_epu16(greatest, size);
    least = _mm512_min_epu16(least, _mm512_sub_epi16(size, _mm512_set1_epi16(1)));  // zero is the greatest
  }
  // Whether all exponents but those of zeros are so.
  LANEGRAD_INLINE bool within(int64_t from, int64_t to) const {
    const __m512i low = _mm512_set1_epi16(static_cast<int16_t>((from << 7) - 1)),
                  high = _mm512_set1_epi16(static_cast<int16_t>((to << 7) | 0x7F));
    return (_mm512_cmplt_epu16_mask(least, low) | _mm512_cmpgt_epu16_mask(greatest, high)) == 0;
  }
  PanelRange range() const {
    alignas(64) uint16_t low[32], high[32];
    _mm512_store_si512(low, least);
    _mm512_store_si512(high, greatest);
    int smallest = low[0], largest = high[0];
    for (int i = 1; i < 32; ++i) {
      smallest = low[i] < smallest ? low[i] : smallest;
      largest = high[i] > largest ? high[i] : largest;
    }
    if (++smallest > 0xFFFF) return {};
    return {static_cast<int16_t>(smallest >> 7), static_cast<int16_t>(largest >> 7), true};
  }
};

}  // namespace

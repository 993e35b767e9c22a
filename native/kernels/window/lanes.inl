// Loads of the lanes of a mask and stores of the first lanes, of T or of a 16-bit float: memory of the others
// is not touched, and loaded they are zero. Where masks cost nothing all vectors take that way; other levels
// have another one for vectors within a row.
#pragma once

#include "simd/half.inl"
#include "simd/load_wide.inl"
#include "simd/tail.inl"

namespace {

#if defined(LANEGRAD_X86_64)
inline constexpr bool kMasksAll = kVectorBytes == 64;
#else
inline constexpr bool kMasksAll = false;
#endif

// Lanes [first, end), which may lie outside of the vector.
template <class T>
LANEGRAD_INLINE typename Vec<T>::Mask lanes_between(int64_t first, int64_t end) {
  if constexpr (kMasksAll) {
    constexpr int64_t kLanes = Vec<T>::kWidth;
    const auto below = [](int64_t n) { return (1u << (n < 0 ? 0 : n < kLanes ? n : kLanes)) - 1; };
    return {static_cast<typename Vec<T>::Mask::Bits>(below(end) & ~below(first))};
  } else {
    const Vec<T> lane = lane_numbers<T>();
    return ge(lane, Vec<T>::broadcast(static_cast<T>(first))) &
           lt(lane, Vec<T>::broadcast(static_cast<T>(end)));
  }
}

template <class T, class In>
LANEGRAD_INLINE Vec<T> load_masked(const In* p, typename Vec<T>::Mask mask) {
  [[maybe_unused]] constexpr int kLanes = Vec<T>::kWidth;
#if defined(LANEGRAD_X86_64)
  if constexpr (kLanes == 16) {
    if constexpr (std::is_same_v<T, In>) return Vec<T>{_mm512_maskz_loadu_ps(mask.m, p)};
    const __m256i bits = _mm256_maskz_loadu_epi16(mask.m, p);
    if constexpr (std::is_same_v<In, Float16>) return Vec<T>{_mm512_cvtph_ps(bits)};
    return Vec<T>{_mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(bits), 16))};
  } else if constexpr (kLanes * sizeof(T) == 64) {
    return Vec<T>{_mm512_maskz_loadu_pd(mask.m, p)};
  } else if constexpr (kLanes == 8 && std::is_same_v<T, In>) {
    return Vec<T>{_mm256_maskload_ps(p, mask.m)};
  } else if constexpr (kLanes == 4 && std::is_same_v<T, In>) {
    return Vec<T>{_mm256_maskload_pd(p, mask.m)};
  }
#endif
  unsigned char on[kLanes];
  mask.store(on);
  alignas(64) T lanes[kLanes];
  for (int i = 0; i < kLanes; ++i) lanes[i] = on[i] ? static_cast<T>(p[i]) : T{0};
  return Vec<T>::load(lanes);
}

// Rounded once to a 16-bit float.
template <class T, class In>
LANEGRAD_INLINE void store_first(Vec<T> x, In* p, int64_t count) {
  constexpr int kLanes = Vec<T>::kWidth;
  if constexpr (std::is_same_v<T, In>) {
    if (count == kLanes)
      x.store(p);
    else
      x.store_n(p, count);
    return;
  }
#if defined(LANEGRAD_X86_64)
  if constexpr (kLanes == 16 && kIsHalf<In>) {
    const auto first = static_cast<__mmask16>((1u << count) - 1);
    if constexpr (std::is_same_v<In, Float16>) {
      return _mm256_mask_storeu_epi16(p, first, _mm512_cvtps_ph(x.v, _MM_FROUND_TO_NEAREST_INT));
    }
    const __m512i bits = _mm512_castps_si512(x.v), high = _mm512_srli_epi32(bits, 16);
    const __m512i odd = _mm512_and_si512(high, _mm512_set1_epi32(1));
    const __m512i half = _mm512_add_epi32(odd, _mm512_set1_epi32(0x7FFF));
    const __m512i rounded = _mm512_srli_epi32(_mm512_add_epi32(bits, half), 16);
    const __mmask16 nan = _mm512_cmp_ps_mask(x.v, x.v, _CMP_UNORD_Q);
    const __m512i all = _mm512_mask_or_epi32(rounded, nan, high, _mm512_set1_epi32(0x40));
    return _mm256_mask_storeu_epi16(p, first, _mm512_cvtepi32_epi16(all));
  }
#endif
  if constexpr (kIsHalf<In>) {
    alignas(64) T lanes[kLanes];
    x.store(lanes);
    round_halves(p, lanes, count);
  }
}

}  // namespace

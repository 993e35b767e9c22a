// The even and the odd elements of up to 2 * lanes contiguous ones, and back.
#pragma once

namespace {

template <class T>
struct EvenOdd {
  Vec<T> even, odd;
};

template <class T>
LANEGRAD_INLINE EvenOdd<T> even_odd(Vec<T> a, Vec<T> b) {
  constexpr int kLanes = Vec<T>::kWidth;
#if defined(LANEGRAD_X86_64)
  if constexpr (kLanes * sizeof(T) == 64 && sizeof(T) == 4) {
    const __m512i even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    const __m512i odd = _mm512_setr_epi32(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
    return {{_mm512_permutex2var_ps(a.v, even, b.v)}, {_mm512_permutex2var_ps(a.v, odd, b.v)}};
  } else if constexpr (kLanes * sizeof(T) == 64) {
    const __m512i even = _mm512_setr_epi64(0, 2, 4, 6, 8, 10, 12, 14);
    const __m512i odd = _mm512_setr_epi64(1, 3, 5, 7, 9, 11, 13, 15);
    return {{_mm512_permutex2var_pd(a.v, even, b.v)}, {_mm512_permutex2var_pd(a.v, odd, b.v)}};
  } else if constexpr (kLanes * sizeof(T) == 32 && sizeof(T) == 4) {
    // Within halves first: a0 a2 b0 b2 | a4 a6 b4 b6; then the middle pairs change places.
    const __m256d even = _mm256_castps_pd(_mm256_shuffle_ps(a.v, b.v, 0x88));
    const __m256d odd = _mm256_castps_pd(_mm256_shuffle_ps(a.v, b.v, 0xDD));
    return {{_mm256_castpd_ps(_mm256_permute4x64_pd(even, 0xD8))},
            {_mm256_castpd_ps(_mm256_permute4x64_pd(odd, 0xD8))}};
  } else if constexpr (kLanes * sizeof(T) == 32) {
    return {{_mm256_permute4x64_pd(_mm256_unpacklo_pd(a.v, b.v), 0xD8)},
            {_mm256_permute4x64_pd(_mm256_unpackhi_pd(a.v, b.v), 0xD8)}};
  } else {
    return {a, b};
  }
#elif defined(LANEGRAD_ARM64)
  if constexpr (kLanes == 4) {
    return {{vuzp1q_f32(a.v, b.v)}, {vuzp2q_f32(a.v, b.v)}};
  } else if constexpr (kLanes == 2) {
    return {{vuzp1q_f64(a.v, b.v)}, {vuzp2q_f64(a.v, b.v)}};
  } else {
    return {a, b};
  }
#else
  return {a, b};
#endif
}

template <class T>
LANEGRAD_INLINE EvenOdd<T> load_even_odd(const T* p) {
  return even_odd(Vec<T>::load(p), Vec<T>::load(p + Vec<T>::kWidth));
}

// Of the first n elements only, 0 < n <= 2 * lanes; the lanes past them are zero.
template <class T>
LANEGRAD_INLINE EvenOdd<T> load_even_odd_n(const T* p, int64_t n) {
  constexpr int kLanes = Vec<T>::kWidth;
  if (n <= kLanes) return even_odd(Vec<T>::load_n(p, n), Vec<T>::zero());
  return even_odd(Vec<T>::load(p), Vec<T>::load_n(p + kLanes, n - kLanes));
}

// The other way: a0 b0 a1 b1 ..., in `even` the first half of it and in `odd` the second.
template <class T>
LANEGRAD_INLINE EvenOdd<T> interleave(Vec<T> a, Vec<T> b) {
  [[maybe_unused]] constexpr int kLanes = Vec<T>::kWidth;
#if defined(LANEGRAD_X86_64)
  if constexpr (kLanes * sizeof(T) == 64 && sizeof(T) == 4) {
    const __m512i low = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    const __m512i high = _mm512_setr_epi32(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    return {{_mm512_permutex2var_ps(a.v, low, b.v)}, {_mm512_permutex2var_ps(a.v, high, b.v)}};
  } else if constexpr (kLanes * sizeof(T) == 64) {
    const __m512i low = _mm512_setr_epi64(0, 8, 1, 9, 2, 10, 3, 11);
    const __m512i high = _mm512_setr_epi64(4, 12, 5, 13, 6, 14, 7, 15);
    return {{_mm512_permutex2var_pd(a.v, low, b.v)}, {_mm512_permutex2var_pd(a.v, high, b.v)}};
  } else if constexpr (kLanes * sizeof(T) == 32 && sizeof(T) == 4) {
    const __m256 low = _mm256_unpacklo_ps(a.v, b.v), high = _mm256_unpackhi_ps(a.v, b.v);
    return {{_mm256_permute2f128_ps(low, high, 0x20)}, {_mm256_permute2f128_ps(low, high, 0x31)}};
  } else if constexpr (kLanes * sizeof(T) == 32) {
    const __m256d low = _mm256_unpacklo_pd(a.v, b.v), high = _mm256_unpackhi_pd(a.v, b.v);
    return {{_mm256_permute2f128_pd(low, high, 0x20)}, {_mm256_permute2f128_pd(low, high, 0x31)}};
  } else {
    return {a, b};
  }
#elif defined(LANEGRAD_ARM64)
  if constexpr (kLanes == 4) {
    return {{vzip1q_f32(a.v, b.v)}, {vzip2q_f32(a.v, b.v)}};
  } else if constexpr (kLanes == 2) {
    return {{vzip1q_f64(a.v, b.v)}, {vzip2q_f64(a.v, b.v)}};
  } else {
    return {a, b};
  }
#else
  return {a, b};
#endif
}

}  // namespace

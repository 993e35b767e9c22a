// Vectors of float from rows of the 16-bit floats, and of T from rows of T, so that a kernel which reads
// either is one text. To be included inside a region, as math.inl. Cost: two instructions a vector for
// bfloat16, one for float16.
#pragma once

// V is Vec<float>: a parameter, so that the branches of other levels are not compiled.
template <class V>
static LANEGRAD_INLINE V widen_vector(const BFloat16* p) {
#if defined(LANEGRAD_X86_64)
  if constexpr (V::kWidth == 16) {
    const __m256i bits = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
    return V{_mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(bits), 16))};
  } else if constexpr (V::kWidth == 8) {
    const __m128i bits = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    return V{_mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(bits), 16))};
  }
#elif defined(LANEGRAD_ARM64)
  if constexpr (V::kWidth == 4) {
    return V{vreinterpretq_f32_u32(vshll_n_u16(vld1_u16(&p->bits), 16))};
  }
#endif
  return V::broadcast(BFloat16::widen(p->bits));
}

template <class V>
static LANEGRAD_INLINE V widen_vector(const Float16* p) {
#if defined(LANEGRAD_X86_64)
  if constexpr (V::kWidth == 16) {
    return V{_mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)))};
  } else if constexpr (V::kWidth == 8) {
    return V{_mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)))};
  }
#elif defined(LANEGRAD_ARM64)
  if constexpr (V::kWidth == 4) {
    return V{vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(&p->bits)))};
  }
#endif
  return V::broadcast(Float16::widen(p->bits));
}

// n < V::kWidth of them, zero behind.
template <class V, class In>
static LANEGRAD_INLINE V widen_lanes(const In* p, int64_t n) {
#if defined(LANEGRAD_X86_64)
  if constexpr (V::kWidth == 16) {
    const __m256i bits = _mm256_maskz_loadu_epi16(static_cast<__mmask16>((1u << n) - 1), p);
    if constexpr (std::is_same_v<In, Float16>) return V{_mm512_cvtph_ps(bits)};
    return V{_mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(bits), 16))};
  }
#endif
  In lanes[V::kWidth];  // zeros
  for (int64_t i = 0; i < n; ++i) lanes[i].bits = p[i].bits;
  return widen_vector<V>(lanes);
}

template <class T, class In>
static LANEGRAD_INLINE Vec<T> load_wide(const In* p) {
  if constexpr (std::is_same_v<T, In>)
    return Vec<T>::load(p);
  else
    return widen_vector<Vec<T>>(p);
}

// The first n lanes, the others zero; nothing past them is read.
template <class T, class In>
static LANEGRAD_INLINE Vec<T> load_wide_n(const In* p, int64_t n) {
  if constexpr (std::is_same_v<T, In>) {
    return Vec<T>::load_n(p, n);
  } else {
    if (n >= Vec<T>::kWidth) return load_wide<T>(p);
    return widen_lanes<Vec<T>>(p, n);
  }
}

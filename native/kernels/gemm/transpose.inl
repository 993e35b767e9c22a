// Copies between row-major blocks, straight and transposed: the moving part of packing, and of storing
// convolutions.
#pragma once

#include "simd/load_wide.inl"

namespace {

// out[r * out_row + c] = in[r * in_row + c], widened where In is a 16-bit float.
template <class T, class In>
inline void copy_rows(const In* in, int64_t in_row, int64_t rows, int64_t columns, T* out, int64_t out_row) {
  constexpr int kLanes = Vec<T>::kWidth;
  const int64_t whole = columns / kLanes * kLanes;
  for (int64_t r = 0; r < rows; ++r) {
    const In* const x = in + r * in_row;
    T* const y = out + r * out_row;
    for (int64_t c = 0; c < whole; c += kLanes) load_wide<T>(x + c).store(y + c);
    if (whole < columns) load_wide_n<T>(x + whole, columns - whole).store_n(y + whole, columns - whole);
  }
}

// Elements of a 16-byte piece of a vector. Shuffles within pieces are cheap at every level, across them they
// are not.
template <class T>
inline constexpr int kPiece = 16 / sizeof(T);

// Piece l comes from row[l * kPiece] + column. With the rows right, a transpose within the pieces then gives
// whole columns, with half the shuffles of a transpose of whole vectors.
template <class T>
LANEGRAD_INLINE Vec<T> load_pieces(const T* const* row, int64_t column) {
  [[maybe_unused]] constexpr int kStep = kPiece<T>;
#if defined(LANEGRAD_X86_64)
  if constexpr (Vec<T>::kWidth == 16) {
    __m512 v = _mm512_castps128_ps512(_mm_loadu_ps(row[0] + column));
    v = _mm512_mask_broadcast_f32x4(v, 0x00F0, _mm_loadu_ps(row[kStep] + column));
    v = _mm512_mask_broadcast_f32x4(v, 0x0F00, _mm_loadu_ps(row[2 * kStep] + column));
    return {_mm512_mask_broadcast_f32x4(v, 0xF000, _mm_loadu_ps(row[3 * kStep] + column))};
  } else if constexpr (Vec<T>::kWidth == 8 && sizeof(T) == 8) {
    __m512d v = _mm512_castpd128_pd512(_mm_loadu_pd(row[0] + column));
    v = _mm512_mask_broadcast_f64x2(v, 0x0C, _mm_loadu_pd(row[kStep] + column));
    v = _mm512_mask_broadcast_f64x2(v, 0x30, _mm_loadu_pd(row[2 * kStep] + column));
    return {_mm512_mask_broadcast_f64x2(v, 0xC0, _mm_loadu_pd(row[3 * kStep] + column))};
  } else if constexpr (Vec<T>::kWidth == 8) {
    const __m256 low = _mm256_castps128_ps256(_mm_loadu_ps(row[0] + column));
    return {_mm256_insertf128_ps(low, _mm_loadu_ps(row[kStep] + column), 1)};
  } else if constexpr (Vec<T>::kWidth == 4) {
    const __m256d low = _mm256_castpd128_pd256(_mm_loadu_pd(row[0] + column));
    return {_mm256_insertf128_pd(low, _mm_loadu_pd(row[kStep] + column), 1)};
  } else {
    return Vec<T>::load(row[0] + column);
  }
#else
  return Vec<T>::load(row[0] + column);
#endif
}

// The even rows of a 2 x 2 transpose of neighbours in every piece, and the odd ones; for floats then the same
// by halves.
template <class V>
LANEGRAD_INLINE V low_neighbours(V a, V b) {
#if defined(LANEGRAD_X86_64)
  if constexpr (std::is_same_v<V, Vec<double>>) {
    if constexpr (V::kWidth == 8)
      return {_mm512_unpacklo_pd(a.v, b.v)};
    else if constexpr (V::kWidth == 4)
      return {_mm256_unpacklo_pd(a.v, b.v)};
  } else {
    if constexpr (V::kWidth == 16)
      return {_mm512_unpacklo_ps(a.v, b.v)};
    else if constexpr (V::kWidth == 8)
      return {_mm256_unpacklo_ps(a.v, b.v)};
  }
#elif defined(LANEGRAD_ARM64)
  if constexpr (V::kWidth == 2)
    return {vzip1q_f64(a.v, b.v)};
  else if constexpr (V::kWidth == 4)
    return {vzip1q_f32(a.v, b.v)};
#endif
  return a;
}
template <class V>
LANEGRAD_INLINE V high_neighbours(V a, V b) {
#if defined(LANEGRAD_X86_64)
  if constexpr (std::is_same_v<V, Vec<double>>) {
    if constexpr (V::kWidth == 8)
      return {_mm512_unpackhi_pd(a.v, b.v)};
    else if constexpr (V::kWidth == 4)
      return {_mm256_unpackhi_pd(a.v, b.v)};
  } else {
    if constexpr (V::kWidth == 16)
      return {_mm512_unpackhi_ps(a.v, b.v)};
    else if constexpr (V::kWidth == 8)
      return {_mm256_unpackhi_ps(a.v, b.v)};
  }
#elif defined(LANEGRAD_ARM64)
  if constexpr (V::kWidth == 2)
    return {vzip2q_f64(a.v, b.v)};
  else if constexpr (V::kWidth == 4)
    return {vzip2q_f32(a.v, b.v)};
#endif
  return a;
}
template <class V>
LANEGRAD_INLINE V low_halves(V a, V b) {
#if defined(LANEGRAD_X86_64)
  if constexpr (V::kWidth == 16)
    return {_mm512_shuffle_ps(a.v, b.v, 0x44)};
  else if constexpr (V::kWidth == 8)
    return {_mm256_shuffle_ps(a.v, b.v, 0x44)};
#elif defined(LANEGRAD_ARM64)
  if constexpr (V::kWidth == 4) {
    return {vreinterpretq_f32_f64(vzip1q_f64(vreinterpretq_f64_f32(a.v), vreinterpretq_f64_f32(b.v)))};
  }
#endif
  return a;
}
template <class V>
LANEGRAD_INLINE V high_halves(V a, V b) {
#if defined(LANEGRAD_X86_64)
  if constexpr (V::kWidth == 16)
    return {_mm512_shuffle_ps(a.v, b.v, 0xEE)};
  else if constexpr (V::kWidth == 8)
    return {_mm256_shuffle_ps(a.v, b.v, 0xEE)};
#elif defined(LANEGRAD_ARM64)
  if constexpr (V::kWidth == 4) {
    return {vreinterpretq_f32_f64(vzip2q_f64(vreinterpretq_f64_f32(a.v), vreinterpretq_f64_f32(b.v)))};
  }
#endif
  return a;
}

// kPiece columns of at most one vector of rows; `rows` of them count.
template <class T>
LANEGRAD_INLINE void transpose_columns(const T* const* row, int64_t column, int rows, T* out,
                                       int64_t out_row) {
  constexpr int kLanes = Vec<T>::kWidth;
  Vec<T> columns[kPiece<T>];
  if constexpr (kPiece<T> == 4) {
    const Vec<T> a = load_pieces<T>(row, column), b = load_pieces<T>(row + 1, column);
    const Vec<T> c = load_pieces<T>(row + 2, column), d = load_pieces<T>(row + 3, column);
    const Vec<T> ab_low = low_neighbours(a, b), ab_high = high_neighbours(a, b);
    const Vec<T> cd_low = low_neighbours(c, d), cd_high = high_neighbours(c, d);
    columns[0] = low_halves(ab_low, cd_low);
    columns[1] = high_halves(ab_low, cd_low);
    columns[2] = low_halves(ab_high, cd_high);
    columns[3] = high_halves(ab_high, cd_high);
  } else {
    const Vec<T> a = load_pieces<T>(row, column), b = load_pieces<T>(row + 1, column);
    columns[0] = low_neighbours(a, b);
    columns[1] = high_neighbours(a, b);
  }
  for (int c = 0; c < kPiece<T>; ++c) {
    if (rows == kLanes)
      columns[c].store(out + c * out_row);
    else
      columns[c].store_n(out + c * out_row, rows);
  }
}

// out[c * out_row + r] = in[r * in_row + c].
template <class T>
inline void transpose(const T* in, int64_t in_row, int64_t rows, int64_t columns, T* out, int64_t out_row) {
  constexpr int kLanes = Vec<T>::kWidth;
  for (int64_t r = 0; r < rows; r += kLanes) {
    const int count = static_cast<int>(rows - r < kLanes ? rows - r : kLanes);
    int64_t c = 0;
    if constexpr (kLanes > 1) {
      // Rows past the end repeat the last one: they are read but not stored.
      const T* row[kLanes];
      for (int l = 0; l < kLanes; ++l) row[l] = in + (r + (l < count ? l : count - 1)) * in_row;
      for (; c + kPiece<T> <= columns; c += kPiece<T>)
        transpose_columns<T>(row, c, count, out + c * out_row + r, out_row);
    }
    for (; c < columns; ++c) {
      for (int l = 0; l < count; ++l) out[c * out_row + r + l] = in[(r + l) * in_row + c];
    }
  }
}

}  // namespace

// Sixteen vectors of sixteen 32-bit lanes, rows and columns exchanged.
#pragma once

namespace {

LANEGRAD_INLINE void transpose16(__m512 (&x)[16]) {
  __m512 y[16];
  // Pairs of rows, then of pairs: each 128-bit piece holds four rows of one column.
  for (int i = 0; i < 16; i += 2) {
    y[i] = _mm512_unpacklo_ps(x[i], x[i + 1]);
    y[i + 1] = _mm512_unpackhi_ps(x[i], x[i + 1]);
  }
  for (int i = 0; i < 16; i += 4) {
    const auto wide = [&](int k) { return _mm512_castps_pd(y[i + k]); };
    x[i] = _mm512_castpd_ps(_mm512_unpacklo_pd(wide(0), wide(2)));
    x[i + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(wide(0), wide(2)));
    x[i + 2] = _mm512_castpd_ps(_mm512_unpacklo_pd(wide(1), wide(3)));
    x[i + 3] = _mm512_castpd_ps(_mm512_unpackhi_pd(wide(1), wide(3)));
  }
  // Then the pieces: x[4 q + c] holds columns c, c + 4, c + 8, c + 12 of rows 4 q to 4 q + 3.
  for (int c = 0; c < 4; ++c) {
    const __m512 low01 = _mm512_shuffle_f32x4(x[c], x[4 + c], 0x88),
                 low23 = _mm512_shuffle_f32x4(x[8 + c], x[12 + c], 0x88);
    const __m512 high01 = _mm512_shuffle_f32x4(x[c], x[4 + c], 0xDD),
                 high23 = _mm512_shuffle_f32x4(x[8 + c], x[12 + c], 0xDD);
    y[c] = _mm512_shuffle_f32x4(low01, low23, 0x88);
    y[8 + c] = _mm512_shuffle_f32x4(low01, low23, 0xDD);
    y[4 + c] = _mm512_shuffle_f32x4(high01, high23, 0x88);
    y[12 + c] = _mm512_shuffle_f32x4(high01, high23, 0xDD);
  }
  for (int i = 0; i < 16; ++i) x[i] = y[i];
}

}  // namespace

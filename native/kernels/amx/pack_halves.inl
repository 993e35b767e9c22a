// Panels of bfloat16, which are one part as they stand: words are moved, not computed. Limit: the loads and
// stores of 64 bytes, and sixteen shuffles for a tile that is turned.
#pragma once

namespace {

// Rows of 32 in depth, as they lie: step p of lines first to first + 16, the rest zero.
struct HalfLines {
  const BFloat16* from;
  int64_t line, lines, length;
  LANEGRAD_INLINE __m512i at(int64_t i, int64_t p) const {
    return i < lines ? load_words(from + i * line + p, length - p) : _mm512_setzero_si512();
  }
};

// Pairs of neighbours of p, p even, of sixteen lines that lie across: where lines are neighbours.
struct HalfPairLines {
  const BFloat16* from;
  int64_t step, lines, length;  // from p to p + 1; how many lines; of p
  LANEGRAD_INLINE __m512i at(int64_t i, int64_t p) const {
    const __m512i even =
        p < length && i < lines ? strided_halves(from + p * step + i, 1, lines - i) : _mm512_setzero_si512();
    const __m512i odd = p + 1 < length && i < lines ? strided_halves(from + (p + 1) * step + i, 1, lines - i)
                                                    : _mm512_setzero_si512();
    return _mm512_or_si512(even, _mm512_slli_epi32(odd, 16));
  }
};

// Sixteen vectors that rows(r) gives, as a tile, or turned: lane r of vector c is lane c of vector r.
template <bool kTurned, class Rows>
LANEGRAD_INLINE void put_tile(Rows&& rows, SeenHalves& seen, uint16_t* out) {
  if constexpr (kTurned) {
    __m512 x[16];
    for (int r = 0; r < 16; ++r) {
      const __m512i row = rows(r);
      seen.see(row);
      x[r] = _mm512_castsi512_ps(row);
    }
    transpose16(x);
    for (int r = 0; r < 16; ++r) _mm512_storeu_ps(out + r * 32, x[r]);
  } else {
    for (int r = 0; r < 16; ++r) {
      const __m512i row = rows(r);
      seen.see(row);
      _mm512_storeu_si512(out + r * 32, row);
    }
  }
}

// A panel of 32 lines, step by step: a tile of A has lines as its rows, a tile of B pairs of p.
template <bool kLinesAreRows>
PanelRange pack_halves(const BFloat16* x, int64_t line, int64_t step, int64_t lines, int64_t k,
                       uint16_t* out) {
  SeenHalves seen;
  for (int64_t p = 0; p < k; p += kAmxStep) {
    for (int64_t i = 0; i < kAmxPanel; i += 16, out += kTileWords) {
      if (step == 1) {
        const HalfLines from{x, line, lines, k};
        put_tile<!kLinesAreRows>([&](int64_t r) { return from.at(i + r, p); }, seen, out);
      } else {
        const HalfPairLines from{x, step, lines, k};
        put_tile<kLinesAreRows>([&](int64_t q) { return from.at(i, p + 2 * q); }, seen, out);
      }
    }
  }
  return seen.range();
}

}  // namespace

// Channels of images into the grids of convolutions on tiles. Limit: one load of an element and one store of
// each of its parts; splitting a float32 into three parts takes about a cycle beside that.
#pragma once

namespace {

// Up to sixteen values, `step` apart, the rest zero.
LANEGRAD_INLINE __m512 strided_lanes(const float* from, int64_t step, int64_t n) {
  if (step == 1) return load_lanes(from, n);
  alignas(64) float x[16] = {};
  for (int64_t i = 0; i < (n < 16 ? n : 16); ++i) x[i] = from[i * step];
  return _mm512_load_ps(x);
}

// Sixteen places of a pair of channels: words in the layout of a tile of B.
template <int kParts>
struct FloatPairs {
  static constexpr int64_t kPlaces = 16, kWords = 2;  // uint16_t of a place
  Seen seen;
  LANEGRAD_INLINE void copy(const AmxGridRows<float>& g, int64_t at, int64_t n, uint16_t* out) {
    const __m512 even = g.first ? strided_lanes(g.first + at, g.column, n) : _mm512_setzero_ps();
    const __m512 odd = g.second ? strided_lanes(g.second + at, g.column, n) : _mm512_setzero_ps();
    split_pair<kParts>(even, odd, seen, out, g.part);
  }
};
LANEGRAD_INLINE void ask(const BFloat16* from, int64_t at, int64_t ahead) {
  _mm_prefetch(reinterpret_cast<const char*>(from + at + ahead), _MM_HINT_T0);
}

// Thirty-two of bfloat16; there is a first channel.
struct HalfPairs {
  static constexpr int64_t kPlaces = 32, kWords = 2;
  SeenHalves seen;
  LANEGRAD_INLINE void copy(const AmxGridRows<BFloat16>& g, int64_t at, int64_t n, uint16_t* out) {
    if (g.column == 1) return neighbours(g, at, n, out);
    sixteen(g, at, n, out);
    sixteen(g, at + 16 * g.column, n - 16, out + 32);
  }

 private:
  LANEGRAD_INLINE void sixteen(const AmxGridRows<BFloat16>& g, int64_t at, int64_t n, uint16_t* out) {
    ask_both(g, at);
    const __m512i zero = _mm512_setzero_si512();
    const __m512i even = n > 0 ? strided_halves(g.first + at, g.column, n) : zero;
    const __m512i odd = n > 0 && g.second ? strided_halves(g.second + at, g.column, n) : zero;
    const __m512i pair = _mm512_or_si512(even, _mm512_slli_epi32(odd, 16));
    seen.see(pair);
    _mm512_storeu_si512(out, pair);
  }
  LANEGRAD_INLINE void ask_both(const AmxGridRows<BFloat16>& g, int64_t at) {
    ask(g.first, at, g.ahead);
    if (g.second) ask(g.second, at, g.ahead);
  }
  LANEGRAD_INLINE void neighbours(const AmxGridRows<BFloat16>& g, int64_t at, int64_t n, uint16_t* out) {
    ask_both(g, at);
    const __m512i even = load_words(g.first + at, n);
    const __m512i odd = g.second ? load_words(g.second + at, n) : _mm512_setzero_si512();
    seen.see(even);
    seen.see(odd);
    pair_words(even, odd, out);
  }
};
// Thirty-two places of one channel.
template <int kParts>
struct FloatLine {
  static constexpr int64_t kPlaces = 32, kWords = 1;
  Seen seen;
  LANEGRAD_INLINE void copy(const AmxGridRows<float>& g, int64_t at, int64_t n, uint16_t* out) {
    const __m512i upper = _mm512_set_epi16(63, 61, 59, 57, 55, 53, 51, 49, 47, 45, 43, 41, 39, 37, 35, 33, 31,
                                           29, 27, 25, 23, 21, 19, 17, 15, 13, 11, 9, 7, 5, 3, 1);
    __m512 first = strided_lanes(g.first + at, g.column, n);
    __m512 second =
        n > 16 ? strided_lanes(g.first + at + 16 * g.column, g.column, n - 16) : _mm512_setzero_ps();
    seen.see(first);
    seen.see(second);
    for (int part = 0; part < kParts; ++part) {
      const __m512i a = take_part(first), b = take_part(second);
      if (part == 0) {
        seen.see_rest(first);
        seen.see_rest(second);
      }
      _mm512_storeu_si512(out + part * g.part, _mm512_permutex2var_epi16(a, upper, b));
    }
  }
};
struct HalfLine {
  static constexpr int64_t kPlaces = 32, kWords = 1;
  SeenHalves seen;
  LANEGRAD_INLINE void copy(const AmxGridRows<BFloat16>& g, int64_t at, int64_t n, uint16_t* out) {
    __m512i x;
    ask(g.first, at, g.ahead);
    if (g.column == 1) {
      x = load_words(g.first + at, n);
    } else {
      const __m512i first = strided_halves(g.first + at, g.column, n);
      const __m512i second =
          n > 16 ? strided_halves(g.first + at + 16 * g.column, g.column, n - 16) : _mm512_setzero_si512();
      x = _mm512_inserti64x4(_mm512_castsi256_si512(_mm512_cvtepi32_epi16(first)),
                             _mm512_cvtepi32_epi16(second), 1);
    }
    seen.see(x);
    _mm512_storeu_si512(out, x);
  }
};

// Places [from, to) of all parts, and up to the next whole vector.
template <class Copy, class T>
LANEGRAD_INLINE void clear_places(const AmxGridRows<T>& g, uint16_t* row, int64_t from, int64_t to) {
  constexpr int64_t kVector = 32;  // words
  for (int part = 0; part < g.parts; ++part) {
    for (int64_t w = from * Copy::kWords; w < to * Copy::kWords; w += kVector)
      _mm512_storeu_si512(row + part * g.part + w, _mm512_setzero_si512());
  }
}

// Vectors reach beyond the end of a row; the next row, or the room behind the last, takes what is too much.
template <class Copy, class T>
PanelRange grid_rows(const AmxGridRows<T>& g) {
  Copy copy;
  uint16_t* row = g.out;
  for (int64_t r = 0; r < g.rows; ++r, row += g.columns * Copy::kWords) {
    if (g.starts[r] < 0 || !g.first) {
      clear_places<Copy>(g, row, 0, g.columns);
      continue;
    }
    clear_places<Copy>(g, row, 0, g.left);
    int64_t j = g.left, at = g.starts[r];
    for (; j < g.right; j += Copy::kPlaces, at += Copy::kPlaces * g.column)
      copy.copy(g, at, g.right - j, row + j * Copy::kWords);
    clear_places<Copy>(g, row, j, g.columns);
  }
  if (Copy::kWords == 1) clear_places<Copy>(g, row, 0, kAmxPanel);
  return copy.seen.range();
}

template <class T>
PanelRange grid_pairs(const AmxGridRows<T>& g) {
  if constexpr (std::is_same_v<T, BFloat16>) {
    return grid_rows<HalfPairs>(g);
  } else {
    return g.parts == 3   ? grid_rows<FloatPairs<3>>(g)
           : g.parts == 2 ? grid_rows<FloatPairs<2>>(g)
                          : grid_rows<FloatPairs<1>>(g);
  }
}
template <class T>
PanelRange grid_lines(const AmxGridRows<T>& g) {
  if constexpr (std::is_same_v<T, BFloat16>) {
    return grid_rows<HalfLine>(g);
  } else {
    return g.parts == 3   ? grid_rows<FloatLine<3>>(g)
           : g.parts == 2 ? grid_rows<FloatLine<2>>(g)
                          : grid_rows<FloatLine<1>>(g);
  }
}

// Pairs of places are lanes of 32 bits: tiles of B are lines transposed.
inline void turn_lines(const uint16_t* lines, int64_t line, int64_t steps, uint16_t* out) {
  for (int64_t s = 0; s < steps; ++s, lines += kAmxStep, out += kTileWords) {
    __m512 x[16];
    for (int r = 0; r < 16; ++r) x[r] = _mm512_loadu_ps(lines + r * line);
    transpose16(x);
    for (int r = 0; r < 16; ++r) _mm512_storeu_ps(out + r * 32, x[r]);
  }
}

}  // namespace

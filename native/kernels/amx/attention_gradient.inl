// The gradient of attention on tiles: see attention_gradient.h. A block is 128 queries by 128 keys: the two
// parts of its weights take 64 KB, of which a corner of the products with a depth of all its queries meets 16
// KB, beside as much of the other factor: what is loaded more than once comes from the L1 cache.
#pragma once

namespace {

inline void attention_columns(const BFloat16* from, int64_t row, int64_t rows, int64_t width, uint16_t* lines,
                              int64_t line) {
  for (int64_t r = 0; r < rows; r += kAmxStep) {
    for (int64_t j = 0; j < width; j += 16) {
      __m512 columns[16];
      for (int64_t p = 0; p < 16; ++p) {
        const int64_t at = r + 2 * p;
        columns[p] = _mm512_castsi512_ps(pair_of_rows(from + at * row + j, row, rows - at, width - j));
      }
      transpose16(columns);
      for (int64_t c = 0; c < 16; ++c) {
        uint16_t* const to = lines + (j + c) * line + 2 * r;
        _mm512_storeu_ps(to, columns[c]);
        _mm512_storeu_ps(to + kAmxStep, columns[c]);
      }
    }
  }
}

// Of parts in the upper halves of their lanes.
LANEGRAD_INLINE __m512i side_by_side(__m512i even, __m512i odd) {
  return _mm512_or_si512(_mm512_srli_epi32(even, 16), odd);
}

// Limit: 36 instructions for the parts of a pair of vectors.
inline PanelRange attention_split_pairs(const float* from, int64_t row, int64_t rows, int64_t keys,
                                        int64_t step, uint16_t* pairs) {
  SeenHalves seen;
  for (int64_t r = 0; r < rows; r += kAmxStep, pairs += 2 * step) {
    for (int64_t p = 0; p < 16; ++p) {
      const int64_t at = r + 2 * p;
      const auto load = [&](int64_t i, int64_t k) {
        return i < rows && k < keys ? load_lanes(from + i * row + k, keys - k) : _mm512_setzero_ps();
      };
      uint16_t* to = pairs + 32 * p;
      for (int64_t k = 0; k < keys || k % kAmxPanel != 0; k += 16, to += kTileWords) {
        __m512 even = load(at, k), odd = load(at + 1, k);
        const __m512i even_part = take_part(even), odd_part = take_part(odd);
        const __m512i first = side_by_side(even_part, odd_part);
        seen.see(first);
        _mm512_storeu_si512(to, side_by_side(round_to_upper_half(even), round_to_upper_half(odd)));
        _mm512_storeu_si512(to + step, first);
      }
    }
  }
  return seen.range();
}

// Per step four products of 16 cycles; the sums are loaded and stored once for the depth of a block, 8 tiles
// for its 8 steps.
template <class Tiles>
void attention_add_products(const uint16_t* columns, int64_t line, int64_t rows, int64_t width,
                            const uint16_t* pairs, int64_t step, int64_t keys, float* sums, int64_t row) {
  Tiles tiles;
  const int64_t steps = 2 * ((rows + kAmxStep - 1) / kAmxStep);
  for (int64_t i = 0; i < width; i += kAmxPanel) {
    const auto run = stream_corner_of<Tiles, EvenSteps>(1, width - i > 16);
    const TileStream a{columns + i * line, 0, 16 * line, 2 * line};
    for (int64_t k = 0; k < keys; k += kAmxPanel) {
      const TileStream b{pairs + k / 16 * kTileWords, 0, kTileWords, 64};
      run(tiles, a, EvenSteps{kAmxStep}, b, EvenSteps{step}, steps, sums + i * row + k, row, true);
    }
  }
}

inline void attention_round_turned(const float* sums, int64_t row, int64_t keys, int64_t width, float scale,
                                   BFloat16* to, int64_t to_row) {
  const __m512 factor = _mm512_set1_ps(scale);
  alignas(64) float places[16];
  for (int64_t k = 0; k < keys; k += 16) {
    for (int64_t i = 0; i < width; i += 16) {
      __m512 lines[16];
      for (int64_t c = 0; c < 16; ++c)
        lines[c] = i + c < width ? _mm512_loadu_ps(sums + (i + c) * row + k) : _mm512_setzero_ps();
      transpose16(lines);
      for (int64_t r = 0; r < lesser(16, keys - k); ++r) {
        _mm512_store_ps(places, _mm512_mul_ps(lines[r], factor));
        store_places(places, 0.0f, lesser(16, width - i), to + (k + r) * to_row + i, 1);
      }
    }
  }
}

// As the vectors' own: the same bits from the same numbers.
inline void attention_half_dots(const BFloat16* a, int64_t a_row, const BFloat16* b, int64_t b_row,
                                int64_t rows, int64_t width, float* out) {
  for (int64_t r = 0; r < rows; ++r, a += a_row, b += b_row) {
    __m512 sum = _mm512_setzero_ps();
    for (int64_t i = 0; i < width; i += 16)
      sum = _mm512_fmadd_ps(load_lanes(a + i, width - i), load_lanes(b + i, width - i), sum);
    out[r] = reduce_add(Vec<float>{sum});
  }
}

}  // namespace

// The products of attention on tiles, and their packing: see attention.h. A block of scores is 32 rows of up
// to 256 keys; with the parts of its weights it takes 64 KB, of which what one product needs is in the L1
// cache.
#pragma once

namespace {

inline PanelRange attention_lines(const BFloat16* from, int64_t row, int64_t rows, int64_t width,
                                  int64_t padded, uint16_t* lines) {
  SeenHalves seen;
  for (int64_t r = 0; r < padded; ++r) {
    for (int64_t j = 0; j < width; j += kAmxStep, lines += kAmxStep) {
      const __m512i x = r < rows ? load_words(from + r * row + j, width - j) : _mm512_setzero_si512();
      seen.see(x);
      _mm512_storeu_si512(lines, x);
    }
  }
  return seen.range();
}

// Sixteen numbers of a row and of the next, of `rows` that are there, side by side; zeros from n on.
LANEGRAD_INLINE __m512i pair_of_rows(const BFloat16* even, int64_t row, int64_t rows, int64_t n) {
  const __m512i low = rows > 0 && n > 0 ? strided_halves(even, 1, n) : _mm512_setzero_si512();
  const __m512i high = rows > 1 && n > 0 ? strided_halves(even + row, 1, n) : _mm512_setzero_si512();
  return _mm512_or_si512(low, _mm512_slli_epi32(high, 16));
}

inline PanelRange attention_pairs(const BFloat16* from, int64_t row, int64_t rows, int64_t width,
                                  int64_t padded, uint16_t* pairs) {
  SeenHalves seen;
  for (int64_t r = 0; r < padded; r += 2) {
    for (int64_t j = 0; j < width; j += kAmxPanel) {
      for (int64_t i = j; i < j + kAmxPanel; i += 16, pairs += 32) {
        const __m512i pair = pair_of_rows(from + r * row + i, row, rows - r, width - i);
        seen.see(pair);
        _mm512_storeu_si512(pairs, pair);
      }
    }
  }
  return seen.range();
}

template <class Tiles>
void attention_scores(const uint16_t* queries, const uint16_t* keys, int64_t block, int64_t rows,
                      int64_t keys_count, int64_t steps, float scale, float* scores, int64_t row) {
  Tiles tiles;
  const int64_t line = steps * kAmxStep;
  const __m512 factor = _mm512_set1_ps(scale);
  for (int64_t i = 0; i < rows; i += kAmxPanel) {
    const bool two_rows = rows - i > 16;
    const auto run = stream_corner_of<Tiles, EvenSteps>(1, two_rows);
    const TileStream a{queries + i * line, 0, 16 * line, 2 * line};
    for (int64_t j = 0; j < keys_count; j += kAmxPanel) {
      const TileStream b{keys + j / 16 * block, 0, block, 64};
      float* const corner = scores + i * row + j;
      run(tiles, a, EvenSteps{kAmxStep}, b, EvenSteps{kTileWords}, steps, corner, row, false);
      if (scale == 1) continue;
      for (int64_t r = 0; r < (two_rows ? 32 : 16); ++r) {
        float* const x = corner + r * row;
        _mm512_storeu_ps(x, _mm512_mul_ps(_mm512_loadu_ps(x), factor));
        _mm512_storeu_ps(x + 16, _mm512_mul_ps(_mm512_loadu_ps(x + 16), factor));
      }
    }
  }
}

// The rest of each value beside its first part, step by step; the rest comes first, for it is the smaller.
inline void split_weights(const float* weights, int64_t row, int64_t rows, int64_t keys, uint16_t* split) {
  const __m512i upper = _mm512_set_epi16(63, 61, 59, 57, 55, 53, 51, 49, 47, 45, 43, 41, 39, 37, 35, 33, 31,
                                         29, 27, 25, 23, 21, 19, 17, 15, 13, 11, 9, 7, 5, 3, 1);
  for (int64_t r = 0; r < rows; ++r) {
    const float* const from = weights + r * row;
    for (int64_t k = 0; k < keys; k += kAmxStep, split += 2 * kAmxStep) {
      __m512 first = load_lanes(from + k, keys - k);
      __m512 second = keys - k > 16 ? load_lanes(from + k + 16, keys - k - 16) : _mm512_setzero_ps();
      const __m512i a = take_part(first), b = take_part(second);
      const __m512i c = round_to_upper_half(first), d = round_to_upper_half(second);
      _mm512_storeu_si512(split, _mm512_permutex2var_epi16(c, upper, d));
      _mm512_storeu_si512(split + kAmxStep, _mm512_permutex2var_epi16(a, upper, b));
    }
  }
}

template <class Tiles>
void attention_weigh(const float* weights, int64_t row, int64_t rows, int64_t keys, const uint16_t* values,
                     int64_t width, const int64_t* offsets, uint16_t* split, float* out, bool accumulate) {
  split_weights(weights, row, rows, keys, split);
  Tiles tiles;
  const int64_t steps = (keys + kAmxStep - 1) / kAmxStep, line = 2 * steps * kAmxStep;
  for (int64_t i = 0; i < rows; i += kAmxPanel) {
    const auto run = stream_corner_of<Tiles, ListedSteps>(1, rows - i > 16);
    const TileStream a{split + i * line, 0, 16 * line, 2 * line};
    for (int64_t j = 0; j < width; j += kAmxPanel) {
      const TileStream b{values + 2 * j, 0, 32, 4 * width};
      run(tiles, a, EvenSteps{kAmxStep}, b, ListedSteps{offsets}, 2 * steps, out + i * width + j, width,
          accumulate);
    }
  }
}

inline void attention_round(const float* from, int64_t from_row, int64_t rows, int64_t width, BFloat16* to,
                            int64_t to_row) {
  for (int64_t r = 0; r < rows; ++r) store_places(from + r * from_row, 0.0f, width, to + r * to_row, 1);
}

}  // namespace

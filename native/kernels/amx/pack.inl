// Splitting float32 into bfloat16 parts, and laying them out as the tiles want them.
#pragma once

namespace {

// The parts of sixteen values, each in the upper half of its lane.
LANEGRAD_INLINE __m512i round_to_upper_half(__m512 x) {
  const __m512i bits = _mm512_castps_si512(x);
  const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
  const __m512i rounded = _mm512_add_epi32(_mm512_add_epi32(bits, _mm512_set1_epi32(0x7FFF)), odd);
  return _mm512_and_si512(rounded, _mm512_set1_epi32(static_cast<int>(0xFFFF0000u)));
}
// Takes the part off x: the difference is exact.
LANEGRAD_INLINE __m512i take_part(__m512& x) {
  const __m512i part = round_to_upper_half(x);
  x = _mm512_sub_ps(x, _mm512_castsi512_ps(part));
  return part;
}

struct Seen {
  __m512i least, greatest;
  __m512 rest;  // other than zero where something is left of a value without its first part

  Seen() : least(_mm512_set1_epi32(255)), greatest(_mm512_setzero_si512()), rest(_mm512_setzero_ps()) {}
  LANEGRAD_INLINE void see(__m512 x) {
    const __m512i bits = _mm512_castps_si512(x);
    const __m512i exponent = _mm512_and_si512(_mm512_srli_epi32(bits, 23), _mm512_set1_epi32(255));
    const __mmask16 other_than_zero = _mm512_test_epi32_mask(bits, _mm512_set1_epi32(0x7FFFFFFF));
    least = _mm512_mask_min_epi32(least, other_than_zero, least, exponent);
    greatest = _mm512_max_epi32(greatest, exponent);
  }
  LANEGRAD_INLINE void see_rest(__m512 x) { rest = _mm512_or_ps(rest, _mm512_abs_ps(x)); }
  LANEGRAD_INLINE PanelRange range() const {
    return {static_cast<int16_t>(_mm512_reduce_min_epi32(least)),
            static_cast<int16_t>(_mm512_reduce_max_epi32(greatest)),
            _mm512_cmp_ps_mask(rest, _mm512_setzero_ps(), _CMP_NEQ_UQ) == 0};
  }
};

LANEGRAD_INLINE __m512 load_lanes(const float* from, int64_t n) {
  return n >= 16 ? _mm512_loadu_ps(from) : _mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << n) - 1), from);
}
LANEGRAD_INLINE __m512 load_lanes(const BFloat16* from, int64_t n) {
  const auto mask = static_cast<__mmask16>(n >= 16 ? 0xFFFFu : (1u << n) - 1);
  return _mm512_castsi512_ps(
      _mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(mask, from)), 16));
}

// out[c * 32 + r] = in[r * step + c] for r < lines, c < 16 and below length; the rest of the 16 x 32 is zero.
template <class T>
LANEGRAD_INLINE void gather_tile(const T* in, int64_t step, int64_t lines, int64_t length, float* out) {
  for (int half = 0; half < 2; ++half) {
    __m512 line[16];
    for (int r = 0; r < 16; ++r) {
      const int64_t at = half * 16 + r;
      line[r] = at < lines ? load_lanes(in + at * step, length) : _mm512_setzero_ps();
    }
    transpose16(line);
    for (int c = 0; c < 16; ++c) _mm512_store_ps(out + c * 32 + half * 16, line[c]);
  }
}

// Any strides.
template <class T>
inline void gather_slowly(const T* in, int64_t row, int64_t col, int64_t rows, int64_t columns, int64_t width,
                          int64_t height, float* out) {
  for (int64_t r = 0; r < height; ++r) {
    for (int64_t c = 0; c < width; ++c) {
      out[r * width + c] = r < rows && c < columns ? static_cast<float>(in[r * row + c * col]) : 0.0f;
    }
  }
}

// One step of 32 of 16 rows: row r of each part at out + r * 32, parts part_step apart.
template <int kParts>
LANEGRAD_INLINE void split_rows(const float* rows, Seen& seen, uint16_t* out, int64_t part_step) {
  // Upper halves of two vectors, one after the other.
  const __m512i upper = _mm512_set_epi16(63, 61, 59, 57, 55, 53, 51, 49, 47, 45, 43, 41, 39, 37, 35, 33, 31,
                                         29, 27, 25, 23, 21, 19, 17, 15, 13, 11, 9, 7, 5, 3, 1);
  for (int r = 0; r < 16; ++r) {
    __m512 first = _mm512_load_ps(rows + r * 32), second = _mm512_load_ps(rows + r * 32 + 16);
    seen.see(first);
    seen.see(second);
    for (int part = 0; part < kParts; ++part) {
      const __m512i a = take_part(first), b = take_part(second);
      if (part == 0) {
        seen.see_rest(first);
        seen.see_rest(second);
      }
      _mm512_storeu_si512(out + part * part_step + r * 32, _mm512_permutex2var_epi16(a, upper, b));
    }
  }
}

// One step of 32 of 16 columns: neighbours of p side by side.
template <int kParts>
LANEGRAD_INLINE void split_pair(__m512 even, __m512 odd, Seen& seen, uint16_t* out, int64_t part_step) {
  seen.see(even);
  seen.see(odd);
  for (int part = 0; part < kParts; ++part) {
    const __m512i a = take_part(even), b = take_part(odd);
    if (part == 0) {
      seen.see_rest(even);
      seen.see_rest(odd);
    }
    _mm512_storeu_si512(out + part * part_step, _mm512_or_si512(_mm512_srli_epi32(a, 16), b));
  }
}

template <class T, int kParts>
PanelRange pack_a_parts(const T* a, int64_t row, int64_t col, int64_t rows, int64_t k, uint16_t* out) {
  alignas(64) float tile[16 * 32];
  Seen seen;
  for (int64_t p = 0; p < k; p += kAmxStep) {
    const int64_t depth = k - p < kAmxStep ? k - p : kAmxStep;
    for (int64_t i = 0; i < kAmxPanel; i += 16) {
      const int64_t count = rows - i < 0 ? 0 : rows - i < 16 ? rows - i : 16;
      const T* const from = a + i * row + p * col;
      if (count == 0) {
        std::memset(tile, 0, sizeof(tile));
      } else if (col == 1) {
        for (int64_t r = 0; r < 16; ++r) {
          const bool there = r < count;
          _mm512_store_ps(tile + r * 32, there ? load_lanes(from + r * row, depth) : _mm512_setzero_ps());
          _mm512_store_ps(tile + r * 32 + 16, there && depth > 16
                                                  ? load_lanes(from + r * row + 16, depth - 16)
                                                  : _mm512_setzero_ps());
        }
      } else if (row == 1) {
        gather_tile(from, col, depth, count, tile);
      } else {
        gather_slowly(from, row, col, count, depth, 32, 16, tile);
      }
      split_rows<kParts>(tile, seen, out + (i / 16) * kTileWords, 2 * kTileWords);
    }
    out += 2 * kTileWords * kParts;
  }
  return seen.range();
}

template <class T, int kParts>
PanelRange pack_b_parts(const T* b, int64_t row, int64_t col, int64_t k, int64_t columns, uint16_t* out) {
  alignas(64) float tile[32 * 16];  // of 32 rows
  alignas(64) float turned[16 * 32];
  Seen seen;
  for (int64_t p = 0; p < k; p += kAmxStep) {
    const int64_t depth = k - p < kAmxStep ? k - p : kAmxStep;
    for (int64_t j = 0; j < kAmxPanel; j += 16) {
      const int64_t count = columns - j < 0 ? 0 : columns - j < 16 ? columns - j : 16;
      const T* const from = b + p * row + j * col;
      uint16_t* const to = out + (j / 16) * kTileWords;
      if (col == 1) {
        for (int64_t q = 0; q < 32; q += 2) {
          const __m512 even =
              q < depth && count > 0 ? load_lanes(from + q * row, count) : _mm512_setzero_ps();
          const __m512 odd =
              q + 1 < depth && count > 0 ? load_lanes(from + (q + 1) * row, count) : _mm512_setzero_ps();
          split_pair<kParts>(even, odd, seen, to + q * 16, 2 * kTileWords);
        }
        continue;
      }
      if (row == 1) {
        for (int64_t c = 0; c < 16; ++c) {
          const bool there = c < count;
          _mm512_store_ps(turned + c * 32, there ? load_lanes(from + c * col, depth) : _mm512_setzero_ps());
          _mm512_store_ps(turned + c * 32 + 16, there && depth > 16
                                                    ? load_lanes(from + c * col + 16, depth - 16)
                                                    : _mm512_setzero_ps());
        }
        for (int half = 0; half < 2; ++half) {
          __m512 line[16];
          for (int c = 0; c < 16; ++c) line[c] = _mm512_load_ps(turned + c * 32 + half * 16);
          transpose16(line);
          for (int r = 0; r < 16; ++r) _mm512_store_ps(tile + (half * 16 + r) * 16, line[r]);
        }
      } else {
        gather_slowly(from, row, col, depth, count, 16, 32, tile);
      }
      for (int64_t q = 0; q < 32; q += 2) {
        split_pair<kParts>(_mm512_load_ps(tile + q * 16), _mm512_load_ps(tile + (q + 1) * 16), seen,
                           to + q * 16, 2 * kTileWords);
      }
    }
    out += 2 * kTileWords * kParts;
  }
  return seen.range();
}

template <class T>
PanelRange pack_a(const T* a, int64_t row, int64_t col, int64_t rows, int64_t k, int parts, uint16_t* out) {
  if constexpr (std::is_same_v<T, float>) {
    if (parts == 3) return pack_a_parts<T, 3>(a, row, col, rows, k, out);
    if (parts == 2) return pack_a_parts<T, 2>(a, row, col, rows, k, out);
  } else {
    if (row == 1 || col == 1) return pack_halves<true>(a, row, col, rows, k, out);
  }
  return pack_a_parts<T, 1>(a, row, col, rows, k, out);
}
template <class T>
PanelRange pack_b(const T* b, int64_t row, int64_t col, int64_t k, int64_t columns, int parts,
                  uint16_t* out) {
  if constexpr (std::is_same_v<T, float>) {
    if (parts == 3) return pack_b_parts<T, 3>(b, row, col, k, columns, out);
    if (parts == 2) return pack_b_parts<T, 2>(b, row, col, k, columns, out);
  } else {
    if (row == 1 || col == 1) return pack_halves<false>(b, col, row, columns, k, out);
  }
  return pack_b_parts<T, 1>(b, row, col, k, columns, out);
}

}  // namespace

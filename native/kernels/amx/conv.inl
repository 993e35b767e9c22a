// Convolutions from grids: see conv.h. A corner of C, 32 channels by 32 places, stays in the tiles over the
// whole depth and is written once, through a buffer in the L1 cache.
//
// Pixels: channels outside, places inside, so that a panel of weights is met by all places while it is in the
// caches; the places are read from L2 once for each 32 channels.
#pragma once

namespace {

LANEGRAD_INLINE int64_t lesser(int64_t a, int64_t b) { return a < b ? a : b; }

// Values [0, n) to places `column` apart, rounded once where they are narrow.
LANEGRAD_INLINE void store_places(const float* from, float bias, int64_t n, float* to, int64_t column) {
  if (column != 1) {
    for (int64_t i = 0; i < n; ++i) to[i * column] = from[i] + bias;
    return;
  }
  for (int64_t i = 0; i < n; i += 16) {
    const auto mask = static_cast<__mmask16>(n - i >= 16 ? 0xFFFFu : (1u << (n - i)) - 1);
    const __m512 x = _mm512_maskz_loadu_ps(mask, from + i);
    _mm512_mask_storeu_ps(to + i, mask, _mm512_add_ps(x, _mm512_set1_ps(bias)));
  }
}
LANEGRAD_INLINE void store_places(const float* from, float bias, int64_t n, BFloat16* to, int64_t column) {
  if (column != 1) {
    for (int64_t i = 0; i < n; ++i) to[i * column].bits = BFloat16::round(from[i] + bias);
    return;
  }
  for (int64_t i = 0; i < n; i += 16) {
    const auto mask = static_cast<__mmask16>(n - i >= 16 ? 0xFFFFu : (1u << (n - i)) - 1);
    const __m512 x = _mm512_add_ps(_mm512_maskz_loadu_ps(mask, from + i), _mm512_set1_ps(bias));
    const __m512i rounded = _mm512_srli_epi32(round_to_upper_half(x), 16);
    const __mmask16 nan = _mm512_cmp_ps_mask(x, x, _CMP_UNORD_Q);
    const __m512i bits = _mm512_mask_mov_epi32(rounded, nan, _mm512_set1_epi32(0x7FC0));
    _mm256_mask_storeu_epi16(to + i, mask, _mm512_cvtepi32_epi16(bits));
  }
}

// What of the places [first, first + 32) is output, run by run of a row: body(where in the 32, how many,
// where in the output).
template <class T, class F>
LANEGRAD_INLINE void each_run(const AmxPixels<T>& g, int64_t first, F&& body) {
  for (int64_t k = 0; k < kAmxPanel;) {
    const int64_t place = first + k, x = place % g.grid_columns, line = place / g.grid_columns;
    const int64_t run = lesser(g.grid_columns - x, kAmxPanel - k);
    const int64_t y = line % g.grid_rows, slice = line / g.grid_rows;
    const int64_t z = slice % g.grid_slices, image = slice / g.grid_slices;
    if (image >= g.images) return;
    if (x < g.columns && y < g.rows && z < g.slices) {
      body(k, lesser(run, g.columns - x),
           image * g.out_image + z * g.out_slice + y * g.out_row + x * g.out_column);
    }
    k += run;
  }
}

template <class Tiles, class T>
void conv_pixels(const AmxPixels<T>& g) {
  Tiles tiles;
  const int stored = g.parts;
  const int parts = g.one_part ? 1 : stored;
  const int64_t places =
      (((g.images - 1) * g.grid_slices + g.slices - 1) * g.grid_rows + g.rows - 1) * g.grid_columns +
      g.columns;
  alignas(64) float corner[kAmxPanel * kAmxPanel];
  for (int64_t channel = 0; channel < g.channels; channel += kAmxPanel) {
    const int64_t count = lesser(kAmxPanel, g.channels - channel);
    const TileStream a{g.weights + channel / kAmxPanel * g.panel, 2 * kTileWords, kTileWords, 64};
    const auto run = stream_corner_of<Tiles, ListedSteps>(parts, count > 16);
    for (int64_t place = 0; place < places; place += kAmxPanel) {
      const TileStream b{g.grid + 2 * place, g.part, kAmxPanel, 2 * g.pair};
      run(tiles, a, EvenSteps{stored * 2 * kTileWords}, b, ListedSteps{g.offsets}, g.steps, corner, kAmxPanel,
          false);
      each_run(g, place, [&](int64_t k, int64_t n, int64_t at) {
        for (int64_t c = 0; c < count; ++c) {
          store_places(corner + c * kAmxPanel + k, g.bias ? g.bias[channel + c] : 0.0f, n,
                       g.out + (channel + c) * g.out_channel + at, g.out_column);
        }
      });
    }
  }
}

template <class Tiles>
void conv_sums(const AmxSums& g) {
  Tiles tiles;
  const int parts = g.one_part ? 1 : g.parts;
  for (int64_t channel = 0; channel < g.channels; channel += kAmxPanel) {
    const auto run = stream_corner_of<Tiles, EvenSteps>(parts, g.channels - channel > 16);
    for (int64_t out = 0; out < g.outs; out += kAmxPanel) {
      const TileStream b{g.turned + out / 16 * g.block, g.turned_part, g.block, 64};
      for (int64_t tap = 0; tap < g.taps; ++tap) {
        const TileStream a{g.lines + channel * g.line + g.offsets[tap], g.lines_part, 16 * g.line,
                           2 * g.line};
        run(tiles, a, EvenSteps{kAmxStep}, b, EvenSteps{kTileWords}, g.steps,
            g.sums + tap * g.sums_tap + channel * g.sums_row + out, g.sums_row, g.accumulate);
      }
    }
  }
}

}  // namespace

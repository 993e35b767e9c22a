// The product of packed panels, corner by corner of C: see stream.inl.
//
// Per step of 32 in depth and three parts: 24 tile products of 16 cycles each and 14 tile loads of 8 (they
// run beside each other), so the products are the limit: 2 * 32^3 flop in 384 cycles, 170 flop a cycle.
#pragma once

namespace {

// The 32 x 32 or less of C that two panels give.
struct CornerOfC {
  float* c;
  int64_t c_row, rows, columns;
  const float* column_bias;
  const float* row_bias;
  bool accumulate;

  LANEGRAD_INLINE __mmask16 lanes(int64_t column) const {
    const int64_t left = columns - column;
    return static_cast<__mmask16>(left >= 16 ? 0xFFFF : left <= 0 ? 0 : (1 << left) - 1);
  }
  bool whole() const { return rows == kAmxPanel && columns == kAmxPanel; }

  // Through a buffer where the corner is not whole or takes a bias.
  void read(float* buffer) const {
    for (int64_t r = 0; r < kAmxPanel; ++r) {
      for (int64_t j = 0; j < kAmxPanel; j += 16) {
        const __m512 x =
            accumulate && r < rows ? _mm512_maskz_loadu_ps(lanes(j), c + r * c_row + j) : _mm512_setzero_ps();
        _mm512_store_ps(buffer + r * kAmxPanel + j, x);
      }
    }
  }
  void write(const float* buffer) const {
    for (int64_t r = 0; r < rows; ++r) {
      for (int64_t j = 0; j < columns; j += 16) {
        __m512 x = _mm512_load_ps(buffer + r * kAmxPanel + j);
        if (column_bias) x = _mm512_add_ps(x, _mm512_maskz_loadu_ps(lanes(j), column_bias + j));
        if (row_bias) x = _mm512_add_ps(x, _mm512_set1_ps(row_bias[r]));
        _mm512_mask_storeu_ps(c + r * c_row + j, lanes(j), x);
      }
    }
  }
};

// kParts of the parts that are stored take part.
template <class Tiles, int kParts, int kStored>
void tile_corner(Tiles& tiles, const uint16_t* a, const uint16_t* b, int64_t steps, const CornerOfC& corner) {
  const auto run = [&](float* c, int64_t row) {
    const auto product = stream_corner_of<Tiles, EvenSteps>(kParts, corner.rows > 16, corner.columns > 16);
    const EvenSteps even{kStored * 2 * kTileWords};
    product(tiles, packed_stream(a), even, packed_stream(b), even, steps, c, row, corner.accumulate);
  };
  if (corner.whole() && !corner.column_bias && !corner.row_bias) return run(corner.c, corner.c_row);
  alignas(64) float buffer[kAmxPanel * kAmxPanel];
  if (corner.accumulate) corner.read(buffer);
  run(buffer, kAmxPanel);
  corner.write(buffer);
}

// The same corner by float32 multiply-adds from the operands themselves, for values that the parts cannot
// hold: one chain in ascending p.
template <class T>
void exact_corner(const T* a, int64_t a_row, int64_t a_col, const T* b, int64_t b_row, int64_t b_col,
                  int64_t k, const CornerOfC& corner) {
  alignas(64) float buffer[kAmxPanel * kAmxPanel];
  alignas(64) float row_of_b[kAmxPanel] = {};
  std::memset(buffer, 0, sizeof(buffer));
  for (int64_t p = 0; p < k; ++p) {
    for (int64_t j = 0; j < corner.columns; ++j) row_of_b[j] = static_cast<float>(b[p * b_row + j * b_col]);
    const __m512 first = _mm512_load_ps(row_of_b), second = _mm512_load_ps(row_of_b + 16);
    for (int64_t i = 0; i < corner.rows; ++i) {
      const __m512 x = _mm512_set1_ps(static_cast<float>(a[i * a_row + p * a_col]));
      float* const out = buffer + i * kAmxPanel;
      _mm512_store_ps(out, _mm512_fmadd_ps(x, first, _mm512_load_ps(out)));
      _mm512_store_ps(out + 16, _mm512_fmadd_ps(x, second, _mm512_load_ps(out + 16)));
    }
  }
  if (corner.accumulate) {
    for (int64_t i = 0; i < corner.rows; ++i) {
      for (int64_t j = 0; j < kAmxPanel; j += 16) {
        float* const out = buffer + i * kAmxPanel + j;
        const __m512 before = _mm512_maskz_loadu_ps(corner.lanes(j), corner.c + i * corner.c_row + j);
        _mm512_store_ps(out, _mm512_add_ps(_mm512_load_ps(out), before));
      }
    }
  }
  corner.write(buffer);
}

template <class Tiles, class T>
void tile_corner_by_parts(int stored, bool one_part, Tiles& tiles, const uint16_t* a, const uint16_t* b,
                          int64_t steps, const CornerOfC& corner) {
  if constexpr (std::is_same_v<T, float>) {
    if (stored == 3) {
      const auto run = one_part ? tile_corner<Tiles, 1, 3> : tile_corner<Tiles, 3, 3>;
      return run(tiles, a, b, steps, corner);
    }
    if (stored == 2) {
      const auto run = one_part ? tile_corner<Tiles, 1, 2> : tile_corner<Tiles, 2, 2>;
      return run(tiles, a, b, steps, corner);
    }
  }
  tile_corner<Tiles, 1, 1>(tiles, a, b, steps, corner);
}

template <class Tiles, class T>
void multiply_block(const AmxBlock<T>& g) {
  Tiles tiles;
  const int64_t steps = (g.k + kAmxStep - 1) / kAmxStep;
  for (int64_t j = 0; j < g.n; j += kAmxPanel) {
    const int64_t column_panel = j / kAmxPanel;
    const uint16_t* const b = g.packed_b + column_panel * g.b_panel;
    const PanelRange& range_b = g.range_b[column_panel];
    for (int64_t i = 0; i < g.m; i += kAmxPanel) {
      const int64_t row_panel = i / kAmxPanel;
      const CornerOfC corner{g.c + i * g.c_row + j,
                             g.c_row,
                             g.m - i < kAmxPanel ? g.m - i : kAmxPanel,
                             g.n - j < kAmxPanel ? g.n - j : kAmxPanel,
                             g.column_bias && !g.accumulate ? g.column_bias + j : nullptr,
                             g.row_bias && !g.accumulate ? g.row_bias + i : nullptr,
                             g.accumulate};
      if (!parts_hold(g.range_a[row_panel], range_b)) {
        exact_corner(g.a + i * g.a_row, g.a_row, g.a_col, g.b + j * g.b_col, g.b_row, g.b_col, g.k, corner);
        continue;
      }
      const uint16_t* const a = g.packed_a + row_panel * g.a_panel;
      const bool one_part = g.range_a[row_panel].one_part && range_b.one_part;
      tile_corner_by_parts<Tiles, T>(g.parts, one_part, tiles, a, b, steps, corner);
    }
  }
}

}  // namespace

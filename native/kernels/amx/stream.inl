// Products of tiles that are loaded from where they lie: 32 x 32 of C in four tiles, the parts of A and B
// through the other four, as in block.inl.
//
// Per step of 32 in depth: 4 products of 16 cycles, and 4 loads of 16 lines: 8 cycles each from the L1 cache,
// about twice that where lines are crossed or come from L2. The products are the limit while half of what is
// loaded comes from L1.
#pragma once

namespace {

// C tiles are 0 to 3, row by row; A in 4 and 5, B in 6 and 7.
template <class Tiles, bool kTwoRows, bool kTwoColumns>
struct StreamProduct {
  Tiles& t;
  const TileStream a, b;

  LANEGRAD_INLINE void part_of_a(int64_t at, int part) {
    const uint16_t* const from = a.data + at + part * a.part;
    t.template load<4>(from, a.row_bytes);
    if constexpr (kTwoRows) t.template load<5>(from + a.second, a.row_bytes);
  }
  LANEGRAD_INLINE void part_of_b(int64_t at, int part) {
    const uint16_t* const from = b.data + at + part * b.part;
    t.template load<6>(from, b.row_bytes);
    if constexpr (kTwoColumns) t.template load<7>(from + b.second, b.row_bytes);
  }
  LANEGRAD_INLINE void multiply() {
    t.template multiply<0, 4, 6>();
    if constexpr (kTwoColumns) t.template multiply<1, 4, 7>();
    if constexpr (kTwoRows) t.template multiply<2, 5, 6>();
    if constexpr (kTwoRows && kTwoColumns) t.template multiply<3, 5, 7>();
  }

  // The products of the parts of one step, the largest last.
  template <int kParts>
  LANEGRAD_INLINE void step(int64_t in_a, int64_t in_b) {
    if constexpr (kParts == 3) {
      part_of_a(in_a, 0);
      part_of_b(in_b, 2);
      multiply();
      part_of_b(in_b, 1);
      multiply();
      part_of_a(in_a, 1);
      multiply();
      part_of_b(in_b, 0);
      multiply();
      part_of_a(in_a, 2);
      multiply();
    } else if constexpr (kParts == 2) {
      part_of_a(in_a, 0);
      part_of_b(in_b, 1);
      multiply();
      part_of_a(in_a, 1);
      part_of_b(in_b, 0);
      multiply();
    } else {
      part_of_b(in_b, 0);
    }
    part_of_a(in_a, 0);
    multiply();
  }

  LANEGRAD_INLINE void clear() {
    t.template zero<0>();
    if constexpr (kTwoColumns) t.template zero<1>();
    if constexpr (kTwoRows) t.template zero<2>();
    if constexpr (kTwoRows && kTwoColumns) t.template zero<3>();
  }
  // C: rows `row` floats apart.
  LANEGRAD_INLINE void load(const float* c, int64_t row) {
    t.template load<0>(c, 4 * row);
    if constexpr (kTwoColumns) t.template load<1>(c + 16, 4 * row);
    if constexpr (kTwoRows) t.template load<2>(c + 16 * row, 4 * row);
    if constexpr (kTwoRows && kTwoColumns) t.template load<3>(c + 16 * row + 16, 4 * row);
  }
  LANEGRAD_INLINE void store(float* c, int64_t row) {
    t.template store<0>(c, 4 * row);
    if constexpr (kTwoColumns) t.template store<1>(c + 16, 4 * row);
    if constexpr (kTwoRows) t.template store<2>(c + 16 * row, 4 * row);
    if constexpr (kTwoRows && kTwoColumns) t.template store<3>(c + 16 * row + 16, 4 * row);
  }
};

// c[32 or 16 rows, 32 or 16 columns] (+)= the sum over the steps.
template <int kParts, bool kTwoRows, bool kTwoColumns, class Tiles, class Steps>
void stream_corner(Tiles& tiles, const TileStream& a, EvenSteps in_a, const TileStream& b, Steps in_b,
                   int64_t steps, float* c, int64_t row, bool accumulate) {
  if constexpr (Tiles::kRegisters) {
    StreamProduct<Tiles, kTwoRows, kTwoColumns> product{tiles, a, b};
    if (accumulate) {
      product.load(c, row);
    } else {
      product.clear();
    }
    for (int64_t s = 0; s < steps; ++s) product.template step<kParts>(in_a.at(s), in_b.at(s));
    product.store(c, row);
  } else {
    dot_corner<Tiles, kTwoRows, kTwoColumns>(a, in_a, b, in_b, steps, c, row, accumulate);
  }
}

template <class Tiles, class Steps>
using StreamCorner = void (*)(Tiles&, const TileStream&, EvenSteps, const TileStream&, Steps, int64_t, float*,
                              int64_t, bool);

template <int kParts, class Tiles, class Steps>
StreamCorner<Tiles, Steps> stream_corner_of_parts(bool two_rows, bool two_columns) {
  if (two_columns)
    return two_rows ? stream_corner<kParts, true, true, Tiles, Steps>
                    : stream_corner<kParts, false, true, Tiles, Steps>;
  return two_rows ? stream_corner<kParts, true, false, Tiles, Steps>
                  : stream_corner<kParts, false, false, Tiles, Steps>;
}

// [two rows of tiles or one][two columns or one]; float32 alone has several parts, on tile registers alone.
template <class Tiles, class Steps>
StreamCorner<Tiles, Steps> stream_corner_of(int parts, bool two_rows, bool two_columns = true) {
  if constexpr (Tiles::kRegisters) {
    if (parts == 3) return stream_corner_of_parts<3, Tiles, Steps>(two_rows, two_columns);
    if (parts == 2) return stream_corner_of_parts<2, Tiles, Steps>(two_rows, two_columns);
  }
  return stream_corner_of_parts<1, Tiles, Steps>(two_rows, two_columns);
}

}  // namespace

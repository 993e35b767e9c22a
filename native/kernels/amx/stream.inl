// Products of tiles that are loaded from where they lie: 32 x 32 of C in four tiles, the parts of A and B
// through the other four, as in block.inl.
//
// Per step of 32 in depth: 4 products of 16 cycles, and 4 loads of 16 lines: 8 cycles each from the L1 cache,
// about twice that where lines are crossed or come from L2. The products are the limit while half of what is
// loaded comes from L1.
#pragma once

namespace {

// Where tiles of one operand lie: those of rows (columns) 16 and up are `second` on.
struct TileStream {
  const uint16_t* data;
  int64_t part, second, row_bytes;
};

template <class Tiles, bool kTwoRows>
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
    t.template load<7>(from + b.second, b.row_bytes);
  }
  LANEGRAD_INLINE void multiply() {
    t.template multiply<0, 4, 6>();
    t.template multiply<1, 4, 7>();
    if constexpr (kTwoRows) {
      t.template multiply<2, 5, 6>();
      t.template multiply<3, 5, 7>();
    }
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
    t.template zero<1>();
    if constexpr (kTwoRows) {
      t.template zero<2>();
      t.template zero<3>();
    }
  }
  // C: rows `row` floats apart.
  LANEGRAD_INLINE void load(const float* c, int64_t row) {
    t.template load<0>(c, 4 * row);
    t.template load<1>(c + 16, 4 * row);
    if constexpr (kTwoRows) {
      t.template load<2>(c + 16 * row, 4 * row);
      t.template load<3>(c + 16 * row + 16, 4 * row);
    }
  }
  LANEGRAD_INLINE void store(float* c, int64_t row) {
    t.template store<0>(c, 4 * row);
    t.template store<1>(c + 16, 4 * row);
    if constexpr (kTwoRows) {
      t.template store<2>(c + 16 * row, 4 * row);
      t.template store<3>(c + 16 * row + 16, 4 * row);
    }
  }
};

// How an operand goes on from step to step.
struct EvenSteps {
  int64_t step;
  LANEGRAD_INLINE int64_t at(int64_t s) const { return s * step; }
};
struct ListedSteps {
  const int64_t* offsets;
  LANEGRAD_INLINE int64_t at(int64_t s) const { return offsets[s]; }
};

// c[32 or 16 rows, 32] (+)= the sum over the steps.
template <int kParts, bool kTwoRows, class Tiles, class Steps>
void stream_corner(Tiles& tiles, const TileStream& a, EvenSteps in_a, const TileStream& b, Steps in_b,
                   int64_t steps, float* c, int64_t row, bool accumulate) {
  StreamProduct<Tiles, kTwoRows> product{tiles, a, b};
  if (accumulate) {
    product.load(c, row);
  } else {
    product.clear();
  }
  for (int64_t s = 0; s < steps; ++s) product.template step<kParts>(in_a.at(s), in_b.at(s));
  product.store(c, row);
}

template <class Tiles, class Steps>
using StreamCorner = void (*)(Tiles&, const TileStream&, EvenSteps, const TileStream&, Steps, int64_t, float*,
                              int64_t, bool);

// [two rows of tiles or one]; float32 alone has several parts.
template <class Tiles, class Steps>
StreamCorner<Tiles, Steps> stream_corner_of(int parts, bool two_rows) {
  if (parts == 3)
    return two_rows ? stream_corner<3, true, Tiles, Steps> : stream_corner<3, false, Tiles, Steps>;
  if (parts == 2)
    return two_rows ? stream_corner<2, true, Tiles, Steps> : stream_corner<2, false, Tiles, Steps>;
  return two_rows ? stream_corner<1, true, Tiles, Steps> : stream_corner<1, false, Tiles, Steps>;
}

}  // namespace

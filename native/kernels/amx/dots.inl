// A corner of C by dot products of pairs (VDPBF16PS of AVX512_BF16), where there are no tile registers: from
// the same panels, for a row of a tile of A is pairs in order, and a row of a tile of B the pairs of sixteen
// columns.
//
// Loops: eight rows of C (sixteen of a single column of vectors) outside, steps of 32 and pairs inside.
// Accumulators: sixteen vectors; a dot product takes 5 to 6 cycles and one or two begin in each. Loads: ten
// for sixteen products, an element of A broadcast on its way. Expected limit: 64 flop a product; Zen 5 begins
// two a cycle, twice its float32; Zen 4 and the Intel processors one.
#pragma once

namespace {

using PairBits __attribute__((may_alias, aligned(2))) = int32_t;

// c[j] += a[1] b[j][1], then += a[0] b[j][0], fused; denormals count and come out as zero. Assembler, as of
// the tiles: compilers take the intrinsic only in a region of its own.
struct HardwareDots {
  static constexpr bool kRegisters = false;
  LANEGRAD_INLINE static void add(__m512& c, __m512i a, __m512i b) {
    __asm__("vdpbf16ps %2, %1, %0" : "+v"(c) : "v"(b), "v"(a));
  }
};

// The same by multiply-adds, bit by bit as the manual has it, for tests on processors without the
// instruction.
struct EmulatedDots {
  static constexpr bool kRegisters = false;
  LANEGRAD_INLINE static void add(__m512& c, __m512i a, __m512i b) {
    c = _mm512_fmadd_ps(high_of_pairs(a), high_of_pairs(b), c);
    c = _mm512_fmadd_ps(low_of_pairs(a), low_of_pairs(b), c);
  }
};

// kRows rows of C by kColumns vectors, in registers.
template <class Dots, int kRows, int kColumns>
struct DotSums {
  __m512 sum[kRows][kColumns];

  LANEGRAD_INLINE void load(const float* c, int64_t row) {
    for (int r = 0; r < kRows; ++r)
      for (int j = 0; j < kColumns; ++j) sum[r][j] = _mm512_loadu_ps(c + r * row + 16 * j);
  }
  LANEGRAD_INLINE void clear() {
    for (int r = 0; r < kRows; ++r)
      for (int j = 0; j < kColumns; ++j) sum[r][j] = _mm512_setzero_ps();
  }
  LANEGRAD_INLINE void store(float* c, int64_t row) const {
    for (int r = 0; r < kRows; ++r)
      for (int j = 0; j < kColumns; ++j) _mm512_storeu_ps(c + r * row + 16 * j, sum[r][j]);
  }
  // A pair of A's rows, times that of B's columns.
  LANEGRAD_INLINE void add(const uint16_t* a, int64_t row_of_a, const uint16_t* b, int64_t second) {
    __m512i columns[kColumns];
    for (int j = 0; j < kColumns; ++j) columns[j] = _mm512_loadu_si512(b + j * second);
    for (int r = 0; r < kRows; ++r) {
      const __m512i pair = _mm512_set1_epi32(*reinterpret_cast<const PairBits*>(a + r * row_of_a));
      for (int j = 0; j < kColumns; ++j) Dots::add(sum[r][j], pair, columns[j]);
    }
  }
};

// Of packed panels rows are 32 apart, which the addresses of all loads then hold.
template <class Dots, bool kPacked, int kRows, int kColumns, class Steps>
LANEGRAD_INLINE void dot_rows(const TileStream& a, int64_t first, EvenSteps in_a, const TileStream& b,
                              Steps in_b, int64_t steps, float* c, int64_t row, bool accumulate) {
  const int64_t row_of_a = kPacked ? 32 : a.row_bytes / 2, row_of_b = b.row_bytes / 2, second = b.second;
  DotSums<Dots, kRows, kColumns> sums;
  if (accumulate) {
    sums.load(c, row);
  } else {
    sums.clear();
  }
  for (int64_t s = 0; s < steps; ++s) {
    const uint16_t* from_a = a.data + first + in_a.at(s);
    const uint16_t* from_b = b.data + in_b.at(s);
    for (int q = 0; q < 16; q += 4, from_a += 8, from_b += 4 * row_of_b) {
      sums.add(from_a, row_of_a, from_b, second);
      sums.add(from_a + 2, row_of_a, from_b + row_of_b, second);
      sums.add(from_a + 4, row_of_a, from_b + 2 * row_of_b, second);
      sums.add(from_a + 6, row_of_a, from_b + 3 * row_of_b, second);
    }
  }
  sums.store(c, row);
}

// A call of its own, so that no arithmetic moves over a change of mode: see Flushing.
template <class Dots, bool kTwoRows, bool kTwoColumns, class Steps>
__attribute__((noinline)) void dot_rows_of_corner(const TileStream& a, EvenSteps in_a, const TileStream& b,
                                                  Steps in_b, int64_t steps, float* c, int64_t row,
                                                  bool accumulate) {
  constexpr int kColumns = kTwoColumns ? 2 : 1, kRows = 16 / kColumns;
  for (int64_t i = 0; i < (kTwoRows ? 32 : 16); i += kRows) {
    const int64_t first = (i >= 16 ? a.second : 0) + i % 16 * (a.row_bytes / 2);
    if (a.row_bytes == 64) {
      dot_rows<Dots, true, kRows, kColumns>(a, first, in_a, b, in_b, steps, c + i * row, row, accumulate);
    } else {
      dot_rows<Dots, false, kRows, kColumns>(a, first, in_a, b, in_b, steps, c + i * row, row, accumulate);
    }
  }
}

template <class Dots, bool kTwoRows, bool kTwoColumns, class Steps>
void dot_corner(const TileStream& a, EvenSteps in_a, const TileStream& b, Steps in_b, int64_t steps, float* c,
                int64_t row, bool accumulate) {
  const auto run = dot_rows_of_corner<Dots, kTwoRows, kTwoColumns, Steps>;
  if constexpr (std::is_same_v<Dots, EmulatedDots>) {
    const Flushing flushing;
    return run(a, in_a, b, in_b, steps, c, row, accumulate);
  }
  run(a, in_a, b, in_b, steps, c, row, accumulate);
}

}  // namespace

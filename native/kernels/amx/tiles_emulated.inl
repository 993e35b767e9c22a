// The tile registers in software, bit by bit as the manual describes them (TDPBF16PS in volume 2 of the Intel
// 64 manual): even and odd products of a row are chained by fused multiply-adds from zero, the two chains are
// added, and their sum is added to C; denormals count and come out as zero. For tests on processors without
// the unit, and to check those that say they have it. Needs the target region of AVX-512.
#pragma once

namespace {

// Round to nearest, all exceptions masked, denormals zero on the way in and out, as the instructions for
// bfloat16 have it whatever the mode.
class Flushing {
 public:
  Flushing() : mode_(_mm_getcsr()) { _mm_setcsr(0x9FC0); }
  ~Flushing() { _mm_setcsr(mode_); }
  Flushing(const Flushing&) = delete;
  Flushing& operator=(const Flushing&) = delete;

 private:
  unsigned mode_;
};

LANEGRAD_INLINE __m512 low_of_pairs(__m512i pairs) {
  return _mm512_castsi512_ps(_mm512_slli_epi32(pairs, 16));
}
LANEGRAD_INLINE __m512 high_of_pairs(__m512i pairs) {
  return _mm512_castsi512_ps(_mm512_and_si512(pairs, _mm512_set1_epi32(static_cast<int>(0xFFFF0000u))));
}

struct EmulatedTiles {
  static constexpr bool kRegisters = true;
  EmulatedTiles() = default;
  EmulatedTiles(const EmulatedTiles&) = delete;
  EmulatedTiles& operator=(const EmulatedTiles&) = delete;

  template <int kTile>
  void zero() {
    std::memset(tile_[kTile], 0, sizeof(tile_[kTile]));
  }
  template <int kTile>
  void load(const void* from, int64_t step) {
    for (int r = 0; r < 16; ++r) std::memcpy(tile_[kTile][r], static_cast<const char*>(from) + r * step, 64);
  }
  template <int kTile>
  void store(void* to, int64_t step) {
    for (int r = 0; r < 16; ++r) std::memcpy(static_cast<char*>(to) + r * step, tile_[kTile][r], 64);
  }
  template <int kC, int kA, int kB>
  void multiply() {
    const Flushing flushing;
    products(tile_[kA], tile_[kB], tile_[kC]);
  }

 private:
  // A call of its own, so that no arithmetic moves over the change of mode.
  __attribute__((noinline)) static void products(const uint32_t (&a)[16][16], const uint32_t (&b)[16][16],
                                                 uint32_t (&c)[16][16]) {
    for (int i = 0; i < 16; ++i) {
      __m512 even = _mm512_setzero_ps(), odd = _mm512_setzero_ps();
      for (int q = 0; q < 16; ++q) {
        const __m512i pair = _mm512_set1_epi32(static_cast<int>(a[i][q]));
        const __m512i columns = _mm512_load_si512(b[q]);
        even = _mm512_fmadd_ps(low_of_pairs(pair), low_of_pairs(columns), even);
        odd = _mm512_fmadd_ps(high_of_pairs(pair), high_of_pairs(columns), odd);
      }
      const __m512 sum = _mm512_add_ps(even, odd);
      _mm512_store_si512(
          c[i], _mm512_castps_si512(_mm512_add_ps(_mm512_castsi512_ps(_mm512_load_si512(c[i])), sum)));
    }
  }

  alignas(64) uint32_t tile_[8][16][16] = {};
};

}  // namespace

// A tile of the source is copied into a dense buffer, transposed there in registers, and stored by rows of
// whole cache lines. Directly from source to target, lines at strides that are a power of two would share a
// few sets of L1 and push each other out, each store would wait for a line to be read, and no prefetcher
// follows such strides: the next tile is asked for by hand. Elements of one and two bytes travel as the parts
// of 32-bit ones: bytes of neighbouring source rows that lie side by side in the target. Limit: memory.

#include "kernels/gemm/transpose.inl"
#include "simd/stream.inl"

namespace {

inline constexpr int64_t kTileLine = 128;  // bytes of a source row that a tile has: what comes together

// What is moved: kParts elements of the source, from so many rows, make one unit.
template <int kSize>
struct Units {
  using Bits = std::conditional_t<kSize == 8, double, float>;  // moved as bits, never computed on
  static constexpr int64_t kParts = kSize < 4 ? 4 / kSize : 1;
  static constexpr int64_t kRows = kTileLine / kSize;                   // of the target in a tile
  static constexpr int64_t kUnits = kTileLine / int64_t{sizeof(Bits)};  // of each
  static constexpr int64_t kColumns = kUnits * kParts;                  // of the target
};

// The unit rows of a tile: `rows` and `columns` of the target, of which those past the end stay as they are.
template <int kSize>
LANEGRAD_INLINE void load_tile(const char* in, int64_t stride, int64_t rows, int64_t columns,
                               typename Units<kSize>::Bits* tile) {
  using U = Units<kSize>;
  using Bits = typename U::Bits;
  if constexpr (U::kParts == 1) {
    for (int64_t c = 0; c < columns; ++c, in += stride, tile += U::kRows) {
      if (rows == U::kRows) {
        for (int64_t i = 0; i < U::kRows; i += Vec<Bits>::kWidth)
          Vec<Bits>::load(reinterpret_cast<const Bits*>(in) + i).store(tile + i);
      } else {
        std::memcpy(tile, in, static_cast<size_t>(rows) * sizeof(Bits));
      }
    }
  } else {
    using Part = std::conditional_t<kSize == 2, uint16_t, uint8_t>;
    for (int64_t c = 0; c < columns; c += U::kParts, in += U::kParts * stride, tile += U::kRows) {
      // Rows past the end repeat the first one: they are read but not stored.
      const Part* part[U::kParts];
      for (int64_t p = 0; p < U::kParts; ++p)
        part[p] = reinterpret_cast<const Part*>(in + (c + p < columns ? p : 0) * stride);
      uint32_t units[U::kRows];
      for (int64_t r = 0; r < rows; ++r) {
        uint32_t unit = part[0][r];
        for (int64_t p = 1; p < U::kParts; ++p) unit |= uint32_t{part[p][r]} << (8 * kSize * p);
        units[r] = unit;
      }
      std::memcpy(tile, units, static_cast<size_t>(rows) * sizeof(uint32_t));
    }
  }
}

template <int kSize>
void transpose_tiles(const TransposedCopy& t) {
  using U = Units<kSize>;
  using Bits = typename U::Bits;
  alignas(64) Bits tile[U::kUnits * U::kRows];
  alignas(64) Bits turned[U::kRows * U::kUnits];
  for (int64_t r0 = 0; r0 < t.rows; r0 += U::kRows) {
    const int64_t rows = std::min(U::kRows, t.rows - r0);
    for (int64_t c0 = 0; c0 < t.columns; c0 += U::kColumns) {
      const int64_t columns = std::min(U::kColumns, t.columns - c0);
      const char* const in = t.in + r0 * kSize + c0 * t.in_stride;
      // The next tile: past the end of this matrix it may be that of the next call.
      for (int64_t c = 0; c < U::kColumns; ++c) {
        const char* const next = in + (U::kColumns + c) * t.in_stride;
        __builtin_prefetch(next);
        __builtin_prefetch(next + rows * kSize - 1);
      }
      load_tile<kSize>(in, t.in_stride, rows, columns, tile);
      const int64_t units = (columns + U::kParts - 1) / U::kParts;
      transpose<Bits>(tile, U::kRows, units, rows, turned, U::kUnits);
      char* out = t.out + r0 * t.out_stride + c0 * kSize;
      const bool past = t.past_caches && columns == U::kColumns;
      for (int64_t r = 0; r < rows; ++r, out += t.out_stride) {
        const Bits* const row = turned + r * U::kUnits;
        if (past && reinterpret_cast<uintptr_t>(out) % 64 == 0) {
          for (int64_t i = 0; i < U::kUnits; i += Vec<Bits>::kWidth)
            stream(Vec<Bits>::load(row + i), reinterpret_cast<Bits*>(out) + i);
        } else if (columns == U::kColumns) {
          for (int64_t i = 0; i < U::kUnits; i += Vec<Bits>::kWidth)
            Vec<Bits>::load(row + i).store(reinterpret_cast<Bits*>(out) + i);
        } else {
          std::memcpy(out, row, static_cast<size_t>(columns * kSize));
        }
      }
    }
  }
}

}  // namespace

const LayoutTable& layout_table() {
  static constexpr LayoutTable table{
      {transpose_tiles<1>, transpose_tiles<2>, transpose_tiles<4>, transpose_tiles<8>}};
  return table;
}

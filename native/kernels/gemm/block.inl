// The product of two blocks, micro-tile by micro-tile.
//
// A panel of A (as many rows as a micro-tile has, all of the depth) is put into the L1 cache and stays there
// while the panels of B pass by from L2: 128 bytes of B for 28 fused multiply-adds with AVX-512, a tenth of
// what L2 gives. C is written along its rows. Limit: the multiply-add ports.
#pragma once

#include "kernels/gemm/ahead.inl"
#include "kernels/gemm/store.inl"
#include "kernels/gemm/finish.inl"
#include "kernels/gemm/tile.inl"
#include "kernels/gemm/transpose.inl"

namespace {

template <class T>
struct PanelOfA {
  const T* a;
  const int64_t* offset;
  int64_t step;
  TileAhead ahead;
};
template <class T>
using TileKernel = void (*)(int64_t k, const PanelOfA<T>& a, const T* b, int64_t b_row,
                            const TileTarget<T>& target);

// Staged panels. Rows of A that are contiguous are copied to rows kStagedRow apart, which is no multiple of
// the distance that lets lines evict each other; other panels become columns of kStagedColumn elements.
template <class T>
inline constexpr int kStagedRow = static_cast<int>(kGemmDepth) + 64 / sizeof(T);
template <class T>
inline constexpr int kStagedColumn = (kGemmRows + Vec<T>::kWidth - 1) / Vec<T>::kWidth * Vec<T>::kWidth;
template <class T>
inline constexpr int kStagedSize =
    kGemmRows * kStagedRow<T> > kGemmDepth* kStagedColumn<T> ? kGemmRows * kStagedRow<T>
                                                             : kGemmDepth * kStagedColumn<T>;

enum class Reading { kStrided, kStagedRows, kStagedColumns };

template <class T>
struct StagedRows {
  const T* a;
  LANEGRAD_INLINE T at(int i) const { return a[i * kStagedRow<T>]; }
  LANEGRAD_INLINE void next() { ++a; }
};

template <class T, int R, int V, bool kMasked, Reading kReading, class B = T>
void tile_kernel(int64_t k, const PanelOfA<T>& a, const B* b, int64_t b_row, const TileTarget<T>& target) {
  Vec<T> acc[R][V];
  clear_tile(acc);
  prefetch_tile<T, R, V>(target);
  const int lanes = target.last_lanes;
  // With few rows there are not enough multiply-adds to hide more loads behind.
  constexpr bool kAsks = R >= 4 && kVectorBytes >= 16;
  // Staged panels belong to large products, which ask for what follows them too.
  if constexpr (kReading == Reading::kStagedRows) {
    const AskingRows<StagedRows<T>, T, char> rows{{a.a}, a.ahead.at, a.ahead.step};
    multiply_tile<T, R, V, kMasked, kAsks>(k, rows, b, b_row, lanes, acc);
  } else if constexpr (kReading == Reading::kStagedColumns) {
    const AskingRows<PackedRows<T, kStagedColumn<T>>, T, char> rows{{a.a}, a.ahead.at, a.ahead.step};
    multiply_tile<T, R, V, kMasked, kAsks>(k, rows, b, b_row, lanes, acc);
  } else {
    multiply_tile<T, R, V, kMasked, kAsks>(k, OffsetRows<T>{a.a, a.offset, a.step}, b, b_row, lanes, acc);
  }
  store_tile(acc, target);
}

// By rows - 1 and vectors - 1.
template <class T>
using KernelTable = TileKernel<T>[kGemmRows][kGemmVectors];
template <class T>
struct TileKernels {
  KernelTable<T> strided, masked, staged_rows, staged_columns;
};
template <class T, int R, int V>
constexpr void list_tile_kernels(TileKernels<T>& all) {
  all.strided[R - 1][V - 1] = tile_kernel<T, R, V, false, Reading::kStrided>;
  all.masked[R - 1][V - 1] = tile_kernel<T, R, V, true, Reading::kStrided>;
  all.staged_rows[R - 1][V - 1] = tile_kernel<T, R, V, false, Reading::kStagedRows>;
  all.staged_columns[R - 1][V - 1] = tile_kernel<T, R, V, false, Reading::kStagedColumns>;
  if constexpr (V > 1) {
    list_tile_kernels<T, R, V - 1>(all);
  } else if constexpr (R > 1) {
    list_tile_kernels<T, R - 1, kGemmVectors>(all);
  }
}
template <class T>
constexpr TileKernels<T> all_tile_kernels() {
  TileKernels<T> all{};
  list_tile_kernels<T, kGemmRows, kGemmVectors>(all);
  return all;
}
template <class T>
inline constexpr TileKernels<T> kTileKernels = all_tile_kernels<T>();

// R rows from row i on against columns [j, j + n), a whole number of wide stretches or less than a vector.
template <class T, class B, int R>
LANEGRAD_INLINE void wide_stretch(const GemmBlock<T, T, B>& g, int64_t i, int64_t j, int64_t n) {
  constexpr int kLanes = Vec<T>::kWidth, kWide = R == 1 ? 8 : 4;
  int64_t offset[R];
  for (int r = 0; r < R; ++r) offset[r] = r * g.a_row;
  const PanelOfA<T> panel{g.a + i * g.a_row, offset, g.a_col, {}};
  for (const int64_t end = j + n; j < end;) {
    TileTarget<T> target{g.c + i * g.c_row + j,
                         g.c_row,
                         g.column_bias ? g.column_bias + j : nullptr,
                         g.row_bias ? g.row_bias + i : nullptr,
                         g.accumulate,
                         kLanes};
    if (end - j >= kWide * kLanes) {
      tile_kernel<T, R, kWide, false, Reading::kStrided, B>(g.k, panel, g.b + j, g.b_row, target);
      j += kWide * kLanes;
    } else {
      const int64_t take = end - j < kLanes ? end - j : int64_t{kLanes};
      target.last_lanes = static_cast<int>(take);
      tile_kernel<T, R, 1, true, Reading::kStrided, B>(g.k, panel, g.b + j, g.b_row, target);
      j += take;
    }
  }
}
template <class T, class B>
void wide_stretch_of(int64_t rows, const GemmBlock<T, T, B>& g, int64_t i, int64_t j, int64_t n) {
  switch (rows) {
    case 1:
      return wide_stretch<T, B, 1>(g, i, j, n);
    case 2:
      return wide_stretch<T, B, 2>(g, i, j, n);
    case 3:
      return wide_stretch<T, B, 3>(g, i, j, n);
    default:
      return wide_stretch<T, B, 4>(g, i, j, n);
  }
}

// A few rows against a wide stretch of a row-major B: more vectors a row keep both multiply-add ports busy.
// More than four rows take each stretch twice, the second time from the caches.
template <class T, class B>
void wide_rows(const GemmBlock<T, T, B>& g) {
  constexpr int64_t kStretch = 8 * Vec<T>::kWidth;
  const int64_t groups = (g.m + 3) / 4;
  if (groups == 1) {
    wide_stretch_of(g.m, g, 0, 0, g.n);
  } else {
    for (int64_t j = 0; j < g.n; j += kStretch) {
      const int64_t n = g.n - j < kStretch ? g.n - j : kStretch;
      for (int64_t q = 0; q < groups; ++q) {
        const int64_t i = g.m * q / groups;
        wide_stretch_of(g.m * (q + 1) / groups - i, g, i, j, n);
      }
    }
  }
  if (g.finish) finish_sums(*g.finish, g.c, g.c_row, g.m, g.n);
}

// Whether copying a panel of A pays, and how. A line of a row-major A serves 16 steps (float), so that it
// must survive the lines of the other rows: it does not where those fall on the same places of the cache.
// Columns cost a line or two each step wherever they lie, and a page.
template <class T, class A>
Reading reading_of(const GemmBlock<T, A>& g) {
  constexpr int64_t kPlaces = 4096 / sizeof(T);
  constexpr int kColumns = kGemmVectors * Vec<T>::kWidth;
  // 16-bit floats are widened by the copy.
  if (!std::is_same_v<T, A>) return g.a_col == 1 ? Reading::kStagedRows : Reading::kStagedColumns;
  if (g.k > kGemmDepth) return Reading::kStrided;
  if (g.a_col == 1) {
    const bool clash = g.k >= 32 && g.a_row % (kGemmRows > 8 ? kPlaces / 2 : kPlaces) == 0;
    return clash || g.n > Vec<T>::kWidth ? Reading::kStagedRows : Reading::kStrided;
  }
  return g.n > (g.a_row == 1 ? 4 : 2) * kColumns ? Reading::kStagedColumns : Reading::kStrided;
}

template <class T, class A>
void stage_rows(const A* a, int64_t a_row, int64_t rows, int64_t k, T* out) {
  copy_rows<T>(a, a_row, rows, k, out, kStagedRow<T>);
}
// `readable`: rows from the first of the panel to the end of A. A panel of whole vectors is copied faster.
template <class T, class A>
void stage_columns(const A* a, int64_t a_row, int64_t a_col, int64_t rows, int64_t readable, int64_t k,
                   T* out) {
  constexpr int kPitch = kStagedColumn<T>;
  if (a_row == 1) return copy_rows<T>(a, a_col, k, readable < kPitch ? rows : int64_t{kPitch}, out, kPitch);
  for (int64_t p = 0; p < k; ++p) {
    for (int64_t r = 0; r < rows; ++r) out[p * kPitch + r] = static_cast<T>(a[r * a_row + p * a_col]);
  }
}

// The next panel of A comes from far while the tiles of this one are at work. A small A is near by.
template <class T, class A>
LinesAhead next_panel(const GemmBlock<T, A>& g, Reading reading, int64_t i, int64_t rows, int64_t tiles) {
  constexpr int64_t kNear = 1 << 12, kSize = sizeof(A);
  if (i >= g.m || reading == Reading::kStrided || g.m * g.k < kNear) return {};
  const A* const at = g.a + i * g.a_row;
  if (reading == Reading::kStagedRows) return {{at, rows, g.a_row * kSize, g.k * kSize}, tiles};
  if (g.a_row != 1) return {};
  // Of the line or two that a step of a panel lies in the last is new: the panel before read the first.
  return {{at + rows - 1, g.k, g.a_col * kSize, kSize}, tiles};
}

template <class T, class A>
void gemm_block(const GemmBlock<T, A>& g) {
  constexpr int kLanes = Vec<T>::kWidth, kColumns = kGemmVectors * kLanes;
  if constexpr (std::is_same_v<T, A>) {
    if (!g.packed_b && g.m <= 3) return wide_rows(g);
  }
  const Reading reading = reading_of(g);
  alignas(64) T staged[kStagedSize<T>];
  int64_t offset[kGemmRows];
  for (int r = 0; r < kGemmRows; ++r) offset[r] = r * g.a_row;
  FinishedTile<T, GemmBlock<T, A>> finished(g);
  const int64_t panels = (g.m + kGemmRows - 1) / kGemmRows, tiles = (g.n + kColumns - 1) / kColumns;
  BlockAhead ahead(g.ahead, g.k, panels * tiles, g.b);
  for (int64_t q = 0; q < panels; ++q) {
    const int64_t i = g.m * q / panels, rows = g.m * (q + 1) / panels - i;
    const A* const from = g.a + i * g.a_row;
    PanelOfA<T> panel{staged, offset, g.a_col, {}};
    if (reading == Reading::kStagedRows) {
      stage_rows(from, g.a_row, rows, g.k, staged);
    } else if (reading == Reading::kStagedColumns) {
      stage_columns(from, g.a_row, g.a_col, rows, g.m - i, g.k, staged);
    } else if constexpr (std::is_same_v<T, A>) {
      panel.a = from;
    }
    LinesAhead next = next_panel(g, reading, i + rows, rows, tiles);
    for (int64_t j = 0; j < g.n; j += kColumns) {
      next.ask();
      panel.ahead = ahead.next();
      const int64_t columns = g.n - j < kColumns ? g.n - j : kColumns;
      const int vectors = static_cast<int>((columns + kLanes - 1) / kLanes);
      const int last_lanes = static_cast<int>(columns - int64_t{vectors - 1} * kLanes);
      TileTarget<T> target{
          g.c ? g.c + i * g.c_row + j : nullptr, g.c_row,      g.column_bias ? g.column_bias + j : nullptr,
          g.row_bias ? g.row_bias + i : nullptr, g.accumulate, last_lanes};
      finished.begin(target, rows, columns);
      const bool masked = std::is_same_v<T, A> && !g.packed_b && last_lanes < kLanes;
      const auto& kernels = masked                               ? kTileKernels<T>.masked
                            : reading == Reading::kStagedRows    ? kTileKernels<T>.staged_rows
                            : reading == Reading::kStagedColumns ? kTileKernels<T>.staged_columns
                                                                 : kTileKernels<T>.strided;
      if constexpr (std::is_same_v<T, A>) {
        if (masked) panel.a = from;
      }
      kernels[rows - 1][vectors - 1](g.k, panel, g.packed_b ? g.b + j * g.k : g.b + j,
                                     g.packed_b ? int64_t{vectors} * kLanes : g.b_row, target);
      finished.end(i, rows, j, columns);
    }
  }
}

}  // namespace

// The one text of the matrix product. The including file gives kGemmRows, kGemmVectors (the micro-tile) and
// kGemmDepth.

#include "kernels/gemm/tile.inl"
#include "kernels/gemm/transpose.inl"

namespace {

template <class T>
struct TileTarget {
  T* c;
  int64_t c_row;
  const T* column_bias;
  const T* row_bias;
  bool accumulate;
  int last_lanes;  // of the last vector
};

template <class T, int R, int V>
LANEGRAD_INLINE void store_tile(const Vec<T> (&acc)[R][V], const TileTarget<T>& t) {
  constexpr int kLanes = Vec<T>::kWidth;
  LANEGRAD_UNROLL
  for (int r = 0; r < R; ++r) {
    T* const row = t.c + r * t.c_row;
    LANEGRAD_UNROLL
    for (int v = 0; v < V; ++v) {
      Vec<T> x = acc[r][v];
      const bool partial = v == V - 1 && t.last_lanes < kLanes;
      if (t.accumulate) {
        x = x + (partial ? Vec<T>::load_n(row + v * kLanes, t.last_lanes) : Vec<T>::load(row + v * kLanes));
      } else {
        if (t.column_bias) {
          const T* bias = t.column_bias + v * kLanes;
          x = x + (partial ? Vec<T>::load_n(bias, t.last_lanes) : Vec<T>::load(bias));
        }
        if (t.row_bias) x = x + Vec<T>::broadcast(t.row_bias[r]);
      }
      if (partial) {
        x.store_n(row + v * kLanes, t.last_lanes);
      } else {
        x.store(row + v * kLanes);
      }
    }
  }
}

template <class T>
struct PanelOfA {
  const T* a;
  const int64_t* offset;
  int64_t step;
};
template <class T>
using TileKernel = void (*)(int64_t k, const PanelOfA<T>& a, const T* b, int64_t b_row,
                            const TileTarget<T>& target);

template <class T, int R, int V>
void packed_tile(int64_t k, const PanelOfA<T>& a, const T* b, int64_t b_row, const TileTarget<T>& target) {
  Vec<T> acc[R][V];
  clear_tile(acc);
  multiply_tile<T, R, V, false>(k, PackedRows<T, R>{a.a}, b, b_row, 0, acc);
  store_tile(acc, target);
}
template <class T, int R, int V>
void strided_tile(int64_t k, const PanelOfA<T>& a, const T* b, int64_t b_row, const TileTarget<T>& target) {
  Vec<T> acc[R][V];
  clear_tile(acc);
  multiply_tile<T, R, V, false>(k, OffsetRows<T>{a.a, a.offset, a.step}, b, b_row, 0, acc);
  store_tile(acc, target);
}
template <class T, int R, int V>
void strided_masked_tile(int64_t k, const PanelOfA<T>& a, const T* b, int64_t b_row,
                         const TileTarget<T>& target) {
  Vec<T> acc[R][V];
  clear_tile(acc);
  multiply_tile<T, R, V, true>(k, OffsetRows<T>{a.a, a.offset, a.step}, b, b_row, target.last_lanes, acc);
  store_tile(acc, target);
}

// Kernels by rows - 1 and vectors - 1.
template <class T>
struct TileKernels {
  TileKernel<T> packed[kGemmRows][kGemmVectors];
  TileKernel<T> strided[kGemmRows][kGemmVectors];
  TileKernel<T> masked[kGemmRows][kGemmVectors];
};
template <class T, int R, int V>
constexpr void list_tile_kernels(TileKernels<T>& all) {
  all.packed[R - 1][V - 1] = packed_tile<T, R, V>;
  all.strided[R - 1][V - 1] = strided_tile<T, R, V>;
  all.masked[R - 1][V - 1] = strided_masked_tile<T, R, V>;
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

// A few rows against a wide stretch of a row-major B: more vectors a row keep both multiply-add ports busy.
template <class T, int R>
void wide_rows(const GemmBlock<T>& g) {
  constexpr int kLanes = Vec<T>::kWidth, kWide = R == 1 ? 8 : 4;
  int64_t offset[R];
  for (int r = 0; r < R; ++r) offset[r] = r * g.a_row;
  const PanelOfA<T> panel{g.a, offset, g.a_col};
  for (int64_t j = 0; j < g.n;) {
    const int64_t left = g.n - j;
    TileTarget<T> target{g.c + j,    g.c_row,      g.column_bias ? g.column_bias + j : nullptr,
                         g.row_bias, g.accumulate, kLanes};
    if (left >= kWide * kLanes) {
      strided_tile<T, R, kWide>(g.k, panel, g.b + j, g.b_row, target);
      j += kWide * kLanes;
    } else {
      const int64_t take = left < kLanes ? left : int64_t{kLanes};
      target.last_lanes = static_cast<int>(take);
      strided_masked_tile<T, R, 1>(g.k, panel, g.b + j, g.b_row, target);
      j += take;
    }
  }
}

// Column panel by column panel, so that one panel of B stays in the L1 cache while the row panels of A pass
// by from L2.
template <class T>
void gemm_block(const GemmBlock<T>& g) {
  constexpr int kLanes = Vec<T>::kWidth, kColumns = kGemmVectors * kLanes;
  if (!g.packed_b && g.m <= 3) {
    if (g.m == 1) return wide_rows<T, 1>(g);
    if (g.m == 2) return wide_rows<T, 2>(g);
    return wide_rows<T, 3>(g);
  }
  int64_t offset[kGemmRows];
  if (!g.packed_a) {
    for (int r = 0; r < kGemmRows; ++r) offset[r] = r * g.a_row;
  }
  for (int64_t j = 0; j < g.n; j += kColumns) {
    const int64_t columns = g.n - j < kColumns ? g.n - j : kColumns;
    const int vectors = static_cast<int>((columns + kLanes - 1) / kLanes);
    const int last_lanes = static_cast<int>(columns - int64_t{vectors - 1} * kLanes);
    const T* const b = g.packed_b ? g.b + j * g.k : g.b + j;
    const int64_t b_row = g.packed_b ? int64_t{vectors} * kLanes : g.b_row;
    const auto& kernels = g.packed_a                           ? kTileKernels<T>.packed
                          : !g.packed_b && last_lanes < kLanes ? kTileKernels<T>.masked
                                                               : kTileKernels<T>.strided;
    for (int64_t i = 0; i < g.m; i += g.panel_rows) {
      const int64_t rows = g.m - i < g.panel_rows ? g.m - i : g.panel_rows;
      const PanelOfA<T> panel{g.a + i * (g.packed_a ? g.k : g.a_row), offset, g.a_col};
      const TileTarget<T> target{g.c + i * g.c_row + j,
                                 g.c_row,
                                 g.column_bias ? g.column_bias + j : nullptr,
                                 g.row_bias ? g.row_bias + i : nullptr,
                                 g.accumulate,
                                 last_lanes};
      kernels[rows - 1][vectors - 1](g.k, panel, b, b_row, target);
    }
  }
}

template <class T>
void pack_rows(const T* a, int64_t row, int64_t col, int64_t m, int64_t k, int64_t panel_rows, T* out) {
  for (int64_t i = 0; i < m; i += panel_rows) {
    const int64_t rows = m - i < panel_rows ? m - i : panel_rows;
    const T* const panel = a + i * row;
    if (col == 1) {
      transpose<T>(panel, row, rows, k, out, rows);
    } else if (row == 1) {
      copy_rows<T>(panel, col, k, rows, out, rows);
    } else {
      for (int64_t p = 0; p < k; ++p) {
        for (int64_t r = 0; r < rows; ++r) out[p * rows + r] = panel[r * row + p * col];
      }
    }
    out += rows * k;
  }
}

template <class T>
void pack_columns(const T* b, int64_t row, int64_t col, int64_t k, int64_t n, T* out) {
  constexpr int kLanes = Vec<T>::kWidth, kColumns = kGemmVectors * kLanes;
  for (int64_t j = 0; j < n; j += kColumns) {
    const int64_t columns = n - j < kColumns ? n - j : kColumns;
    const int64_t padded = (columns + kLanes - 1) / kLanes * kLanes;
    const T* const panel = b + j * col;
    if (col == 1) {
      copy_rows<T>(panel, row, k, columns, out, padded);
    } else if (row == 1) {
      transpose<T>(panel, col, columns, k, out, padded);
    } else {
      for (int64_t p = 0; p < k; ++p) {
        for (int64_t c = 0; c < columns; ++c) out[p * padded + c] = panel[p * row + c * col];
      }
    }
    for (int64_t c = columns; c < padded; ++c) {
      for (int64_t p = 0; p < k; ++p) out[p * padded + c] = T{0};
    }
    out += padded * k;
  }
}

// Lanes run along k; kChains accumulators a product hide the latency of the multiply-add.
template <class T, int F>
void dot_few(const DotBlock<T>& d) {
  constexpr int kLanes = Vec<T>::kWidth, kChains = F == 1 ? 4 : 2, kStep = kLanes * kChains;
  for (int64_t i = 0; i < d.many; ++i) {
    const T* const x = d.a + i * d.a_step;
    Vec<T> acc[F][kChains];
    clear_tile(acc);
    int64_t p = 0;
    for (; p + kStep <= d.k; p += kStep) {
      LANEGRAD_UNROLL
      for (int u = 0; u < kChains; ++u) {
        const Vec<T> xv = Vec<T>::load(x + p + u * kLanes);
        LANEGRAD_UNROLL
        for (int f = 0; f < F; ++f) {
          acc[f][u] = fma(xv, Vec<T>::load(d.b + f * d.b_step + p + u * kLanes), acc[f][u]);
        }
      }
    }
    for (; p < d.k; p += kLanes) {
      const int lanes = static_cast<int>(d.k - p < kLanes ? d.k - p : kLanes);
      const Vec<T> xv = Vec<T>::load_n(x + p, lanes);
      LANEGRAD_UNROLL
      for (int f = 0; f < F; ++f)
        acc[f][0] = fma(xv, Vec<T>::load_n(d.b + f * d.b_step + p, lanes), acc[f][0]);
    }
    LANEGRAD_UNROLL
    for (int f = 0; f < F; ++f) {
      Vec<T> total = acc[f][0];
      LANEGRAD_UNROLL
      for (int u = 1; u < kChains; ++u) total = total + acc[f][u];
      T value = reduce_add(total);
      T& out = d.out[i * d.out_many + f * d.out_few];
      if (d.accumulate) {
        value += out;
      } else {
        if (d.many_bias) value += d.many_bias[i];
        if (d.few_bias) value += d.few_bias[f];
      }
      out = value;
    }
  }
}

template <class T>
void gemm_dot(const DotBlock<T>& d) {
  switch (d.few) {
    case 1:
      return dot_few<T, 1>(d);
    case 2:
      return dot_few<T, 2>(d);
    case 3:
      return dot_few<T, 3>(d);
    default:
      return dot_few<T, 4>(d);
  }
}

template <class T>
constexpr GemmTable<T> make_gemm_table() {
  return {kGemmRows,      kGemmVectors * Vec<T>::kWidth,
          Vec<T>::kWidth, kGemmDepth,
          pack_rows<T>,   pack_columns<T>,
          gemm_block<T>,  gemm_dot<T>};
}

}  // namespace

const GemmTables& gemm_tables() {
  static constexpr GemmTables tables{make_gemm_table<float>(), make_gemm_table<double>()};
  return tables;
}

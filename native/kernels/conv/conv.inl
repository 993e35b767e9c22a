// The one text of the convolutions. The including file gives kTileRows and kTileVectors (those of the matrix product, since
// the packed weights have its panels).

#include "kernels/gemm/tile.inl"
#include "kernels/gemm/transpose.inl"

namespace {

// Rows are pixels one element apart; p goes through the table of offsets.
template <class T>
struct AdjacentPixels {
  const T* image;
  const int64_t* offset;
  LANEGRAD_INLINE T at(int i) const { return image[*offset + i]; }
  LANEGRAD_INLINE void next() { ++offset; }
};
// Rows are pixels at any places.
template <class T>
struct ScatteredPixels {
  const T* image;
  const int64_t* offset;
  const int64_t* place;
  LANEGRAD_INLINE T at(int i) const { return image[*offset + place[i]]; }
  LANEGRAD_INLINE void next() { ++offset; }
};

template <class T>
struct PixelTarget {
  T* out;
  int64_t out_channel, out_column;
  int64_t channels;
  const T* bias;
};

// The tile has pixels as rows, the image has them as columns.
template <class T, int R, int V>
LANEGRAD_INLINE void store_pixels(const Vec<T> (&acc)[R][V], const PixelTarget<T>& t) {
  constexpr int kLanes = Vec<T>::kWidth;
  alignas(64) T tile[R * V * kLanes];
  LANEGRAD_UNROLL
  for (int v = 0; v < V; ++v) {
    const int64_t left = t.channels - v * kLanes;
    const Vec<T> bias = t.bias ? Vec<T>::load_n(t.bias + v * kLanes, left < kLanes ? left : kLanes) : Vec<T>::zero();
    LANEGRAD_UNROLL
    for (int r = 0; r < R; ++r) (acc[r][v] + bias).store(tile + (r * V + v) * kLanes);
  }
  if (t.out_column == 1) {
    transpose<T>(tile, V * kLanes, R, t.channels, t.out, t.out_channel);
    return;
  }
  for (int64_t c = 0; c < t.channels; ++c) {
    for (int r = 0; r < R; ++r) t.out[c * t.out_channel + r * t.out_column] = tile[r * V * kLanes + c];
  }
}

template <class T, int R, int V>
void adjacent_tile(const ConvBlock<T>& b, const T* image, const int64_t*, const PixelTarget<T>& target) {
  Vec<T> acc[R][V];
  clear_tile(acc);
  multiply_tile<T, R, V, false>(b.depth, AdjacentPixels<T>{image, b.offsets}, b.weights, V * Vec<T>::kWidth, 0, acc);
  store_pixels(acc, target);
}
template <class T, int R, int V>
void scattered_tile(const ConvBlock<T>& b, const T* image, const int64_t* places, const PixelTarget<T>& target) {
  Vec<T> acc[R][V];
  clear_tile(acc);
  multiply_tile<T, R, V, false>(b.depth, ScatteredPixels<T>{image, b.offsets, places}, b.weights, V * Vec<T>::kWidth, 0,
                                acc);
  store_pixels(acc, target);
}
template <class T, int R, int V>
void weight_tile(const ConvWeightBlock<T>& b, const int64_t* offsets, T* sums) {
  constexpr int kLanes = Vec<T>::kWidth;
  Vec<T> acc[R][V];
  clear_tile(acc);
  const T* grads = b.grads;
  for (int64_t i = 0; i < b.rows; ++i) {
    multiply_tile<T, R, V, false>(b.columns, OffsetRows<T>{b.image + i * b.row_step, offsets, b.column_step}, grads,
                                  V * kLanes, 0, acc);
    grads += b.columns * V * kLanes;
  }
  LANEGRAD_UNROLL
  for (int r = 0; r < R; ++r) {
    LANEGRAD_UNROLL
    for (int v = 0; v < V; ++v) {
      T* const sum = sums + (r * V + v) * kLanes;
      (Vec<T>::load(sum) + acc[r][v]).store(sum);
    }
  }
}

template <class T>
using PixelKernel = void (*)(const ConvBlock<T>&, const T* image, const int64_t* places, const PixelTarget<T>&);
template <class T>
using WeightKernel = void (*)(const ConvWeightBlock<T>&, const int64_t* offsets, T* sums);

// Kernels by rows - 1 and vectors - 1.
template <class T>
struct ConvKernels {
  PixelKernel<T> adjacent[kTileRows][kTileVectors];
  PixelKernel<T> scattered[kTileRows][kTileVectors];
  WeightKernel<T> weight[kTileRows][kTileVectors];
};
template <class T, int R, int V>
constexpr void list_conv_kernels(ConvKernels<T>& all) {
  all.adjacent[R - 1][V - 1] = adjacent_tile<T, R, V>;
  all.scattered[R - 1][V - 1] = scattered_tile<T, R, V>;
  all.weight[R - 1][V - 1] = weight_tile<T, R, V>;
  if constexpr (V > 1) {
    list_conv_kernels<T, R, V - 1>(all);
  } else if constexpr (R > 1) {
    list_conv_kernels<T, R - 1, kTileVectors>(all);
  }
}
template <class T>
constexpr ConvKernels<T> all_conv_kernels() {
  ConvKernels<T> all{};
  list_conv_kernels<T, kTileRows, kTileVectors>(all);
  return all;
}
template <class T>
inline constexpr ConvKernels<T> kConvKernels = all_conv_kernels<T>();

template <class T>
int vectors_of(int64_t channels) {
  return static_cast<int>((channels + Vec<T>::kWidth - 1) / Vec<T>::kWidth);
}

// Rows of pixels in even pieces: 24 columns are two tiles of 12, not one of 14 and one of 10.
template <class T>
void conv_forward(const ConvBlock<T>& b) {
  const int64_t pieces = (b.columns + kTileRows - 1) / kTileRows;
  const int64_t piece = pieces > 0 ? (b.columns + pieces - 1) / pieces : 0;
  const int vectors = vectors_of<T>(b.channels);
  int64_t places[kTileRows];
  for (int r = 0; r < kTileRows; ++r) places[r] = r * b.column_step;
  const auto& kernels = b.column_step == 1 ? kConvKernels<T>.adjacent : kConvKernels<T>.scattered;
  for (int64_t i = 0; i < b.rows; ++i) {
    for (int64_t j = 0; j < b.columns; j += piece) {
      const int64_t pixels = b.columns - j < piece ? b.columns - j : piece;
      const PixelTarget<T> target{b.out + i * b.out_row + j * b.out_column, b.out_channel, b.out_column, b.channels, b.bias};
      kernels[pixels - 1][vectors - 1](b, b.image + i * b.row_step + j * b.column_step, places, target);
    }
  }
}

template <class T>
void conv_weight_grad(const ConvWeightBlock<T>& b) {
  const int64_t pieces = (b.depth + kTileRows - 1) / kTileRows;
  const int64_t piece = pieces > 0 ? (b.depth + pieces - 1) / pieces : 0;
  const int vectors = vectors_of<T>(b.channels);
  for (int64_t p = 0; p < b.depth; p += piece) {
    const int64_t rows = b.depth - p < piece ? b.depth - p : piece;
    kConvKernels<T>.weight[rows - 1][vectors - 1](b, b.offsets + p, b.sums + p * vectors * Vec<T>::kWidth);
  }
}

template <class T>
constexpr ConvTable<T> make_conv_table() {
  return {kTileVectors * Vec<T>::kWidth, Vec<T>::kWidth, conv_forward<T>, conv_weight_grad<T>};
}

}  // namespace

const ConvTables& conv_tables() {
  static constexpr ConvTables tables{make_conv_table<float>(), make_conv_table<double>()};
  return tables;
}

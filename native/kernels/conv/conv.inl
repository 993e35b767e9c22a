// The one text of the convolutions. The including file gives kTileRows and kTileVectors (those of the matrix
// product, since the packed weights have its panels).

#include "kernels/gemm/tile.inl"
#include "kernels/gemm/transpose.inl"
#include "kernels/conv/planar.inl"

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

// Two rows of equally many pixels one element apart.
template <class T, int kColumns>
struct PairedPixels {
  const T* image;
  const int64_t* offset;
  int64_t row;  // from one to the other
  LANEGRAD_INLINE T at(int i) const {
    return i < kColumns ? image[*offset + i] : image[*offset + row + (i - kColumns)];
  }
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
    const Vec<T> bias =
        t.bias ? Vec<T>::load_n(t.bias + v * kLanes, left < kLanes ? left : kLanes) : Vec<T>::zero();
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

// One depth block of a tile: what the blocks before gave is in `partial`, and so is the result until the last
// one. Meanwhile the lines at `ask` + `ask_places` come nearer, one for each step of the depth.
template <class T>
struct TileStep {
  const T* image;
  const int64_t* places;
  const int64_t* offsets;
  const T* weights;
  int64_t depth;
  T* partial;
  bool first, last;
  const T* ask;
  const int64_t* ask_places;
};

// Rows that ask for a line with each step. One at a time: many at once would wait for each other.
template <class Rows, class T>
struct AskingLines {
  Rows rows;
  const T* ask;
  const int64_t* place;
  LANEGRAD_INLINE T at(int i) const { return rows.at(i); }
  LANEGRAD_INLINE void next() {
    rows.next();
    if constexpr (kVectorBytes >= 16) __builtin_prefetch(ask + *place, 0, 2);
    ++place;
  }
};

// Weights that few pixels share come from the last cache, and a core that waits for them line by line gets a
// fifth of what it can read: rows are asked for some steps ahead into the L1 cache, and a part of the next
// block's into L2.
template <class T, int R, int V, class Rows>
LANEGRAD_INLINE void multiply_pixels(const TileStep<T>& s, Rows rows, Vec<T> (&acc)[R][V]) {
  multiply_tile<T, R, V, false, (kVectorBytes >= 16)>(
      s.depth, AskingLines<Rows, T>{rows, s.ask, s.ask_places}, s.weights, V * Vec<T>::kWidth, 0, acc);
}

template <class T, int R, int V>
LANEGRAD_INLINE void finish_tile(Vec<T> (&acc)[R][V], const TileStep<T>& s, const PixelTarget<T>& target) {
  constexpr int kLanes = Vec<T>::kWidth;
  if (!s.first) {
    LANEGRAD_UNROLL
    for (int r = 0; r < R; ++r) {
      LANEGRAD_UNROLL
      for (int v = 0; v < V; ++v) acc[r][v] = Vec<T>::load(s.partial + (r * V + v) * kLanes) + acc[r][v];
    }
  }
  if (s.last) return store_pixels(acc, target);
  LANEGRAD_UNROLL
  for (int r = 0; r < R; ++r) {
    LANEGRAD_UNROLL
    for (int v = 0; v < V; ++v) acc[r][v].store(s.partial + (r * V + v) * kLanes);
  }
}

template <class T, int R, int V>
void adjacent_tile(const TileStep<T>& s, const PixelTarget<T>& target) {
  Vec<T> acc[R][V];
  clear_tile(acc);
  multiply_pixels(s, AdjacentPixels<T>{s.image, s.offsets}, acc);
  finish_tile(acc, s, target);
}
template <class T, int R, int V>
void scattered_tile(const TileStep<T>& s, const PixelTarget<T>& target) {
  Vec<T> acc[R][V];
  clear_tile(acc);
  multiply_pixels(s, ScatteredPixels<T>{s.image, s.offsets, s.places}, acc);
  finish_tile(acc, s, target);
}
template <class T, int R, int V>
void paired_tile(const TileStep<T>& s, const PixelTarget<T>& target) {
  Vec<T> acc[R][V];
  clear_tile(acc);
  multiply_pixels(s, PairedPixels<T, R / 2>{s.image, s.offsets, s.places[R / 2] - s.places[0]}, acc);
  finish_tile(acc, s, target);
}
template <class T, int R, int V>
void weight_tile(const ConvWeightBlock<T>& b, const int64_t* offsets, T* sums) {
  constexpr int kLanes = Vec<T>::kWidth;
  Vec<T> acc[R][V];
  clear_tile(acc);
  const T* grads = b.grads;
  for (int64_t i = 0; i < b.rows; ++i) {
    multiply_tile<T, R, V, false>(b.columns, OffsetRows<T>{b.image + i * b.row_step, offsets, b.column_step},
                                  grads, V * kLanes, 0, acc);
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
using PixelKernel = void (*)(const TileStep<T>&, const PixelTarget<T>&);
template <class T>
using WeightKernel = void (*)(const ConvWeightBlock<T>&, const int64_t* offsets, T* sums);

// Whether two rows of pixels, and no three, fill a tile of so many.
constexpr bool is_paired(int64_t pixels) {
  return pixels % 2 == 0 && pixels <= kTileRows && pixels / 2 * 3 > kTileRows;
}

// Kernels by rows - 1 and vectors - 1.
template <class T>
struct ConvKernels {
  PixelKernel<T> adjacent[kTileRows][kTileVectors];
  PixelKernel<T> scattered[kTileRows][kTileVectors];
  PixelKernel<T> paired[kTileRows][kTileVectors];  // of even rows
  WeightKernel<T> weight[kTileRows][kTileVectors];
};
template <class T, int R, int V>
constexpr void list_conv_kernels(ConvKernels<T>& all) {
  all.adjacent[R - 1][V - 1] = adjacent_tile<T, R, V>;
  all.scattered[R - 1][V - 1] = scattered_tile<T, R, V>;
  if constexpr (is_paired(R)) all.paired[R - 1][V - 1] = paired_tile<T, R, V>;
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

// The pixels of a block, cut into tiles: rows in even pieces (24 columns are two tiles of 12, not one of 14
// and one of 10), or, where rows are short and the output plane has no gaps, all pixels as one row, two rows
// at a time if these fill a tile.
template <class T>
struct Tiles {
  const ConvBlock<T>& b;
  bool across_rows, paired;
  int64_t span, pieces, piece, in_image, count;

  explicit Tiles(const ConvBlock<T>& block) : b(block) {
    across_rows = 2 * b.columns <= kTileRows && b.rows > 1 && b.out_row == b.columns * b.out_column;
    span = across_rows ? b.rows * b.columns : b.columns;
    pieces = (span + kTileRows - 1) / kTileRows;
    piece = pieces > 0 ? (span + pieces - 1) / pieces : 1;
    paired = across_rows && b.column_step == 1 && is_paired(2 * b.columns);
    if (paired) piece = 2 * b.columns;
    pieces = (span + piece - 1) / piece;
    in_image = pieces * (across_rows ? 1 : b.rows);
    count = in_image * b.images;
  }
  bool scattered() const { return across_rows || b.column_step != 1; }
  PixelKernel<T> kernel(int64_t t, int vectors) const {
    const ConvKernels<T>& all = kConvKernels<T>;
    const int64_t rows = pixels(t);
    const auto& kernels = paired && rows == 2 * b.columns ? all.paired
                          : scattered() && !paired        ? all.scattered
                                                          : all.adjacent;
    return kernels[rows - 1][vectors - 1];
  }
  int64_t row(int64_t t) const { return t % in_image / pieces; }
  int64_t first(int64_t t) const { return t % pieces * piece; }
  int64_t pixels(int64_t t) const { return span - first(t) < piece ? span - first(t) : piece; }
  T* out(int64_t t) const {
    return b.out + t / in_image * b.out_image + row(t) * b.out_row + first(t) * b.out_column;
  }
  const T* image(int64_t t) const {
    const T* const image = b.image + t / in_image * b.image_step;
    if (paired) return image + first(t) / b.columns * b.row_step;
    return across_rows ? image : image + row(t) * b.row_step + first(t) * b.column_step;
  }
  void find_places(int64_t t, int64_t* places) const {
    if (!across_rows) {
      for (int r = 0; r < kTileRows; ++r) places[r] = r * b.column_step;
      return;
    }
    for (int64_t r = 0; r < pixels(t); ++r) {
      const int64_t pixel = first(t) + r;
      places[r] = pixel / b.columns * b.row_step + pixel % b.columns * b.column_step;
    }
  }
};

// A depth block of weights that come as they lie, for the tiles of a band.
template <class T>
const T* pack_block(const ConvBlock<T>& b, int64_t first, int64_t depth, int vectors) {
  const PlainWeights<T>& w = b.plain;
  const int64_t padded = vectors * Vec<T>::kWidth;
  if (!w.places) {
    transpose<T>(w.data + first, w.row, b.channels, depth, w.room, padded);
  } else {
    for (int64_t p = 0; p < depth; ++p) {
      for (int64_t c = 0; c < b.channels; ++c)
        w.room[p * padded + c] = w.data[c * w.row + w.places[first + p]];
    }
  }
  for (int64_t p = 0; p < depth && b.channels < padded; ++p)
    std::fill(w.room + p * padded + b.channels, w.room + (p + 1) * padded, T{0});
  return w.room;
}

// What `count` steps ask for, from the beginning of the next depth block on: packed weights row by row, of
// others line by line of all channels.
template <class T>
void find_asked(const ConvBlock<T>& b, int64_t depth, int64_t row, int64_t count, int64_t* places) {
  constexpr int64_t kLine = 64 / sizeof(T);
  const bool plain = !b.weights && !b.plain.places;
  int64_t channel = 0, line = 0;
  for (int64_t i = 0; i < count; ++i) {
    places[i] = plain ? channel * b.plain.row + line : i % depth * row;
    if (!plain || ++channel < b.channels) continue;
    channel = 0;
    line = line < depth ? line + kLine : 0;  // one more: the first may begin anywhere
  }
}

// Depth block by depth block over a band of tiles: the block's weights stay in the L1 cache while the tiles
// pass. The depth of a block follows from the depth of the convolution alone, and with it the order of the
// additions.
template <class T>
void conv_forward(const ConvBlock<T>& b) {
  if (!b.in_blocks && b.channels <= kPlanarChannels && (b.column_step == 1 || b.column_step == 2))
    return planar_forward(b);
  constexpr int kLanes = Vec<T>::kWidth, kBand = 8, kLine = 64 / sizeof(T);
  const int vectors = vectors_of<T>(b.channels);
  const Tiles<T> tiles(b);
  const int64_t blocks = b.depth > kConvDepth ? (b.depth + kConvDepth - 1) / kConvDepth : 1;
  const int64_t depth = (b.depth + blocks - 1) / blocks;
  alignas(64) T partial[kBand][kTileRows * kTileVectors * kLanes];
  int64_t places[kBand][kTileRows];
  int64_t asked[kBand * kConvDepth];
  const bool plain = !b.weights && !b.plain.places;
  find_asked(b, depth, vectors * kLanes, std::min<int64_t>(tiles.count, plain ? kBand : 1) * depth, asked);
  for (int64_t band = 0; band < tiles.count; band += kBand) {
    const int64_t in_band = tiles.count - band < kBand ? tiles.count - band : int64_t{kBand};
    if (tiles.scattered()) {
      for (int64_t t = 0; t < in_band; ++t) tiles.find_places(band + t, places[t]);
    }
    for (int64_t p = 0; p < b.depth || p == 0; p += depth) {
      const int64_t block = std::min(depth, b.depth - p);
      const T* const weights =
          b.weights ? b.weights + p * vectors * kLanes : pack_block(b, p, block, vectors);
      const T* const next = weights + depth * vectors * kLanes;  // of the panel, or behind it
      for (int64_t t = 0; t < in_band; ++t) {
        const PixelTarget<T> target{tiles.out(band + t), b.out_channel, b.out_column, b.channels, b.bias};
        // Of packed weights the first tiles ask for a line of each row; two lines next to each other come
        // together.
        const T* ask = t * kLine < vectors * kLanes ? next + t * kLine : weights;
        if (plain) ask = b.plain.data + (p + depth < b.depth ? p + depth : p);
        const TileStep<T> step{tiles.image(band + t),
                               places[t],
                               b.offsets + p,
                               weights,
                               block,
                               partial[t],
                               p == 0,
                               p + depth >= b.depth,
                               ask,
                               asked + (plain ? t * depth : 0)};
        tiles.kernel(band + t, vectors)(step, target);
      }
      if (depth == 0) break;
    }
  }
}

// Band of rows by band of rows, so that the packed gradients of a band stay in the L1 cache while all of
// depth passes.
template <class T>
void conv_weight_grad(const ConvWeightBlock<T>& b) {
  constexpr int kLanes = Vec<T>::kWidth;
  constexpr int64_t kBandBytes = 24 << 10;
  const int64_t pieces = (b.depth + kTileRows - 1) / kTileRows;
  const int64_t piece = pieces > 0 ? (b.depth + pieces - 1) / pieces : 1;
  const int vectors = vectors_of<T>(b.channels);
  const int64_t row_bytes = b.columns * vectors * kLanes * static_cast<int64_t>(sizeof(T));
  const int64_t band = row_bytes < kBandBytes ? kBandBytes / (row_bytes > 0 ? row_bytes : 1) : 1;
  for (int64_t i = 0; i < b.rows; i += band) {
    ConvWeightBlock<T> part = b;
    part.rows = b.rows - i < band ? b.rows - i : band;
    part.image += i * b.row_step;
    part.grads += i * b.columns * vectors * kLanes;
    for (int64_t p = 0; p < b.depth; p += piece) {
      const int64_t rows = b.depth - p < piece ? b.depth - p : piece;
      kConvKernels<T>.weight[rows - 1][vectors - 1](part, b.offsets + p, b.sums + p * vectors * kLanes);
    }
  }
}

template <class T>
constexpr ConvTable<T> make_conv_table() {
  constexpr int kChannels = kTileVectors * Vec<T>::kWidth;
  return {kChannels,           static_cast<int>(kConvDepth) * kChannels,
          Vec<T>::kWidth,      conv_forward<T>,
          conv_weight_grad<T>, planar_weight_grad<T>,
          kPlanarChannels};
}

}  // namespace

const ConvTables& conv_tables() {
  static constexpr ConvTables tables{make_conv_table<float>(), make_conv_table<double>()};
  return tables;
}

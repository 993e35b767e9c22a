// The one text of the transforms. Lanes run along the channels: pixels are transposed into a region where a
// pixel's channels are neighbours, and back. A tile of 36 points costs about 14 operations a row and column,
// a load and a store a point: the L1 and L2 caches are the limit.

#include "kernels/gemm/tile.inl"
#include "kernels/gemm/transpose.inl"
#include "simd/half.inl"

namespace {

using Floats = Vec<float>;
inline constexpr int kLanes = Floats::kWidth;

// The points are 0, +-kNear, +-kFar and infinity. All of these are exact.
inline constexpr float kNear = 0.75f, kFar = 1.5f;
inline constexpr float kNear2 = kNear * kNear, kFar2 = kFar * kFar;
inline constexpr float kSum2 = kNear2 + kFar2, kProduct2 = kNear2 * kFar2;

LANEGRAD_INLINE Floats scaled(float factor, Floats x) { return Floats::broadcast(factor) * x; }
LANEGRAD_INLINE Floats add_scaled(Floats x, float factor, Floats y) {
  return fma(Floats::broadcast(factor), y, x);
}

// Values of the image's six pixels at the points: coefficients of the products of (x - point).
LANEGRAD_INLINE void image_points(const Floats (&d)[6], Floats (&out)[6]) {
  out[0] = add_scaled(add_scaled(d[4], -kSum2, d[2]), kProduct2, d[0]);
  const Floats even = add_scaled(d[4], -kFar2, d[2]), odd = add_scaled(d[3], -kFar2, d[1]);
  out[1] = add_scaled(even, kNear, odd);
  out[2] = add_scaled(even, -kNear, odd);
  const Floats even2 = add_scaled(d[4], -kNear2, d[2]), odd2 = add_scaled(d[3], -kNear2, d[1]);
  out[3] = add_scaled(even2, kFar, odd2);
  out[4] = add_scaled(even2, -kFar, odd2);
  out[5] = add_scaled(add_scaled(d[5], -kSum2, d[3]), kProduct2, d[1]);
}

// Values of a polynomial of kTaps coefficients at the points, over what the points' differences multiply to.
template <int kTaps>
LANEGRAD_INLINE void tap_points(const Floats (&g)[kTaps], Floats (&out)[6]) {
  constexpr float kNearScale = 1 / (2 * kNear2 * (kNear2 - kFar2));
  constexpr float kFarScale = 1 / (2 * kFar2 * (kFar2 - kNear2));
  out[0] = scaled(1 / kProduct2, g[0]);
  Floats even = scaled(kNearScale, add_scaled(g[0], kNear2, g[2])), odd = scaled(kNearScale * kNear, g[1]);
  Floats even2 = scaled(kFarScale, add_scaled(g[0], kFar2, g[2])), odd2 = scaled(kFarScale * kFar, g[1]);
  if constexpr (kTaps == 4) {
    odd = add_scaled(odd, kNearScale * kNear * kNear2, g[3]);
    odd2 = add_scaled(odd2, kFarScale * kFar * kFar2, g[3]);
  }
  out[1] = even + odd;
  out[2] = even - odd;
  out[3] = even2 + odd2;
  out[4] = even2 - odd2;
  out[5] = g[kTaps - 1];
}

// kOut coefficients from the values at the points.
template <int kOut>
LANEGRAD_INLINE void from_points(const Floats (&m)[6], Floats (&out)[kOut]) {
  const Floats sum = m[1] + m[2], difference = m[1] - m[2];
  const Floats sum2 = m[3] + m[4], difference2 = m[3] - m[4];
  out[0] = m[0] + (sum + sum2);
  out[1] = add_scaled(scaled(kNear, difference), kFar, difference2);
  out[2] = add_scaled(scaled(kNear2, sum), kFar2, sum2);
  if constexpr (kOut == 4)
    out[3] = add_scaled(add_scaled(m[5], kNear * kNear2, difference), kFar * kFar2, difference2);
  else
    out[2] = out[2] + m[5];
}

// Columns of 16-bit floats that are widened, or rounded, at a time.
inline constexpr int64_t kHalfColumns = 64;

// Pixels of some channels, in[channel * in_channel + c], to [count][lanes].
template <class In>
inline void take_pixels(const In* in, int64_t in_channel, int64_t channels, int64_t count, float* to) {
  if constexpr (std::is_same_v<In, float>) {
    transpose<float>(in, in_channel, channels, count, to, kLanes);
  } else {
    alignas(64) float wide[kLanes * kHalfColumns];
    for (int64_t c = 0; c < count; c += kHalfColumns) {
      const int64_t columns = count - c < kHalfColumns ? count - c : kHalfColumns;
      for (int64_t l = 0; l < channels; ++l)
        widen_halves(wide + l * kHalfColumns, in + l * in_channel + c, columns);
      transpose<float>(wide, kHalfColumns, channels, columns, to + c * kLanes, kLanes);
    }
  }
}

// And back.
template <class Out>
inline void give_pixels(const float* from, int64_t channels, int64_t count, Out* out, int64_t out_channel) {
  if constexpr (std::is_same_v<Out, float>) {
    transpose<float>(from, kLanes, count, channels, out, out_channel);
  } else {
    alignas(64) float wide[kLanes * kHalfColumns];
    for (int64_t c = 0; c < count; c += kHalfColumns) {
      const int64_t columns = count - c < kHalfColumns ? count - c : kHalfColumns;
      transpose<float>(from + c * kLanes, kLanes, columns, channels, wide, kHalfColumns);
      for (int64_t l = 0; l < channels; ++l)
        round_halves(out + l * out_channel + c, wide + l * kHalfColumns, columns);
    }
  }
}

// A row of pixels, transposed to [columns + around][lanes].
template <class In>
inline void fill_row(const WinogradTiles<In>& t, int64_t y, int64_t width, float* to) {
  if (y < 0 || y >= t.rows) {
    for (int64_t i = 0; i < width; ++i) Floats::zero().store(to + i * kLanes);
    return;
  }
  const int64_t before = t.left < 0 ? -t.left : 0, from = t.left > 0 ? t.left : 0;
  const int64_t there = t.columns - from < width - before ? t.columns - from : width - before;
  int64_t i = 0;
  for (; i < before; ++i) Floats::zero().store(to + i * kLanes);
  take_pixels(t.image + y * t.row + from, t.channel, t.channels, there, to + i * kLanes);
  for (i += there; i < width; ++i) Floats::zero().store(to + i * kLanes);
}

struct ImageWindow {
  static constexpr int kSide = 6;
  static LANEGRAD_INLINE void transform(const Floats (&in)[6], Floats (&out)[6]) { image_points(in, out); }
};
struct GradWindow {
  static constexpr int kSide = 4;
  static LANEGRAD_INLINE void transform(const Floats (&in)[4], Floats (&out)[6]) { tap_points<4>(in, out); }
};

// Down the columns once for all tiles of a row, which share columns, then along the rows tile by tile.
template <class Window, class In>
void transform_tiles(const WinogradTiles<In>& t) {
  constexpr int kSide = Window::kSide;
  const int64_t width = kWinogradStep * (t.tile_columns - 1) + kSide;
  const int64_t height = kWinogradStep * (t.tile_rows - 1) + kSide;
  float* const columns = t.region + height * width * kLanes;  // [6][width][lanes]
  for (int64_t y = 0; y < height; ++y) fill_row(t, t.top + y, width, t.region + y * width * kLanes);
  float* out = t.out;
  for (int64_t i = 0; i < t.tile_rows; ++i) {
    const float* const window = t.region + i * kWinogradStep * width * kLanes;
    for (int64_t x = 0; x < width; ++x) {
      Floats in[kSide], points[6];
      LANEGRAD_UNROLL
      for (int r = 0; r < kSide; ++r) in[r] = Floats::load(window + (r * width + x) * kLanes);
      Window::transform(in, points);
      LANEGRAD_UNROLL
      for (int r = 0; r < 6; ++r) points[r].store(columns + (r * width + x) * kLanes);
    }
    for (int64_t j = 0; j < t.tile_columns; ++j, out += t.out_tile) {
      for (int r = 0; r < 6; ++r) {
        Floats in[kSide], points[6];
        const float* const from = columns + (r * width + j * kWinogradStep) * kLanes;
        LANEGRAD_UNROLL
        for (int s = 0; s < kSide; ++s) in[s] = Floats::load(from + s * kLanes);
        Window::transform(in, points);
        LANEGRAD_UNROLL
        for (int s = 0; s < 6; ++s) points[s].store(out + (r * 6 + s) * t.out_point);
      }
    }
  }
}

// Zero times a number is zero, times what is none NaN: `bad` stays zero while all are numbers.
LANEGRAD_INLINE Floats note_bad(Floats bad, Floats x) { return fma(x, Floats::zero(), bad); }

template <class Out>
bool winograd_pixels(const WinogradPixels<Out>& t) {
  const int64_t width = kWinogradStep * t.tile_columns;
  const Floats bias = t.bias ? Floats::load_n(t.bias, t.channels) : Floats::zero();
  Floats bad = Floats::zero();
  const float* products = t.products;
  for (int64_t i = 0; i < t.tile_rows; ++i) {
    for (int64_t j = 0; j < t.tile_columns; ++j, products += t.tile) {
      Floats half[4][6];
      LANEGRAD_UNROLL
      for (int s = 0; s < 6; ++s) {
        Floats in[6], out[4];
        LANEGRAD_UNROLL
        for (int r = 0; r < 6; ++r) in[r] = Floats::load_n(products + (r * 6 + s) * t.point, t.channels);
        from_points<4>(in, out);
        LANEGRAD_UNROLL
        for (int r = 0; r < 4; ++r) half[r][s] = out[r];
      }
      LANEGRAD_UNROLL
      for (int r = 0; r < 4; ++r) {
        Floats out[4];
        from_points<4>(half[r], out);
        float* const to = t.region + (r * width + j * kWinogradStep) * kLanes;
        LANEGRAD_UNROLL
        for (int s = 0; s < 4; ++s) {
          const Floats y = out[s] + bias;
          bad = note_bad(bad, y);
          y.store(to + s * kLanes);
        }
      }
    }
    const int64_t rows = t.rows - i * kWinogradStep;
    for (int64_t r = 0; r < kWinogradStep && r < rows; ++r) {
      give_pixels(t.region + r * width * kLanes, t.channels, t.columns,
                  t.out + (i * kWinogradStep + r) * t.row, t.channel);
    }
  }
  return !any(ne(bad, Floats::zero()));
}

// One window of each of a vector of columns: taps[tap][column] to out[point * out_point + column].
void transform_taps(const float* taps, bool flipped, float* out, int64_t out_point) {
  Floats half[3][6];
  LANEGRAD_UNROLL
  for (int s = 0; s < 3; ++s) {
    Floats in[3];
    LANEGRAD_UNROLL
    for (int r = 0; r < 3; ++r) {
      const int tap = r * 3 + s;
      in[r] = Floats::load(taps + (flipped ? 8 - tap : tap) * kLanes);
    }
    tap_points<3>(in, half[s]);
  }
  LANEGRAD_UNROLL
  for (int r = 0; r < 6; ++r) {
    const Floats in[3] = {half[0][r], half[1][r], half[2][r]};
    Floats points[6];
    tap_points<3>(in, points);
    LANEGRAD_UNROLL
    for (int s = 0; s < 6; ++s) points[s].store(out + (r * 6 + s) * out_point);
  }
}

// Windows that lie in a row are turned together: nine taps alone are no whole pieces of a transpose. Those of
// the next turn are asked for, since rows far apart come one line at a time.
void winograd_weights(const WinogradWeights& w) {
  constexpr int64_t kTogether = 8;
  const int64_t together = w.weight_depth == 9 ? kTogether : 1;
  alignas(64) float taps[kTogether * 9 * kLanes] = {};
  for (int64_t p = 0; p < w.depth; p += together) {
    const int64_t count = w.depth - p < together ? w.depth - p : together;
    const float* const windows = w.weight + p * w.weight_depth;
    for (int64_t c = 0; c < w.columns && together > 1; ++c)
      ask_for_row(windows + c * w.weight_column + 9 * kTogether, 9 * kTogether);
    transpose<float>(windows, w.weight_column, w.columns, 9 * count, taps, kLanes);
    for (int64_t i = 0; i < count; ++i)
      transform_taps(taps + i * 9 * kLanes, w.flipped, w.out + (p + i) * w.out_depth, w.out_point);
  }
}

bool winograd_weight_grad(const WinogradWeightGrad& w) {
  alignas(64) float taps[9 * kLanes];
  Floats bad = Floats::zero();
  for (int64_t p = 0; p < w.depth; ++p) {
    const float* const products = w.products + p * w.product_depth;
    Floats half[3][6];
    LANEGRAD_UNROLL
    for (int s = 0; s < 6; ++s) {
      Floats in[6], out[3];
      LANEGRAD_UNROLL
      for (int r = 0; r < 6; ++r) in[r] = Floats::load_n(products + (r * 6 + s) * w.point, w.columns);
      from_points<3>(in, out);
      LANEGRAD_UNROLL
      for (int r = 0; r < 3; ++r) half[r][s] = out[r];
    }
    LANEGRAD_UNROLL
    for (int r = 0; r < 3; ++r) {
      Floats out[3];
      from_points<3>(half[r], out);
      LANEGRAD_UNROLL
      for (int s = 0; s < 3; ++s) {
        bad = note_bad(bad, out[s]);
        out[s].store(taps + (r * 3 + s) * kLanes);
      }
    }
    transpose<float>(taps, kLanes, 9, w.columns, w.out + p * w.out_depth, w.out_column);
  }
  return !any(ne(bad, Floats::zero()));
}

// Tiles and vectors of a step of the products: the accumulators that the registers hold.
inline constexpr int kProductTiles = kLanes == 16 ? 14 : 6, kProductVectors = kLanes == 4 ? 4 : 2;

struct TileRows {
  const float* tiles;
  int64_t step;
  LANEGRAD_INLINE float at(int i) const { return tiles[i * step]; }
  LANEGRAD_INLINE void next() { ++tiles; }
};

// R tiles of a panel, beginning with tile `first`. The weights pass by once for all tiles, so a call of few
// tiles is bound by reading them: while they are multiplied, a line a step of the next ones comes into L2.
template <int R>
void product_tile(const WinogradProducts& w, int64_t first, const float* ask, int64_t ask_step) {
  constexpr int V = kProductVectors;
  Floats acc[R][V];
  float* const out = w.products + first * V * kLanes;
  clear_tile(acc);
  if (w.accumulate) {
    LANEGRAD_UNROLL
    for (int r = 0; r < R; ++r) {
      LANEGRAD_UNROLL
      for (int v = 0; v < V; ++v) acc[r][v] = Floats::load(out + (r * V + v) * kLanes);
    }
  }
  const TileRows rows{w.tiles + first * w.tile, w.tile};
  multiply_tile<float, R, V, false, true>(w.depth, AskingRows<TileRows, float>{rows, ask, ask_step},
                                          w.weights, V * kLanes, 0, acc);
  LANEGRAD_UNROLL
  for (int r = 0; r < R; ++r) {
    LANEGRAD_UNROLL
    for (int v = 0; v < V; ++v) acc[r][v].store(out + (r * V + v) * kLanes);
  }
}

using ProductKernel = void (*)(const WinogradProducts&, int64_t, const float*, int64_t);
template <int... R>
constexpr std::array<ProductKernel, sizeof...(R)> product_kernels(std::integer_sequence<int, R...>) {
  return {product_tile<R + 1>...};
}
inline constexpr auto kProductKernels = product_kernels(std::make_integer_sequence<int, kProductTiles>{});

void winograd_products(const WinogradProducts& w) {
  constexpr int kLine = 16, kRow = kProductVectors * kLanes;
  const int64_t pieces = (w.count + kProductTiles - 1) / kProductTiles;
  for (int64_t q = 0; q < pieces; ++q) {
    const int64_t first = w.count * q / pieces, tiles = w.count * (q + 1) / pieces - first;
    // The first pieces ask for a line of each row.
    const bool asks = q * kLine < kRow;
    kProductKernels[tiles - 1](w, first, asks ? w.next + q * kLine : w.weights, asks ? kRow : 0);
  }
}

template <class T>
inline constexpr WinogradImages<T> kImages{transform_tiles<ImageWindow, T>, transform_tiles<GradWindow, T>,
                                           winograd_pixels<T>};

}  // namespace

const WinogradTable& winograd_table() {
  static constexpr WinogradTable table{
      kLanes,           kProductVectors * kLanes, kImages<float>,       kImages<BFloat16>,
      kImages<Float16>, winograd_weights,         winograd_weight_grad, winograd_products};
  return table;
}

// The gradient of the weight by Winograd's transforms. Tiles go in blocks, one after the other; in each all
// threads first transform, then multiply, point by point: so every sum runs over the tiles in one order, and
// no partial sums are needed.
#include <type_traits>

#include "ops/conv/tiles.h"
#include "ops/conv/winograd.h"

namespace lanegrad::conv_detail {
namespace {

constexpr int64_t kBlockElements = int64_t{1} << 20;
constexpr int64_t kSlots = 16;
constexpr int64_t kRowsTogether = 4;  // of tiles, that one task transforms
constexpr int64_t kGradDepth = 32;    // input channels that one task transforms back

struct Layout {
  TileGrid tiles;
  int64_t lanes, width, block_rows;
  int64_t tile, point, grad_point, sum_point;  // strides
  float* image;                                // [point][tile][channel]
  float* grads;                                // [point], each in panels of [tile][channel]
  float* sums;                                 // [point][in channel][out channel]
  float* regions;
  int64_t region;
  size_t bytes;

  Layout(const ConvGeometry& g, void* workspace) : tiles(g.batch, g.out[1], g.out[2]) {
    const GemmTable<float>& gemm = gemm_table<float>();
    lanes = winograd_table().lanes;
    width = round_up(g.out_channels, lanes);
    tile = round_up(g.in_channels, lanes) + lanes;
    const int64_t wanted =
        std::clamp(kBlockElements / (kWinogradPoints * (tile + width)), gemm.depth / 4, gemm.depth);
    block_rows = std::clamp<int64_t>(wanted / tiles.columns, 1, tiles.all_rows);
    const int64_t count = block_rows * tiles.columns;
    point = count * tile + lanes;
    grad_point = count * width + lanes;
    sum_point = g.in_channels * width + lanes;
    region = winograd_region(std::min(kRowsTogether, tiles.rows), tiles.columns, lanes);
    Pieces pieces(workspace);
    image = pieces.take<float>(kWinogradPoints * point);
    grads = pieces.take<float>(kWinogradPoints * grad_point);
    sums = pieces.take<float>(kWinogradPoints * sum_point);
    regions = pieces.take<float>(kSlots * region);
    bytes = pieces.used();
  }
};

template <class In>
void transform_block(const ConvGeometry& g, const Layout& l, ConvOperand<const In> grad,
                     ConvOperand<const In> x, int64_t begin, int64_t end) {
  const WinogradImages<In>& table = winograd_images<In>();
  const int64_t x_vectors = ceil_div(g.in_channels, l.lanes), vectors = x_vectors + l.width / l.lanes;
  const int64_t count = (end - begin) * l.tiles.columns, panel = gemm_table<float>().columns;
  const auto &xs = x.strides, &gs = grad.strides;
  in_slots(ceil_div(end - begin, kRowsTogether) * vectors, kSlots, [&](int64_t index, int64_t slot) {
    const int64_t first = begin + index / vectors * kRowsTogether,
                  last = std::min(first + kRowsTogether, end);
    const int64_t vector = index % vectors, skipped = (first - begin) * l.tiles.columns;
    each_image(l.tiles, first, last, [&](int64_t n, int64_t row, int64_t rows, int64_t at) {
      WinogradTiles<In> t{};
      t.tile_rows = rows;
      t.tile_columns = l.tiles.columns;
      t.region = l.regions + slot * l.region;
      if (vector < x_vectors) {
        const int64_t c = vector * l.lanes;
        t.image = x.data + n * xs[0] + c * xs[1];
        t.channel = xs[1];
        t.row = xs[3];
        t.channels = std::min(l.lanes, g.in_channels - c);
        t.rows = g.size[1];
        t.columns = g.size[2];
        t.top = row * kWinogradStep - g.padding[1];
        t.left = -g.padding[2];
        t.out = l.image + (skipped + at) * l.tile + c;
        t.out_point = l.point;
        t.out_tile = l.tile;
        return table.image_tiles(t);
      }
      const int64_t o = (vector - x_vectors) * l.lanes, start = o / panel * panel;
      t.image = grad.data + n * gs[0] + o * gs[1];
      t.channel = gs[1];
      t.row = gs[3];
      t.channels = std::min(l.lanes, g.out_channels - o);
      t.rows = g.out[1];
      t.columns = g.out[2];
      t.top = row * kWinogradStep;
      t.out_tile = std::min(panel, l.width - start);
      t.out = l.grads + start * count + (skipped + at) * t.out_tile + (o - start);
      t.out_point = l.grad_point;
      table.grad_tiles(t);
    });
  });
}

template <class In>
bool run(const ConvGeometry& g, ConvOperand<const In> grad, ConvOperand<const In> x, float* out,
         void* workspace) {
  const Layout l(g, workspace);
  for (int64_t begin = 0; begin < l.tiles.all_rows; begin += l.block_rows) {
    const int64_t end = std::min(begin + l.block_rows, l.tiles.all_rows);
    transform_block(g, l, grad, x, begin, end);
    parallel_tasks(kWinogradPoints, [&](int64_t p) {
      multiply_panels(g.in_channels, g.out_channels, (end - begin) * l.tiles.columns, l.image + p * l.point,
                      1, l.tile, l.grads + p * l.grad_point, l.sums + p * l.sum_point, l.width, begin > 0);
    });
  }
  const int64_t vectors = l.width / l.lanes, pieces = ceil_div(g.in_channels, kGradDepth);
  std::atomic<bool> finite{true};
  in_slots(vectors * pieces, vectors * pieces, [&](int64_t index, int64_t) {
    const int64_t o = index % vectors * l.lanes, c = index / vectors * kGradDepth;
    if (!winograd_table().weight_grad({.products = l.sums + c * l.width + o,
                                       .point = l.sum_point,
                                       .product_depth = l.width,
                                       .depth = std::min(kGradDepth, g.in_channels - c),
                                       .columns = std::min(l.lanes, g.out_channels - o),
                                       .out = out + (o * g.in_channels + c) * 9,
                                       .out_depth = 9,
                                       .out_column = g.in_channels * 9}))
      finite.store(false, std::memory_order_relaxed);
  });
  return finite.load();
}

}  // namespace

template <class T>
size_t winograd_weight_grad_workspace(const ConvGeometry& g) {
  return Layout(g, nullptr).bytes;
}

template <class T, class In>
bool winograd_weight_grad(const ConvGeometry& g, ConvOperand<const In> grad, ConvOperand<const In> x, T* out,
                          void* workspace) {
  if constexpr (std::is_same_v<T, float>) {
    if ((grad.strides[4] != 1 && g.out[2] > 1) || (x.strides[4] != 1 && g.size[2] > 1)) return false;
    // The sums of a block are one chain.
    if (g.out[2] > kWinogradStep * gemm_table<float>().depth) return false;
    return run(g, grad, x, out, workspace);
  } else {
    return false;
  }
}

template size_t winograd_weight_grad_workspace<float>(const ConvGeometry&);
template size_t winograd_weight_grad_workspace<double>(const ConvGeometry&);
#define LANEGRAD_CONV(T, In)                                                            \
  template bool winograd_weight_grad<T, In>(const ConvGeometry&, ConvOperand<const In>, \
                                            ConvOperand<const In>, T*, void*);
LANEGRAD_CONV(float, float)
LANEGRAD_CONV(float, BFloat16)
LANEGRAD_CONV(float, Float16)
LANEGRAD_CONV(double, double)
#undef LANEGRAD_CONV

}  // namespace lanegrad::conv_detail

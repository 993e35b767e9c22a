#include "ops/conv/winograd.h"

#include <type_traits>
#include <utility>

#include "ops/conv/winograd_panels.h"

namespace lanegrad::conv_detail {
namespace {

// Below this many channels or tiles the transforms cost more than they save.
constexpr int64_t kFewChannels = 16, kFewTiles = 16;
constexpr int64_t kMaxWidth = 1024;
// Elements of a block's transformed tiles and products, which should stay in the L2 cache, and tiles that it
// has at least, for which the transformed weights pass by.
constexpr int64_t kBlockElements = int64_t{1} << 19, kBlockTiles = 48;
constexpr int64_t kBlocks = 8;  // at least, if they are not too small then
// Of the blocks in work at once: their buffers together are bounded, so that the pool can keep them.
constexpr int64_t kMaxSlots = 16, kLeastSlots = 4, kSlotElements = int64_t{6} << 20;
constexpr int64_t kWeightDepth = 32;  // depth that one task transforms

struct Layout {
  TileGrid tiles;
  int64_t lanes, depth_block, width;  // width: channels in whole vectors
  int64_t block_rows, blocks, slots;  // rows of tiles
  int64_t weight_point;               // strides
  int64_t tile, point, product, product_point;
  float* weights;
  float* slots_at;
  int64_t slot, products_at, region_at;
  size_t bytes;

  Layout(const WinogradShape& j, void* workspace) : tiles(j.images, j.out_rows, j.out_columns) {
    const GemmTable<float>& gemm = gemm_table<float>();
    lanes = winograd_table().lanes;
    const int64_t depth_blocks = ceil_div(j.depth, gemm.depth);
    depth_block = std::min(gemm.depth, round_up(ceil_div(j.depth, depth_blocks), kWeightDepth));
    width = round_up(j.channels, lanes);
    // One vector more than the channels: rows at a power of two would share few sets of the cache.
    tile = round_up(j.depth, lanes) + lanes;
    product = width + lanes;
    const int64_t count = tiles.all_rows * tiles.columns;
    const int64_t wanted = std::max(kBlockTiles, kBlockElements / (kWinogradPoints * (tile + product)));
    blocks = std::max(ceil_div(count, wanted), std::min(kBlocks, count / (kBlockTiles / 2)));
    block_rows = ceil_div(tiles.all_rows, std::max<int64_t>(blocks, 1));
    blocks = ceil_div(tiles.all_rows, block_rows);
    point = block_rows * tiles.columns * tile + lanes;
    product_point = block_rows * tiles.columns * product + lanes;
    weight_point = j.depth * width + lanes;
    products_at = kWinogradPoints * point;
    region_at = products_at + kWinogradPoints * product_point;
    slot = round_up(region_at + winograd_region(std::min(block_rows, tiles.rows), tiles.columns, lanes), 16);
    slots = std::min(blocks, std::clamp(kSlotElements / slot, kLeastSlots, kMaxSlots));
    Pieces pieces(workspace);
    weights = pieces.take<float>(kWinogradPoints * weight_point);
    slots_at = pieces.take<float>(slots * slot);
    bytes = pieces.used();
  }
};

// For each point the panels that the matrix product takes, depth block by depth block.
void transform_weights(const WinogradShape& j, const Layout& l, float* weights) {
  const int64_t vectors = l.width / l.lanes, pieces = ceil_div(j.depth, kWeightDepth);
  const int64_t panel = gemm_table<float>().columns;
  in_slots(vectors * pieces, vectors * pieces, [&](int64_t index, int64_t) {
    const int64_t column = index % vectors * l.lanes, p = index / vectors * kWeightDepth;
    const int64_t start = p / l.depth_block * l.depth_block, depth = std::min(l.depth_block, j.depth - start);
    const int64_t first = column / panel * panel, padded = std::min(panel, l.width - first);
    winograd_table().weights(
        {.weight = j.weight + p * j.weight_depth + column * j.weight_channel,
         .weight_depth = j.weight_depth,
         .weight_column = j.weight_channel,
         .depth = std::min(kWeightDepth, j.depth - p),
         .columns = std::min(l.lanes, j.channels - column),
         .flipped = j.flipped,
         .out = weights + start * l.width + first * depth + (p - start) * padded + (column - first),
         .out_point = l.weight_point,
         .out_depth = padded});
  });
}

// Rows [begin, end) of tiles: transformed, multiplied point by point, and back.
template <class T>
bool run_block(const WinogradJob<T>& j, const Layout& l, const float* weights, int64_t begin, int64_t end,
               float* slot) {
  const WinogradImages<T>& table = winograd_images<T>();
  const int64_t plane = j.out_rows * j.out_columns;
  float* const products = slot + l.products_at;
  float* const region = slot + l.region_at;
  each_image(l.tiles, begin, end, [&](int64_t n, int64_t row, int64_t count, int64_t tile) {
    for (int64_t c = 0; c < j.depth; c += l.lanes) {
      table.image_tiles({.image = j.image + n * j.image_stride + c * j.channel_stride,
                         .channel = j.channel_stride,
                         .row = j.row_stride,
                         .channels = std::min(l.lanes, j.depth - c),
                         .rows = j.rows,
                         .columns = j.columns,
                         .top = row * kWinogradStep - j.top,
                         .left = -j.left,
                         .tile_rows = count,
                         .tile_columns = l.tiles.columns,
                         .region = region,
                         .out = slot + tile * l.tile + c,
                         .out_point = l.point,
                         .out_tile = l.tile});
    }
  });
  const int64_t count = (end - begin) * l.tiles.columns;
  for (int64_t point = 0; point < kWinogradPoints; ++point) {
    for (int64_t p = 0; p < j.depth; p += l.depth_block) {
      multiply_panels(count, j.channels, std::min(l.depth_block, j.depth - p), slot + point * l.point + p,
                      l.tile, 1, weights + point * l.weight_point + p * l.width,
                      products + point * l.product_point, l.product, p > 0);
    }
  }
  bool finite = true;
  each_image(l.tiles, begin, end, [&](int64_t n, int64_t row, int64_t rows, int64_t tile) {
    const int64_t left = j.out_rows - row * kWinogradStep;
    for (int64_t o = 0; o < j.channels; o += l.lanes) {
      T* const out = j.out + (n * j.channels + o) * plane + row * kWinogradStep * j.out_columns;
      const int64_t channels = std::min(l.lanes, j.channels - o);
      finite &= table.pixels({.products = products + tile * l.product + o,
                              .point = l.product_point,
                              .tile = l.product,
                              .channels = channels,
                              .tile_rows = rows,
                              .tile_columns = l.tiles.columns,
                              .bias = j.extras.bias ? j.extras.bias + o : nullptr,
                              .region = region,
                              .out = out,
                              .channel = plane,
                              .row = j.out_columns,
                              .rows = left,
                              .columns = j.out_columns});
      if constexpr (std::is_same_v<T, float>) {
        j.extras.finish.run_channels(out, channels, plane,
                                     std::min(rows * kWinogradStep, left) * j.out_columns);
      }
    }
  });
  return finite;
}

template <class T>
bool run(const WinogradJob<T>& j, void* workspace) {
  if (suits_winograd_panels(j)) return run_winograd_panels(j, workspace);
  const Layout l(j, workspace);
  const float* const packed = j.extras.packed;
  if (!packed) transform_weights(j, l, l.weights);
  std::atomic<bool> finite{true};
  in_slots(l.blocks, l.slots, [&](int64_t block, int64_t slot) {
    const int64_t begin = block * l.block_rows, end = std::min(begin + l.block_rows, l.tiles.all_rows);
    if (!run_block(j, l, packed ? packed : l.weights, begin, end, l.slots_at + slot * l.slot))
      finite.store(false, std::memory_order_relaxed);
  });
  return finite.load();
}

size_t workspace_of(const WinogradShape& j) {
  return suits_winograd_panels(j) ? winograd_panels_workspace(j) : Layout(j, nullptr).bytes;
}

WinogradShape forward_shape(const ConvGeometry& g) {
  WinogradShape j{};
  j.images = g.batch;
  j.depth = g.in_channels;
  j.channels = g.out_channels;
  j.rows = g.size[1];
  j.columns = g.size[2];
  j.out_rows = g.out[1];
  j.out_columns = g.out[2];
  j.top = g.padding[1];
  j.left = g.padding[2];
  return j;
}

// The gradient convolved with the windows turned round: from the output back to the image, whose first window
// now ends where it began.
WinogradShape input_grad_shape(const ConvGeometry& g) {
  WinogradShape j = forward_shape(g);
  std::swap(j.depth, j.channels);
  std::swap(j.rows, j.out_rows);
  std::swap(j.columns, j.out_columns);
  j.top = 2 - j.top;
  j.left = 2 - j.left;
  j.flipped = true;
  return j;
}

void take_weight(WinogradShape& j, ConvOperand<const float> weight, int weight_depth) {
  j.weight = weight.data;
  j.weight_depth = weight.strides[weight_depth];
  j.weight_channel = weight.strides[1 - weight_depth];
}

template <class T>
bool run_on(const WinogradShape& shape, ConvOperand<const T> image, ConvOperand<const float> weight,
            int weight_depth, T* out, const ConvExtras<float>& extras, void* workspace) {
  WinogradJob<T> j{};
  static_cast<WinogradShape&>(j) = shape;
  const auto &xs = image.strides, &ws = weight.strides;
  if ((xs[4] != 1 && j.columns > 1) || ws[4] != 1 || ws[3] != 3) return false;
  j.image = image.data;
  j.image_stride = xs[0];
  j.channel_stride = xs[1];
  j.row_stride = xs[3];
  take_weight(j, weight, weight_depth);
  j.out = out;
  j.extras = extras;
  return run(j, workspace);
}

}  // namespace

template <class T>
bool suits_winograd(const ConvGeometry& g) {
  if (!std::is_same_v<T, float> || winograd_table().lanes == 1) return false;
  if (g.groups != 1 || g.in_channels < kFewChannels || g.out_channels < kFewChannels) return false;
  for (int d = 0; d < kConvDims; ++d) {
    if (g.stride[d] != 1 || g.dilation[d] != 1 || g.kernel[d] != (d == 0 ? 1 : 3)) return false;
    if (g.padding[d] > (d == 0 ? 0 : 2) || (d == 0 && g.size[d] != 1)) return false;
  }
  if (g.size[2] > kMaxWidth) return false;
  // Tiles that hang over the edge are work for nothing.
  const TileGrid tiles(g.batch, g.out[1], g.out[2]);
  const int64_t pixels = tiles.rows * tiles.columns * kWinogradStep * kWinogradStep;
  return tiles.all_rows * tiles.columns >= kFewTiles && pixels < 2 * g.out[1] * g.out[2];
}

template <class T>
size_t winograd_forward_workspace(const ConvGeometry& g) {
  return workspace_of(forward_shape(g));
}
template <class T>
size_t winograd_input_grad_workspace(const ConvGeometry& g) {
  return workspace_of(input_grad_shape(g));
}

template <class T, class In>
bool winograd_forward(const ConvGeometry& g, ConvOperand<const In> x, ConvOperand<const T> weight, In* out,
                      const ConvExtras<T>& extras, void* workspace) {
  if constexpr (std::is_same_v<T, float>)
    return run_on(forward_shape(g), x, weight, 1, out, extras, workspace);
  else
    return false;
}
template <class T>
int64_t winograd_packed_elements(const ConvGeometry& g) {
  const WinogradShape j = forward_shape(g);
  return suits_winograd_panels(j) ? winograd_panels_elements(j)
                                  : kWinogradPoints * Layout(j, nullptr).weight_point;
}
template <class T>
void winograd_pack(const ConvGeometry& g, ConvOperand<const T> weight, T* packed) {
  if constexpr (std::is_same_v<T, float>) {
    WinogradShape j = forward_shape(g);
    take_weight(j, weight, 1);
    if (suits_winograd_panels(j)) return pack_winograd_panels(j, packed);
    transform_weights(j, Layout(j, nullptr), packed);
  }
}
template <class T, class In>
bool winograd_input_grad(const ConvGeometry& g, ConvOperand<const In> grad, ConvOperand<const T> weight,
                         const T* bias, In* out, void* workspace) {
  if constexpr (std::is_same_v<T, float>)
    return run_on(input_grad_shape(g), grad, weight, 0, out, {.bias = bias, .finish = {}, .packed = nullptr},
                  workspace);
  else
    return false;
}

#define LANEGRAD_CONV(T)                                                 \
  template bool suits_winograd<T>(const ConvGeometry&);                  \
  template size_t winograd_forward_workspace<T>(const ConvGeometry&);    \
  template size_t winograd_input_grad_workspace<T>(const ConvGeometry&); \
  template int64_t winograd_packed_elements<T>(const ConvGeometry&);     \
  template void winograd_pack<T>(const ConvGeometry&, ConvOperand<const T>, T*);
#define LANEGRAD_CONV_IMAGES(T, In)                                                                          \
  template bool winograd_forward<T, In>(const ConvGeometry&, ConvOperand<const In>, ConvOperand<const T>,    \
                                        In*, const ConvExtras<T>&, void*);                                   \
  template bool winograd_input_grad<T, In>(const ConvGeometry&, ConvOperand<const In>, ConvOperand<const T>, \
                                           const T*, In*, void*);
LANEGRAD_CONV(float)
LANEGRAD_CONV(double)
LANEGRAD_CONV_IMAGES(float, float)
LANEGRAD_CONV_IMAGES(float, BFloat16)
LANEGRAD_CONV_IMAGES(float, Float16)
LANEGRAD_CONV_IMAGES(double, double)
#undef LANEGRAD_CONV
#undef LANEGRAD_CONV_IMAGES

}  // namespace lanegrad::conv_detail

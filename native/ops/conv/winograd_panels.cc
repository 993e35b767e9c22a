#include "ops/conv/winograd_panels.h"

#include <atomic>
#include <type_traits>

namespace lanegrad::conv_detail {
namespace {

// Elements of the transformed tiles at most, and panels of channels at least, which are the tasks.
constexpr int64_t kTileElements = 3 << 17, kFewPanels = 4;
constexpr int64_t kMaxSlots = 16;
constexpr int64_t kWeightDepth = 32;  // depth that is transformed at a time, of weights that are not packed

struct Layout {
  TileGrid tiles;
  int64_t lanes, columns, count, panels, pieces;  // pieces: vectors of the image's channels
  int64_t tile, point;                            // strides of the transformed tiles
  int64_t block_depth, blocks, weight_point, product_point;
  int64_t slots, slot, products_at, region_at, region;  // of a panel: weights, products, and a region
  float *transformed, *regions, *slots_at;
  size_t bytes;

  Layout(const WinogradShape& j, bool packed, void* workspace) : tiles(j.images, j.out_rows, j.out_columns) {
    lanes = winograd_table().lanes;
    columns = winograd_table().columns;
    count = tiles.all_rows * tiles.columns;
    panels = ceil_div(j.channels, columns);
    pieces = ceil_div(j.depth, lanes);
    // One vector more each time: distances of a power of two would share few sets of the cache.
    tile = pieces * lanes + lanes;
    point = count * tile + lanes;
    block_depth = packed ? j.depth : std::min(j.depth, kWeightDepth);
    blocks = ceil_div(j.depth, block_depth);
    weight_point = block_depth * columns + lanes;
    product_point = count * columns + lanes;
    products_at = packed ? 0 : weight_block();
    region_at = products_at + kWinogradPoints * product_point;
    region = round_up(winograd_region(tiles.rows, tiles.columns, lanes), 16);
    slot = round_up(region_at + region, 16);
    slots = std::min(panels, kMaxSlots);
    Pieces taken(workspace);
    transformed = taken.take<float>(kWinogradPoints * point);
    regions = taken.take<float>(std::min(pieces, kMaxSlots) * region);
    slots_at = taken.take<float>(slots * slot);
    bytes = taken.used();
  }

  int64_t weight_block() const { return kWinogradPoints * weight_point; }
};

// A panel's weights of one block of the image's channels.
void transform_weights(const WinogradShape& j, const Layout& l, int64_t panel, int64_t block,
                       float* weights) {
  const int64_t first = block * l.block_depth, depth = std::min(l.block_depth, j.depth - first);
  const int64_t end = std::min(j.channels, (panel + 1) * l.columns);
  for (int64_t v = 0; v < l.columns; v += l.lanes) {
    const int64_t channel = panel * l.columns + v;
    float* const to = weights + v;
    if (channel < end) {
      winograd_table().weights({.weight = j.weight + channel * j.weight_channel + first * j.weight_depth,
                                .weight_depth = j.weight_depth,
                                .weight_column = j.weight_channel,
                                .depth = depth,
                                .columns = std::min(l.lanes, end - channel),
                                .flipped = j.flipped,
                                .out = to,
                                .out_point = l.weight_point,
                                .out_depth = l.columns});
      continue;
    }
    for (int64_t point = 0; point < kWinogradPoints; ++point) {
      for (int64_t p = 0; p < depth; ++p)
        std::fill_n(to + point * l.weight_point + p * l.columns, l.lanes, 0.0f);
    }
  }
}

// One vector of the image's channels, all tiles.
template <class T>
void transform_image(const WinogradJob<T>& j, const Layout& l, int64_t piece, float* region) {
  const int64_t c = piece * l.lanes;
  for (int64_t n = 0; n < j.images; ++n) {
    winograd_images<T>().image_tiles({.image = j.image + n * j.image_stride + c * j.channel_stride,
                                      .channel = j.channel_stride,
                                      .row = j.row_stride,
                                      .channels = std::min(l.lanes, j.depth - c),
                                      .rows = j.rows,
                                      .columns = j.columns,
                                      .top = -j.top,
                                      .left = -j.left,
                                      .tile_rows = l.tiles.rows,
                                      .tile_columns = l.tiles.columns,
                                      .region = region,
                                      .out = l.transformed + n * l.tiles.rows * l.tiles.columns * l.tile + c,
                                      .out_point = l.point,
                                      .out_tile = l.tile});
  }
}

// One panel of the result's channels: multiplied point by point, and back. Weights that are not packed are
// transformed a block at a time, into room that stays in the L2 cache.
template <class T>
bool run_panel(const WinogradJob<T>& j, const Layout& l, int64_t panel, float* slot) {
  const WinogradTable& table = winograd_table();
  float* const products = slot + l.products_at;
  for (int64_t block = 0; block < l.blocks; ++block) {
    const int64_t first = block * l.block_depth;
    const float* weights = slot;
    if (j.extras.packed)
      weights = j.extras.packed + (panel * l.blocks + block) * l.weight_block();
    else
      transform_weights(j, l, panel, block, slot);
    for (int64_t point = 0; point < kWinogradPoints; ++point) {
      const float* const at = weights + point * l.weight_point;
      const bool goes_on = point + 1 < kWinogradPoints || j.extras.packed;  // to the next block
      table.products({.tiles = l.transformed + point * l.point + first,
                      .tile = l.tile,
                      .count = l.count,
                      .depth = std::min(l.block_depth, j.depth - first),
                      .weights = at,
                      .next = at + (goes_on ? l.weight_point : 0),
                      .products = products + point * l.product_point,
                      .accumulate = block > 0});
    }
  }
  bool finite = true;
  const int64_t plane = j.out_rows * j.out_columns, end = std::min(j.channels, (panel + 1) * l.columns);
  for (int64_t n = 0; n < j.images; ++n) {
    for (int64_t o = panel * l.columns; o < end; o += l.lanes) {
      T* const out = j.out + (n * j.channels + o) * plane;
      const int64_t channels = std::min(l.lanes, end - o);
      finite &= winograd_images<T>().pixels(
          {.products = products + n * l.tiles.rows * l.tiles.columns * l.columns + (o - panel * l.columns),
           .point = l.product_point,
           .tile = l.columns,
           .channels = channels,
           .tile_rows = l.tiles.rows,
           .tile_columns = l.tiles.columns,
           .bias = j.extras.bias ? j.extras.bias + o : nullptr,
           .region = slot + l.region_at,
           .out = out,
           .channel = plane,
           .row = j.out_columns,
           .rows = j.out_rows,
           .columns = j.out_columns});
      if constexpr (std::is_same_v<T, float>) j.extras.finish.run_channels(out, channels, plane, plane);
    }
  }
  return finite;
}

}  // namespace

bool suits_winograd_panels(const WinogradShape& j) {
  const WinogradTable& table = winograd_table();
  const TileGrid tiles(j.images, j.out_rows, j.out_columns);
  const int64_t tile = round_up(j.depth, table.lanes) + table.lanes;
  return ceil_div(j.channels, table.columns) >= kFewPanels &&
         kWinogradPoints * tiles.all_rows * tiles.columns * tile <= kTileElements;
}

size_t winograd_panels_workspace(const WinogradShape& j) { return Layout(j, false, nullptr).bytes; }

template <class T>
bool run_winograd_panels(const WinogradJob<T>& j, void* workspace) {
  const Layout l(j, j.extras.packed, workspace);
  in_slots(l.pieces, kMaxSlots,
           [&](int64_t piece, int64_t slot) { transform_image(j, l, piece, l.regions + slot * l.region); });
  std::atomic<bool> finite{true};
  in_slots(l.panels, l.slots, [&](int64_t panel, int64_t slot) {
    if (!run_panel(j, l, panel, l.slots_at + slot * l.slot)) finite.store(false, std::memory_order_relaxed);
  });
  return finite.load();
}

template bool run_winograd_panels<float>(const WinogradJob<float>&, void*);
template bool run_winograd_panels<BFloat16>(const WinogradJob<BFloat16>&, void*);
template bool run_winograd_panels<Float16>(const WinogradJob<Float16>&, void*);

int64_t winograd_panels_elements(const WinogradShape& j) {
  const Layout l(j, true, nullptr);
  return l.panels * l.blocks * l.weight_block();
}

void pack_winograd_panels(const WinogradShape& j, float* packed) {
  const Layout l(j, true, nullptr);
  const int64_t count = l.panels * l.blocks;
  in_slots(count, count, [&](int64_t i, int64_t) {
    transform_weights(j, l, i / l.blocks, i % l.blocks, packed + i * l.weight_block());
  });
}

}  // namespace lanegrad::conv_detail

#include "ops/conv/pointwise_weight.h"

#include <algorithm>
#include <utility>

#include "kernels/layout/layout.h"
#include "ops/conv/pointwise.h"
#include "ops/conv/tiles.h"
#include "ops/product/packed_operand.h"

namespace lanegrad::conv_detail {
namespace {

constexpr int64_t kFewChannels = 16, kFewPixels = 32;
// Channels of either operand that a task takes: a depth block of one is then packed for many rows of the
// other, and stays in the L2 cache with the sums.
constexpr int64_t kMostChannels = 256;
constexpr int64_t kTasks = 16;                  // that there should be
constexpr int64_t kMaxSums = int64_t{1} << 22;  // elements
constexpr int64_t kRowsTogether = 32;           // of the sums of all chunks

// sums[many, few] = many[many, pixels] few[few, pixels]^T: of input and output the one with fewer channels is
// packed, which means transposed. The depth, pixels of all images in blocks, is cut in chunks with sums of
// their own, which are then added in order. Chunks follow from the shape alone.
template <class T>
struct Layout {
  bool by_output;  // the output has more channels
  int64_t many, few;
  int64_t depth_block, blocks;  // of an image
  int64_t row_parts, column_parts, chunks, slots, slot;
  T *packed, *sums;
  size_t bytes;

  Layout(const ConvGeometry& g, void* workspace)
      : by_output(g.out_channels >= g.in_channels),
        many(std::max(g.in_channels, g.out_channels)),
        few(std::min(g.in_channels, g.out_channels)),
        depth_block(gemm_block_depth<T>(g.places())),
        blocks(ceil_div(g.places(), depth_block)),
        row_parts(ceil_div(many, kMostChannels)),
        column_parts(ceil_div(few, kMostChannels)) {
    const int64_t parts = g.groups * row_parts * column_parts, all = g.groups * many * few;
    chunks = std::clamp<int64_t>(std::min(ceil_div(kTasks, parts), kMaxSums / all), 1,
                                 std::max<int64_t>(1, g.batch * blocks));
    slots = std::min(parts * chunks, kTasks);
    slot = depth_block * round_up(ceil_div(few, column_parts), gemm_table<T>().lanes);
    Pieces pieces(workspace);
    packed = pieces.take<T>(slots * slot);
    sums = pieces.take<T>(chunks * all);
    bytes = pieces.used();
  }
};

// An operand without its spatial dims: pixels of an image lie `pixel` apart.
template <class T>
struct Pixels {
  const T* data;
  int64_t image, channel, pixel;
};

template <class T>
bool find_pixels(const ConvGeometry& g, ConvOperand<const T> from, Pixels<T>& to) {
  to = {from.data, from.strides[0], from.strides[1], 0};
  return pixels_lie_evenly(g, from.strides, to.pixel);
}

// out[out_channels, in_channels] of each group: the chunks added up, and turned where the input has more
// channels.
template <class T>
void add_chunks(const ConvGeometry& g, const Layout<T>& l, T* out) {
  const int64_t group_sums = l.many * l.few, pieces = ceil_div(l.many, kRowsTogether);
  in_tasks(g.groups * pieces, l.chunks * g.groups * group_sums, 4 * num_threads(), [&](int64_t i, int64_t) {
    const int64_t group = i / pieces, row = i % pieces * kRowsTogether;
    const int64_t rows = std::min(kRowsTogether, l.many - row), count = rows * l.few;
    T* const total = l.sums + group * group_sums + row * l.few;
    for (int64_t chunk = 1; chunk < l.chunks; ++chunk) {
      const T* const part = total + chunk * g.groups * group_sums;
      for (int64_t e = 0; e < count; ++e) total[e] += part[e];
    }
    T* const to = out + group * group_sums;
    if (l.by_output) {
      std::copy(total, total + count, to + row * l.few);
      return;
    }
    constexpr int64_t kSize = sizeof(T);
    layout_table().transpose[kSize == 4 ? 2 : 3]({reinterpret_cast<char*>(to + row), l.many * kSize,
                                                  reinterpret_cast<const char*>(total), l.few * kSize, l.few,
                                                  rows, false});
  });
}

}  // namespace

bool suits_pointwise_weight_grad(const ConvGeometry& g) {
  return is_pointwise(g) && std::min(g.in_channels, g.out_channels) >= kFewChannels &&
         g.places() >= kFewPixels && g.batch > 0;
}

template <class T>
size_t pointwise_weight_grad_workspace(const ConvGeometry& g) {
  return Layout<T>(g, nullptr).bytes;
}

// Limit: the multiply-adds. The rows that the next block reads are asked for meanwhile; packing takes a
// twenty-fifth where there are kMostChannels rows for what is packed.
template <class T>
bool pointwise_weight_grad(const ConvGeometry& g, ConvOperand<const T> grad, ConvOperand<const T> x, T* out,
                           void* workspace) {
  const Layout<T> l(g, workspace);
  Pixels<T> many, few;
  if (!find_pixels(g, grad, many) || !find_pixels(g, x, few)) return false;
  if (!l.by_output) std::swap(many, few);
  const int64_t items = g.batch * l.blocks, parts = l.row_parts * l.column_parts;
  const auto rows_at = [&](const Pixels<T>& from, int64_t item, int64_t channel) {
    return from.data + item / l.blocks * from.image + channel * from.channel +
           item % l.blocks * l.depth_block * from.pixel;
  };
  const auto depth_of = [&](int64_t item) {
    return std::min(l.depth_block, g.places() - item % l.blocks * l.depth_block);
  };
  in_slots(l.chunks * g.groups * parts, l.slots, [&](int64_t i, int64_t slot) {
    const int64_t part = i % parts, group = i / parts % g.groups, chunk = i / parts / g.groups;
    const int64_t row_part = part / l.column_parts, column_part = part % l.column_parts;
    const int64_t row = l.many * row_part / l.row_parts, column = l.few * column_part / l.column_parts;
    const int64_t first = items * chunk / l.chunks, last = items * (chunk + 1) / l.chunks;
    T* const packed = l.packed + slot * l.slot;
    GemmBlock<T> block{};
    block.m = l.many * (row_part + 1) / l.row_parts - row;
    block.n = l.few * (column_part + 1) / l.column_parts - column;
    block.a_row = many.channel;
    block.a_col = many.pixel;
    block.b = packed;
    block.packed_b = true;
    block.c = l.sums + ((chunk * g.groups + group) * l.many + row) * l.few + column;
    block.c_row = l.few;
    for (int64_t item = first; item < last; ++item) {
      block.k = depth_of(item);
      block.a = rows_at(many, item, group * l.many + row);
      block.accumulate = item > first;
      gemm_table<T>().pack_b(rows_at(few, item, group * l.few + column), few.pixel, few.channel, block.k,
                             block.n, packed);
      block.ahead = {};
      if (item + 1 < last) {
        constexpr int64_t kSize = sizeof(T);
        block.ahead = {rows_at(many, item + 1, group * l.many + row), block.m, many.channel * kSize,
                       depth_of(item + 1) * many.pixel * kSize};
      }
      gemm_table<T>().block(block);
    }
  });
  add_chunks(g, l, out);
  return true;
}

#define LANEGRAD_CONV(T)                                                                                  \
  template size_t pointwise_weight_grad_workspace<T>(const ConvGeometry&);                                \
  template bool pointwise_weight_grad<T>(const ConvGeometry&, ConvOperand<const T>, ConvOperand<const T>, \
                                         T*, void*);
LANEGRAD_CONV(float)
LANEGRAD_CONV(double)
#undef LANEGRAD_CONV

}  // namespace lanegrad::conv_detail

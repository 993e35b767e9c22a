#include "ops/conv/pointwise_turned.h"

#include <algorithm>

#include "kernels/layout/layout.h"
#include "ops/conv/pointwise_parts.h"
#include "ops/conv/tiles.h"

namespace lanegrad::conv_detail {
namespace {

constexpr int64_t kDeep = 512, kManyChannels = 160, kSomePixels = 32;
// Elements of a product that waits to be transposed, and pixels of it.
constexpr int64_t kProductElements = int64_t{1} << 15, kMostPixels = 112;
constexpr int64_t kSlots = 16;

template <class T>
struct Turned {
  int64_t depth_block, width;  // width: channels in whole vectors
  int64_t chunks, chunk, row;  // pixels of an image go in chunks; row: elements of one in the product
  int64_t slots, slot;
  T* weights;
  T* products;
  size_t bytes;

  Turned(const ConvGeometry& g, int64_t channels, int64_t depth, void* workspace) {
    const GemmTable<T>& gemm = gemm_table<T>();
    depth_block = ceil_div(depth, ceil_div(depth, gemm.depth));
    width = round_up(channels, gemm.lanes);
    // One vector more than the channels: rows at a power of two would share few sets of the cache.
    row = width + gemm.lanes;
    const int64_t least = 2 * gemm.rows, pixels = g.places();
    chunks = ceil_div(pixels, std::clamp(kProductElements / row, least, kMostPixels));
    chunk = ceil_div(pixels, chunks);
    slots = std::min(g.batch * g.groups * chunks, kSlots);
    slot = chunk * row;
    Pieces pieces(workspace);
    weights = pieces.take<T>(g.groups * depth * width);
    products = pieces.take<T>(slots * slot);
    bytes = pieces.used();
  }
};

// The weights of each group, depth block by depth block.
template <class T>
void pack(const ConvGeometry& g, int64_t channels, int64_t depth, const Turned<T>& l,
          ConvOperand<const T> weight, int weight_depth, T* packed) {
  const auto& ws = weight.strides;
  const int64_t blocks = ceil_div(depth, l.depth_block);
  parallel_tasks(g.groups * blocks, [&](int64_t i) {
    const int64_t group = i / blocks, p = i % blocks * l.depth_block;
    gemm_table<T>().pack_b(weight.data + group * g.out_channels * ws[0] + p * ws[weight_depth],
                           ws[weight_depth], ws[1 - weight_depth], std::min(l.depth_block, depth - p),
                           channels, packed + (group * depth + p) * l.width);
  });
}

}  // namespace

bool suits_turned(const ConvGeometry& g, int64_t channels, int64_t depth) {
  return depth >= kDeep && channels >= kManyChannels && g.places() >= kSomePixels;
}

template <class T>
size_t turned_workspace(const ConvGeometry& g, int64_t channels, int64_t depth) {
  return Turned<T>(g, channels, depth, nullptr).bytes;
}

template <class T>
int64_t turned_packed_elements(const ConvGeometry& g, int64_t channels, int64_t depth) {
  return g.groups * depth * Turned<T>(g, channels, depth, nullptr).width;
}

template <class T>
void pack_turned(const ConvGeometry& g, int64_t channels, int64_t depth, ConvOperand<const T> weight,
                 int weight_depth, T* packed) {
  pack(g, channels, depth, Turned<T>(g, channels, depth, nullptr), weight, weight_depth, packed);
}

template <class T>
void run_turned(const ConvGeometry& g, int64_t channels, int64_t depth, ConvOperand<const T> image,
                int64_t pixel, ConvOperand<const T> weight, int weight_depth, T* out,
                const ConvExtras<T>& extras, void* workspace) {
  const GemmTable<T>& gemm = gemm_table<T>();
  const Turned<T> l(g, channels, depth, workspace);
  const T* const bias = extras.bias;
  const int64_t pixels = g.places();
  if (!extras.packed) pack(g, channels, depth, l, weight, weight_depth, l.weights);
  const T* const weights = extras.packed ? extras.packed : l.weights;
  const int64_t tasks = g.batch * g.groups * l.chunks;
  const int64_t at_once = std::min<int64_t>({tasks, l.slots, num_threads()});
  const auto part_of = [&](int64_t i) {
    const int64_t first = i % l.chunks * l.chunk;
    return PixelPart{i / l.chunks / g.groups, i / l.chunks % g.groups, first,
                     std::min(l.chunk, pixels - first)};
  };
  const PixelSource<T> source{image, pixel, depth, l.depth_block};
  in_slots(tasks, l.slots, [&](int64_t i, int64_t slot) {
    const PixelPart part = part_of(i);
    T* const product = l.products + slot * l.slot;
    GemmBlock<T> block{};
    block.m = part.count;
    block.n = channels;
    block.a_row = pixel;
    block.a_col = image.strides[1];
    block.c = product;
    block.c_row = l.row;
    block.packed_b = true;
    for (int64_t p = 0; p < depth; p += l.depth_block) {
      block.k = std::min(l.depth_block, depth - p);
      block.a = source.at(part, p);
      block.b = weights + (part.group * depth + p) * l.width;
      block.column_bias = bias && p == 0 ? bias + part.group * channels : nullptr;
      block.accumulate = p > 0;
      // The threads take tasks in turns, so this one's next is probably as many on.
      block.ahead = p + block.k < depth   ? source.ahead(part, p + block.k)
                    : i + at_once < tasks ? source.ahead(part_of(i + at_once), 0)
                                          : GemmAhead{};
      gemm.block(block);
    }
    constexpr int64_t kSize = sizeof(T);
    T* const to = out + (part.image * g.groups + part.group) * channels * pixels + part.first;
    layout_table().transpose[kSize == 4 ? 2 : 3]({reinterpret_cast<char*>(to), pixels * kSize,
                                                  reinterpret_cast<const char*>(product), l.row * kSize,
                                                  channels, block.m, false});
    extras.finish.run_channels(to, channels, pixels, block.m);
  });
}

#define LANEGRAD_TURNED(T)                                                                            \
  template size_t turned_workspace<T>(const ConvGeometry&, int64_t, int64_t);                         \
  template int64_t turned_packed_elements<T>(const ConvGeometry&, int64_t, int64_t);                  \
  template void pack_turned<T>(const ConvGeometry&, int64_t, int64_t, ConvOperand<const T>, int, T*); \
  template void run_turned<T>(const ConvGeometry&, int64_t, int64_t, ConvOperand<const T>, int64_t,   \
                              ConvOperand<const T>, int, T*, const ConvExtras<T>&, void*);
LANEGRAD_TURNED(float)
LANEGRAD_TURNED(double)
#undef LANEGRAD_TURNED

}  // namespace lanegrad::conv_detail

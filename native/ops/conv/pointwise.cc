#include "ops/conv/pointwise.h"

#include <algorithm>

#include "kernels/layout/layout.h"
#include "ops/conv/pointwise_columns.h"
#include "ops/conv/tiles.h"
#include "ops/product/gemm.h"

namespace lanegrad::conv_detail {
namespace {

// Smaller images leave vectors of pixels empty: several of them at a time are better.
constexpr int64_t kFewPixels = 512;

// ---- pixels as rows: the weights are packed once for all images, a panel of pixels is copied into the L1
// cache, and the product is transposed into the output. That last step pays for itself where it stands
// beside many multiply-adds an element.

constexpr int64_t kDeep = 512, kManyChannels = 160, kSomePixels = 32;
// Elements of a product that waits to be transposed, and pixels of it.
constexpr int64_t kProductElements = int64_t{1} << 15, kMostPixels = 112;
constexpr int64_t kSlots = 16;

bool suits_turned(const ConvGeometry& g, int64_t channels, int64_t depth) {
  return depth >= kDeep && channels >= kManyChannels && g.places() >= kSomePixels;
}

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
void pack_turned(const ConvGeometry& g, int64_t channels, int64_t depth, const Turned<T>& l,
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

// As run() below; the strides of the pixels are those that it found.
template <class T>
void run_turned(const ConvGeometry& g, int64_t channels, int64_t depth, ConvOperand<const T> image,
                int64_t pixel, ConvOperand<const T> weight, int weight_depth, T* out,
                const ConvExtras<T>& extras, void* workspace) {
  const GemmTable<T>& gemm = gemm_table<T>();
  const Turned<T> l(g, channels, depth, workspace);
  const auto& xs = image.strides;
  const T* const bias = extras.bias;
  const int64_t pixels = g.places();
  if (!extras.packed) pack_turned(g, channels, depth, l, weight, weight_depth, l.weights);
  const T* const weights = extras.packed ? extras.packed : l.weights;
  const int64_t tasks = g.batch * g.groups * l.chunks;
  const int64_t at_once = std::min<int64_t>({tasks, l.slots, num_threads()});
  const auto pixels_at = [&](int64_t i, int64_t p) {
    const int64_t first = i % l.chunks * l.chunk, group = i / l.chunks % g.groups,
                  n = i / l.chunks / g.groups;
    return image.data + n * xs[0] + (group * depth + p) * xs[1] + first * pixel;
  };
  const auto ask_for = [&](int64_t i, int64_t p) {
    constexpr int64_t kSize = sizeof(T);
    if (i >= tasks) return GemmAhead{};
    return GemmAhead{pixels_at(i, p), std::min(l.depth_block, depth - p), xs[1] * kSize,
                     l.chunk * pixel * kSize};
  };
  in_slots(tasks, l.slots, [&](int64_t i, int64_t slot) {
    const int64_t first = i % l.chunks * l.chunk, group = i / l.chunks % g.groups,
                  n = i / l.chunks / g.groups;
    T* const product = l.products + slot * l.slot;
    GemmBlock<T> block{};
    block.m = std::min(l.chunk, pixels - first);
    block.n = channels;
    block.a_row = pixel;
    block.a_col = xs[1];
    block.c = product;
    block.c_row = l.row;
    block.packed_b = true;
    for (int64_t p = 0; p < depth; p += l.depth_block) {
      block.k = std::min(l.depth_block, depth - p);
      block.a = pixels_at(i, p);
      block.b = weights + (group * depth + p) * l.width;
      block.column_bias = bias && p == 0 ? bias + group * channels : nullptr;
      block.accumulate = p > 0;
      // The threads take tasks in turns, so this one's next is probably as many on.
      block.ahead = p + block.k < depth ? ask_for(i, p + block.k) : ask_for(i + at_once, 0);
      gemm.block(block);
    }
    constexpr int64_t kSize = sizeof(T);
    T* const to = out + (n * g.groups + group) * channels * pixels + first;
    layout_table().transpose[kSize == 4 ? 2 : 3]({reinterpret_cast<char*>(to), pixels * kSize,
                                                  reinterpret_cast<const char*>(product), l.row * kSize,
                                                  channels, block.m, false});
    extras.finish.run_channels(to, channels, pixels, block.m);
  });
}

// out[channels, pixels] = weight[channels, depth] image[depth, pixels], for each image and group.
template <class T>
bool run(const ConvGeometry& g, int64_t channels, int64_t depth, ConvOperand<const T> image,
         ConvOperand<const T> weight, int weight_depth, T* out, const ConvExtras<T>& extras,
         void* workspace) {
  const auto &xs = image.strides, &ws = weight.strides;
  const int64_t pixels = g.places();
  int64_t pixel;
  if (!pixels_lie_evenly(g, xs, pixel)) return false;
  if (suits_turned(g, channels, depth)) {
    run_turned(g, channels, depth, image, pixel, weight, weight_depth, out, extras, workspace);
    return true;
  }
  if (suits_columns<T>(g, channels, depth)) {
    run_columns(g, channels, depth, image, pixel, weight, weight_depth, out, extras, workspace);
    return true;
  }
  GemmProblem<T> p;
  p.m = channels;
  p.n = pixels;
  p.k = depth;
  p.a_row = ws[1 - weight_depth];
  p.a_col = ws[weight_depth];
  p.b_row = xs[1];
  p.b_col = pixel;
  p.c_row = pixels;
  // In the store, where it comes in the order that products know.
  const ConvFinish<T>& finish = extras.finish;
  const bool stored = finish.in_store();
  if (stored) {
    p.finish.activation = finish.activation;
    p.finish.out_row = p.finish.residual_row = pixels;
  }
  for (int64_t n = 0; n < g.batch; ++n) {
    for (int64_t group = 0; group < g.groups; ++group) {
      p.a = weight.data + group * g.out_channels * ws[0];
      p.b = image.data + n * xs[0] + group * depth * xs[1];
      p.c = out + (n * g.groups + group) * channels * pixels;
      p.row_bias = extras.bias ? extras.bias + group * channels : nullptr;
      if (stored) p.finish.out = p.c;
      if (stored && finish.residual) p.finish.residual = finish.residual + (p.c - out);
      gemm(p, workspace, true);
      if (stored || !finish.any()) continue;
      parallel_for(channels, ceil_div(kSerialWork / 16, pixels), [&](int64_t begin, int64_t end) {
        finish.run(p.c + begin * pixels, (end - begin) * pixels);
      });
    }
  }
  return true;
}

// Enough whatever the strides.
template <class T>
size_t workspace_of(const ConvGeometry& g, int64_t channels, int64_t depth) {
  if (suits_turned(g, channels, depth)) return Turned<T>(g, channels, depth, nullptr).bytes;
  if (suits_columns<T>(g, channels, depth)) return columns_workspace<T>(g, depth);
  const int64_t pixels = g.places();
  return gemm_workspace_bound<T>(
      std::max({g.in_channels * pixels, g.out_channels * pixels, g.in_channels * g.out_channels}),
      std::max({g.in_channels, g.out_channels, pixels}));
}

}  // namespace

namespace {

bool suits(const ConvGeometry& g, int64_t channels, int64_t depth) {
  if (!is_pointwise(g)) return false;
  if (suits_turned(g, channels, depth)) return true;
  return g.places() >= kFewPixels && channels >= 8 && depth >= 8;
}

}  // namespace

bool pixels_lie_evenly(const ConvGeometry& g, const ConvStrides& strides, int64_t& pixel) {
  const ConvSizes& size = g.size;
  pixel = size[2] > 1 ? strides[4] : size[1] > 1 ? strides[3] : strides[2];
  return (size[1] == 1 || strides[3] == size[2] * strides[4]) &&
         (size[0] == 1 || strides[2] == size[1] * strides[3]);
}

bool suits_pointwise_forward(const ConvGeometry& g) { return suits(g, g.out_channels, g.in_channels); }
bool suits_pointwise_input_grad(const ConvGeometry& g) { return suits(g, g.in_channels, g.out_channels); }

template <class T>
size_t pointwise_forward_workspace(const ConvGeometry& g) {
  return workspace_of<T>(g, g.out_channels, g.in_channels);
}
template <class T>
size_t pointwise_input_grad_workspace(const ConvGeometry& g) {
  return workspace_of<T>(g, g.in_channels, g.out_channels);
}

template <class T>
bool pointwise_forward(const ConvGeometry& g, ConvOperand<const T> x, ConvOperand<const T> weight, T* out,
                       const ConvExtras<T>& extras, void* workspace) {
  return run(g, g.out_channels, g.in_channels, x, weight, 1, out, extras, workspace);
}
template <class T>
int64_t pointwise_packed_elements(const ConvGeometry& g) {
  if (!suits_turned(g, g.out_channels, g.in_channels)) return 0;
  return g.groups * g.in_channels * Turned<T>(g, g.out_channels, g.in_channels, nullptr).width;
}
template <class T>
void pointwise_pack(const ConvGeometry& g, ConvOperand<const T> weight, T* packed) {
  const Turned<T> l(g, g.out_channels, g.in_channels, nullptr);
  pack_turned(g, g.out_channels, g.in_channels, l, weight, 1, packed);
}
template <class T>
bool pointwise_input_grad(const ConvGeometry& g, ConvOperand<const T> grad, ConvOperand<const T> weight,
                          const T* bias, T* out, void* workspace) {
  ConvExtras<T> extras;
  extras.bias = bias;
  return run(g, g.in_channels, g.out_channels, grad, weight, 0, out, extras, workspace);
}

#define LANEGRAD_CONV(T)                                                                                  \
  template size_t pointwise_forward_workspace<T>(const ConvGeometry&);                                    \
  template size_t pointwise_input_grad_workspace<T>(const ConvGeometry&);                                 \
  template bool pointwise_forward<T>(const ConvGeometry&, ConvOperand<const T>, ConvOperand<const T>, T*, \
                                     const ConvExtras<T>&, void*);                                        \
  template int64_t pointwise_packed_elements<T>(const ConvGeometry&);                                     \
  template void pointwise_pack<T>(const ConvGeometry&, ConvOperand<const T>, T*);                         \
  template bool pointwise_input_grad<T>(const ConvGeometry&, ConvOperand<const T>, ConvOperand<const T>,  \
                                        const T*, T*, void*);
LANEGRAD_CONV(float)
LANEGRAD_CONV(double)
#undef LANEGRAD_CONV

}  // namespace lanegrad::conv_detail

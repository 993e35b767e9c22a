#include "ops/conv/pointwise_columns.h"

#include <algorithm>

#include "core/cpu.h"
#include "ops/conv/pointwise_parts.h"
#include "ops/conv/tiles.h"
#include "ops/product/gemm.h"
#include "ops/product/gemm_tiles.h"
#include "ops/product/packed_operand.h"

namespace lanegrad::conv_detail {
namespace {

// With fewer tasks each product is cut among the threads instead.
constexpr int64_t kLeastTasks = 16;
constexpr int64_t kSlots = 16;

// The pixels of an image go in chunks: a depth block of one takes a third of the L2 cache once packed, and
// what is packed next comes there meanwhile.
template <class T>
struct Columns {
  int64_t depth_block, panels, chunks, slots, slot;
  T* packed;
  size_t bytes;

  Columns(const ConvGeometry& g, int64_t depth, void* workspace) {
    const GemmTable<T>& gemm = gemm_table<T>();
    depth_block = gemm_block_depth<T>(depth);
    panels = ceil_div(g.places(), gemm.columns);
    const int64_t room = static_cast<int64_t>(cache_sizes().l2 / 3 / sizeof(T)) / depth_block;
    chunks = ceil_div(panels, std::max<int64_t>(1, room / gemm.columns));
    slots = std::min(g.batch * g.groups * chunks, kSlots);
    slot = ceil_div(panels, chunks) * gemm.columns * depth_block;
    Pieces pieces(workspace);
    packed = pieces.take<T>(slots * slot);
    bytes = pieces.used();
  }
  int64_t first(int64_t chunk) const { return panels * chunk / chunks * gemm_table<T>().columns; }
};

}  // namespace

template <class T>
bool suits_columns(const ConvGeometry& g, int64_t channels, int64_t depth) {
  GemmProblem<T> p;
  p.m = channels;
  p.n = g.places();
  p.k = depth;
  return !tiles_take(p) && g.batch * g.groups * Columns<T>(g, depth, nullptr).chunks >= kLeastTasks;
}

template <class T>
size_t columns_workspace(const ConvGeometry& g, int64_t depth) {
  return Columns<T>(g, depth, nullptr).bytes;
}

// Limit: the multiply-adds. Pixels come from memory, a line of each channel after the other: a thread that
// packed them without having asked would wait a sixth of its time.
template <class T>
void run_columns(const ConvGeometry& g, int64_t channels, int64_t depth, ConvOperand<const T> image,
                 int64_t pixel, ConvOperand<const T> weight, int weight_depth, T* out,
                 const ConvExtras<T>& extras, void* workspace) {
  const Columns<T> l(g, depth, workspace);
  const GemmTable<T>& gemm = gemm_table<T>();
  const auto& ws = weight.strides;
  const ConvFinish<T>& finish = extras.finish;
  const bool in_store = finish.in_store();
  const int64_t pixels = g.places(), tasks = g.batch * g.groups * l.chunks;
  const int64_t at_once = std::min<int64_t>({tasks, l.slots, num_threads()});
  const auto part_of = [&](int64_t i) {
    const int64_t chunk = i % l.chunks, first = l.first(chunk);
    return PixelPart{i / l.chunks / g.groups, i / l.chunks % g.groups, first,
                     std::min(pixels, l.first(chunk + 1)) - first};
  };
  const PixelSource<T> source{image, pixel, depth, l.depth_block};
  in_slots(tasks, l.slots, [&](int64_t i, int64_t slot) {
    const PixelPart part = part_of(i);
    T* const packed = l.packed + slot * l.slot;
    T* const to = out + (part.image * g.groups + part.group) * channels * pixels + part.first;
    GemmBlock<T> block{};
    block.m = channels;
    block.n = part.count;
    block.a_row = ws[1 - weight_depth];
    block.a_col = ws[weight_depth];
    block.b = packed;
    block.c = to;
    block.c_row = pixels;
    block.packed_b = true;
    const GemmFinish<T> stored{to,
                               pixels,
                               GemmStore::kSums,
                               finish.activation,
                               finish.residual ? finish.residual + (to - out) : nullptr,
                               pixels};
    block.row_bias = extras.bias ? extras.bias + part.group * channels : nullptr;
    for (int64_t p = 0; p < depth; p += l.depth_block) {
      block.k = std::min(l.depth_block, depth - p);
      gemm.pack_b(source.at(part, p), image.strides[1], pixel, block.k, part.count, packed);
      block.a = weight.data + part.group * g.out_channels * ws[0] + p * ws[weight_depth];
      block.accumulate = p > 0;
      if (in_store && p + block.k >= depth) block.finish = &stored;
      // The threads take tasks in turns, so this one's next is probably as many on.
      block.ahead = p + block.k < depth   ? source.ahead(part, p + block.k)
                    : i + at_once < tasks ? source.ahead(part_of(i + at_once), 0)
                                          : GemmAhead{};
      gemm.block(block);
    }
    if (!in_store) finish.run_channels(to, channels, pixels, part.count);
  });
}

#define LANEGRAD_COLUMNS(T)                                                                          \
  template bool suits_columns<T>(const ConvGeometry&, int64_t, int64_t);                             \
  template size_t columns_workspace<T>(const ConvGeometry&, int64_t);                                \
  template void run_columns<T>(const ConvGeometry&, int64_t, int64_t, ConvOperand<const T>, int64_t, \
                               ConvOperand<const T>, int, T*, const ConvExtras<T>&, void*);
LANEGRAD_COLUMNS(float)
LANEGRAD_COLUMNS(double)
#undef LANEGRAD_COLUMNS

}  // namespace lanegrad::conv_detail

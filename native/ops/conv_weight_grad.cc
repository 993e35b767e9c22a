#include "ops/conv_depthwise.h"
#include "ops/conv_pixels.h"
#include "ops/conv_winograd.h"

namespace lanegrad {
namespace {

using namespace conv_detail;

// The images (slices of them in 3-D) are summed in chunks, each into sums of its own, which are then added in
// order: so the result does not depend on who did which chunk. Their number follows from the shape alone.
constexpr int64_t kMaxChunks = 16;
constexpr int64_t kMaxSums = int64_t{1} << 22;  // elements
constexpr int64_t kMaxSlots = 64;

template <class T>
struct Layout {
  bool pads;
  Padded padded;
  int64_t panels, chunks, tasks, slots;
  int64_t panel_width;  // elements of a row of a full panel
  T* image = nullptr;
  int64_t* offsets;
  T* grads;  // one slot for each concurrent task
  int64_t slot;
  T* sums;
  int64_t group_sums;
  size_t bytes;
};

template <class T>
Layout<T> lay_out(const ConvGeometry& g, void* workspace) {
  Layout<T> l;
  Pieces pieces(workspace);
  const ConvTable<T>& table = conv_table<T>();
  l.pads = g.pads();
  l.padded = padded_input(g);
  const int64_t depth = g.in_channels * g.taps();
  l.panels = ceil_div(g.out_channels, table.channels);
  l.panel_width = std::min<int64_t>(table.channels, ceil_div(g.out_channels, table.lanes) * table.lanes);
  l.group_sums = packed_weights<T>(depth, g.out_channels);
  const int64_t all_sums = std::max<int64_t>(g.groups * l.group_sums, 1);
  l.chunks = std::max<int64_t>(1, std::min({kMaxSums / all_sums, g.batch * g.out[0], kMaxChunks}));
  l.tasks = l.chunks * g.groups * l.panels;
  l.slots = std::min(l.tasks, kMaxSlots);
  l.slot = g.out[1] * g.out[2] * l.panel_width;
  if (l.pads) l.image = pieces.take<T>(g.batch * g.groups * g.in_channels * l.padded.plane());
  l.offsets = pieces.take<int64_t>(depth);
  l.grads = pieces.take<T>(l.slots * l.slot);
  l.sums = pieces.take<T>(l.chunks * g.groups * l.group_sums);
  l.bytes = pieces.used();
  return l;
}

}  // namespace

template <class T>
size_t conv_weight_grad_workspace(const ConvGeometry& g) {
  if (has_single_channels(g)) return depthwise_weight_grad_workspace<T>(g);
  const size_t direct = lay_out<T>(g, nullptr).bytes;
  return suits_winograd<T>(g) ? std::max(direct, winograd_weight_grad_workspace<T>(g)) : direct;
}

template <class T>
void conv_weight_grad(const ConvGeometry& g, ConvOperand<const T> grad, ConvOperand<const T> x, T* out,
                      void* workspace) {
  if (has_single_channels(g)) return depthwise_weight_grad(g, grad, x, out, workspace);
  if (suits_winograd<T>(g) && winograd_weight_grad(g, grad, x, out, workspace)) return;
  const Layout<T> l = lay_out<T>(g, workspace);
  const ConvTable<T>& table = conv_table<T>();
  const GemmTable<T>& gemm = gemm_table<T>();
  const int64_t channels = g.groups * g.in_channels;
  if (l.pads) {
    pad_images(channels, g.batch, g.size, x, l.padded, l.image);
    x = {l.image, l.padded.strides(channels)};
  }
  const int64_t taps = g.taps(), depth = g.in_channels * taps;
  const auto &gs = grad.strides, &xs = x.strides;
  for (int64_t p = 0; p < depth; ++p) {
    const ConvSizes k = g.tap(p % taps);
    l.offsets[p] = p / taps * xs[1] + k[0] * g.dilation[0] * xs[2] + k[1] * g.dilation[1] * xs[3] +
                   k[2] * g.dilation[2] * xs[4];
  }
  const int64_t slices = g.out[0], pixels = g.out[1] * g.out[2];
  const bool even_grad = g.out[1] == 1 || gs[3] == g.out[2] * gs[4];
  const int64_t work = g.batch * slices * g.groups * g.out_channels * pixels * depth;
  const auto panel_sums = [&](int64_t chunk, int64_t group, int64_t panel) {
    return l.sums + (chunk * g.groups + group) * l.group_sums + panel * table.channels * depth;
  };
  in_tasks(l.tasks, work, l.slots, [&](int64_t index, int64_t task) {
    const int64_t panel = index % l.panels, group = index / l.panels % g.groups,
                  chunk = index / l.panels / g.groups;
    const int64_t first = panel * table.channels;
    ConvWeightBlock<T> b;
    b.offsets = l.offsets;
    b.depth = depth;
    b.channels = std::min<int64_t>(table.channels, g.out_channels - first);
    const int64_t width = ceil_div(b.channels, table.lanes) * table.lanes;
    T* const grads = l.grads + task * l.slot;
    b.grads = grads;
    b.rows = g.out[1];
    b.columns = g.out[2];
    b.row_step = g.stride[1] * xs[3];
    b.column_step = g.stride[2] * xs[4];
    const bool planar =
        b.channels <= table.planar_channels && gs[4] == 1 && (b.column_step == 1 || b.column_step == 2);
    if (b.row_step == b.columns * b.column_step && even_grad) {
      b.columns *= b.rows;
      b.rows = 1;
    }
    b.sums = panel_sums(chunk, group, panel);
    std::fill(b.sums, b.sums + depth * width, T{0});
    const int64_t images = g.batch * slices;
    for (int64_t i = images * chunk / l.chunks; i < images * (chunk + 1) / l.chunks; ++i) {
      const int64_t n = i / slices, z = i % slices;
      const T* const from = grad.data + n * gs[0] + (group * g.out_channels + first) * gs[1] + z * gs[2];
      b.image = x.data + n * xs[0] + group * g.in_channels * xs[1] + z * g.stride[0] * xs[2];
      if (planar) {
        b.grads = from;
        b.grad_channel = gs[1];
        b.grad_row = gs[3];
        table.planar_weight_grad(b);
        continue;
      }
      if (even_grad) {
        gemm.pack_b(from, gs[4], gs[1], pixels, b.channels, grads);
      } else {
        for (int64_t y = 0; y < g.out[1]; ++y) {
          gemm.pack_b(from + y * gs[3], gs[4], gs[1], g.out[2], b.channels, grads + y * g.out[2] * width);
        }
      }
      table.weight_grad(b);
    }
  });
  in_tasks(g.groups * l.panels, l.chunks * g.groups * l.group_sums, 4 * num_threads(),
           [&](int64_t index, int64_t) {
             const int64_t panel = index % l.panels, group = index / l.panels;
             const int64_t first = panel * table.channels;
             const int64_t count = std::min<int64_t>(table.channels, g.out_channels - first);
             const int64_t width = ceil_div(count, table.lanes) * table.lanes;
             T* const total = panel_sums(0, group, panel);
             for (int64_t chunk = 1; chunk < l.chunks; ++chunk) {
               const T* const part = panel_sums(chunk, group, panel);
               for (int64_t i = 0; i < depth * width; ++i) total[i] += part[i];
             }
             T* const to = out + (group * g.out_channels + first) * depth;
             for (int64_t o = 0; o < count; ++o) {
               for (int64_t p = 0; p < depth; ++p) to[o * depth + p] = total[p * width + o];
             }
           });
}

#define LANEGRAD_CONV(T)                                                                                 \
  template size_t conv_weight_grad_workspace<T>(const ConvGeometry&);                                    \
  template void conv_weight_grad<T>(const ConvGeometry&, ConvOperand<const T>, ConvOperand<const T>, T*, \
                                    void*);
LANEGRAD_CONV(float)
LANEGRAD_CONV(double)
#undef LANEGRAD_CONV

}  // namespace lanegrad

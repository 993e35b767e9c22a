#include "ops/conv_pixels.h"

namespace lanegrad {
namespace {

using namespace conv_detail;

// The images are summed in chunks, each into sums of its own, which are then added in order: so the result
// does not depend on who did which chunk. Their number follows from the shape alone.
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
  l.pads = g.padding[0] > 0 || g.padding[1] > 0;
  const auto extent = [&](int d) {
    return (g.out[d] - 1) * g.stride[d] + (g.kernel[d] - 1) * g.dilation[d] + 1;
  };
  l.padded = {g.padding[0], g.padding[1], extent(0), extent(1)};
  const int64_t depth = g.in_channels * g.kernel[0] * g.kernel[1];
  l.panels = ceil_div(g.out_channels, table.channels);
  l.panel_width = std::min<int64_t>(table.channels, ceil_div(g.out_channels, table.lanes) * table.lanes);
  l.group_sums = packed_weights<T>(depth, g.out_channels);
  const int64_t all_sums = std::max<int64_t>(g.groups * l.group_sums, 1);
  l.chunks = std::max<int64_t>(1, std::min({kMaxSums / all_sums, g.batch, kMaxChunks}));
  l.tasks = l.chunks * g.groups * l.panels;
  l.slots = std::min(l.tasks, kMaxSlots);
  l.slot = g.out[0] * g.out[1] * l.panel_width;
  if (l.pads) l.image = pieces.take<T>(g.batch * g.groups * g.in_channels * l.padded.height * l.padded.width);
  l.offsets = pieces.take<int64_t>(depth);
  l.grads = pieces.take<T>(l.slots * l.slot);
  l.sums = pieces.take<T>(l.chunks * g.groups * l.group_sums);
  l.bytes = pieces.used();
  return l;
}

}  // namespace

template <class T>
size_t conv_weight_grad_workspace(const ConvGeometry& g) {
  return lay_out<T>(g, nullptr).bytes;
}

template <class T>
void conv_weight_grad(const ConvGeometry& g, Strided4<const T> grad, Strided4<const T> x, T* out,
                      void* workspace) {
  const Layout<T> l = lay_out<T>(g, workspace);
  const ConvTable<T>& table = conv_table<T>();
  const GemmTable<T>& gemm = gemm_table<T>();
  const int64_t channels = g.groups * g.in_channels;
  if (l.pads) {
    pad_images(channels, g.batch, g.size, x, l.padded, l.image);
    const int64_t plane = l.padded.height * l.padded.width;
    x = {l.image, {channels * plane, plane, l.padded.width, 1}};
  }
  const int64_t taps = g.kernel[0] * g.kernel[1], depth = g.in_channels * taps;
  const auto &gs = grad.strides, &xs = x.strides;
  for (int64_t p = 0; p < depth; ++p) {
    const int64_t c = p / taps, r = p % taps / g.kernel[1], s = p % g.kernel[1];
    l.offsets[p] = c * xs[1] + r * g.dilation[0] * xs[2] + s * g.dilation[1] * xs[3];
  }
  const int64_t pixels = g.out[0] * g.out[1];
  const bool even_grad = g.out[0] == 1 || gs[2] == g.out[1] * gs[3];
  const int64_t work = g.batch * g.groups * g.out_channels * pixels * depth;
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
    b.rows = g.out[0];
    b.columns = g.out[1];
    b.row_step = g.stride[0] * xs[2];
    b.column_step = g.stride[1] * xs[3];
    const bool planar =
        b.channels <= table.planar_channels && gs[3] == 1 && (b.column_step == 1 || b.column_step == 2);
    if (b.row_step == b.columns * b.column_step && even_grad) {
      b.columns *= b.rows;
      b.rows = 1;
    }
    b.sums = panel_sums(chunk, group, panel);
    std::fill(b.sums, b.sums + depth * width, T{0});
    for (int64_t n = g.batch * chunk / l.chunks; n < g.batch * (chunk + 1) / l.chunks; ++n) {
      const T* const from = grad.data + n * gs[0] + (group * g.out_channels + first) * gs[1];
      b.image = x.data + n * xs[0] + group * g.in_channels * xs[1];
      if (planar) {
        b.grads = from;
        b.grad_channel = gs[1];
        b.grad_row = gs[2];
        table.planar_weight_grad(b);
        continue;
      }
      if (even_grad) {
        gemm.pack_b(from, gs[3], gs[1], pixels, b.channels, grads);
      } else {
        for (int64_t i = 0; i < g.out[0]; ++i) {
          gemm.pack_b(from + i * gs[2], gs[3], gs[1], g.out[1], b.channels, grads + i * g.out[1] * width);
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

#define LANEGRAD_CONV(T)                                              \
  template size_t conv_weight_grad_workspace<T>(const ConvGeometry&); \
  template void conv_weight_grad<T>(const ConvGeometry&, Strided4<const T>, Strided4<const T>, T*, void*);
LANEGRAD_CONV(float)
LANEGRAD_CONV(double)
#undef LANEGRAD_CONV

}  // namespace lanegrad

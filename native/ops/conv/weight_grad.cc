#include "ops/conv/amx.h"
#include "ops/conv/depthwise.h"
#include "ops/conv/padded.h"
#include "ops/conv/pointwise_weight.h"
#include "ops/conv/whole.h"
#include "ops/conv/window.h"
#include "ops/conv/winograd.h"

namespace lanegrad {
namespace {

using namespace conv_detail;

// The images (slices of them in 3-D) are summed in chunks, each into sums of its own, which are then added in
// order: so the result does not depend on who did which chunk. Their number follows from the shape alone.
constexpr int64_t kMaxChunks = 16;
constexpr int64_t kMaxSums = int64_t{1} << 22;  // elements
constexpr int64_t kMaxSlots = 64, kFewTasks = 8;
constexpr int64_t kLargeSums = int64_t{1} << 14, kEnoughTasks = 32;

template <class T>
struct Layout {
  bool pads, in_bands;  // in bands: the tasks pad
  Padded padded;
  int64_t panels, chunks, tasks, slots;
  int64_t together;          // panels of a task
  int64_t band, band_plane;  // output rows of a band, elements of a channel of its padded rows
  int64_t image_slot;
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
  // Sums beyond the L1 cache pass through memory with every chunk: no more of those than give enough tasks.
  if (all_sums > kLargeSums && !l.pads)
    l.chunks = std::min(l.chunks, ceil_div(kEnoughTasks, g.groups * l.panels));
  // One task pads for all panels, where there are enough tasks.
  l.in_bands = l.pads && is_flat(g);
  l.together = l.in_bands && l.chunks * g.groups >= kFewTasks ? l.panels : 1;
  const int64_t span = (g.kernel[1] - 1) * g.dilation[1] + 1;
  const int64_t row_elements = std::max<int64_t>(1, g.in_channels * l.padded.extent[2]);
  l.band = l.in_bands
               ? std::clamp<int64_t>((kPaddedElements / row_elements - span) / g.stride[1] + 1, 1, g.out[1])
               : g.out[1];
  l.band_plane = ((l.band - 1) * g.stride[1] + span) * l.padded.extent[2];
  l.image_slot = (g.in_channels * l.band_plane + 15) / 16 * 16;
  l.tasks = l.chunks * g.groups * (l.panels / l.together);
  l.slots = std::min(l.tasks, kMaxSlots);
  l.slot = l.band * g.out[2] * l.panel_width;
  if (l.in_bands)
    l.image = pieces.take<T>(l.slots * l.image_slot);
  else if (l.pads)
    l.image = pieces.take<T>(g.batch * g.groups * g.in_channels * l.padded.plane());
  l.offsets = pieces.take<int64_t>(depth);
  l.grads = pieces.take<T>(l.slots * l.slot);
  l.sums = pieces.take<T>(l.chunks * g.groups * l.group_sums);
  l.bytes = pieces.used();
  return l;
}

// Adds up one panel over the rows of a block; `grads` takes its packed gradients.
template <class T>
void sum_panel(ConvWeightBlock<T> b, const T* from, int64_t channel, int64_t row, int64_t column, T* grads) {
  const ConvTable<T>& table = conv_table<T>();
  if (b.channels <= table.planar_channels && column == 1 && (b.column_step == 1 || b.column_step == 2)) {
    b.grads = from;
    b.grad_channel = channel;
    b.grad_row = row;
    return table.planar_weight_grad(b);
  }
  const int64_t width = ceil_div(b.channels, table.lanes) * table.lanes;
  const bool even = b.rows == 1 || row == b.columns * column;
  const int64_t pieces = even ? 1 : b.rows, pixels = b.rows * b.columns / pieces;
  for (int64_t i = 0; i < pieces; ++i)
    gemm_table<T>().pack_b(from + i * row, column, channel, pixels, b.channels, grads + i * pixels * width);
  // Pixels that lie evenly in both are one long row.
  if (even && b.row_step == b.columns * b.column_step) {
    b.columns *= b.rows;
    b.rows = 1;
  }
  b.grads = grads;
  table.weight_grad(b);
}

template <class T>
void add_chunks(const ConvGeometry& g, const Layout<T>& l, int64_t depth, T* out) {
  const ConvTable<T>& table = conv_table<T>();
  in_tasks(g.groups * l.panels, l.chunks * g.groups * l.group_sums, 4 * num_threads(),
           [&](int64_t index, int64_t) {
             const int64_t panel = index % l.panels, group = index / l.panels;
             const int64_t first = panel * table.channels;
             const int64_t count = std::min<int64_t>(table.channels, g.out_channels - first);
             const int64_t width = ceil_div(count, table.lanes) * table.lanes;
             T* const total = l.sums + group * l.group_sums + first * depth;
             for (int64_t chunk = 1; chunk < l.chunks; ++chunk) {
               const T* const part = total + chunk * g.groups * l.group_sums;
               for (int64_t i = 0; i < depth * width; ++i) total[i] += part[i];
             }
             T* const to = out + (group * g.out_channels + first) * depth;
             for (int64_t o = 0; o < count; ++o) {
               for (int64_t p = 0; p < depth; ++p) to[o * depth + p] = total[p * width + o];
             }
           });
}

}  // namespace

template <class T>
size_t conv_weight_grad_workspace(const ConvGeometry& g) {
  const size_t window = has_window<T>(g) ? window_gradients_workspace<T>(g) : 0;
  if (has_single_channels(g)) return std::max(window, depthwise_weight_grad_workspace<T>(g));
  const size_t direct = std::max({window, lay_out<T>(g, nullptr).bytes, amx_weight_grad_workspace<T>(g)});
  if (is_whole(g)) return std::max(direct, whole_workspace<T>(g));
  if (suits_pointwise_weight_grad(g)) return std::max(direct, pointwise_weight_grad_workspace<T>(g));
  return suits_winograd<T>(g) ? std::max(direct, winograd_weight_grad_workspace<T>(g)) : direct;
}

template <class T>
void conv_weight_grad(const ConvGeometry& g, ConvOperand<const T> grad, ConvOperand<const T> x, T* out,
                      void* workspace) {
  if (in_windows<T>(g, grad.strides, x.strides))
    return window_gradients<T>(g, grad, x, {nullptr, {}}, nullptr, out, workspace);
  if (has_single_channels(g)) return depthwise_weight_grad(g, grad, x, out, workspace);
  if (is_whole(g) && whole_weight_grad(g, grad, x, out, workspace)) return;
  if (amx_suits_weight_grad<T>(g) && amx_weight_grad(g, grad, x, out, workspace)) return;
  if (suits_pointwise_weight_grad(g) && pointwise_weight_grad(g, grad, x, out, workspace)) return;
  if (suits_winograd<T>(g) && winograd_weight_grad(g, grad, x, out, workspace)) return;
  const Layout<T> l = lay_out<T>(g, workspace);
  const ConvTable<T>& table = conv_table<T>();
  const int64_t channels = g.groups * g.in_channels;
  const ConvOperand<const T> source = x;
  if (l.in_bands) {
    x = {nullptr, l.padded.strides(channels)};
    x.strides[1] = l.band_plane;
  } else if (l.pads) {
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
  const int64_t slices = g.out[0], images = g.batch * slices;
  const int64_t work = images * g.groups * g.out_channels * g.out[1] * g.out[2] * depth;
  const int64_t sets = l.panels / l.together;
  in_tasks(l.tasks, work, l.slots, [&](int64_t index, int64_t task) {
    const int64_t set = index % sets, group = index / sets % g.groups, chunk = index / sets / g.groups;
    T* const sums = l.sums + (chunk * g.groups + group) * l.group_sums;
    const int64_t panel = set * l.together;
    const int64_t begin = panel * table.channels * depth;
    const int64_t end = std::min((panel + l.together) * table.channels * depth, l.group_sums);
    std::fill(sums + begin, sums + end, T{0});
    ConvWeightBlock<T> b;
    b.offsets = l.offsets;
    b.depth = depth;
    b.columns = g.out[2];
    b.row_step = g.stride[1] * xs[3];
    b.column_step = g.stride[2] * xs[4];
    for (int64_t i = images * chunk / l.chunks; i < images * (chunk + 1) / l.chunks; ++i) {
      const int64_t n = i / slices, z = i % slices;
      for (int64_t y = 0; y < g.out[1]; y += l.band) {
        b.rows = std::min(l.band, g.out[1] - y);
        if (l.in_bands) {
          T* const buffer = l.image + task * l.image_slot;
          const int64_t top = y * g.stride[1];
          const int64_t rows = (b.rows - 1) * g.stride[1] + (g.kernel[1] - 1) * g.dilation[1] + 1;
          pad_channels(source, n, group * g.in_channels, g.in_channels, g.size, l.padded, top, rows, buffer,
                       l.band_plane);
          b.image = buffer;
        } else {
          b.image = x.data + n * xs[0] + group * g.in_channels * xs[1] + z * g.stride[0] * xs[2];
        }
        for (int64_t j = panel; j < panel + l.together; ++j) {
          const int64_t first = j * table.channels;
          b.channels = std::min<int64_t>(table.channels, g.out_channels - first);
          b.sums = sums + first * depth;
          sum_panel(b,
                    grad.data + n * gs[0] + (group * g.out_channels + first) * gs[1] + z * gs[2] + y * gs[3],
                    gs[1], gs[3], gs[4], l.grads + task * l.slot);
        }
      }
    }
  });
  add_chunks(g, l, depth, out);
}

#define LANEGRAD_CONV(T)                                                                                 \
  template size_t conv_weight_grad_workspace<T>(const ConvGeometry&);                                    \
  template void conv_weight_grad<T>(const ConvGeometry&, ConvOperand<const T>, ConvOperand<const T>, T*, \
                                    void*);
LANEGRAD_CONV(float)
LANEGRAD_CONV(double)
#undef LANEGRAD_CONV

}  // namespace lanegrad

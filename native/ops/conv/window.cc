#include "ops/conv/window.h"

#include <type_traits>

#include "kernels/window/window.h"
#include "ops/conv/pixels.h"

namespace lanegrad::conv_detail {
namespace {

// Of a task of the gradients: channels of an image whose planes have so many bytes, which lie one after the
// other in memory, and so many images that there are about kTasks. What is summed apart follows from the
// shape alone.
constexpr int64_t kTaskBytes = int64_t{1} << 16, kTasks = 64;
// A result of so many bytes is mostly in no cache by the time that the next step writes it again: asking for
// its lines ahead takes a third off then, and adds a fifth where they are in the last cache after all.
constexpr int64_t kAskedOutput = int64_t{4} << 20;
constexpr int64_t kMostSums = int64_t{1} << 18;  // elements, but for one chunk of images

int64_t taps_of(const ConvGeometry& g) { return g.kernel[1] * g.kernel[2]; }

template <class In>
const WindowKernels<In>& kernels_of(const ConvGeometry& g) {
  return window_table<In>().of(g.kernel[1], g.stride[1]);
}

template <class In>
struct Gradients {
  using T = GemmSum<In>;
  int64_t block, blocks, chunks;
  T* weights;
  int64_t sums_each;  // of a channel, in lines of their own
  T* sums;            // [chunks][groups][sums_each]
  size_t bytes;

  Gradients(const ConvGeometry& g, void* workspace) {
    const int64_t plane = g.size[1] * g.size[2] * int64_t{sizeof(In)};
    sums_each = (taps_of(g) + 15) / 16 * 16;
    block = std::clamp<int64_t>(ceil_div(kTaskBytes, plane), 1, g.groups);
    blocks = ceil_div(g.groups, block);
    chunks = std::min({ceil_div(kTasks, blocks), g.batch, kMostSums / (g.groups * sums_each)});
    chunks = std::max<int64_t>(1, chunks);
    Pieces pieces(workspace);
    weights = pieces.take<T>(g.groups * taps_of(g));
    sums = pieces.take<T>(chunks * g.groups * sums_each);
    bytes = pieces.used();
  }
};

template <class In>
using Wide = GemmSum<In>;

// The windows of all channels; those of stride one, turned around, make the gradient of the input.
template <class In>
void widen_weights(const ConvGeometry& g, const ConvOperand<const In>& weight, bool turned, Wide<In>* to) {
  const auto& ws = weight.strides;
  const int64_t taps = taps_of(g), side = g.kernel[2];
  for (int64_t c = 0; c < g.groups; ++c) {
    for (int64_t k = 0; k < taps; ++k) {
      const In value = weight.data[c * ws[0] + k / side * ws[3] + k % side * ws[4]];
      to[c * taps + (turned ? taps - 1 - k : k)] = static_cast<Wide<In>>(value);
    }
  }
}

bool turns_for_gradient(const ConvGeometry& g) { return g.stride[1] == 1; }

// The planes of an image as the kernels take them: of the input, or of the gradient, which the windows of the
// other direction see.
template <class In>
WindowRows<In> window_rows(const ConvGeometry& g, bool gradient, const ConvStrides& strides) {
  const ConvSizes &from = gradient ? g.out : g.size, &to = gradient ? g.size : g.out;
  const bool turned = gradient && turns_for_gradient(g);
  WindowRows<In> rows{};
  rows.height = from[1];
  rows.width = from[2];
  rows.image_row = strides[3];
  rows.top = turned ? g.kernel[1] - 1 - g.padding[1] : g.padding[1];
  rows.left = turned ? g.kernel[2] - 1 - g.padding[2] : g.padding[2];
  rows.rows = to[1];
  rows.columns = to[2];
  rows.out_row = to[2];
  rows.asks_out = g.batch * g.groups * to[1] * to[2] * int64_t{sizeof(In)} >= kAskedOutput;
  return rows;
}

// out(plane) of every plane, in any order; then finish(place, count).
template <class In, class F>
void over_planes(const ConvGeometry& g, bool gradient, ConvOperand<const In> x, const Wide<In>* weights,
                 const Wide<In>* bias, In* out, F&& finish) {
  const WindowRows<In> shared = window_rows<In>(g, gradient, x.strides);
  const WindowKernels<In>& kernels = kernels_of<In>(g);
  const auto run = gradient && !turns_for_gradient(g) ? kernels.spread : kernels.forward;
  const int64_t places = shared.rows * shared.columns, taps = taps_of(g);
  const int64_t grain = std::max<int64_t>(1, kSerialWork / 2 / (g.places() * taps));
  parallel_for(g.batch * g.groups, grain, [&](int64_t begin, int64_t end) {
    WindowRows<In> rows = shared;
    for (int64_t i = begin; i < end; ++i) {
      const int64_t n = i / g.groups, c = i % g.groups;
      rows.image = x.data + n * x.strides[0] + c * x.strides[1];
      rows.weights = weights + c * taps;
      rows.bias = bias ? bias[c] : Wide<In>{0};
      rows.out = out + i * places;
      run(rows);
      finish(rows.out, places);
    }
  });
}

// The sums of a plane's taps are added to `sums`, turned around as the weights where both come at once.
// Without input_out they alone.
template <class In>
void plane_gradients(const ConvGeometry& g, const WindowRows<In>& input, WindowSums<In>& weight,
                     const In* grad, const In* x, const Wide<In>* weights, In* input_out, Wide<In>* sums) {
  using T = Wide<In>;
  const WindowTable<In>& table = window_table<In>();
  const WindowKernels<In>& kernels = kernels_of<In>(g);
  const int taps = static_cast<int>(taps_of(g));
  const bool once = kernels.both_at_once;
  alignas(64) T lanes[kWindowTaps * 64 / sizeof(float)];
  std::fill(lanes, lanes + taps * table.lanes, T{0});
  weight.image = once ? grad : x;
  weight.place = once ? x : grad;
  weight.weights = weights;
  weight.out = once ? input_out : nullptr;
  weight.sums = lanes;
  kernels.sums(weight);
  table.add_lanes(lanes, taps, sums);
  if (once || !input_out) return;
  // The plane of the gradient is in cache now.
  WindowRows<In> rows = input;
  rows.image = grad;
  rows.weights = weights;
  rows.out = input_out;
  (turns_for_gradient(g) ? kernels.forward : kernels.spread)(rows);
}

// Sums of the channels [begin, end) over the images [first, last), and their gradients.
template <class In>
void sum_planes(const ConvGeometry& g, const Gradients<In>& l, const ConvOperand<const In>& grad,
                const ConvOperand<const In>& x, In* input_out, int64_t chunk, int64_t block) {
  const int64_t begin = block * l.block, end = std::min(begin + l.block, g.groups);
  const int64_t first = g.batch * chunk / l.chunks, last = g.batch * (chunk + 1) / l.chunks;
  const int64_t places = g.size[1] * g.size[2], taps = taps_of(g);
  Wide<In>* const sums = l.sums + chunk * g.groups * l.sums_each;
  std::fill(sums + begin * l.sums_each, sums + end * l.sums_each, Wide<In>{0});
  const bool once = kernels_of<In>(g).both_at_once;
  const WindowRows<In> input = window_rows<In>(g, true, grad.strides);
  WindowSums<In> weight{};
  static_cast<WindowRows<In>&>(weight) = once ? input : window_rows<In>(g, false, x.strides);
  weight.place_row = once ? x.strides[3] : grad.strides[3];
  for (int64_t n = first; n < last; ++n) {
    for (int64_t c = begin; c < end; ++c) {
      plane_gradients<In>(g, input, weight, grad.data + n * grad.strides[0] + c * grad.strides[1],
                          x.data + n * x.strides[0] + c * x.strides[1], l.weights + c * taps,
                          input_out ? input_out + (n * g.groups + c) * places : nullptr,
                          sums + c * l.sums_each);
    }
  }
}

}  // namespace

template <class In>
bool has_window(const ConvGeometry& g) {
  if (g.in_channels != 1 || g.out_channels != 1 || g.size[0] != 1 || g.kernel[0] != 1 || g.padding[0] != 0)
    return false;
  if (g.kernel[1] != g.kernel[2] || g.stride[1] != g.stride[2]) return false;
  if ((g.kernel[1] != 3 && g.kernel[1] != 5) || g.stride[1] > 2 || g.dilation[1] * g.dilation[2] != 1)
    return false;
  if (g.stride[1] == 2 && (g.padding[1] - g.padding[2]) % 2 != 0) return false;
  if (g.batch * g.groups * g.places() * g.size[1] * g.size[2] == 0) return false;
  return kIsHalf<In> || 2 * std::min(g.size[2], g.out[2]) > window_table<In>().lanes;
}

template <class In>
size_t window_forward_workspace(const ConvGeometry& g) {
  Pieces pieces(nullptr);
  pieces.take<Wide<In>>(g.groups * taps_of(g));
  return pieces.used();
}
template <class In>
size_t window_gradients_workspace(const ConvGeometry& g) {
  return Gradients<In>(g, nullptr).bytes;
}

template <class In>
void window_forward(const ConvGeometry& g, ConvOperand<const In> x, ConvOperand<const In> weight, In* out,
                    const ConvExtras<GemmSum<In>>& extras, void* workspace) {
  Wide<In>* const weights = Pieces(workspace).take<Wide<In>>(g.groups * taps_of(g));
  widen_weights<In>(g, weight, false, weights);
  over_planes<In>(g, false, x, weights, extras.bias, out, [&](In* at, int64_t count) {
    if constexpr (std::is_same_v<In, Wide<In>>) extras.finish.run(at, count);
  });
}

template <class In>
void window_input_grad(const ConvGeometry& g, ConvOperand<const In> grad, ConvOperand<const In> weight,
                       const GemmSum<In>* bias, In* out, void* workspace) {
  Wide<In>* const weights = Pieces(workspace).take<Wide<In>>(g.groups * taps_of(g));
  widen_weights<In>(g, weight, turns_for_gradient(g), weights);
  over_planes<In>(g, true, grad, weights, bias, out, [](In*, int64_t) {});
}

template <class In>
void window_gradients(const ConvGeometry& g, ConvOperand<const In> grad, ConvOperand<const In> x,
                      ConvOperand<const In> weight, In* input_out, In* weight_out, void* workspace) {
  using T = Wide<In>;
  const Gradients<In> l(g, workspace);
  const int64_t taps = taps_of(g);
  if (input_out) widen_weights<In>(g, weight, turns_for_gradient(g), l.weights);
  const int64_t tasks = l.chunks * l.blocks;
  in_tasks(tasks, 2 * g.batch * g.groups * g.places() * taps, tasks, [&](int64_t index, int64_t) {
    sum_planes<In>(g, l, grad, x, input_out, index / l.blocks, index % l.blocks);
  });
  const bool turned = kernels_of<In>(g).both_at_once;
  for (int64_t c = 0; c < g.groups; ++c) {
    for (int64_t k = 0; k < taps; ++k) {
      T total = 0;
      for (int64_t chunk = 0; chunk < l.chunks; ++chunk)
        total += l.sums[(chunk * g.groups + c) * l.sums_each + (turned ? taps - 1 - k : k)];
      weight_out[c * taps + k] = static_cast<In>(total);
    }
  }
}

#define LANEGRAD_CONV(In)                                                                                  \
  template bool has_window<In>(const ConvGeometry&);                                                       \
  template size_t window_forward_workspace<In>(const ConvGeometry&);                                       \
  template size_t window_gradients_workspace<In>(const ConvGeometry&);                                     \
  template void window_forward<In>(const ConvGeometry&, ConvOperand<const In>, ConvOperand<const In>, In*, \
                                   const ConvExtras<GemmSum<In>>&, void*);                                 \
  template void window_input_grad<In>(const ConvGeometry&, ConvOperand<const In>, ConvOperand<const In>,   \
                                      const GemmSum<In>*, In*, void*);                                     \
  template void window_gradients<In>(const ConvGeometry&, ConvOperand<const In>, ConvOperand<const In>,    \
                                     ConvOperand<const In>, In*, In*, void*);
LANEGRAD_CONV(float)
LANEGRAD_CONV(double)
LANEGRAD_CONV(BFloat16)
LANEGRAD_CONV(Float16)
#undef LANEGRAD_CONV

}  // namespace lanegrad::conv_detail

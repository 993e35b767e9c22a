#include "ops/conv/depthwise.h"

#include "ops/conv/direction.h"
#include "ops/conv/planes.h"

namespace lanegrad::conv_detail {
namespace {

// Fewer planes than this are better cut into bands, larger ones better not kept in a buffer.
constexpr int64_t kFewPlanes = 8;
constexpr int64_t kMaxBuffer = int64_t{1} << 17;  // elements
// Output rows between which rows of the next plane are placed.
constexpr int64_t kBandRows = 8;

// Few columns leave most lanes of a vector empty: then all rows go as one long row, zeros between them and
// all, into a buffer of the same pitch, from which the columns that count are copied.
template <class T>
struct PlaneOutput {
  bool flat;
  int64_t elements;  // of the buffer, 0 where there is none

  PlaneOutput(int64_t rows, int64_t columns, int64_t row_step, const PlaneBuffer& b) {
    const int64_t lanes = depthwise_table<T>().lanes;
    flat = row_step == b.pitch && rows > 1 && 2 * columns <= lanes;
    elements = flat ? (rows * b.pitch + 15) / 16 * 16 : 0;
  }

  // `each_band(i, end)` is called between the bands of the rows.
  template <class F>
  void run(PlaneBlock<T> block, T* buffer, F&& each_band) const {
    if (!flat) {
      const int64_t all = block.rows;
      for (int64_t i = 0; i < all; i += kBandRows) {
        block.rows = std::min(kBandRows, all - i);
        depthwise_table<T>().forward(block);
        block.image += block.rows * block.row_step;
        block.out += block.rows * block.out_row;
        each_band(i, i + block.rows);
      }
      return;
    }
    each_band(int64_t{0}, block.rows);
    const int64_t rows = block.rows, columns = block.columns, out_row = block.out_row;
    T* const out = block.out;
    block.columns += (rows - 1) * block.row_step;
    block.rows = 1;
    block.window = 0;
    block.out = buffer;
    depthwise_table<T>().forward(block);
    depthwise_table<T>().place({buffer, out, block.row_step, out_row, 1, rows, columns, 1, columns, 0});
  }
};

template <class T>
struct ForwardLayout {
  PlaneBuffer buffer;
  PlaneOutput<T> output;
  int64_t slots, slot;
  int64_t* offsets;
  T* weights;  // of all channels
  T* slots_at;
  size_t bytes;

  ForwardLayout(const ConvGeometry& g, void* workspace)
      : buffer(input_buffer(g)), output(g.out[1], g.out[2], g.stride[1] * buffer.pitch, buffer) {
    Pieces pieces(workspace);
    slots = std::min(g.batch * g.groups, kPlaneSlots);
    slot = 2 * buffer.elements(depthwise_table<T>().lanes) + output.elements;
    offsets = pieces.take<int64_t>(g.taps());
    weights = pieces.take<T>(g.groups * g.out_channels * g.taps());
    slots_at = pieces.take<T>(slots * slot);
    bytes = pieces.used();
  }
};

// The phases of the stride in one direction, and how far outside the gradient their taps reach.
struct GradBuffer : PlaneBuffer {
  ConvSizes phases;
  explicit GradBuffer(const ConvGeometry& g) : PlaneBuffer{0, 0, 1, 0, 0, 0} {
    const Reach y = reach(g, 1), x = reach(g, 2);
    top = y.before;
    left = x.before;
    part = pitch = x.before + g.out[2] + x.after;
    rows = y.before + g.out[1] + y.after;
    phases = {1, std::min(g.stride[1], g.size[1]), std::min(g.stride[2], g.size[2])};
  }
};

// Input pixels that see the same taps: rows y, y + stride ..., columns x, x + stride ...
struct GradPhase {
  int64_t y, x;
  int64_t first, taps;  // in the tables
  int64_t rows, columns;
};

template <class T>
struct InputGradLayout {
  GradBuffer buffer;
  PlaneOutput<T> output;
  int64_t part;  // columns of a phase in the buffer of the output
  int64_t slots, slot;
  int64_t* offsets;
  T* weights;
  GradPhase* phases;
  T* slots_at;
  size_t bytes;

  InputGradLayout(const ConvGeometry& g, void* workspace)
      : buffer(g), output(g.size[1], g.size[2], buffer.phases[2] == 1 ? buffer.pitch : 0, buffer) {
    Pieces pieces(workspace);
    part = ceil_div(g.size[2], buffer.phases[2]);
    const int64_t phases_room = buffer.phases[2] > 1
                                    ? part * buffer.phases[2] * ceil_div(g.size[1], buffer.phases[1]) + 16
                                    : output.elements;
    slots = std::min(g.batch * g.groups, kPlaneSlots);
    slot = 2 * buffer.elements(depthwise_table<T>().lanes) + (phases_room + 15) / 16 * 16;
    offsets = pieces.take<int64_t>(g.taps());
    weights = pieces.take<T>(g.groups * g.taps());
    phases = pieces.take<GradPhase>(buffer.phases[1] * buffer.phases[2]);
    slots_at = pieces.take<T>(slots * slot);
    bytes = pieces.used();
  }
};

// Images are summed in chunks, whose number follows from the shape, and then the chunks in order.
constexpr int64_t kWeightTasks = 64;
constexpr int64_t kMaxSums = int64_t{1} << 18;  // elements, but for one chunk

template <class T>
struct WeightGradLayout {
  PlaneBuffer buffer;
  bool copies_grad;
  int64_t chunks, slots, slot, grad_at;
  int64_t sums_each;  // elements of the sums of one group
  int64_t* offsets;
  T* sums;
  T* slots_at;
  size_t bytes;

  WeightGradLayout(const ConvGeometry& g, void* workspace) : buffer(input_buffer(g)) {
    const int64_t lanes = depthwise_table<T>().lanes;
    Pieces pieces(workspace);
    sums_each = g.out_channels * g.taps() * lanes;
    chunks = std::min(ceil_div(kWeightTasks, g.groups), kMaxSums / (g.groups * sums_each));
    chunks = std::max<int64_t>(1, std::min(chunks, g.batch));
    slots = std::min(chunks * g.groups, kPlaneSlots);
    grad_at = 2 * buffer.elements(lanes);
    slot = grad_at + (g.places() + 15) / 16 * 16;
    offsets = pieces.take<int64_t>(g.taps());
    sums = pieces.take<T>(chunks * g.groups * sums_each);
    slots_at = pieces.take<T>(slots * slot);
    bytes = pieces.used();
  }
};

}  // namespace

bool has_single_channels(const ConvGeometry& g) {
  if (g.in_channels != 1 || g.out_channels < 1 || g.size[0] != 1 || g.kernel[0] != 1 || g.padding[0] != 0)
    return false;
  if (g.batch * g.groups < kFewPlanes || g.places() * g.size[1] * g.size[2] == 0) return false;
  const PlaneBuffer in = input_buffer(g);
  const GradBuffer grad(g);
  return in.rows * in.pitch <= kMaxBuffer && grad.rows * grad.pitch <= kMaxBuffer;
}

template <class T>
size_t depthwise_forward_workspace(const ConvGeometry& g) {
  return ForwardLayout<T>(g, nullptr).bytes;
}
template <class T>
size_t depthwise_input_grad_workspace(const ConvGeometry& g) {
  return InputGradLayout<T>(g, nullptr).bytes;
}
template <class T>
size_t depthwise_weight_grad_workspace(const ConvGeometry& g) {
  return WeightGradLayout<T>(g, nullptr).bytes;
}

template <class T>
void depthwise_forward(const ConvGeometry& g, ConvOperand<const T> x, ConvOperand<const T> weight, T* out,
                       const ConvExtras<T>& extras, void* workspace) {
  const T* const bias = extras.bias;
  const ForwardLayout<T> l(g, workspace);
  const int64_t taps = g.taps(), planes = g.batch * g.groups;
  const auto& ws = weight.strides;
  window_offsets(g, l.buffer, l.offsets);
  for (int64_t o = 0; o < g.groups * g.out_channels; ++o) {
    for (int64_t t = 0; t < taps; ++t) {
      const ConvSizes k = g.tap(t);
      l.weights[o * taps + t] = weight.data[o * ws[0] + k[1] * ws[3] + k[2] * ws[4]];
    }
  }
  std::fill(l.slots_at, l.slots_at + l.slots * l.slot, T{0});
  const PlaneBlock<T> shared{.image = nullptr,
                             .offsets = l.offsets,
                             .weights = nullptr,
                             .taps = taps,
                             .rows = g.out[1],
                             .columns = g.out[2],
                             .row_step = g.stride[1] * l.buffer.pitch,
                             .bias = 0,
                             .out = nullptr,
                             .out_row = g.out[2],
                             .window = window_of(g),
                             .pitch = l.buffer.pitch};
  const PlaneSource<T> source{x, g.groups, g.size[1], g.size[2], l.buffer};
  const int64_t room = l.buffer.elements(depthwise_table<T>().lanes);
  in_ranges(planes, planes * g.out_channels * g.places() * taps, l.slots,
            [&](int64_t begin, int64_t end, int64_t task) {
              T* const buffers = l.slots_at + task * l.slot;
              over_planes(source, begin, end, 1, buffers, room,
                          [&](int64_t index, const T* image, auto&& next) {
                            const int64_t n = index / g.groups, first = index % g.groups * g.out_channels;
                            PlaneBlock<T> block = shared;
                            block.image = image;
                            for (int64_t o = first; o < first + g.out_channels; ++o) {
                              block.weights = l.weights + o * taps;
                              block.bias = bias ? bias[o] : T{0};
                              block.out = out + (n * g.groups * g.out_channels + o) * g.places();
                              const bool last = o == first + g.out_channels - 1;
                              l.output.run(block, buffers + 2 * room, [&](int64_t i, int64_t i_end) {
                                if (last) next(g.size[1] * i / g.out[1], g.size[1] * i_end / g.out[1]);
                              });
                              extras.finish.run_channels(block.out, 1, g.places(), g.places());
                            }
                          });
            });
}

template <class T>
void depthwise_input_grad(const ConvGeometry& g, ConvOperand<const T> grad, ConvOperand<const T> weight,
                          const T* bias, T* out, void* workspace) {
  const InputGradLayout<T> l(g, workspace);
  const DepthwiseTable<T>& table = depthwise_table<T>();
  const GradBuffer& b = l.buffer;
  const int64_t taps = g.taps(), planes = g.batch * g.groups, plane = g.size[1] * g.size[2];
  const auto& ws = weight.strides;
  std::fill(l.slots_at, l.slots_at + l.slots * l.slot, T{0});
  // All phases together have each tap once, but for those that no pixel is seen by. Taps from the last to the
  // first, so that a stride of one gives a window.
  int64_t first = 0;
  for (int64_t i = 0; i < b.phases[1] * b.phases[2]; ++i) {
    const Direction y{i / b.phases[2], &g, 1}, x{i % b.phases[2], &g, 2};
    GradPhase& p = l.phases[i];
    p = {y.first, x.first, first, y.taps() * x.taps(), y.count(), x.count()};
    first += p.taps;
    int64_t at = 0;
    for (int64_t t = taps - 1; t >= 0; --t) {
      const ConvSizes k = g.tap(t);
      if (!y.sees(k[1]) || !x.sees(k[2])) continue;
      l.offsets[p.first + at] = (y.base(k[1]) + b.top) * b.pitch + x.base(k[2]) + b.left;
      for (int64_t c = 0; c < g.groups; ++c) {
        l.weights[g.groups * p.first + c * p.taps + at] =
            weight.data[c * ws[0] + k[1] * ws[3] + k[2] * ws[4]];
      }
      ++at;
    }
  }
  const bool window = g.stride[1] == 1 && g.stride[2] == 1;
  const PlaneSource<T> source{grad, g.groups, g.out[1], g.out[2], b};
  const int64_t room = b.elements(table.lanes);
  in_ranges(planes, planes * plane * taps, l.slots, [&](int64_t begin, int64_t end, int64_t task) {
    T* const buffers = l.slots_at + task * l.slot;
    T* const parts = buffers + 2 * room;
    over_planes(source, begin, end, 1, buffers, room, [&](int64_t index, const T* image, auto&& next) {
      const int64_t c = index % g.groups;
      T* const to = out + index * plane;
      if (b.phases[2] > 1) next(int64_t{0}, g.out[1]);
      for (int64_t i = 0; i < b.phases[1] * b.phases[2]; ++i) {
        const GradPhase& p = l.phases[i];
        const bool whole_rows = b.phases[2] == 1, last = i == b.phases[1] * b.phases[2] - 1;
        const PlaneBlock<T> block{.image = image,
                                  .offsets = l.offsets + p.first,
                                  .weights = l.weights + g.groups * p.first + c * p.taps,
                                  .taps = p.taps,
                                  .rows = p.rows,
                                  .columns = p.columns,
                                  .row_step = b.pitch,
                                  .bias = bias ? bias[c] : T{0},
                                  .out = whole_rows ? to + p.y * g.size[2] : parts + p.x * l.part,
                                  .out_row = whole_rows ? g.stride[1] * g.size[2] : b.phases[2] * l.part,
                                  .window = window ? window_of(g) : 0,
                                  .pitch = b.pitch};
        if (whole_rows) {
          l.output.run(block, parts, [&](int64_t r, int64_t r_end) {
            if (last) next(g.out[1] * r / p.rows, g.out[1] * r_end / p.rows);
          });
          continue;
        }
        table.forward(block);
        if (p.x + 1 < b.phases[2]) continue;
        table.merge({parts, to + p.y * g.size[2], b.phases[2] * l.part, g.stride[1] * g.size[2], 1, p.rows,
                     g.size[2], b.phases[2], l.part, 0});
      }
    });
  });
}

template <class T>
void depthwise_weight_grad(const ConvGeometry& g, ConvOperand<const T> grad, ConvOperand<const T> x, T* out,
                           void* workspace) {
  const WeightGradLayout<T> l(g, workspace);
  const DepthwiseTable<T>& table = depthwise_table<T>();
  const int64_t taps = g.taps(), outs = g.out_channels;
  const auto& gs = grad.strides;
  const PlaneSource<T> source{x, g.groups, g.size[1], g.size[2], l.buffer};
  const int64_t room = l.buffer.elements(table.lanes);
  window_offsets(g, l.buffer, l.offsets);
  std::fill(l.slots_at, l.slots_at + l.slots * l.slot, T{0});
  in_tasks(l.chunks * g.groups, g.batch * g.groups * outs * g.places() * taps, l.slots,
           [&](int64_t index, int64_t task) {
             const int64_t chunk = index / g.groups, group = index % g.groups;
             T* const buffers = l.slots_at + task * l.slot;
             T* const sums = l.sums + index * l.sums_each;
             std::fill(sums, sums + l.sums_each, T{0});
             const int64_t begin = g.batch * chunk / l.chunks * g.groups + group;
             const int64_t end = g.batch * (chunk + 1) / l.chunks * g.groups;
             over_planes(
                 source, begin, end, g.groups, buffers, room,
                 [&](int64_t plane, const T* image, auto&& next) {
                   next(int64_t{0}, g.size[1]);
                   for (int64_t o = 0; o < outs; ++o) {
                     const T* from = grad.data + plane / g.groups * gs[0] + (group * outs + o) * gs[1];
                     int64_t grad_row = gs[3];
                     if (gs[4] != 1) {
                       T* const copy = buffers + l.grad_at;
                       table.place({from, copy, gs[3], g.out[2], gs[4], g.out[1], g.out[2], 1, g.out[2], 0});
                       from = copy;
                       grad_row = g.out[2];
                     }
                     table.weight_grad({.image = image,
                                        .offsets = l.offsets,
                                        .taps = taps,
                                        .grads = from,
                                        .grad_row = grad_row,
                                        .rows = g.out[1],
                                        .columns = g.out[2],
                                        .row_step = g.stride[1] * l.buffer.pitch,
                                        .sums = sums + o * taps * table.lanes});
                   }
                 });
           });
  for (int64_t p = 0; p < g.groups * outs * taps; ++p) {
    T total = 0;
    for (int64_t chunk = 0; chunk < l.chunks; ++chunk) {
      const T* const lanes = l.sums + chunk * g.groups * l.sums_each + p * table.lanes;
      T sum = 0;
      for (int i = 0; i < table.lanes; ++i) sum += lanes[i];
      total += sum;
    }
    out[p] = total;
  }
}

#define LANEGRAD_CONV(T)                                                                                  \
  template size_t depthwise_forward_workspace<T>(const ConvGeometry&);                                    \
  template size_t depthwise_input_grad_workspace<T>(const ConvGeometry&);                                 \
  template size_t depthwise_weight_grad_workspace<T>(const ConvGeometry&);                                \
  template void depthwise_forward<T>(const ConvGeometry&, ConvOperand<const T>, ConvOperand<const T>, T*, \
                                     const ConvExtras<T>&, void*);                                        \
  template void depthwise_input_grad<T>(const ConvGeometry&, ConvOperand<const T>, ConvOperand<const T>,  \
                                        const T*, T*, void*);                                             \
  template void depthwise_weight_grad<T>(const ConvGeometry&, ConvOperand<const T>, ConvOperand<const T>, \
                                         T*, void*);
LANEGRAD_CONV(float)
LANEGRAD_CONV(double)
#undef LANEGRAD_CONV

}  // namespace lanegrad::conv_detail

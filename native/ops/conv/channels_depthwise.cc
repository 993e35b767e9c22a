#include "ops/conv/channels_depthwise.h"

#include "core/streaming.h"
#include "core/threads.h"
#include "kernels/channels/channels.h"
#include "ops/conv/pixels.h"
#include "ops/conv/sight.h"

namespace lanegrad::conv_detail {
namespace {

constexpr int64_t kMostTaps = 128;
// Rows are summed in so many chunks at most, a number that follows from the shape, and then the chunks in
// order.
constexpr int64_t kChunks = 32;
constexpr int64_t kMostSums = int64_t{1} << 19;  // elements, but for one chunk

template <class In>
int64_t width_of(const ConvGeometry& g) {
  const int64_t lanes = channel_table<In>().lanes;
  return ceil_div(g.groups, lanes) * lanes;
}

template <class In>
struct Layout {
  using T = GemmSum<In>;
  Sight rows, columns;
  int64_t width;  // of the packed weights: channels in whole vectors
  SightRun* runs;
  SeenTap* seen;
  T* weights;  // [taps][width]
  T* bias;     // [width]
  size_t bytes;

  Layout(const ConvGeometry& g, bool gradient, void* workspace)
      : rows{&g, 1, gradient}, columns{&g, 2, gradient}, width(width_of<In>(g)) {
    Pieces pieces(workspace);
    runs = pieces.take<SightRun>(most_runs(columns));
    seen = pieces.take<SeenTap>(most_seen(columns));
    weights = pieces.take<T>(g.taps() * width);
    bias = pieces.take<T>(width);
    bytes = pieces.used();
  }
};

template <class In>
struct WeightLayout {
  using T = GemmSum<In>;
  Sight rows, columns;
  int64_t width, chunks, sums_each;
  SightRun* runs;
  SeenTap* seen;
  T* sums;
  size_t bytes;

  WeightLayout(const ConvGeometry& g, void* workspace)
      : rows{&g, 1, false}, columns{&g, 2, false}, width(width_of<In>(g)), sums_each(g.taps() * width) {
    chunks = std::max<int64_t>(1, std::min({kChunks, g.batch * g.out[1], kMostSums / sums_each}));
    Pieces pieces(workspace);
    runs = pieces.take<SightRun>(most_runs(columns));
    seen = pieces.take<SeenTap>(most_seen(columns));
    sums = pieces.take<T>(chunks * sums_each);
    bytes = pieces.used();
  }
};

// What one row of places sees, and so each of its runs: taps in the order of the kernel.
struct SeenRow {
  SeenTap rows[kMostTaps];
  int64_t row_taps;
  int64_t offsets[kMostTaps];
  int64_t places[kMostTaps];  // of the taps in the packed weights

  SeenRow(const Sight& s, int64_t place) : row_taps(see_taps(s, place, rows)) {}

  // Returns the number of taps.
  int64_t see(const SightRun& run, int64_t kernel_columns, int64_t width, int64_t row, int64_t column) {
    int64_t t = 0;
    for (int64_t y = 0; y < row_taps; ++y) {
      for (int64_t x = 0; x < run.taps; ++x, ++t) {
        offsets[t] = rows[y].source * row + run.seen[x].source * column;
        places[t] = (rows[y].k * kernel_columns + run.seen[x].k) * width;
      }
    }
    return t;
  }
};

}  // namespace

bool has_channel_kernel(const ConvGeometry& g) {
  return g.in_channels == 1 && g.out_channels == 1 && g.size[0] == 1 && g.kernel[0] == 1 &&
         g.padding[0] == 0 && g.kernel[1] <= kMostTaps && g.kernel[2] <= kMostTaps && g.taps() <= kMostTaps;
}

template <class In>
size_t channels_depthwise_workspace(const ConvGeometry& g, bool gradient) {
  return Layout<In>(g, gradient, nullptr).bytes;
}
template <class In>
size_t channels_depthwise_weight_workspace(const ConvGeometry& g) {
  return WeightLayout<In>(g, nullptr).bytes;
}

template <class In>
void channels_depthwise(const ConvGeometry& g, bool gradient, ConvOperand<const In> x,
                        ConvOperand<const In> weight, const GemmSum<In>* bias, In* out, void* workspace) {
  using T = GemmSum<In>;
  const Layout<In> l(g, gradient, workspace);
  const int64_t channels = g.groups, rows = l.rows.places(), columns = l.columns.places();
  const auto &xs = x.strides, &ws = weight.strides;
  for (int64_t t = 0; t < g.taps(); ++t) {
    const ConvSizes k = g.tap(t);
    const In* const from = weight.data + k[1] * ws[3] + k[2] * ws[4];
    for (int64_t c = 0; c < l.width; ++c)
      l.weights[t * l.width + c] = c < channels ? static_cast<T>(from[c * ws[0]]) : 0;
  }
  for (int64_t c = 0; bias && c < l.width; ++c) l.bias[c] = c < channels ? bias[c] : 0;
  const int64_t runs = find_runs(l.columns, l.runs, l.seen);
  const int64_t pixels = g.batch * rows * columns, pixel_bytes = channels * int64_t{sizeof(In)};
  const bool past = !kIsHalf<In> && pixel_bytes % 64 == 0 && is_stream_aligned(out) &&
                    exceeds_caches(static_cast<size_t>(pixels * pixel_bytes));
  const int64_t grain = std::max<int64_t>(1, kSerialWork / 4 / (columns * channels * g.taps()));
  parallel_for(g.batch * rows, grain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      SeenRow row(l.rows, i % rows);
      for (int64_t r = 0; r < runs; ++r) {
        const SightRun& run = l.runs[r];
        const int64_t taps = row.see(run, g.kernel[2], l.width, xs[3], xs[4]);
        channel_table<In>().forward({.image = x.data + i / rows * xs[0],
                                     .image_step = l.columns.advance() * xs[4],
                                     .offsets = row.offsets,
                                     .weights = l.weights,
                                     .weight_at = row.places,
                                     .taps = taps,
                                     .pixels = run.count,
                                     .channels = channels,
                                     .bias = bias ? l.bias : nullptr,
                                     .out = out + (i * columns + run.first) * channels,
                                     .out_step = l.columns.step() * channels,
                                     .past_caches = past});
      }
    }
    if (past) end_streams();
  });
}

template <class In>
void channels_depthwise_weight_grad(const ConvGeometry& g, ConvOperand<const In> grad,
                                    ConvOperand<const In> x, In* out, void* workspace) {
  using T = GemmSum<In>;
  const WeightLayout<In> l(g, workspace);
  const int64_t channels = g.groups, rows = g.out[1], all_rows = g.batch * rows, taps = g.taps();
  const auto &gs = grad.strides, &xs = x.strides;
  const int64_t runs = find_runs(l.columns, l.runs, l.seen);
  in_tasks(l.chunks, all_rows * g.out[2] * channels * taps, l.chunks, [&](int64_t chunk, int64_t) {
    T* const sums = l.sums + chunk * l.sums_each;
    std::fill(sums, sums + l.sums_each, T{0});
    for (int64_t i = all_rows * chunk / l.chunks; i < all_rows * (chunk + 1) / l.chunks; ++i) {
      SeenRow row(l.rows, i % rows);
      const In* const grads = grad.data + i / rows * gs[0] + i % rows * gs[3];
      for (int64_t r = 0; r < runs; ++r) {
        const SightRun& run = l.runs[r];
        const int64_t seen = row.see(run, g.kernel[2], l.width, xs[3], xs[4]);
        channel_table<In>().weight_grad({.image = x.data + i / rows * xs[0],
                                         .image_step = l.columns.advance() * xs[4],
                                         .offsets = row.offsets,
                                         .taps = seen,
                                         .pixels = run.count,
                                         .channels = channels,
                                         .grads = grads + run.first * gs[4],
                                         .grad_step = gs[4],
                                         .sums = sums,
                                         .sum_at = row.places});
      }
    }
  });
  for (int64_t chunk = 1; chunk < l.chunks; ++chunk) {
    const T* const part = l.sums + chunk * l.sums_each;
    for (int64_t i = 0; i < l.sums_each; ++i) l.sums[i] += part[i];
  }
  for (int64_t c = 0; c < channels; ++c)
    for (int64_t t = 0; t < taps; ++t) out[c * taps + t] = static_cast<In>(l.sums[t * l.width + c]);
}

#define LANEGRAD_CONV(In)                                                                      \
  template size_t channels_depthwise_workspace<In>(const ConvGeometry&, bool);                 \
  template size_t channels_depthwise_weight_workspace<In>(const ConvGeometry&);                \
  template void channels_depthwise<In>(const ConvGeometry&, bool, ConvOperand<const In>,       \
                                       ConvOperand<const In>, const GemmSum<In>*, In*, void*); \
  template void channels_depthwise_weight_grad<In>(const ConvGeometry&, ConvOperand<const In>, \
                                                   ConvOperand<const In>, In*, void*);
LANEGRAD_CONV(float)
LANEGRAD_CONV(double)
LANEGRAD_CONV(BFloat16)
LANEGRAD_CONV(Float16)
#undef LANEGRAD_CONV

}  // namespace lanegrad::conv_detail

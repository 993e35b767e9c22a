#include "ops/conv/channels_product.h"

#include "ops/conv/gather.h"
#include "ops/conv/tiles.h"
#include "ops/conv/winograd.h"
#include "ops/product/gemm.h"

namespace lanegrad::conv_detail {
namespace {

constexpr int64_t kFewChannels = 8;
// Elements of gathered pixels, and how many pixels those are.
constexpr int64_t kGathered = int64_t{1} << 17, kLeastPixels = 28, kMostPixels = 224;
// Buffers at a time.
constexpr int64_t kSlots = 16;

template <class In>
struct Layout {
  using T = GemmSum<In>;
  int64_t depth_channels, channels;  // summed over, and of the result
  int64_t width;                     // of packed weights: channels in whole vectors
  int64_t phases, chunk, slots;
  bool apart;  // sums are made in a buffer: pixels of the result do not follow each other, or are rounded
  GatherPhase* phase;
  ConvSizes* kernel;
  TapRun* run;
  T* weights;
  In* gathered;
  int64_t gathered_each;
  T* sums;
  int64_t sums_each;
  size_t bytes;

  Layout(const ConvGeometry& g, bool gradient, void* workspace) {
    depth_channels = gradient ? g.out_channels : g.in_channels;
    channels = gradient ? g.in_channels : g.out_channels;
    width = round_up(channels, gemm_table<In>().lanes);
    phases = phase_count(g, gradient);
    apart = phases > 1 || kIsHalf<In>;
    const int64_t most_depth = g.taps() * depth_channels;
    const int64_t places = g.batch * (gradient ? g.size[1] * g.size[2] : g.places());
    chunk = std::clamp(kGathered / most_depth, kLeastPixels, kMostPixels);
    slots = std::min(kSlots, ceil_div(places, chunk) + phases);
    gathered_each = round_up(chunk * most_depth, 16);
    sums_each = apart ? round_up(chunk * channels, 16) : 0;
    Pieces pieces(workspace);
    phase = pieces.take<GatherPhase>(phases);
    kernel = pieces.take<ConvSizes>(g.taps());
    run = pieces.take<TapRun>(g.taps());
    weights = pieces.take<T>(g.taps() * depth_channels * width);
    gathered = pieces.take<In>(slots * gathered_each);
    sums = pieces.take<T>(slots * sums_each);
    bytes = pieces.used();
  }
};

// Weights of a phase as panels of [taps * depth channels][channels], depth block by depth block.
template <class In>
void pack_phase(const GatherPhase& p, const Layout<In>& l, const In* weight, const ConvStrides& s,
                bool gradient, GemmSum<In>* to) {
  const GemmTable<In>& gemm = gemm_table<In>();
  const int64_t depth = p.taps * l.depth_channels, in = s[gradient ? 0 : 1], out = s[gradient ? 1 : 0];
  const int64_t blocks = ceil_div(depth, gemm.depth), block = blocks > 0 ? ceil_div(depth, blocks) : 1;
  in_tasks(blocks, depth * l.width, 4 * num_threads(), [&](int64_t b, int64_t) {
    const int64_t begin = b * block, end = std::min(depth, begin + block);
    GemmSum<In>* at = to + begin * l.width;
    for (int64_t j = 0; j < l.channels; j += gemm.columns) {
      const int64_t count = std::min<int64_t>(gemm.columns, l.channels - j);
      const int64_t padded = round_up(count, gemm.lanes);
      for (int64_t d = begin; d < end; ++d, at += padded) {
        const ConvSizes& k = p.kernel[d / l.depth_channels];
        const In* const from = weight + k[1] * s[3] + k[2] * s[4] + d % l.depth_channels * in + j * out;
        for (int64_t c = 0; c < count; ++c) at[c] = static_cast<GemmSum<In>>(from[c * out]);
        std::fill(at + count, at + padded, GemmSum<In>{0});
      }
    }
  });
}

// Sums of `count` pixels, which they do not survive, to pixels that follow each other.
template <class In>
void store_sums(GemmSum<In>* sums, int64_t count, int64_t channels, In* to) {
  if constexpr (kIsHalf<In>) {
    GemmFinish<float> finish{};
    finish.out = to;
    finish.out_row = channels;
    finish.store = kGemmStore<In>;
    gemm_table<In>().finish(finish, sums, channels, count, channels);
  } else {
    std::copy(sums, sums + count * channels, to);
  }
}

// Sums of the places [first, first + count) of a phase to their pixels.
template <class In>
void place_sums(const ConvGeometry& g, const GatherPhase& p, int64_t channels, GemmSum<In>* sums,
                int64_t first, int64_t count, In* out) {
  for (int64_t n = first; n < first + count; ++n, sums += channels) {
    const int64_t y = n % p.pixels() / p.columns * g.stride[1] + p.first_row;
    const int64_t x = n % p.columns * g.stride[2] + p.first_column;
    store_sums(sums, 1, channels, out + ((n / p.pixels() * g.size[1] + y) * g.size[2] + x) * channels);
  }
}

template <class In>
void multiply(const Layout<In>& l, const GatherPhase& p, const In* pixels, int64_t count,
              const GemmSum<In>* weights, const GemmSum<In>* bias, GemmSum<In>* sums) {
  using T = GemmSum<In>;
  const GemmTable<In>& gemm = gemm_table<In>();
  const int64_t depth = p.taps * l.depth_channels;
  if (depth == 0) {
    for (int64_t n = 0; n < count; ++n)
      for (int64_t c = 0; c < l.channels; ++c) sums[n * l.channels + c] = bias ? bias[c] : T{0};
    return;
  }
  const int64_t block_depth = ceil_div(depth, ceil_div(depth, gemm.depth));
  GemmBlock<T, In> block{};
  block.m = count;
  block.n = l.channels;
  block.a_row = depth;
  block.a_col = 1;
  block.c = sums;
  block.c_row = l.channels;
  block.packed_b = true;
  for (int64_t d = 0; d < depth; d += block_depth) {
    block.k = std::min(block_depth, depth - d);
    block.a = pixels + d;
    block.b = weights + d * l.width;
    block.column_bias = d == 0 ? bias : nullptr;
    block.accumulate = d > 0;
    gemm.block(block);
  }
}

}  // namespace

bool is_channels_product(const ConvGeometry& g) {
  return g.groups == 1 && g.size[0] == 1 && g.kernel[0] == 1 && g.padding[0] == 0 &&
         g.in_channels >= kFewChannels && g.out_channels >= kFewChannels && !suits_winograd<float>(g);
}

template <class In>
size_t channels_product_workspace(const ConvGeometry& g, bool gradient) {
  return Layout<In>(g, gradient, nullptr).bytes;
}

template <class In>
void channels_product(const ConvGeometry& g, bool gradient, ConvOperand<const In> x,
                      ConvOperand<const In> weight, const GemmSum<In>* bias, In* out, void* workspace) {
  const Layout<In> l(g, gradient, workspace);
  find_phases(g, gradient, l.phase, l.kernel, l.run);
  const GatherSource<In> source{x.data, x.strides, gradient ? g.out[1] : g.size[1],
                                gradient ? g.out[2] : g.size[2], l.depth_channels};
  int64_t tap = 0;
  for (int64_t i = 0; i < l.phases; ++i) {
    const GatherPhase& p = l.phase[i];
    GemmSum<In>* const weights = l.weights + tap * l.depth_channels * l.width;
    tap += p.taps;
    pack_phase(p, l, weight.data, weight.strides, gradient, weights);
    const int64_t places = g.batch * p.pixels();
    in_slots(ceil_div(places, l.chunk), l.slots, [&](int64_t index, int64_t slot) {
      const int64_t first = index * l.chunk, count = std::min(l.chunk, places - first);
      In* const pixels = l.gathered + slot * l.gathered_each;
      gather_pixels(p, 0, p.runs, source, first, count, pixels);
      if (l.apart) {
        GemmSum<In>* const sums = l.sums + slot * l.sums_each;
        multiply(l, p, pixels, count, weights, bias, sums);
        if (l.phases > 1)
          place_sums(g, p, l.channels, sums, first, count, out);
        else
          store_sums(sums, count, l.channels, out + first * l.channels);
      } else if constexpr (!kIsHalf<In>) {
        multiply(l, p, pixels, count, weights, bias, out + first * l.channels);
      }
    });
  }
}

#define LANEGRAD_CONV(In)                                                              \
  template size_t channels_product_workspace<In>(const ConvGeometry&, bool);           \
  template void channels_product<In>(const ConvGeometry&, bool, ConvOperand<const In>, \
                                     ConvOperand<const In>, const GemmSum<In>*, In*, void*);
LANEGRAD_CONV(float)
LANEGRAD_CONV(double)
LANEGRAD_CONV(BFloat16)
LANEGRAD_CONV(Float16)
#undef LANEGRAD_CONV

}  // namespace lanegrad::conv_detail

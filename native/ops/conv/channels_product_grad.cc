// The gradient of the weight: for the taps of a row of the kernel, grad^T times the gathered pixels, some
// pixels at a time.
#include "ops/conv/channels_product.h"
#include "ops/conv/gather.h"
#include "ops/conv/tiles.h"
#include "ops/product/gemm.h"

namespace lanegrad::conv_detail {
namespace {

// Pixels are summed in chunks, whose number follows from the shape, and then the chunks in order.
constexpr int64_t kChunks = 16, kMostSums = int64_t{1} << 22;  // elements, but for one chunk
constexpr int64_t kSlots = 16;
// Bytes of a line of the caches.
constexpr int64_t kLine = 64;

template <class In>
struct Layout {
  using T = GemmSum<In>;
  int64_t places, chunks, at_once;  // at_once: pixels of a product
  int64_t most_columns;             // of a product: channels that a run of taps sees
  bool packs;
  int64_t tasks, slots, gathered_each, packed_each, sums_each;
  GatherPhase* phase;
  ConvSizes* kernel;
  TapRun* run;
  In* gathered;
  T* packed;
  T* sums;  // [chunks][runs][out channels][taps of the run * channels]
  size_t bytes;

  Layout(const ConvGeometry& g, void* workspace) {
    const GemmTable<In>& gemm = gemm_table<In>();
    places = g.batch * g.places();
    at_once = std::min(places, gemm.depth);
    sums_each = g.out_channels * g.taps() * g.in_channels;
    chunks = std::max<int64_t>(1, std::min({kChunks, ceil_div(places, at_once), kMostSums / sums_each}));
    most_columns = g.kernel[2] * g.in_channels;
    packs = kIsHalf<In> || g.in_channels % gemm.lanes != 0;
    slots = std::min(kSlots, chunks * g.taps());
    gathered_each = g.taps() > 1 || g.stride[1] > 1 || g.stride[2] > 1 || g.pads()
                        ? round_up(at_once * most_columns, 32)
                        : 0;
    packed_each = packs ? round_up(at_once * round_up(most_columns, gemm.lanes), 16) : 0;
    Pieces pieces(workspace);
    phase = pieces.take<GatherPhase>(1);
    kernel = pieces.take<ConvSizes>(g.taps());
    run = pieces.take<TapRun>(g.taps());
    gathered = pieces.take<In>(slots * gathered_each);
    packed = pieces.take<T>(slots * packed_each);
    sums = pieces.take<T>(chunks * sums_each);
    bytes = pieces.used();
  }
};

// What a product reads in columns is asked for in the order in which it lies.
template <class In>
void ask_for(const In* from, int64_t elements) {
  const char* const at = reinterpret_cast<const char*>(from);
  for (int64_t i = 0; i < elements * int64_t{sizeof(In)}; i += kLine) __builtin_prefetch(at + i, 0, 2);
}

template <class In>
void sum_run(const ConvGeometry& g, const Layout<In>& l, const GatherSource<In>& source, const In* grad,
             int64_t chunk, int64_t run, int64_t slot) {
  using T = GemmSum<In>;
  const GemmTable<In>& gemm = gemm_table<In>();
  const TapRun& taps = l.phase->run[run];
  const int64_t columns = taps.taps * g.in_channels;
  T* const sums = l.sums + chunk * l.sums_each + g.out_channels * taps.first * g.in_channels;
  const int64_t begin = l.places * chunk / l.chunks, end = l.places * (chunk + 1) / l.chunks;
  GemmBlock<T, In> block{};
  block.m = g.out_channels;
  block.n = columns;
  block.a_row = 1;
  block.a_col = g.out_channels;
  block.b_row = columns;
  block.c = sums;
  block.c_row = columns;
  block.packed_b = l.packs;
  for (int64_t first = begin; first < end; first += l.at_once) {
    const int64_t count = std::min(l.at_once, end - first);
    const In* pixels = source.data + first * g.in_channels;
    if (l.gathered_each > 0) {
      In* const to = l.gathered + slot * l.gathered_each;
      gather_pixels(*l.phase, run, 1, source, first, count, to);
      pixels = to;
    }
    block.a = grad + first * g.out_channels;
    ask_for(block.a, count * g.out_channels);
    if (l.packs) {
      T* const to = l.packed + slot * l.packed_each;
      gemm.pack_b(pixels, columns, 1, count, columns, to);
      block.b = to;
    } else if constexpr (!kIsHalf<In>) {
      block.b = pixels;
    }
    block.k = count;
    block.accumulate = first > begin;
    gemm.block(block);
  }
}

}  // namespace

template <class In>
size_t channels_product_weight_workspace(const ConvGeometry& g) {
  return Layout<In>(g, nullptr).bytes;
}

template <class In>
void channels_product_weight_grad(const ConvGeometry& g, ConvOperand<const In> grad, ConvOperand<const In> x,
                                  In* out, void* workspace) {
  using T = GemmSum<In>;
  const Layout<In> l(g, workspace);
  find_phases(g, false, l.phase, l.kernel, l.run);
  const GatherSource<In> source{x.data, x.strides, g.size[1], g.size[2], g.in_channels};
  const int64_t runs = l.phase->runs, taps = g.taps();
  in_slots(l.chunks * runs, l.slots, [&](int64_t index, int64_t slot) {
    sum_run(g, l, source, grad.data, index / runs, index % runs, slot);
  });
  in_tasks(g.out_channels, l.chunks * l.sums_each, 4 * num_threads(), [&](int64_t o, int64_t) {
    for (int64_t r = 0; r < runs; ++r) {
      const TapRun& run = l.phase->run[r];
      const int64_t columns = run.taps * g.in_channels;
      T* const total = l.sums + (g.out_channels * run.first + o * run.taps) * g.in_channels;
      for (int64_t chunk = 1; chunk < l.chunks; ++chunk) {
        const T* const part = total + chunk * l.sums_each;
        for (int64_t i = 0; i < columns; ++i) total[i] += part[i];
      }
      for (int64_t t = 0; t < run.taps; ++t) {
        for (int64_t c = 0; c < g.in_channels; ++c)
          out[(o * g.in_channels + c) * taps + run.first + t] = static_cast<In>(total[t * g.in_channels + c]);
      }
    }
  });
}

#define LANEGRAD_CONV(In)                                                                    \
  template size_t channels_product_weight_workspace<In>(const ConvGeometry&);                \
  template void channels_product_weight_grad<In>(const ConvGeometry&, ConvOperand<const In>, \
                                                 ConvOperand<const In>, In*, void*);
LANEGRAD_CONV(float)
LANEGRAD_CONV(double)
LANEGRAD_CONV(BFloat16)
LANEGRAD_CONV(Float16)
#undef LANEGRAD_CONV

}  // namespace lanegrad::conv_detail

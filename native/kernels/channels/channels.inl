// The one text of the depthwise convolutions over neighbouring channels. Pixels outermost, four at a time,
// then channels, then taps: memory is read as it lies, a weight serves four pixels, and a sum never leaves
// its register. One load a multiply-add, so in the L1 cache half of the multiply-add limit; expected limit:
// the bandwidth to image and output.

#include "kernels/gemm/tile.inl"
#include "simd/half.inl"
#include "simd/stream.inl"

namespace {

template <class In, int P, int V>
LANEGRAD_INLINE void store_channels(const ChannelRun<In>& b,
                                    const Vec<typename ChannelRun<In>::T> (&acc)[P][V], int64_t c,
                                    int64_t count, In* out) {
  using T = typename ChannelRun<In>::T;
  constexpr int kLanes = Vec<T>::kWidth;
  LANEGRAD_UNROLL
  for (int p = 0; p < P; ++p) {
    In* const to = out + p * b.out_step + c;
    if constexpr (std::is_same_v<T, In>) {
      LANEGRAD_UNROLL
      for (int v = 0; v < V; ++v) {
        if (count < V * kLanes)
          acc[p][v].store_n(to + v * kLanes, count);
        else
          store_or_stream(acc[p][v], to + v * kLanes, b.past_caches);
      }
    } else {
      alignas(64) T sums[V * kLanes];
      LANEGRAD_UNROLL
      for (int v = 0; v < V; ++v) acc[p][v].store(sums + v * kLanes);
      round_halves(to, sums, count);
    }
  }
}

// P pixels of V vectors of channels; only of one vector may fewer lanes count.
template <class In, int P, int V, bool kTail>
LANEGRAD_INLINE void channel_tile(const ChannelRun<In>& b, const In* image, int64_t c, int64_t count,
                                  In* out) {
  using T = typename ChannelRun<In>::T;
  constexpr int kLanes = Vec<T>::kWidth;
  Vec<T> acc[P][V];
  clear_tile(acc);
  for (int64_t t = 0; t < b.taps; ++t) {
    const T* const weights = b.weights + b.weight_at[t] + c;
    const In* const from = image + b.offsets[t] + c;
    Vec<T> w[V];
    LANEGRAD_UNROLL
    for (int v = 0; v < V; ++v) w[v] = Vec<T>::load(weights + v * kLanes);
    LANEGRAD_UNROLL
    for (int p = 0; p < P; ++p) {
      LANEGRAD_UNROLL
      for (int v = 0; v < V; ++v) {
        const In* const at = from + p * b.image_step + v * kLanes;
        acc[p][v] = fma(kTail ? load_wide_n<T>(at, count) : load_wide<T>(at), w[v], acc[p][v]);
      }
    }
  }
  if (b.bias) {
    LANEGRAD_UNROLL
    for (int v = 0; v < V; ++v) {
      const Vec<T> bias = Vec<T>::load(b.bias + c + v * kLanes);
      LANEGRAD_UNROLL
      for (int p = 0; p < P; ++p) acc[p][v] = acc[p][v] + bias;
    }
  }
  store_channels<In, P, V>(b, acc, c, count, out);
}

template <class In, int P>
void channel_pixels(const ChannelRun<In>& b, const In* image, In* out) {
  constexpr int kLanes = Vec<typename ChannelRun<In>::T>::kWidth;
  int64_t c = 0;
  for (; c + 2 * kLanes <= b.channels; c += 2 * kLanes)
    channel_tile<In, P, 2, false>(b, image, c, 2 * kLanes, out);
  for (; c + kLanes <= b.channels; c += kLanes) channel_tile<In, P, 1, false>(b, image, c, kLanes, out);
  if (c < b.channels) channel_tile<In, P, 1, true>(b, image, c, b.channels - c, out);
}

template <class In>
void channel_forward(const ChannelRun<In>& b) {
  constexpr int kPixels = 4;
  int64_t i = 0;
  for (; i + kPixels <= b.pixels; i += kPixels)
    channel_pixels<In, kPixels>(b, b.image + i * b.image_step, b.out + i * b.out_step);
  for (; i < b.pixels; ++i) channel_pixels<In, 1>(b, b.image + i * b.image_step, b.out + i * b.out_step);
}

// The sums of R taps and V vectors of channels over all pixels, in registers.
template <class In, int R, int V, bool kTail>
LANEGRAD_INLINE void weight_tile(const ChannelWeightRun<In>& b, int64_t t, int64_t c, int64_t count) {
  using T = typename ChannelWeightRun<In>::T;
  constexpr int kLanes = Vec<T>::kWidth;
  Vec<T> acc[R][V];
  clear_tile(acc);
  const In *image = b.image + c, *grads = b.grads + c;
  for (int64_t i = 0; i < b.pixels; ++i, image += b.image_step, grads += b.grad_step) {
    Vec<T> g[V];
    LANEGRAD_UNROLL
    for (int v = 0; v < V; ++v)
      g[v] = kTail ? load_wide_n<T>(grads + v * kLanes, count) : load_wide<T>(grads + v * kLanes);
    LANEGRAD_UNROLL
    for (int r = 0; r < R; ++r) {
      const In* const from = image + b.offsets[t + r];
      LANEGRAD_UNROLL
      for (int v = 0; v < V; ++v) {
        const In* const at = from + v * kLanes;
        acc[r][v] = fma(kTail ? load_wide_n<T>(at, count) : load_wide<T>(at), g[v], acc[r][v]);
      }
    }
  }
  LANEGRAD_UNROLL
  for (int r = 0; r < R; ++r) {
    T* const sums = b.sums + b.sum_at[t + r] + c;
    LANEGRAD_UNROLL
    for (int v = 0; v < V; ++v) (Vec<T>::load(sums + v * kLanes) + acc[r][v]).store(sums + v * kLanes);
  }
}

template <class In, int V, bool kTail>
void weight_channels(const ChannelWeightRun<In>& b, int64_t c, int64_t count) {
  int64_t t = 0;
  for (; t + 3 <= b.taps; t += 3) weight_tile<In, 3, V, kTail>(b, t, c, count);
  for (; t < b.taps; ++t) weight_tile<In, 1, V, kTail>(b, t, c, count);
}

// Some pixels at a time, so that memory is read nearly as it lies. Four vectors at a time: as many sums as a
// register file of sixteen holds.
template <class In>
void channel_weight_grad(const ChannelWeightRun<In>& b) {
  constexpr int kLanes = Vec<typename ChannelWeightRun<In>::T>::kWidth;
  constexpr int64_t kPixels = 16;
  ChannelWeightRun<In> part = b;
  for (int64_t i = 0; i < b.pixels; i += kPixels) {
    part.pixels = b.pixels - i < kPixels ? b.pixels - i : kPixels;
    part.image = b.image + i * b.image_step;
    part.grads = b.grads + i * b.grad_step;
    int64_t c = 0;
    for (; c + 4 * kLanes <= b.channels; c += 4 * kLanes) weight_channels<In, 4, false>(part, c, 4 * kLanes);
    for (; c + kLanes <= b.channels; c += kLanes) weight_channels<In, 1, false>(part, c, kLanes);
    if (c < b.channels) weight_channels<In, 1, true>(part, c, b.channels - c);
  }
}

template <class In>
constexpr ChannelTable<In> make_channel_table() {
  return {Vec<typename ChannelRun<In>::T>::kWidth, channel_forward<In>, channel_weight_grad<In>};
}

}  // namespace

const ChannelTables& channel_tables() {
  static constexpr ChannelTables tables{make_channel_table<float>(), make_channel_table<double>(),
                                        make_channel_table<BFloat16>(), make_channel_table<Float16>()};
  return tables;
}

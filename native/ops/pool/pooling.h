// What all pools share: reading their attributes, and going over the channels. A pool works on the last one
// to three dims; all before them are a batch of channels.
#pragma once

#include <algorithm>
#include <cstddef>

#include "core/error.h"
#include "core/streaming.h"
#include "core/threads.h"
#include "kernels/pool/pool.h"
#include "ops/op.h"

namespace lanegrad::pooling {

// Samples, or channels of a single one. The first attribute has a number for each pooled dim.
inline Slices pool_slices(const InferContext& c) {
  const Dims& shape = c.in(0).shape;
  return Slices::of_leading(shape, shape.size() - static_cast<int>(c.attrs().get_ints(0).size()));
}

inline constexpr int64_t kMaxExtent = int64_t{1} << 31;
inline constexpr int64_t kChannelGrain = int64_t{1} << 15;  // elements a task reads at least

// The sizes of the last dims, with 1 in front.
inline PoolSizes last_sizes(std::span<const int64_t> shape, int directions, int64_t otherwise = 1) {
  PoolSizes s;
  s.fill(otherwise);
  const int lead = static_cast<int>(shape.size()) - directions;
  for (int d = 0; d < directions; ++d) s[kPoolDims - directions + d] = shape[lead + d];
  return s;
}

inline Dims with_last(const Dims& shape, std::span<const int64_t> sizes) {
  Dims d = shape;
  const int lead = shape.size() - static_cast<int>(sizes.size());
  for (size_t i = 0; i < sizes.size(); ++i) d[lead + static_cast<int>(i)] = sizes[i];
  return d;
}

inline int64_t channels_of(const Dims& shape, int directions) {
  int64_t n = 1;
  for (int i = 0; i + directions < shape.size(); ++i) n *= shape[i];
  return n;
}

template <class T>
PoolView<T> channel(const TensorView& v, int directions, int64_t p) {
  const TensorSpec& spec = *v.spec;
  int64_t offset = 0;
  for (int i = spec.rank() - directions - 1; i >= 0; --i) {
    offset += p % spec.shape[i] * spec.strides[i];
    p /= spec.shape[i];
  }
  return {v.as<const T>() + offset, last_sizes(spec.strides, directions, 0)};
}

// Planes up to here are made in a buffer and then written past the caches.
inline constexpr int64_t kBufferBytes = 32768;

// make(p, to) for each plane p of `size` elements that `out` has; `elements` are what one of them costs.
template <class T, class F>
void make_planes(T* out, int64_t planes, int64_t size, int64_t elements, F&& make) {
  const bool buffered = exceeds_caches(static_cast<size_t>(planes * size) * sizeof(T)) &&
                        size * int64_t{sizeof(T)} <= kBufferBytes;
  const int64_t grain = std::max<int64_t>(1, kChannelGrain / std::max<int64_t>(elements, 1));
  parallel_for(planes, grain, [&](int64_t begin, int64_t end) {
    alignas(64) T buffer[kBufferBytes / sizeof(T)];
    for (int64_t p = begin; p < end; ++p) {
      T* const target = out + p * size;
      make(p, buffered ? buffer : target);
      if (buffered) stream_copy(target, buffer, static_cast<size_t>(size) * sizeof(T));
    }
    if (buffered) end_streams();
  });
}

// body(p) for each channel; `elements` are what one of them costs.
template <class F>
void for_channels(int64_t channels, int64_t elements, F&& body) {
  const int64_t grain = std::max<int64_t>(1, kChannelGrain / std::max<int64_t>(elements, 1));
  parallel_for(channels, grain, [&](int64_t begin, int64_t end) {
    for (int64_t p = begin; p < end; ++p) body(p);
  });
}

// The sizes of a list attribute that says how many directions there are.
inline int check_directions(const InferContext& c, int attr, const char* name, const Dims& x) {
  const auto values = c.attrs().get_ints(attr);
  if (values.empty() || values.size() > kPoolDims)
    c.fail(ErrorKind::kValue, name, " must have 1 to 3 entries, got ", values.size());
  const int directions = static_cast<int>(values.size());
  if (x.size() < directions)
    c.fail(ErrorKind::kShape, "input must have at least ", directions, " dims, got ", x);
  return directions;
}

inline void check_sizes(const InferContext& c, int attr, const char* name, int64_t least, int directions) {
  const auto values = c.attrs().get_ints(attr);
  if (values.size() != static_cast<size_t>(directions))
    c.fail(ErrorKind::kValue, name, " must have ", directions, " entries, got ", values.size());
  for (int64_t v : values) {
    if (v < least || v > kMaxExtent)
      c.fail(ErrorKind::kValue, name, " must be at least ", least, ", got ", Dims(values));
  }
}

inline void check_not_empty(const InferContext& c, const Dims& x, int directions) {
  for (int i = x.size() - directions; i < x.size(); ++i)
    if (x[i] == 0) c.fail(ErrorKind::kShape, "input must have elements to pool, got ", x);
}

// A window that slides: kernel, stride, padding stand in this order from attribute `first` on; then come
// dilation (if there is one) and ceilMode.
struct SlidingAttrs {
  int first;
  bool dilation;
  int ceil() const { return first + 3 + dilation; }
};

struct Sliding {
  PoolSizes kernel, stride, padding, dilation, out;
};

inline Sliding read_sliding(const Attrs& attrs, SlidingAttrs at, const PoolSizes& size) {
  const int directions = static_cast<int>(attrs.get_ints(at.first).size());
  const auto read = [&](int k, int64_t otherwise) {
    return last_sizes(attrs.get_ints(at.first + k), directions, otherwise);
  };
  Sliding s{read(0, 1), read(1, 1), read(2, 0), {1, 1, 1}, {}};
  if (at.dilation) s.dilation = read(3, 1);
  const bool ceil = attrs.get_bool(at.ceil());
  for (int d = 0; d < kPoolDims; ++d) {
    const int64_t room = size[d] + 2 * s.padding[d] - s.dilation[d] * (s.kernel[d] - 1) - 1;
    const int64_t steps = room + (ceil ? s.stride[d] - 1 : 0);
    s.out[d] = room < 0 && steps < 0 ? 0 : steps / s.stride[d] + 1;
    // The last window must start inside the input or its left padding.
    if (ceil && (s.out[d] - 1) * s.stride[d] >= size[d] + s.padding[d]) --s.out[d];
  }
  return s;
}

inline Sliding check_sliding(const InferContext& c, SlidingAttrs at, const Dims& x) {
  const int directions = check_directions(c, at.first, "kernel", x);
  check_sizes(c, at.first, "kernel", 1, directions);
  check_sizes(c, at.first + 1, "stride", 1, directions);
  check_sizes(c, at.first + 2, "padding", 0, directions);
  if (at.dilation) check_sizes(c, at.first + 3, "dilation", 1, directions);
  check_not_empty(c, x, directions);
  const Sliding s = read_sliding(c.attrs(), at, last_sizes(x, directions));
  const auto kernel = c.attrs().get_ints(at.first), padding = c.attrs().get_ints(at.first + 2);
  for (int d = 0; d < kPoolDims; ++d) {
    if (s.padding[d] > s.kernel[d] / 2) {
      c.fail(ErrorKind::kValue, "padding may be at most half of the kernel: kernel is ", Dims(kernel),
             ", padding ", Dims(padding));
    }
    if (s.out[d] < 1) {
      c.fail(ErrorKind::kShape, "no window fits: input is ", x, ", kernel ", Dims(kernel), ", padding ",
             Dims(padding));
    }
  }
  return s;
}

// The sizes of the output's last dims.
inline Dims pooled_shape(const Dims& x, const PoolSizes& out, int directions) {
  return with_last(x, std::span<const int64_t>(out).subspan(kPoolDims - directions));
}

inline size_t windows_bytes(const PoolSizes& out) {
  return static_cast<size_t>(out[0] + out[1] + out[2]) * sizeof(PoolWindow);
}

// Fills the workspace with windows: place(d, i) gives the i-th in direction d.
template <class F>
void lay_windows(PoolGeometry& g, void* workspace, F&& place) {
  PoolWindow* at = static_cast<PoolWindow*>(workspace);
  for (int d = 0; d < kPoolDims; ++d) {
    g.windows[d] = at;
    for (int64_t i = 0; i < g.out[d]; ++i) *at++ = place(d, i);
  }
}

inline FullWindows full_windows(const Sliding& s, const PoolSizes& size) {
  constexpr int kLast = kPoolDims - 1;
  const int64_t stride = s.stride[kLast], padding = s.padding[kLast];
  const int64_t reach = size[kLast] + padding - (s.kernel[kLast] - 1) * s.dilation[kLast] - 1;
  const int64_t begin = std::min(s.out[kLast], (padding + stride - 1) / stride);
  const int64_t end = reach < 0 ? begin : std::clamp(reach / stride + 1, begin, s.out[kLast]);
  return {begin, end, s.kernel[kLast], stride, padding};
}

inline PoolGeometry sliding_geometry(const Sliding& s, const PoolSizes& size, bool count_padding,
                                     void* workspace) {
  PoolGeometry g{.size = size,
                 .out = s.out,
                 .dilation = s.dilation,
                 .windows = {},
                 .divisor = 0,
                 .two_by_two = size[0] == 1 && s.out[0] == 1,
                 .full = full_windows(s, size)};
  for (int d = 1; d < kPoolDims; ++d) {
    g.two_by_two = g.two_by_two && s.kernel[d] == 2 && s.stride[d] == 2 && s.padding[d] == 0 &&
                   s.dilation[d] == 1 && 2 * s.out[d] <= size[d];
  }
  lay_windows(g, workspace, [&](int d, int64_t i) {
    const int64_t begin = i * s.stride[d] - s.padding[d], step = s.dilation[d];
    const int64_t past = begin + (s.kernel[d] - 1) * step + 1;
    const int64_t inside = begin < 0 ? begin + (-begin + step - 1) / step * step : begin;
    PoolWindow w{inside, std::min(past, size[d]), 0};
    w.extent = count_padding ? std::min(past, size[d] + s.padding[d]) - begin : w.end - w.begin;
    return w;
  });
  return g;
}

// Windows that cut the input into out[d] even, possibly overlapping pieces.
inline PoolGeometry adaptive_geometry(const PoolSizes& size, const PoolSizes& out, void* workspace) {
  PoolGeometry g{.size = size,
                 .out = out,
                 .dilation = {1, 1, 1},
                 .windows = {},
                 .divisor = 0,
                 .two_by_two = false,
                 .full = {}};
  if (const int64_t columns = out[2]; columns > 0 && size[2] % columns == 0)
    g.full = {0, columns, size[2] / columns, size[2] / columns, 0};
  lay_windows(g, workspace, [&](int d, int64_t i) {
    PoolWindow w{i * size[d] / out[d], ((i + 1) * size[d] + out[d] - 1) / out[d], 0};
    w.extent = w.end - w.begin;
    return w;
  });
  return g;
}

}  // namespace lanegrad::pooling

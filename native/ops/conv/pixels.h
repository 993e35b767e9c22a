// What forward and input gradient share: every output pixel is a sum over taps at fixed offsets from its
// place in an image.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>

#include "core/threads.h"
#include "kernels/conv/conv.h"
#include "kernels/gemm/gemm.h"
#include "ops/conv/convolution.h"

namespace lanegrad::conv_detail {

inline int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

// Products below this many multiply-adds stay on the calling thread.
inline constexpr int64_t kSerialWork = int64_t{1} << 19;

// What an element costs that is copied in short rows, in multiply-adds.
inline constexpr int64_t kPadWork = 16;

// Pixels that one task takes at least, if there are so many images.
inline constexpr int64_t kPixelsTogether = 256;

// Hands out 64-byte aligned pieces of the workspace; without memory it only counts.
class Pieces {
 public:
  explicit Pieces(void* base) : base_(static_cast<char*>(base)) {}
  template <class T>
  T* take(int64_t count) {
    char* const piece = base_ ? base_ + used_ : nullptr;
    used_ += (static_cast<size_t>(count) * sizeof(T) + 63) / 64 * 64;
    return reinterpret_cast<T*>(piece);
  }
  size_t used() const { return used_; }

 private:
  char* base_;
  size_t used_ = 0;
};

// Runs body(i) for i in [0, count) in a moderate number of tasks; body also gets the number of its task.
template <class F>
void in_tasks(int64_t count, int64_t work, int64_t max_tasks, F&& body) {
  if (work < kSerialWork || num_threads() == 1) {
    for (int64_t i = 0; i < count; ++i) body(i, int64_t{0});
    return;
  }
  const int64_t tasks = std::min(count, max_tasks);
  parallel_tasks(tasks, [&](int64_t task) {
    for (int64_t i = count * task / tasks; i < count * (task + 1) / tasks; ++i) body(i, task);
  });
}

// body(i, slot) for i in [0, count), in any order; calls that run at once have different slots.
template <class F>
void in_slots(int64_t count, int64_t slots, F&& body) {
  std::atomic<int64_t> next{0};
  parallel_tasks(std::min<int64_t>({count, slots, num_threads()}), [&](int64_t slot) {
    for (int64_t i; (i = next.fetch_add(1, std::memory_order_relaxed)) < count;) body(i, slot);
  });
}

// The image with zeros around it, row-major [N, C, extent...]; its element (0, 0, 0) is the image's at
// -before. With `split` n > 1 every n-th column of a row stands in a piece of its own, n pieces one after the
// other: the pixels of a convolution of that stride are then neighbours, which its kernel reads faster.
struct Padded {
  ConvSizes before, extent;
  int64_t split = 1;  // divides extent[2]

  int64_t plane() const { return extent[0] * extent[1] * extent[2]; }
  // Where column x stands in its row.
  int64_t place(int64_t x) const { return split == 1 ? x : x % split * (extent[2] / split) + x / split; }
  // Strides of the copy, of which an image has so many channels.
  std::array<int64_t, 2 + kConvDims> strides(int64_t channels) const {
    return {channels * plane(), plane(), extent[1] * extent[2], extent[2], 1};
  }
};

// As much of the input as the windows of a convolution see.
inline Padded padded_input(const ConvGeometry& g) {
  Padded p{g.padding, {}};
  for (int d = 0; d < kConvDims; ++d)
    p.extent[d] = (g.out[d] - 1) * g.stride[d] + (g.kernel[d] - 1) * g.dilation[d] + 1;
  return p;
}

// One row that is split: `before` zeros, `columns` elements `column` apart, zeros.
template <class T>
void split_row(const T* row, int64_t column, int64_t columns, const Padded& pad, T* to) {
  const int64_t n = pad.split, piece = pad.extent[2] / n;
  for (int64_t k = 0; k < n; ++k, to += piece) {
    const int64_t shift = pad.before[2] - k;  // i stands for column i * n - shift
    const int64_t begin = std::clamp<int64_t>(ceil_div(std::max<int64_t>(shift, 0), n), 0, piece);
    const int64_t end = std::clamp<int64_t>(ceil_div(std::max<int64_t>(columns + shift, 0), n), begin, piece);
    std::fill(to, to + begin, T{0});
    const T* const from = row - shift * column;
    if (n == 2 && column == 1) {
      for (int64_t i = begin; i < end; ++i) to[i] = from[2 * i];
    } else {
      for (int64_t i = begin; i < end; ++i) to[i] = from[i * n * column];
    }
    std::fill(to + end, to + piece, T{0});
  }
}

// Rows [first, first + rows) of a padded plane, of which `plane` is what lies inside; row and column: its
// strides.
template <class T>
void pad_rows(const T* plane, int64_t row, int64_t column, const ConvSizes& size, const Padded& pad,
              int64_t first, int64_t rows, T* to) {
  const int64_t width = pad.extent[2];
  const int64_t left = std::clamp<int64_t>(pad.before[2], 0, width);
  const int64_t right = std::clamp<int64_t>(pad.before[2] + size[2], left, width);
  for (int64_t i = first; i < first + rows; ++i, to += width) {
    const int64_t y = i - pad.before[1];
    if (y < 0 || y >= size[1]) {
      std::fill(to, to + width, T{0});
      continue;
    }
    if (pad.split > 1) {
      split_row(plane + y * row, column, size[2], pad, to);
      continue;
    }
    std::fill(to, to + left, T{0});
    const T* const source = plane + y * row - pad.before[2] * column;
    if (column == 1) {
      std::copy(source + left, source + right, to + left);
    } else {
      for (int64_t j = left; j < right; ++j) to[j] = source[j * column];
    }
    std::fill(to + right, to + width, T{0});
  }
}

template <class T>
void pad_images(int64_t planes_per_image, int64_t images, const ConvSizes& size, ConvOperand<const T> from,
                const Padded& pad, T* to) {
  const int64_t planes = images * planes_per_image, slices = pad.extent[0];
  const int64_t plane = pad.extent[1] * pad.extent[2];
  const auto& s = from.strides;
  in_tasks(planes * slices, planes * pad.plane() * kPadWork, 4 * num_threads(), [&](int64_t index, int64_t) {
    const int64_t p = index / slices, z = index % slices - pad.before[0];
    if (z < 0 || z >= size[0]) {
      std::fill(to + index * plane, to + (index + 1) * plane, T{0});
      return;
    }
    pad_rows(from.data + p / planes_per_image * s[0] + p % planes_per_image * s[1] + z * s[2], s[3], s[4],
             size, pad, 0, pad.extent[1], to + index * plane);
  });
}

// Output pixels that share their taps: all of a convolution, or one phase of the stride of an input gradient.
struct Phase {
  int64_t* offsets;       // [channels * taps]
  int64_t taps;           // of one channel
  int64_t weights;        // offset of its packed weights, in elements
  int64_t group_weights;  // elements of one group's packed weights
  int64_t slices, rows, columns;
  int64_t slice_step, row_step, column_step;           // in the image
  int64_t out_origin, out_slice, out_row, out_column;  // in a channel of the output
};

template <class T>
struct PixelWork {
  int64_t images, groups;
  int64_t in_channels, out_channels;  // of one group
  const T* image;
  int64_t image_stride, channel_stride;
  T* out;
  int64_t out_plane;  // elements of a channel
  const T* bias;
  const T* weights;        // packed, per phase, per group, panel by panel
  ConvFinish<T> finish{};  // only where pixels lie in the output as they do in the phase
};

// Pixels that lie evenly in both images are one long row: a 1x1 convolution is then a plain matrix product.
inline void merge_rows(Phase& p) {
  if (p.rows > 1 && p.row_step == p.columns * p.column_step && p.out_row == p.columns * p.out_column) {
    p.columns *= p.rows;
    p.rows = 1;
  }
  if (p.slices > 1 && p.rows == 1 && p.slice_step == p.columns * p.column_step &&
      p.out_slice == p.columns * p.out_column) {
    p.columns *= p.slices;
    p.slices = 1;
  }
}

// One panel of the output channels, all but which images and pixels.
template <class T>
ConvBlock<T> panel_block(const PixelWork<T>& w, const Phase& p, int64_t group, int64_t panel) {
  const ConvTable<T>& table = conv_table<T>();
  ConvBlock<T> b;
  b.depth = p.taps * w.in_channels;
  b.offsets = p.offsets;
  const int64_t channel = panel * table.channels;
  b.channels = std::min<int64_t>(table.channels, w.out_channels - channel);
  b.weights = w.weights + p.weights + group * p.group_weights + channel * b.depth;
  const int64_t out_channel = group * w.out_channels + channel;
  b.bias = w.bias ? w.bias + out_channel : nullptr;
  b.row_step = p.row_step;
  b.column_step = p.column_step;
  b.out = w.out + out_channel * w.out_plane + p.out_origin;
  b.out_channel = w.out_plane;
  b.out_row = p.out_row;
  b.out_column = p.out_column;
  return b;
}

// Calls the kernel, then finishes what it wrote.
template <class T>
void run_block(const PixelWork<T>& w, const ConvBlock<T>& b) {
  conv_table<T>().forward(b);
  if (!w.finish.any() || b.rows * b.columns <= 0) return;
  const int64_t written = (b.rows - 1) * b.out_row + b.columns;
  for (int64_t i = 0; i < b.images; ++i)
    w.finish.run_channels(b.out + i * b.out_image, b.channels, b.out_channel, written);
}

template <class T>
void run_pixels(const PixelWork<T>& w, const Phase* phases, int64_t phase_count) {
  const ConvTable<T>& table = conv_table<T>();
  const int64_t panels = ceil_div(w.out_channels, table.channels);
  int64_t work = 0, slices = 1;
  for (int64_t p = 0; p < phase_count; ++p) {
    work += phases[p].slices * phases[p].rows * phases[p].columns *
            std::max<int64_t>(phases[p].taps * w.in_channels, 1);
    slices = std::max(slices, phases[p].slices);
  }
  work *= w.images * w.groups * w.out_channels;
  // What lies in a row as equal 2-D images: the slices of an image that has several, else the images.
  const bool deep = slices > 1;
  const int64_t in_row = deep ? slices : w.images, outer = deep ? w.images : 1;
  // Small images go several at a time, so that the weights in the cache serve more pixels; a few large ones
  // are cut into bands.
  int64_t pixels = 1;
  for (int64_t p = 0; p < phase_count; ++p) pixels = std::max(pixels, phases[p].rows * phases[p].columns);
  const int64_t wanted = 8 * num_threads(), singles = phase_count * w.groups * panels;
  int64_t together = std::clamp<int64_t>(kPixelsTogether / pixels, 1, std::max<int64_t>(in_row, 1));
  together = std::min(together, std::max<int64_t>(1, in_row * outer * singles / wanted));
  const int64_t parts = ceil_div(in_row, together), wholes = singles * parts * outer;
  const int64_t bands = work < kSerialWork ? 1 : std::max<int64_t>(1, wanted / std::max<int64_t>(wholes, 1));
  in_tasks(wholes * bands, work, wanted, [&](int64_t index, int64_t) {
    const int64_t band = index % bands;
    index /= bands;
    const int64_t panel = index % panels;
    index /= panels;
    const Phase& p = phases[index % phase_count];
    index /= phase_count;
    const int64_t group = index % w.groups;
    index /= w.groups;
    const int64_t first = index % parts * together, image = deep ? index / parts : first;
    const int64_t slice = deep ? first : 0;
    const int64_t count = std::min(together, (deep ? p.slices : w.images) - first);
    if (count <= 0) return;

    ConvBlock<T> b = panel_block(w, p, group, panel);
    b.images = count;
    b.image_step = deep ? p.slice_step : w.image_stride;
    b.out_image = deep ? p.out_slice : w.groups * w.out_channels * w.out_plane;
    const int64_t row = p.rows > 1 ? p.rows * band / bands : 0;
    const int64_t row_end = p.rows > 1 ? p.rows * (band + 1) / bands : p.rows;
    const int64_t column = p.rows > 1 ? 0 : p.columns * band / bands;
    const int64_t column_end = p.rows > 1 ? p.columns : p.columns * (band + 1) / bands;
    b.rows = row_end - row;
    b.columns = column_end - column;
    b.image = w.image + image * w.image_stride + group * w.in_channels * w.channel_stride +
              slice * p.slice_step + row * p.row_step + column * p.column_step;
    b.out += image * w.groups * w.out_channels * w.out_plane + slice * p.out_slice + row * p.out_row +
             column * p.out_column;
    run_block(w, b);
  });
}

// All pixels of one panel of channels a task, of a phase of one slice, so that one task reads a weight. Plain
// weights, if there are data, are read where they lie; every slot has room for what is packed of them at a
// time.
template <class T>
void run_panels(const PixelWork<T>& w, const Phase& p, const PlainWeights<T>& plain, int64_t slots) {
  const int64_t channels = conv_table<T>().channels, panels = ceil_div(w.out_channels, channels);
  const int64_t work = w.images * w.groups * w.out_channels * p.rows * p.columns * p.taps * w.in_channels;
  in_slots(w.groups * panels, work < kSerialWork ? 1 : slots, [&](int64_t index, int64_t slot) {
    const int64_t group = index / panels, panel = index % panels;
    ConvBlock<T> b = panel_block(w, p, group, panel);
    b.in_blocks = true;  // packed or not: the same bits
    if (plain.data) {
      b.weights = nullptr;
      b.plain = plain;
      b.plain.data += (group * w.out_channels + panel * channels) * plain.row;
      b.plain.room += slot * conv_table<T>().room;
    }
    b.images = w.images;
    b.image_step = w.image_stride;
    b.out_image = w.groups * w.out_channels * w.out_plane;
    b.rows = p.rows;
    b.columns = p.columns;
    b.image = w.image + group * w.in_channels * w.channel_stride;
    run_block(w, b);
  });
}

// Elements of one group's packed weights: whole vectors of channels.
template <class T>
int64_t packed_weights(int64_t depth, int64_t channels) {
  const int64_t lanes = conv_table<T>().lanes;
  return depth * ceil_div(channels, lanes) * lanes;
}

// weight(c, t, o) at data[c * channel + places[t] + o * out], packed as panels of [c * taps + t][o].
template <class T>
void pack_weights(const T* data, int64_t channels, int64_t channel, const int64_t* places, int64_t taps,
                  int64_t outs, int64_t out, T* packed) {
  const ConvTable<T>& table = conv_table<T>();
  // Taps and channels in a row: the panels of a matrix product.
  const GemmTable<T>& gemm = gemm_table<T>();
  bool in_row = channel == taps && gemm.columns == table.channels && gemm.lanes == table.lanes;
  for (int64_t t = 0; t < taps; ++t) in_row = in_row && places[t] == t;
  if (in_row) return gemm.pack_b(data, 1, out, channels * taps, outs, packed);
  for (int64_t first = 0; first < outs; first += table.channels) {
    const int64_t count = std::min<int64_t>(table.channels, outs - first);
    const int64_t padded = ceil_div(count, table.lanes) * table.lanes;
    for (int64_t c = 0; c < channels; ++c) {
      for (int64_t t = 0; t < taps; ++t, packed += padded) {
        const T* const from = data + c * channel + places[t] + first * out;
        for (int64_t o = 0; o < count; ++o) packed[o] = from[o * out];
        std::fill(packed + count, packed + padded, T{0});
      }
    }
  }
}

}  // namespace lanegrad::conv_detail

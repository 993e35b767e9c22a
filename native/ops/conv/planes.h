// What the plane-by-plane convolutions share: the buffer that holds one plane with zeros around it.
#pragma once

#include <algorithm>

#include "core/threads.h"
#include "kernels/depthwise/depthwise.h"
#include "ops/conv/pixels.h"

namespace lanegrad::conv_detail {

// Tasks that run at once, each with buffers of its own.
inline constexpr int64_t kPlaneSlots = 16;

// A plane with zeros around it, columns split by the stride of who reads it.
struct PlaneBuffer {
  int64_t top, left, split;
  int64_t part, pitch, rows;  // columns of a part, elements of a row, rows

  int64_t elements(int64_t lanes) const { return (rows * pitch + lanes + 15) / 16 * 16; }
  // Of the column `padded`, counted from the first of the zeros on the left.
  int64_t column(int64_t padded) const { return padded % split * part + padded / split; }
};

// What the windows of a convolution see of a plane of its input.
inline PlaneBuffer input_buffer(const ConvGeometry& g) {
  PlaneBuffer b{g.padding[1], g.padding[2], g.stride[2], 0, 0, 0};
  const int64_t seen = (g.kernel[2] - 1) * g.dilation[2];
  b.part = std::max(ceil_div(g.padding[2] + g.size[2], b.split), g.out[2] + seen / b.split + 1);
  b.pitch = b.part * b.split;
  b.rows = std::max(g.padding[1] + g.size[1],
                    (g.out[1] - 1) * g.stride[1] + (g.kernel[1] - 1) * g.dilation[1] + 1);
  return b;
}

// Offsets of the taps in such a buffer, and whether they are a window for the kernels.
inline void window_offsets(const ConvGeometry& g, const PlaneBuffer& b, int64_t* offsets) {
  for (int64_t t = 0; t < g.taps(); ++t) {
    const ConvSizes k = g.tap(t);
    offsets[t] = k[1] * g.dilation[1] * b.pitch + b.column(k[2] * g.dilation[2]);
  }
}
inline int64_t window_of(const ConvGeometry& g) {
  return g.kernel[1] == g.kernel[2] && g.dilation[1] == 1 ? g.kernel[1] : 0;
}

// Calls body(begin, end, task) for ranges that cover [0, count), as in_tasks does for each item.
template <class F>
void in_ranges(int64_t count, int64_t work, int64_t max_tasks, F&& body) {
  if (work < kSerialWork || num_threads() == 1) {
    if (count > 0) body(int64_t{0}, count, int64_t{0});
    return;
  }
  const int64_t tasks = std::min(count, max_tasks);
  parallel_tasks(tasks, [&](int64_t task) { body(count * task / tasks, count * (task + 1) / tasks, task); });
}

// Puts a plane, given in any strides, into a buffer whose zeros are there already.
template <class T>
struct PlaneSource {
  ConvOperand<const T> from;
  int64_t channels;  // planes of an image
  int64_t rows, columns;
  const PlaneBuffer& buffer;

  void place(int64_t index, int64_t first, int64_t end, T* to) const {
    const auto& s = from.strides;
    const T* const plane = from.data + index / channels * s[0] + index % channels * s[1] + first * s[3];
    depthwise_table<T>().place({plane, to + (buffer.top + first) * buffer.pitch, s[3], buffer.pitch, s[4],
                                end - first, columns, buffer.split, buffer.part, buffer.left});
  }
  void place(int64_t index, T* to) const { place(index, 0, rows, to); }
};

// Two buffers in turn: the next plane is placed before or while this one is read. A load that meets a store
// still on its way to the cache waits for it, and the wait for memory hides behind the arithmetic.
template <class T, class F>
void over_planes(const PlaneSource<T>& source, int64_t begin, int64_t end, int64_t step, T* buffers,
                 int64_t buffer_elements, F&& body) {
  source.place(begin, buffers);
  int64_t turn = 0;
  for (int64_t index = begin; index < end; index += step, turn ^= 1) {
    T* const next = buffers + (turn ^ 1) * buffer_elements;
    // Rows [first, last) of the next plane, if there is one.
    const auto place_next = [&](int64_t first, int64_t last) {
      if (index + step < end && first < last) source.place(index + step, first, last, next);
    };
    body(index, static_cast<const T*>(buffers + turn * buffer_elements), place_next);
  }
}

}  // namespace lanegrad::conv_detail

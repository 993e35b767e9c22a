// Moving elements between strided and contiguous memory, as bits. `size` is that of an element: 1, 2, 4 or
// 8 bytes; strides are in bytes.
#pragma once

#include <cstddef>
#include <cstdint>

namespace lanegrad {

// out[i] = in[i * stride]
void gather_row(void* out, const void* in, int64_t stride, int64_t n, size_t size);
// out[i * stride] = in[i]
void scatter_row(void* out, int64_t stride, const void* in, int64_t n, size_t size);
// out[i * out_stride] = in[i * in_stride]
void move_row(void* out, int64_t out_stride, const void* in, int64_t in_stride, int64_t n, size_t size);

}  // namespace lanegrad

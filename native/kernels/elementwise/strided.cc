#include "kernels/elementwise/strided.h"

#include <algorithm>
#include <cstring>

namespace lanegrad {
namespace {

template <class T>
void move(void* out, int64_t out_stride, const void* in, int64_t in_stride, int64_t n) {
  const char* source = static_cast<const char*>(in);
  char* target = static_cast<char*>(out);
  constexpr int64_t kSize = sizeof(T);
  if (out_stride == kSize && in_stride == 2 * kSize) {  // constants, which the compiler turns into shuffles
    for (int64_t i = 0; i < n; ++i) std::memcpy(target + i * kSize, source + 2 * i * kSize, sizeof(T));
    return;
  }
  for (int64_t i = 0; i < n; ++i) {
    std::memcpy(target, source, sizeof(T));
    source += in_stride;
    target += out_stride;
  }
}

// A square block of one cache line each way goes through a buffer: each line of the source is read once and
// each line of the target written once. Directly from source to target, sixteen lines at strides that are a
// power of two would share a set of L1 and push each other out. Limit: one load and one store an element in
// L1.
template <class T>
void transpose(char* out, int64_t out_stride, const char* in, int64_t in_stride, int64_t rows,
               int64_t columns) {
  constexpr int64_t kSize = sizeof(T), kBlock = 64 / kSize;
  alignas(64) T buffer[kBlock * kBlock];
  for (int64_t c0 = 0; c0 < columns; c0 += kBlock) {
    const int64_t width = std::min(kBlock, columns - c0);
    for (int64_t r0 = 0; r0 < rows; r0 += kBlock) {
      const int64_t height = std::min(kBlock, rows - r0);
      const char* source = in + r0 * kSize + c0 * in_stride;
      char* target = out + r0 * out_stride + c0 * kSize;
      if (width == kBlock && height == kBlock) {
        for (int64_t c = 0; c < kBlock; ++c) std::memcpy(buffer + c * kBlock, source + c * in_stride, 64);
        for (int64_t r = 0; r < kBlock; ++r) {
          T line[kBlock];
          for (int64_t c = 0; c < kBlock; ++c) line[c] = buffer[c * kBlock + r];
          std::memcpy(target + r * out_stride, line, 64);
        }
        continue;
      }
      for (int64_t r = 0; r < height; ++r)
        for (int64_t c = 0; c < width; ++c)
          std::memcpy(target + r * out_stride + c * kSize, source + r * kSize + c * in_stride, sizeof(T));
    }
  }
}

}  // namespace

void move_row(void* out, int64_t out_stride, const void* in, int64_t in_stride, int64_t n, size_t size) {
  if (size == 2) return move<uint16_t>(out, out_stride, in, in_stride, n);
  if (size == 4) return move<uint32_t>(out, out_stride, in, in_stride, n);
  if (size == 8) return move<uint64_t>(out, out_stride, in, in_stride, n);
  move<uint8_t>(out, out_stride, in, in_stride, n);
}

void gather_row(void* out, const void* in, int64_t stride, int64_t n, size_t size) {
  move_row(out, static_cast<int64_t>(size), in, stride, n, size);
}

void scatter_row(void* out, int64_t stride, const void* in, int64_t n, size_t size) {
  move_row(out, stride, in, static_cast<int64_t>(size), n, size);
}

void transpose_block(void* out, int64_t out_stride, const void* in, int64_t in_stride, int64_t rows,
                     int64_t columns, size_t size) {
  char* const o = static_cast<char*>(out);
  const char* const i = static_cast<const char*>(in);
  if (size == 2) return transpose<uint16_t>(o, out_stride, i, in_stride, rows, columns);
  if (size == 4) return transpose<uint32_t>(o, out_stride, i, in_stride, rows, columns);
  if (size == 8) return transpose<uint64_t>(o, out_stride, i, in_stride, rows, columns);
  transpose<uint8_t>(o, out_stride, i, in_stride, rows, columns);
}

}  // namespace lanegrad

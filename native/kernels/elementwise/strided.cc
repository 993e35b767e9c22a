#include "kernels/elementwise/strided.h"

#include <algorithm>
#include <cstring>

namespace lanegrad {
namespace {

template <class T>
void move(void* out, int64_t out_stride, const void* in, int64_t in_stride, int64_t n) {
  const char* source = static_cast<const char*>(in);
  char* target = static_cast<char*>(out);
  for (int64_t i = 0; i < n; ++i) {
    std::memcpy(target, source, sizeof(T));
    source += in_stride;
    target += out_stride;
  }
}

// Blocks of 16 x 16: the 16 cache lines read and the 16 written stay in L1 while the block is worked on,
// whatever the strides; inside, writes are contiguous. Limit: one load and one store an element.
template <class T>
void transpose(char* out, int64_t out_stride, const char* in, int64_t in_stride, int64_t rows,
               int64_t columns) {
  constexpr int64_t kBlock = 16;
  for (int64_t r0 = 0; r0 < rows; r0 += kBlock) {
    const int64_t r1 = std::min(rows, r0 + kBlock);
    for (int64_t c0 = 0; c0 < columns; c0 += kBlock) {
      const int64_t c1 = std::min(columns, c0 + kBlock);
      for (int64_t r = r0; r < r1; ++r) {
        T* target = reinterpret_cast<T*>(out + r * out_stride);
        const char* source = in + r * static_cast<int64_t>(sizeof(T));
        for (int64_t c = c0; c < c1; ++c) std::memcpy(target + c, source + c * in_stride, sizeof(T));
      }
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

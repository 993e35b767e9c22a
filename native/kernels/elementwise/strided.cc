#include "kernels/elementwise/strided.h"

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

}  // namespace lanegrad

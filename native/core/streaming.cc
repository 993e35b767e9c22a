#include "core/streaming.h"

#include <algorithm>
#include <cstring>

#include "core/cpu.h"
#include "core/threads.h"

#if defined(__x86_64__) || defined(_M_X64)
#include <immintrin.h>
#define LANEGRAD_STREAMS 1
#endif

namespace lanegrad {
#if defined(LANEGRAD_STREAMS)
namespace {

// A last cache up to here is that of a desktop: a few cores share it, and it is many times as fast as memory.
// Those of servers are cut into slices for dozens of cores, and hardly faster.
constexpr size_t kDesktopCache = size_t{64} << 20;

size_t to_alignment(const void* p) {
  return (kStreamAlignment - reinterpret_cast<uintptr_t>(p) % kStreamAlignment) % kStreamAlignment;
}

}  // namespace
#endif

bool exceeds_large_caches(size_t bytes) {
#if defined(LANEGRAD_STREAMS)
  const CacheSizes caches = cache_sizes();
  const size_t own = caches.l2 * static_cast<size_t>(num_threads());
  const size_t shared = caches.l3 <= kDesktopCache ? caches.l3 / 2 : 0;
  return bytes >= std::max(own, shared);
#else
  (void)bytes;
  return false;
#endif
}

#if defined(LANEGRAD_STREAMS)

void end_streams() { _mm_sfence(); }

void stream_copy(void* out, const void* in, size_t bytes) {
  char* to = static_cast<char*>(out);
  const char* from = static_cast<const char*>(in);
  const size_t head = std::min(bytes, to_alignment(to));
  if (head > 0) std::memcpy(to, from, head);  // rows are often short, and aligned
  to += head, from += head, bytes -= head;
  const auto part = [&](int k) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from) + k); };
  for (; bytes >= 64; bytes -= 64, to += 64, from += 64) {
    const __m128i a = part(0), b = part(1), c = part(2), d = part(3);
    __m128i* const line = reinterpret_cast<__m128i*>(to);
    _mm_stream_si128(line, a);
    _mm_stream_si128(line + 1, b);
    _mm_stream_si128(line + 2, c);
    _mm_stream_si128(line + 3, d);
  }
  if (bytes > 0) std::memcpy(to, from, bytes);
}

void stream_fill(void* out, const void* value, size_t size, size_t bytes) {
  alignas(16) char pattern[kStreamAlignment];
  for (size_t i = 0; i < sizeof(pattern); i += size) std::memcpy(pattern + i, value, size);
  char* to = static_cast<char*>(out);
  const size_t head = std::min(bytes, to_alignment(to));
  std::memcpy(to, pattern, head);
  to += head, bytes -= head;
  const __m128i v = _mm_load_si128(reinterpret_cast<const __m128i*>(pattern));
  for (; bytes >= 64; bytes -= 64, to += 64) {
    __m128i* const line = reinterpret_cast<__m128i*>(to);
    for (int k = 0; k < 4; ++k) _mm_stream_si128(line + k, v);
  }
  std::memcpy(to, pattern, bytes);
}

#else

void end_streams() {}

void stream_copy(void* out, const void* in, size_t bytes) { std::memcpy(out, in, bytes); }

void stream_fill(void* out, const void* value, size_t size, size_t bytes) {
  for (size_t i = 0; i < bytes; i += size) std::memcpy(static_cast<char*>(out) + i, value, size);
}

#endif

}  // namespace lanegrad

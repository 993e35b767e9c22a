// Stores past the caches; who calls the kernel ends them with end_streams of core/streaming.h. To be included
// inside a region, as math.inl.

// p is aligned to the vector; a line must be written whole by stores that follow each other.
template <class T>
static LANEGRAD_INLINE void stream(Vec<T> x, T* p) {
#if defined(LANEGRAD_X86_64)
  constexpr size_t kBytes = Vec<T>::kWidth * sizeof(T);
  if constexpr (kBytes == 64 && std::is_same_v<T, float>)
    _mm512_stream_ps(p, x.v);
  else if constexpr (kBytes == 64 && std::is_same_v<T, double>)
    _mm512_stream_pd(p, x.v);
  else if constexpr (kBytes == 64)
    _mm512_stream_si512(reinterpret_cast<__m512i*>(p), x.v);
  else if constexpr (kBytes == 32 && std::is_same_v<T, float>)
    _mm256_stream_ps(p, x.v);
  else if constexpr (kBytes == 32 && std::is_same_v<T, double>)
    _mm256_stream_pd(p, x.v);
  else if constexpr (kBytes == 32)
    _mm256_stream_si256(reinterpret_cast<__m256i*>(p), x.v);
  else
    x.store(p);
#else
  x.store(p);
#endif
}

// One or the other: a branch that always goes the same way costs nothing beside memory.
template <class T>
static LANEGRAD_INLINE void store_or_stream(Vec<T> x, T* p, bool past_caches) {
  if constexpr (Vec<T>::kWidth > 1) {
    if (past_caches) return stream(x, p);
  }
  x.store(p);
}

// out[i] = value(i, lanes) for n elements: past the caches from the first whole line on, or as for_vectors.
template <class T, class F>
static LANEGRAD_INLINE void store_vectors(T* out, int64_t n, bool past_caches, F value) {
  constexpr int w = Vec<T>::kWidth;
  constexpr std::integral_constant<int, w> kAll{};
  int64_t i = 0;
  if constexpr (w > 1) {
    if (past_caches && n >= 64) {
      const int64_t bytes = static_cast<int64_t>(reinterpret_cast<uintptr_t>(out) % 64);
      const int64_t head = bytes == 0 ? 0 : (64 - bytes) / int64_t{sizeof(T)};
      for (; i + w <= head; i += w) value(i, kAll).store(out + i);
      if (i < head) value(i, head - i).store_n(out + i, head - i);
      for (i = head; i + w <= n; i += w) stream(value(i, kAll), out + i);
    }
  }
  for (; i + w <= n; i += w) value(i, kAll).store(out + i);
  if (i < n) value(i, n - i).store_n(out + i, n - i);
}

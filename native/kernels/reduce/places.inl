// Extrema with the first place where they stand. A half is compared as the float that it stands for.

template <class In>
using Compared = std::conditional_t<kIsHalf<In>, float, In>;

// Whether v takes the place of best.
template <bool kMax, class T>
static LANEGRAD_INLINE bool beats(T v, T best) {
  if constexpr (std::is_floating_point_v<T>) {
    if (v != v) return best == best;
  }
  return kMax ? v > best : v < best;
}

// Elements of which the extremum is looked for at once.
template <class T>
inline constexpr int64_t kPlaceBlock = kSmall<T> ? 1024 : kBlock<std::conditional_t<kSmall<T>, float, T>>;

template <class In, bool kMax>
static LANEGRAD_INLINE Compared<In> block_extremum(const In* x, int64_t n) {
  using T = Compared<In>;
  if constexpr (kSmall<T>) {
    return small_extremum<T, kMax>(x, n);
  } else {
    alignas(64) T buffer[kPlaceBlock<T>];
    return ExtremeFold<T, kMax>::lanes(
        fold_block<T>(ExtremeFold<T, kMax>{}, contiguous<T>(x, n, 1, buffer), n));
  }
}

// The first place of the extremum of a contiguous row: the extremum of each block by vectors, then a search
// in the block that holds it, so that all but one block are read once.
template <class In, bool kMax>
static int64_t extreme_place(const In* x, int64_t n) {
  using T = Compared<In>;
  constexpr int64_t kStep = kPlaceBlock<T>;
  T best = block_extremum<In, kMax>(x, n < kStep ? n : kStep);
  int64_t at = 0;
  for (int64_t i = kStep; i < n && best == best; i += kStep) {
    const T candidate = block_extremum<In, kMax>(x + i, n - i < kStep ? n - i : kStep);
    if (beats<kMax>(candidate, best)) {
      best = candidate;
      at = i;
    }
  }
  if (best != best) {
    while (static_cast<T>(x[at]) == static_cast<T>(x[at])) ++at;
  } else {
    while (!(static_cast<T>(x[at]) == best)) ++at;
  }
  return at;
}

template <class In, bool kMax>
static void extreme_rows(const In* x, int64_t count, int64_t x_outer, int64_t n, int64_t x_stride,
                         int64_t base, In* out, int64_t* index, int64_t out_stride) {
  using T = Compared<In>;
  for (int64_t i = 0; i < count; ++i) {
    const In* p = x + i * x_outer;
    int64_t at = 0;
    if (x_stride == 1 && n >= 32) {
      at = extreme_place<In, kMax>(p, n);
    } else {
      T best = static_cast<T>(p[0]);
      for (int64_t j = 1; j < n; ++j) {
        const T v = static_cast<T>(p[j * x_stride]);
        if (beats<kMax>(v, best)) {
          best = v;
          at = j;
        }
      }
    }
    if (out) out[i * out_stride] = p[at * x_stride];
    index[i * out_stride] = base + at;
  }
}

template <class In, bool kMax>
static void extreme_columns(const In* x, int64_t rows, int64_t row_stride, int64_t cols, int64_t col_stride,
                            In* out, int64_t* index, int64_t out_stride) {
  using T = Compared<In>;
  alignas(64) T best[kColumnTile];
  alignas(64) T line[kColumnTile];
  alignas(64) int64_t at[kColumnTile];
  for (int64_t c = 0; c < cols; ++c) {
    best[c] = static_cast<T>(x[c * col_stride]);
    at[c] = 0;
  }
  for (int64_t r = 1; r < rows; ++r) {
    const T* p = contiguous<T>(x + r * row_stride, cols, col_stride, line);
    for (int64_t c = 0; c < cols; ++c) {
      const T v = p[c];
      const bool better = beats<kMax>(v, best[c]);
      best[c] = better ? v : best[c];
      at[c] = better ? r : at[c];
    }
  }
  for (int64_t c = 0; c < cols; ++c) {
    if (out) out[c * out_stride] = x[at[c] * row_stride + c * col_stride];
    index[c * out_stride] = at[c];
  }
}

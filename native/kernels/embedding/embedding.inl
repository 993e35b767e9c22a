// Four vectors of columns of a bag are summed in registers, place by place, so that a row is read once and
// the sum is written once. Rows lie anywhere in a table that no cache holds: those of the places ahead are
// asked for early, across the ends of bags. Limit: memory, a few lines at each random address.

static constexpr int64_t kAhead = 12;
static constexpr int64_t kLine = 64;
// Lines of a row that are asked for early; the rest the processor foresees itself.
static constexpr int64_t kLines = 8;

template <class T>
static LANEGRAD_INLINE Vec<T> load_some(const T* p, int64_t n) {
  return n >= Vec<T>::kWidth ? Vec<T>::load(p) : Vec<T>::load_n(p, n);
}
template <class T>
static LANEGRAD_INLINE void store_some(Vec<T> x, T* p, int64_t n) {
  if (n >= Vec<T>::kWidth)
    x.store(p);
  else
    x.store_n(p, n);
}

// Asks for the row that is needed kAhead places after k, if it is in [first, last).
template <class T>
static LANEGRAD_INLINE void foresee(const T* table, int64_t stride, int64_t width, const Bags& bags,
                                    int64_t k, int64_t first = 0, int64_t last = INT64_MAX) {
  const int64_t ahead = k + kAhead;
  if (ahead >= bags.starts[bags.count] || bags.index[ahead] < first || bags.index[ahead] >= last) return;
  const char* row = reinterpret_cast<const char*>(table + bags.index[ahead] * stride);
  const int64_t bytes = width * static_cast<int64_t>(sizeof(T));
  const int64_t end = bytes < kLines * kLine ? bytes : kLines * kLine;
  for (int64_t at = 0; at < end; at += kLine) __builtin_prefetch(row + at);
}

// Columns [at, at + n) of one bag, n of at most four vectors; `asks`: the first columns do, for all.
template <class T, int vectors, class Fold>
static LANEGRAD_INLINE void fold_columns(const T* table, int64_t stride, int64_t width, const Bags& bags,
                                         int64_t bag, int64_t at, int64_t n, Vec<T> start, const Fold& fold,
                                         Vec<T>* out) {
  constexpr int w = Vec<T>::kWidth;
  for (int v = 0; v < vectors; ++v) out[v] = start;
  for (int64_t k = bags.starts[bag]; k < bags.starts[bag + 1]; ++k) {
    if (at == 0) foresee(table, stride, width, bags, k);
    if (bags.index[k] < 0) continue;
    const T* row = table + bags.index[k] * stride + at;
    for (int v = 0; v < vectors; ++v) out[v] = fold(out[v], load_some(row + v * w, n - v * w), k);
  }
}

// finish(columns of a bag) of the fold of every bag.
template <class T, class Fold, class Finish>
static LANEGRAD_INLINE void fold_bags(const T* table, int64_t stride, int64_t width, const Bags& bags,
                                      Vec<T> start, const Fold& fold, const Finish& finish, T* out) {
  constexpr int w = Vec<T>::kWidth;
  for (int64_t b = 0; b < bags.count; ++b, out += width) {
    int64_t counted = 0;
    for (int64_t k = bags.starts[b]; k < bags.starts[b + 1]; ++k) counted += bags.index[k] >= 0;
    Vec<T> sums[4];
    int64_t at = 0;
    for (; at + 4 * w <= width; at += 4 * w) {
      fold_columns<T, 4>(table, stride, width, bags, b, at, 4 * w, start, fold, sums);
      for (int v = 0; v < 4; ++v) finish(sums[v], counted).store(out + at + v * w);
    }
    for (; at < width; at += w) {
      fold_columns<T, 1>(table, stride, width, bags, b, at, width - at, start, fold, sums);
      store_some(finish(sums[0], counted), out + at, width - at);
    }
  }
}

template <class T>
static void sum_bags(const T* table, int64_t stride, int64_t width, const Bags& bags, const T* scale,
                     bool mean, T* out) {
  const auto finish = [mean](Vec<T> x, int64_t counted) {
    return mean && counted > 1 ? x / Vec<T>::broadcast(static_cast<T>(counted)) : x;
  };
  if (scale) {
    fold_bags<T>(
        table, stride, width, bags, Vec<T>::zero(),
        [scale](Vec<T> sum, Vec<T> x, int64_t k) { return fma(Vec<T>::broadcast(scale[k]), x, sum); }, finish,
        out);
  } else {
    fold_bags<T>(
        table, stride, width, bags, Vec<T>::zero(), [](Vec<T> sum, Vec<T> x, int64_t) { return sum + x; },
        finish, out);
  }
}

template <class T>
static void max_bags(const T* table, int64_t stride, int64_t width, const Bags& bags, T* out) {
  fold_bags<T>(
      table, stride, width, bags, Vec<T>::broadcast(-std::numeric_limits<T>::infinity()),
      [](Vec<T> top, Vec<T> x, int64_t) { return max(top, x); },
      [](Vec<T> x, int64_t counted) { return counted > 0 ? x : Vec<T>::zero(); }, out);
}

// Places of a bag that a lane of floats counts exactly.
static constexpr int64_t kCounted = int64_t{1} << 24;

// Columns [at, at + n) of one bag, one vector of them.
template <class T>
static void largest_rows(const T* table, int64_t stride, const Bags& bags, int64_t bag, int64_t at, int64_t n,
                         int64_t* rows) {
  constexpr int w = Vec<T>::kWidth;
  const Vec<T> none = Vec<T>::broadcast(T(-1));
  Vec<T> best = Vec<T>::zero();
  bool fresh = true;
  for (int64_t i = 0; i < n && i < w; ++i) rows[i] = -1;
  for (int64_t begin = bags.starts[bag], end; begin < bags.starts[bag + 1]; begin = end) {
    end = bags.starts[bag + 1] - begin < kCounted ? bags.starts[bag + 1] : begin + kCounted;
    Vec<T> place = none;
    for (int64_t k = begin; k < end; ++k) {
      if (bags.index[k] < 0) continue;
      const Vec<T> x = load_some(table + bags.index[k] * stride + at, n);
      const Vec<T> here = Vec<T>::broadcast(static_cast<T>(k - begin));
      const auto better = gt(x, best) | (is_nan(x) & ~is_nan(best));
      best = fresh ? x : select(better, x, best);
      place = fresh ? here : select(better, here, place);
      fresh = false;
    }
    alignas(64) T places[w];
    place.store(places);
    for (int64_t i = 0; i < n && i < w; ++i)
      if (places[i] >= 0) rows[i] = bags.index[begin + static_cast<int64_t>(places[i])];
  }
}

template <class T>
static void largest_rows(const T* table, int64_t stride, int64_t width, const Bags& bags, int64_t* rows) {
  for (int64_t b = 0; b < bags.count; ++b, rows += width) {
    for (int64_t k = bags.starts[b]; k < bags.starts[b + 1]; ++k) foresee(table, stride, width, bags, k);
    for (int64_t at = 0; at < width; at += Vec<T>::kWidth)
      largest_rows(table, stride, bags, b, at, width - at, rows + at);
  }
}

template <class T>
static void spread_bags(const T* grad, int64_t width, const Bags& bags, const BagScales<T>& scales,
                        int64_t first, int64_t last, T* out) {
  constexpr int w = Vec<T>::kWidth;
  for (int64_t b = 0; b < bags.count; ++b, grad += width) {
    for (int64_t k = bags.starts[b]; k < bags.starts[b + 1]; ++k) {
      foresee(static_cast<const T*>(out), width, width, bags, k, first, last);
      const int64_t row = bags.index[k];
      if (row < first || row >= last) continue;
      T scale = scales.of_bag ? scales.of_bag[b] : T(1);
      if (scales.of_place) scale *= scales.of_place[k];
      if (scales.of_row) scale *= scales.of_row[row];
      const Vec<T> s = Vec<T>::broadcast(scale);
      T* to = out + row * width;
      for (int64_t i = 0; i < width; i += w)
        store_some(fma(s, load_some(grad + i, width - i), load_some(to + i, width - i)), to + i, width - i);
    }
  }
}

template <class T>
static void dot_bags(const T* grad, const T* table, int64_t stride, int64_t width, const Bags& bags, T* out) {
  constexpr int w = Vec<T>::kWidth;
  for (int64_t b = 0; b < bags.count; ++b, grad += width) {
    for (int64_t k = bags.starts[b]; k < bags.starts[b + 1]; ++k) {
      foresee(table, stride, width, bags, k);
      Vec<T> sum = Vec<T>::zero();
      // Lanes behind the end are 0 in both.
      if (const int64_t row = bags.index[k]; row >= 0) {
        for (int64_t i = 0; i < width; i += w)
          sum = fma(load_some(grad + i, width - i), load_some(table + row * stride + i, width - i), sum);
      }
      out[k] = reduce_add(sum);
    }
  }
}

template <class T>
inline constexpr BagKernels<T> kBagKernels = {sum_bags<T>, max_bags<T>, largest_rows<T>, spread_bags<T>,
                                              dot_bags<T>};

extern const BagTable kBagTable;
const BagTable kBagTable = {.f32 = kBagKernels<float>, .f64 = kBagKernels<double>};

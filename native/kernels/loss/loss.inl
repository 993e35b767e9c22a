// Rows. A row is in the L1 or L2 cache after its maximum was found, so the second pass (exponentials) costs
// no memory traffic; an online logsumexp would save it at the price of a second exponential for each vector.
// Accumulators are vectors, added up at the end of a row. Limit: the exponentials while rows come from a
// cache, else memory.

// n < width lanes, or all of them.
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

// The largest that is a number. NaN need not be carried: its exponential makes the sum NaN.
template <class T>
static LANEGRAD_INLINE Vec<T> larger(Vec<T> x, Vec<T> best) {
  if constexpr (std::is_same_v<T, float>)
    return max_number(x, best);
  else
    return select(gt(x, best), x, best);
}

// The maximum of a row, and log Σ exp(x - maximum).
template <class T>
static void log_sum_exp(const T* x, int64_t classes, T& top, T& rest) {
  constexpr int w = Vec<T>::kWidth;
  const Vec<T> least = Vec<T>::broadcast(-std::numeric_limits<T>::infinity());
  Vec<T> a = least, b = least, c = least, d = least;
  int64_t i = 0;
  for (; i + 4 * w <= classes; i += 4 * w) {
    a = larger(Vec<T>::load(x + i), a);
    b = larger(Vec<T>::load(x + i + w), b);
    c = larger(Vec<T>::load(x + i + 2 * w), c);
    d = larger(Vec<T>::load(x + i + 3 * w), d);
  }
  for (; i + w <= classes; i += w) a = larger(Vec<T>::load(x + i), a);
  if (i < classes) b = larger(pad_lanes<T>(Vec<T>::load_n(x + i, classes - i), classes - i, least), b);
  top = reduce_max(larger(larger(a, b), larger(c, d)));
  const Vec<T> m = Vec<T>::broadcast(top);
  a = b = Vec<T>::zero();
  for (i = 0; i + 2 * w <= classes; i += 2 * w) {
    a += exp(Vec<T>::load(x + i) - m);
    b += exp(Vec<T>::load(x + i + w) - m);
  }
  for (; i + w <= classes; i += w) a += exp(Vec<T>::load(x + i) - m);
  if (i < classes) b += exp(pad_lanes<T>(Vec<T>::load_n(x + i, classes - i), classes - i, least) - m);
  rest = std::log(reduce_add(a + b));
}

// Σ_c w_c (top - x_c)
template <class T>
static T weighted_distance(const T* x, const ClassScale<T>& scale, T top) {
  constexpr int w = Vec<T>::kWidth;
  const Vec<T> m = Vec<T>::broadcast(top);
  Vec<T> sum = Vec<T>::zero();
  for (int64_t i = 0; i < scale.classes; i += w) {
    const int64_t n = scale.classes - i;
    Vec<T> far = m - load_some(x + i, n);
    if (scale.weight) far = far * load_some(scale.weight + i, n);
    sum += n >= w ? far : pad_lanes<T>(far, n, Vec<T>::zero());
  }
  return reduce_add(sum);
}

template <class T>
static void row_forward(const T* x, int64_t rows, int64_t stride, const int64_t* target,
                        const ClassScale<T>& scale, T* loss, T* logsumexp) {
  for (int64_t r = 0; r < rows; ++r, x += stride) {
    T top, rest;
    log_sum_exp(x, scale.classes, top, rest);
    logsumexp[r] = top + rest;
    if (target[r] < 0) {
      loss[r] = 0;
      continue;
    }
    // (top - x) + rest loses less than logsumexp - x where top is large.
    T hit = (top - x[target[r]]) + rest;
    if (scale.weight) hit *= scale.weight[target[r]];
    loss[r] = hit;
    if (scale.smoothing == 0) continue;
    const T spread = weighted_distance(x, scale, top) + scale.total * rest;
    loss[r] = (T(1) - scale.smoothing) * hit + scale.smoothing * (spread / static_cast<T>(scale.classes));
  }
}

template <class T>
static void row_backward(const T* x, int64_t rows, int64_t stride, const int64_t* target, const T* logsumexp,
                         const T* grad, int64_t grad_stride, const ClassScale<T>& scale, bool past, T* dx) {
  constexpr int w = Vec<T>::kWidth;
  const int64_t classes = scale.classes;
  const T share = scale.smoothing / static_cast<T>(classes);
  for (int64_t r = 0; r < rows; ++r, x += stride, dx += classes) {
    if (target[r] < 0) {
      for (int64_t i = 0; i < classes; ++i) dx[i] = 0;
      continue;
    }
    const T own = (T(1) - scale.smoothing) * (scale.weight ? scale.weight[target[r]] : T(1));
    const Vec<T> g = Vec<T>::broadcast(grad[r * grad_stride]), l = Vec<T>::broadcast(logsumexp[r]);
    const Vec<T> mass = Vec<T>::broadcast(own + share * scale.total), part = Vec<T>::broadcast(share);
    const auto value = [&](int64_t i, auto lanes) {
      const Vec<T> p = exp(load_lanes(x + i, lanes) - l);
      const Vec<T> q = scale.weight ? part * load_lanes(scale.weight + i, lanes) : part;
      return g * (p * mass - q);
    };
    store_vectors<T>(dx, classes, past, value);
    // Computed again: what went past the caches would have to be waited for.
    T hit[w];
    value(target[r], int64_t{1}).store(hit);
    dx[target[r]] = hit[0] - grad[r * grad_stride] * own;
  }
}

// w q: what of the target a class weighs.
template <class T>
struct SoftTarget {
  Vec<T> keep, part;
  const T* weight;
  explicit LANEGRAD_INLINE SoftTarget(const ClassScale<T>& scale)
      : keep(Vec<T>::broadcast(T(1) - scale.smoothing)),
        part(Vec<T>::broadcast(scale.smoothing / static_cast<T>(scale.classes))),
        weight(scale.weight) {}
  // Classes c, c + 1, ... in the lanes.
  LANEGRAD_INLINE Vec<T> across(Vec<T> p, int64_t c, int64_t n) const {
    const Vec<T> q = fma(p, keep, part);
    return weight ? q * load_some(weight + c, n) : q;
  }
  // Class c in all lanes.
  LANEGRAD_INLINE Vec<T> of(Vec<T> p, int64_t c) const {
    const Vec<T> q = fma(p, keep, part);
    return weight ? q * Vec<T>::broadcast(weight[c]) : q;
  }
};

template <class T>
static void soft_row_forward(const T* x, int64_t stride, const T* p, int64_t p_stride, int64_t rows,
                             const ClassScale<T>& scale, T* loss, T* logsumexp, T* mass) {
  constexpr int w = Vec<T>::kWidth;
  const SoftTarget<T> target(scale);
  for (int64_t r = 0; r < rows; ++r, x += stride, p += p_stride) {
    T top, rest;
    log_sum_exp(x, scale.classes, top, rest);
    const Vec<T> m = Vec<T>::broadcast(top);
    Vec<T> far = Vec<T>::zero(), total = Vec<T>::zero();
    for (int64_t i = 0; i < scale.classes; i += w) {
      const int64_t n = scale.classes - i;
      Vec<T> q = target.across(load_some(p + i, n), i, n);
      Vec<T> distance = m - load_some(x + i, n);
      if (n < w) {
        q = pad_lanes<T>(q, n, Vec<T>::zero());
        distance = pad_lanes<T>(distance, n, Vec<T>::zero());
      }
      far = fma(q, distance, far);
      total += q;
    }
    mass[r] = reduce_add(total);
    logsumexp[r] = top + rest;
    loss[r] = reduce_add(far) + mass[r] * rest;
  }
}

template <class T>
static void soft_row_backward(const T* x, int64_t stride, const T* p, int64_t p_stride, int64_t rows,
                              const T* logsumexp, const T* mass, const T* grad, int64_t grad_stride,
                              const ClassScale<T>& scale, T* dx) {
  constexpr int w = Vec<T>::kWidth;
  const SoftTarget<T> target(scale);
  for (int64_t r = 0; r < rows; ++r, x += stride, p += p_stride, dx += scale.classes) {
    const Vec<T> g = Vec<T>::broadcast(grad[r * grad_stride]), l = Vec<T>::broadcast(logsumexp[r]);
    const Vec<T> all = Vec<T>::broadcast(mass[r]);
    for (int64_t i = 0; i < scale.classes; i += w) {
      const int64_t n = scale.classes - i;
      const Vec<T> q = target.across(load_some(p + i, n), i, n);
      store_some(g * (exp(load_some(x + i, n) - l) * all - q), dx + i, n);
    }
  }
}

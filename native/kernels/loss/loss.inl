// A row is in the L1 or L2 cache after its maximum was found, so the second pass (exponentials) costs no
// memory traffic; an online logsumexp would save it at the price of a second exponential for each vector.

template <class T>
static void cross_entropy_forward(const T* x, int64_t rows, int64_t row_stride, int64_t classes,
                                  const int64_t* target, T smoothing, T* loss, T* logsumexp) {
  constexpr int w = Vec<T>::kWidth;
  const Vec<T> least = Vec<T>::broadcast(-std::numeric_limits<T>::infinity());
  for (int64_t r = 0; r < rows; ++r, x += row_stride) {
    Vec<T> a = least, b = least;
    int64_t i = 0;
    for (; i + 2 * w <= classes; i += 2 * w) {
      a = max(a, Vec<T>::load(x + i));
      b = max(b, Vec<T>::load(x + i + w));
    }
    for (; i + w <= classes; i += w) a = max(a, Vec<T>::load(x + i));
    if (i < classes) b = max(b, pad_lanes<T>(Vec<T>::load_n(x + i, classes - i), classes - i, least));
    const T top = reduce_max(max(a, b));
    const Vec<T> m = Vec<T>::broadcast(top);
    a = b = Vec<T>::zero();
    for (i = 0; i + 2 * w <= classes; i += 2 * w) {
      a += exp(Vec<T>::load(x + i) - m);
      b += exp(Vec<T>::load(x + i + w) - m);
    }
    for (; i + w <= classes; i += w) a += exp(Vec<T>::load(x + i) - m);
    if (i < classes) b += exp(pad_lanes<T>(Vec<T>::load_n(x + i, classes - i), classes - i, least) - m);
    const T rest = std::log(reduce_add(a + b));
    logsumexp[r] = top + rest;
    if (target[r] < 0) {
      loss[r] = 0;
      continue;
    }
    // (top - x) + rest loses less than logsumexp - x where top is large.
    const T hit = (top - x[target[r]]) + rest;
    if (smoothing == 0) {
      loss[r] = hit;
      continue;
    }
    a = Vec<T>::zero();
    for (i = 0; i + w <= classes; i += w) a += m - Vec<T>::load(x + i);
    if (i < classes) a += m - pad_lanes<T>(Vec<T>::load_n(x + i, classes - i), classes - i, m);
    const T spread = reduce_add(a) / static_cast<T>(classes) + rest;
    loss[r] = (T(1) - smoothing) * hit + smoothing * spread;
  }
}

template <class T>
static void cross_entropy_backward(const T* x, int64_t rows, int64_t row_stride, int64_t classes,
                                   const int64_t* target, const T* logsumexp, const T* grad,
                                   int64_t grad_stride, T smoothing, T* dx) {
  constexpr int w = Vec<T>::kWidth;
  for (int64_t r = 0; r < rows; ++r, x += row_stride, dx += classes) {
    if (target[r] < 0) {
      for (int64_t i = 0; i < classes; ++i) dx[i] = 0;
      continue;
    }
    const T scale = grad[r * grad_stride];
    const Vec<T> g = Vec<T>::broadcast(scale), l = Vec<T>::broadcast(logsumexp[r]);
    const Vec<T> share = Vec<T>::broadcast(smoothing / static_cast<T>(classes));
    int64_t i = 0;
    for (; i + w <= classes; i += w) (g * (exp(Vec<T>::load(x + i) - l) - share)).store(dx + i);
    if (i < classes) (g * (exp(Vec<T>::load_n(x + i, classes - i) - l) - share)).store_n(dx + i, classes - i);
    dx[target[r]] -= scale * (T(1) - smoothing);
  }
}

template <class T>
inline constexpr CrossEntropyKernels<T> kCrossEntropyKernels = {cross_entropy_forward<T>,
                                                                cross_entropy_backward<T>};

extern const LossTable kLossTable;
const LossTable kLossTable = {.f32 = kCrossEntropyKernels<float>, .f64 = kCrossEntropyKernels<double>};

// Time step by time step, vectors over the states. After each step the row is shifted so that its maximum is
// 0, and the shifts are summed in double: the states that matter keep small numbers, whose rounding errors
// are small however long the sequence is. The gradient needs no shift at all, for the probabilities of the
// states at one time sum to 1. Limit: exponentials and logarithms, three and one for a label, two and one for
// a blank.

template <class T>
static constexpr T kNever = -std::numeric_limits<T>::infinity();

template <class T>
static LANEGRAD_INLINE Vec<T> load_some(const T* p, int64_t n) {
  return n >= Vec<T>::kWidth ? Vec<T>::load(p) : Vec<T>::load_n(p, n);
}

// n values, `never` in the lanes behind them.
template <class T>
static LANEGRAD_INLINE Vec<T> finish_lanes(Vec<T> x, int64_t n, T* to) {
  if (n >= Vec<T>::kWidth) {
    x.store(to);
    return x;
  }
  x.store_n(to, n);
  return pad_lanes<T>(x, n, Vec<T>::broadcast(kNever<T>));
}

// log(e^a + e^b) and log(e^a + e^b + e^c). The shift is finite even where all are `never`.
template <class T>
static LANEGRAD_INLINE Vec<T> log_add(Vec<T> a, Vec<T> b) {
  const Vec<T> top = max(a, b);
  const Vec<T> m = max(top, Vec<T>::broadcast(std::numeric_limits<T>::lowest()));
  return top + log(exp(a - m) + exp(b - m));
}
template <class T>
static LANEGRAD_INLINE Vec<T> log_add(Vec<T> a, Vec<T> b, Vec<T> c) {
  const Vec<T> top = max(max(a, b), c);
  const Vec<T> m = max(top, Vec<T>::broadcast(std::numeric_limits<T>::lowest()));
  return top + log(exp(a - m) + exp(b - m) + exp(c - m));
}

// x -= top for all n, if there is anything that is possible.
template <class T>
static LANEGRAD_INLINE T shift_row(T* x, int64_t n, Vec<T> tops) {
  const T top = reduce_max(tops);
  if (!(top > kNever<T>)) return 0;
  const Vec<T> m = Vec<T>::broadcast(top);
  for (int64_t i = 0; i < n; i += Vec<T>::kWidth) {
    const Vec<T> y = load_some(x + i, n - i) - m;
    if (n - i >= Vec<T>::kWidth)
      y.store(x + i);
    else
      y.store_n(x + i, n - i);
  }
  return top;
}

template <class T>
static void read_labels(const CtcSample<T>& s, int64_t t, T* to) {
  const T* row = s.log_probs + t * s.stride;
  for (int64_t i = 0; i < s.count; ++i) to[i] = row[s.labels[i]];
}

// 0 where a label may follow the label before it at once: where the two differ. One more behind the end.
template <class T>
static void read_skips(const CtcSample<T>& s, T* skip) {
  for (int64_t i = 0; i <= s.count; ++i)
    skip[i] = i > 0 && i < s.count && s.labels[i] != s.labels[i - 1] ? T(0) : kNever<T>;
}

// A row of alpha: [never, labels..., blanks...]. What ends at time t in each state, with the times before.
template <class T>
static T first_alpha(const CtcSample<T>& s, T* row) {
  for (int64_t i = 0; i < ctc_row(s.count); ++i) row[i] = kNever<T>;
  if (s.count > 0) row[1] = s.log_probs[s.labels[0]];
  row[1 + s.count] = s.log_probs[s.blank];
  Vec<T> tops = Vec<T>::broadcast(row[1 + s.count]);
  if (s.count > 0) tops = max(tops, Vec<T>::broadcast(row[1]));
  return shift_row(row + 1, 2 * s.count + 1, tops);
}

template <class T>
static T next_alpha(const CtcSample<T>& s, const T* from, const T* emitted, T blank, const T* skip, T* to) {
  constexpr int w = Vec<T>::kWidth;
  const int64_t n = s.count;
  const T *label = from + 1, *gap = label + n;
  Vec<T> tops = Vec<T>::broadcast(kNever<T>);
  to[0] = kNever<T>;
  for (int64_t i = 0; i < n; i += w) {
    const Vec<T> skipped = load_some(label + i - 1, n - i) + load_some(skip + i, n - i);
    const Vec<T> ways = log_add(load_some(label + i, n - i), load_some(gap + i, n - i), skipped);
    tops = max(tops, finish_lanes(ways + load_some(emitted + i, n - i), n - i, to + 1 + i));
  }
  const Vec<T> e = Vec<T>::broadcast(blank);
  for (int64_t i = 0; i <= n; i += w) {
    const Vec<T> ways = log_add(load_some(gap + i, n + 1 - i), load_some(label + i - 1, n + 1 - i));
    tops = max(tops, finish_lanes(ways + e, n + 1 - i, to + 1 + n + i));
  }
  return shift_row(to + 1, 2 * n + 1, tops);
}

// log of what of a last row ends in the last blank or the last label.
template <class T>
static T last_alpha(const CtcSample<T>& s, const T* row) {
  const T a = row[1 + 2 * s.count], b = s.count > 0 ? row[s.count] : kNever<T>;
  const T top = a > b || a != a ? a : b;
  if (!(top > kNever<T>)) return top;
  return top + std::log(std::exp(a - top) + std::exp(b - top));
}

template <class T>
static T ctc_loss(const CtcSample<T>& s, T* scratch) {
  if (s.steps == 0) return s.count == 0 ? T(0) : std::numeric_limits<T>::infinity();
  T *emitted = scratch, *skip = emitted + s.count, *row = skip + s.count + 1, *next = row + ctc_row(s.count);
  read_skips(s, skip);
  double shift = static_cast<double>(first_alpha(s, row));
  for (int64_t t = 1; t < s.steps; ++t) {
    read_labels(s, t, emitted);
    shift +=
        static_cast<double>(next_alpha(s, row, emitted, s.log_probs[t * s.stride + s.blank], skip, next));
    T* const former = row;
    row = next;
    next = former;
  }
  return static_cast<T>(-(shift + static_cast<double>(last_alpha(s, row))));
}

// A row of beta: [labels..., never, blanks...]. What follows after time t from each state. `to` may not be
// `from`.
template <class T>
static void former_beta(const CtcSample<T>& s, T* from, const T* emitted, T blank, const T* skip, T* to) {
  constexpr int w = Vec<T>::kWidth;
  const int64_t n = s.count;
  T *label = from, *gap = from + n + 1;
  for (int64_t i = 0; i < n; ++i) label[i] += emitted[i];
  for (int64_t i = 0; i <= n; ++i) gap[i] += blank;
  Vec<T> tops = Vec<T>::broadcast(kNever<T>);
  for (int64_t i = 0; i < n; i += w) {
    const Vec<T> skipped = load_some(label + i + 1, n - i) + load_some(skip + i + 1, n - i);
    const Vec<T> ways = log_add(load_some(label + i, n - i), load_some(gap + i + 1, n - i), skipped);
    tops = max(tops, finish_lanes(ways, n - i, to + i));
  }
  to[n] = kNever<T>;
  for (int64_t i = 0; i <= n; i += w) {
    const Vec<T> ways = log_add(load_some(gap + i, n + 1 - i), load_some(label + i, n + 1 - i));
    tops = max(tops, finish_lanes(ways, n + 1 - i, to + n + 1 + i));
  }
  shift_row(to, 2 * n + 2, tops);
}

// weight[i] = e^(alpha + beta - top) for n states; returns their sum.
template <class T>
static T state_weights(const T* alpha, const T* beta, int64_t n, T top, T* weight) {
  constexpr int w = Vec<T>::kWidth;
  const Vec<T> m = Vec<T>::broadcast(top);
  Vec<T> sum = Vec<T>::zero();
  for (int64_t i = 0; i < n; i += w) {
    const Vec<T> x = exp(load_some(alpha + i, n - i) + load_some(beta + i, n - i) - m);
    if (n - i >= w) {
      x.store(weight + i);
      sum += x;
    } else {
      x.store_n(weight + i, n - i);
      sum += pad_lanes<T>(x, n - i, Vec<T>::zero());
    }
  }
  return reduce_add(sum);
}

template <class T>
static T largest_pair(const T* alpha, const T* beta, int64_t n, T top) {
  constexpr int w = Vec<T>::kWidth;
  const Vec<T> never = Vec<T>::broadcast(kNever<T>);
  Vec<T> tops = Vec<T>::broadcast(top);
  for (int64_t i = 0; i < n; i += w)
    tops = max(tops, pad_lanes<T>(load_some(alpha + i, n - i) + load_some(beta + i, n - i), n - i, never));
  return reduce_max(tops);
}

template <class T>
static void write_gradient(const CtcSample<T>& s, int64_t t, T grad, const T* alpha, const T* beta, T* weight,
                           T* dx) {
  constexpr int w = Vec<T>::kWidth;
  const int64_t n = s.count;
  const Vec<T> g = Vec<T>::broadcast(grad);
  const T* row = s.log_probs + t * s.stride;
  for (int64_t c = 0; c < s.classes; c += w) {
    const Vec<T> y = g * exp(load_some(row + c, s.classes - c));
    if (s.classes - c >= w)
      y.store(dx + c);
    else
      y.store_n(dx + c, s.classes - c);
  }
  const T *label_alpha = alpha + 1, *gap_alpha = label_alpha + n, *gap_beta = beta + n + 1;
  const T top = largest_pair(gap_alpha, gap_beta, n + 1, largest_pair(label_alpha, beta, n, kNever<T>));
  const T gaps = state_weights(gap_alpha, gap_beta, n + 1, top, weight);
  const T share = grad / (gaps + state_weights(label_alpha, beta, n, top, weight));
  dx[s.blank] -= gaps * share;
  for (int64_t i = 0; i < n; ++i) dx[s.labels[i]] -= weight[i] * share;
}

template <class T>
static bool ctc_gradient(const CtcSample<T>& s, T grad, T* alpha, T* scratch, T* dx, int64_t dx_stride) {
  const int64_t n = s.count, row = ctc_row(n), last = s.steps - 1;
  if (s.steps == 0) return n == 0;
  T *emitted = scratch, *skip = emitted + n, *weight = skip + n + 1, *beta = weight + n + 1,
    *former = beta + row;
  read_skips(s, skip);
  first_alpha(s, alpha);
  for (int64_t t = 1; t <= last; ++t) {
    read_labels(s, t, emitted);
    next_alpha(s, alpha + (t - 1) * row, emitted, s.log_probs[t * s.stride + s.blank], skip, alpha + t * row);
  }
  if (last_alpha(s, alpha + last * row) == kNever<T>) return false;
  for (int64_t i = 0; i < row; ++i) beta[i] = kNever<T>;
  beta[2 * n + 1] = 0;
  if (n > 0) beta[n - 1] = 0;
  for (int64_t t = last; t >= 0; --t) {
    write_gradient(s, t, grad, alpha + t * row, beta, weight, dx + t * dx_stride);
    if (t == 0) break;
    read_labels(s, t, emitted);
    former_beta(s, beta, emitted, s.log_probs[t * s.stride + s.blank], skip, former);
    T* const other = beta;
    beta = former;
    former = other;
  }
  return true;
}

template <class T>
inline constexpr CtcKernels<T> kCtcKernels = {ctc_loss<T>, ctc_gradient<T>};

extern const CtcTable kCtcTable;
const CtcTable kCtcTable = {.f32 = kCtcKernels<float>, .f64 = kCtcKernels<double>};

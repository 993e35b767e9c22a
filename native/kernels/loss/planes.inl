// Planes. A vector holds as many positions, so that sums over classes stay in its lanes; a block of four
// vectors goes through all classes at once. The planes of images are often a power of two apart, so that the
// classes of one position fall on the same few lines of a cache: the first pass keeps the block in a buffer
// on the stack, which the second one reads. Limit: memory up to some dozens of classes.

static constexpr int kPlaneVectors = 4;
// Elements of the buffer: 16 KB of floats.
static constexpr int64_t kStash = 4096;

// The lanes of a block: positions [0, n) of at most kPlaneVectors vectors.
template <class T>
struct Block {
  Vec<T> v[kPlaneVectors];
  static constexpr int64_t kSize = kPlaneVectors * Vec<T>::kWidth;

  static LANEGRAD_INLINE Block all(T x) {
    Block b;
    for (Vec<T>& one : b.v) one = Vec<T>::broadcast(x);
    return b;
  }
  static LANEGRAD_INLINE Block load(const T* p, int64_t n) {
    Block b;
    for (int k = 0; k < kPlaneVectors; ++k) {
      const int64_t left = n - k * Vec<T>::kWidth;
      b.v[k] = left > 0 ? load_some(p + k * Vec<T>::kWidth, left) : Vec<T>::zero();
    }
    return b;
  }
  LANEGRAD_INLINE void store(T* p, int64_t n) const {
    for (int k = 0; k < kPlaneVectors; ++k) {
      const int64_t left = n - k * Vec<T>::kWidth;
      if (left > 0) store_some(v[k], p + k * Vec<T>::kWidth, left);
    }
  }
};

// The maxima over the classes of a block, and log Σ exp(x - maximum). Afterwards `x` and `stride` say where
// the block is best read again.
template <class T>
static LANEGRAD_INLINE void log_sum_exp(const T*& x, int64_t& stride, int64_t n, int64_t classes, T* stash,
                                        Block<T>& top, Block<T>& rest) {
  constexpr int64_t size = Block<T>::kSize;
  const bool keeps = classes * size <= kStash;
  top = Block<T>::all(-std::numeric_limits<T>::infinity());
  for (int64_t c = 0; c < classes; ++c) {
    const Block<T> here = Block<T>::load(x + c * stride, n);
    for (int k = 0; k < kPlaneVectors; ++k) top.v[k] = max(top.v[k], here.v[k]);
    if (keeps) here.store(stash + c * size, size);
  }
  if (keeps) {
    x = stash;
    stride = size;
  }
  Block<T> sum = Block<T>::all(0);
  for (int64_t c = 0; c < classes; ++c) {
    const Block<T> here = Block<T>::load(x + c * stride, n);
    for (int k = 0; k < kPlaneVectors; ++k) sum.v[k] += exp(here.v[k] - top.v[k]);
  }
  for (int k = 0; k < kPlaneVectors; ++k) rest.v[k] = log(sum.v[k]);
}

template <class T>
static void plane_forward(const T* x, int64_t stride, int64_t positions, const int64_t* target,
                          const ClassScale<T>& scale, T* loss, T* logsumexp) {
  constexpr int64_t size = Block<T>::kSize;
  const int64_t classes = scale.classes;
  const T share = scale.smoothing / static_cast<T>(classes);
  alignas(64) T stash[kStash], tops[size], rests[size], spreads[size];
  for (int64_t at = 0; at < positions; at += size) {
    const int64_t n = positions - at < size ? positions - at : size;
    const T* from = x + at;
    int64_t step = stride;
    Block<T> top, rest;
    log_sum_exp(from, step, n, classes, stash, top, rest);
    top.store(tops, size);
    rest.store(rests, size);
    if (scale.smoothing != 0) {
      Block<T> far = Block<T>::all(0);
      for (int64_t c = 0; c < classes; ++c) {
        const Block<T> here = Block<T>::load(from + c * step, n);
        const Vec<T> w = Vec<T>::broadcast(scale.weight ? scale.weight[c] : T(1));
        for (int k = 0; k < kPlaneVectors; ++k) far.v[k] = fma(w, top.v[k] - here.v[k], far.v[k]);
      }
      far.store(spreads, size);
    }
    for (int64_t i = 0; i < n; ++i) {
      const int64_t t = target[at + i];
      logsumexp[at + i] = tops[i] + rests[i];
      if (t < 0) {
        loss[at + i] = 0;
        continue;
      }
      T hit = (tops[i] - from[t * step + i]) + rests[i];
      if (scale.weight) hit *= scale.weight[t];
      if (scale.smoothing != 0)
        hit = (T(1) - scale.smoothing) * hit + share * (spreads[i] + scale.total * rests[i]);
      loss[at + i] = hit;
    }
  }
}

template <class T>
static void plane_backward(const T* x, int64_t stride, int64_t positions, const int64_t* target,
                           const T* logsumexp, const T* grad, int64_t grad_stride, const ClassScale<T>& scale,
                           T* dx, int64_t dx_stride) {
  constexpr int64_t size = Block<T>::kSize;
  const T share = scale.smoothing / static_cast<T>(scale.classes);
  // Of each position: what the softmax and the weights of all classes are multiplied by, both 0 where
  // ignored.
  alignas(64) T masses[size], grads[size];
  for (int64_t at = 0; at < positions; at += size) {
    const int64_t n = positions - at < size ? positions - at : size;
    for (int64_t i = 0; i < size; ++i) {
      masses[i] = grads[i] = 0;
      if (i >= n || target[at + i] < 0) continue;
      const T own = (T(1) - scale.smoothing) * (scale.weight ? scale.weight[target[at + i]] : T(1));
      grads[i] = grad[(at + i) * grad_stride];
      masses[i] = own + share * scale.total;
    }
    const Block<T> g = Block<T>::load(grads, size), mass = Block<T>::load(masses, size);
    const Block<T> lse = Block<T>::load(logsumexp + at, n);
    const Block<T> ignored = Block<T>::all(0);
    for (int64_t c = 0; c < scale.classes; ++c) {
      Block<T> here = Block<T>::load(x + c * stride + at, n);
      const Vec<T> q = Vec<T>::broadcast(share * (scale.weight ? scale.weight[c] : T(1)));
      for (int k = 0; k < kPlaneVectors; ++k) {
        const Vec<T> all = g.v[k] * (exp(here.v[k] - lse.v[k]) * mass.v[k] - q);
        // An ignored position may hold infinities: its gradient is 0 all the same.
        here.v[k] = select(eq(g.v[k], ignored.v[k]), ignored.v[k], all);
      }
      here.store(dx + c * dx_stride + at, n);
    }
    for (int64_t i = 0; i < n; ++i) {
      const int64_t t = target[at + i];
      if (t < 0) continue;
      const T own = (T(1) - scale.smoothing) * (scale.weight ? scale.weight[t] : T(1));
      dx[t * dx_stride + at + i] -= grads[i] * own;
    }
  }
}

template <class T>
static void soft_plane_forward(const T* x, int64_t stride, const T* p, int64_t p_stride, int64_t positions,
                               const ClassScale<T>& scale, T* loss, T* logsumexp, T* mass) {
  constexpr int64_t size = Block<T>::kSize;
  const SoftTarget<T> target(scale);
  alignas(64) T stash[kStash];
  for (int64_t at = 0; at < positions; at += size) {
    const int64_t n = positions - at < size ? positions - at : size;
    const T* from = x + at;
    int64_t step = stride;
    Block<T> top, rest, far = Block<T>::all(0), total = Block<T>::all(0);
    log_sum_exp(from, step, n, scale.classes, stash, top, rest);
    for (int64_t c = 0; c < scale.classes; ++c) {
      const Block<T> here = Block<T>::load(from + c * step, n),
                     wanted = Block<T>::load(p + c * p_stride + at, n);
      for (int k = 0; k < kPlaneVectors; ++k) {
        const Vec<T> q = target.of(wanted.v[k], c);
        far.v[k] = fma(q, top.v[k] - here.v[k], far.v[k]);
        total.v[k] += q;
      }
    }
    total.store(mass + at, n);
    for (int k = 0; k < kPlaneVectors; ++k) {
      far.v[k] = fma(total.v[k], rest.v[k], far.v[k]);
      top.v[k] += rest.v[k];
    }
    far.store(loss + at, n);
    top.store(logsumexp + at, n);
  }
}

template <class T>
static void soft_plane_backward(const T* x, int64_t stride, const T* p, int64_t p_stride, int64_t positions,
                                const T* logsumexp, const T* mass, const T* grad, int64_t grad_stride,
                                const ClassScale<T>& scale, T* dx, int64_t dx_stride) {
  constexpr int64_t size = Block<T>::kSize;
  const SoftTarget<T> target(scale);
  for (int64_t at = 0; at < positions; at += size) {
    const int64_t n = positions - at < size ? positions - at : size;
    const Block<T> g = grad_stride == 0 ? Block<T>::all(*grad) : Block<T>::load(grad + at, n);
    const Block<T> lse = Block<T>::load(logsumexp + at, n), all = Block<T>::load(mass + at, n);
    for (int64_t c = 0; c < scale.classes; ++c) {
      Block<T> here = Block<T>::load(x + c * stride + at, n);
      const Block<T> wanted = Block<T>::load(p + c * p_stride + at, n);
      for (int k = 0; k < kPlaneVectors; ++k) {
        const Vec<T> q = target.of(wanted.v[k], c);
        here.v[k] = g.v[k] * (exp(here.v[k] - lse.v[k]) * all.v[k] - q);
      }
      here.store(dx + c * dx_stride + at, n);
    }
  }
}

template <class T>
inline constexpr LossKernels<T> kLossKernels = {
    {row_forward<T>, row_backward<T>, soft_row_forward<T>, soft_row_backward<T>},
    {plane_forward<T>, plane_backward<T>, soft_plane_forward<T>, soft_plane_backward<T>}};

extern const LossTable kLossTable;
const LossTable kLossTable = {.f32 = kLossKernels<float>, .f64 = kLossKernels<double>};

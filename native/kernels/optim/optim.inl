// Bound by memory: each state is read and written once. Branches on the kind of step are the same for every
// vector and cost nothing beside the traffic.

template <class T>
static void sgd_step(T* param, const T* grad, T* buffer, int64_t n, const SgdStep<T>& s) {
  constexpr int w = Vec<T>::kWidth;
  const Vec<T> lr = Vec<T>::broadcast(s.lr), momentum = Vec<T>::broadcast(s.momentum);
  const Vec<T> keep = Vec<T>::broadcast(s.one_minus_dampening), decay = Vec<T>::broadcast(s.weight_decay);
  const Vec<T> zero = Vec<T>::zero();
  const bool decays = s.weight_decay != 0;
  for (int64_t i = 0; i < n; i += w) {
    const int64_t lanes = n - i < w ? n - i : w;
    const Vec<T> p = Vec<T>::load_n(param + i, lanes);
    Vec<T> d = Vec<T>::load_n(grad + i, lanes);
    if (s.maximize) d = zero - d;
    if (decays) d = fma(decay, p, d);
    if (buffer) {
      const Vec<T> b = s.first ? d : fma(keep, d, momentum * Vec<T>::load_n(buffer + i, lanes));
      b.store_n(buffer + i, lanes);
      d = s.nesterov ? fma(momentum, b, d) : b;
    }
    neg_fma(lr, d, p).store_n(param + i, lanes);
  }
}

template <class T>
static void adam_step(T* param, const T* grad, T* first, T* second, T* largest, int64_t n,
                      const AdamStep<T>& s) {
  constexpr int w = Vec<T>::kWidth;
  const Vec<T> step_size = Vec<T>::broadcast(s.step_size), c1 = Vec<T>::broadcast(s.one_minus_beta1);
  const Vec<T> beta2 = Vec<T>::broadcast(s.beta2), c2 = Vec<T>::broadcast(s.one_minus_beta2);
  const Vec<T> root = Vec<T>::broadcast(T(1) / s.root_correction), eps = Vec<T>::broadcast(s.eps);
  const Vec<T> decay = Vec<T>::broadcast(s.weight_decay), shrink = Vec<T>::broadcast(s.decay_factor);
  const Vec<T> zero = Vec<T>::zero();
  const bool adds_decay = !s.decoupled && s.weight_decay != 0, shrinks = s.decoupled && s.weight_decay != 0;
  for (int64_t i = 0; i < n; i += w) {
    const int64_t lanes = n - i < w ? n - i : w;
    Vec<T> p = Vec<T>::load_n(param + i, lanes), g = Vec<T>::load_n(grad + i, lanes);
    if (s.maximize) g = zero - g;
    if (adds_decay) g = fma(decay, p, g);
    if (shrinks) p = p * shrink;
    Vec<T> m = Vec<T>::load_n(first + i, lanes), v = Vec<T>::load_n(second + i, lanes);
    m = fma(c1, g - m, m);
    v = fma(c2 * g, g, beta2 * v);
    m.store_n(first + i, lanes);
    v.store_n(second + i, lanes);
    if (largest) {
      v = max(v, Vec<T>::load_n(largest + i, lanes));
      v.store_n(largest + i, lanes);
    }
    const Vec<T> denominator = fma(sqrt(v), root, eps);
    neg_fma(step_size, m / denominator, p).store_n(param + i, lanes);
  }
}

template <class T>
inline constexpr OptimKernels<T> kOptimKernels = {sgd_step<T>, adam_step<T>};

extern const OptimTable kOptimTable;
const OptimTable kOptimTable = {.f32 = kOptimKernels<float>, .f64 = kOptimKernels<double>};

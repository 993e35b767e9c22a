// Bound by memory: every tensor of a step is read once and written once. What differs between steps (is there
// momentum, does the parameter decay) is the same for every vector, so that its branches cost nothing beside
// the traffic.

// One vector of each tensor of a step; the last one of a run may be shorter.
template <class T, bool kFull>
struct Lanes {
  T* const* tensors;
  int64_t at;
  int64_t count;
  LANEGRAD_INLINE Vec<T> load(int i) const {
    if constexpr (kFull)
      return Vec<T>::load(tensors[i] + at);
    else
      return Vec<T>::load_n(tensors[i] + at, count);
  }
  LANEGRAD_INLINE void store(int i, Vec<T> v) const {
    if constexpr (kFull)
      v.store(tensors[i] + at);
    else
      v.store_n(tensors[i] + at, count);
  }
  LANEGRAD_INLINE bool has(int i) const { return tensors[i] != nullptr; }
};

inline constexpr int kParam = 0, kGrad = 1, kState = 2;

template <class T>
static LANEGRAD_INLINE Vec<T> all(double x) {
  return Vec<T>::broadcast(static_cast<T>(x));
}

template <class T>
struct Start {
  Vec<T> param, grad;
};

// The parameter and the gradient as the penalty makes them.
template <class T>
struct Take {
  Vec<T> decay, shrink;
  bool decays, shrinks, maximizes;
  explicit LANEGRAD_INLINE Take(const Penalty& p)
      : decay(all<T>(p.decay)),
        shrink(all<T>(p.shrink)),
        decays(p.decay != 0),
        shrinks(p.shrink != 1),
        maximizes(p.maximize) {}
  template <class L>
  LANEGRAD_INLINE Start<T> operator()(const L& x) const {
    Vec<T> param = x.load(kParam), grad = x.load(kGrad);
    if (maximizes) grad = -grad;
    if (decays) grad = fma(decay, param, grad);
    if (shrinks) param = param * shrink;
    return {param, grad};
  }
};

// a + weight (b - a)
template <class T>
static LANEGRAD_INLINE Vec<T> toward(Vec<T> a, Vec<T> b, Vec<T> weight) {
  return fma(weight, b - a, a);
}

// keep a + add x^2
template <class T>
static LANEGRAD_INLINE Vec<T> mean_square(Vec<T> a, Vec<T> x, Vec<T> keep, Vec<T> add) {
  return fma(add * x, x, keep * a);
}

template <class T>
static LANEGRAD_INLINE Vec<T> sign_of(Vec<T> x) {
  const Vec<T> zero = Vec<T>::zero(), one = all<T>(1);
  return select(gt(x, zero), one, select(lt(x, zero), -one, zero));
}

template <class S, class T>
struct Rule;

template <class T>
struct Rule<SgdStep, T> {
  Take<T> take;
  Vec<T> lr, momentum, keep;
  bool first, nesterov;
  explicit LANEGRAD_INLINE Rule(const SgdStep& s)
      : take(s.penalty),
        lr(all<T>(s.lr)),
        momentum(all<T>(s.momentum)),
        keep(all<T>(s.one_minus_dampening)),
        first(s.first),
        nesterov(s.nesterov) {}
  template <class L>
  LANEGRAD_INLINE void operator()(const L& x) const {
    auto [p, d] = take(x);
    if (x.has(kState)) {
      const Vec<T> buffer = first ? d : fma(keep, d, momentum * x.load(kState));
      x.store(kState, buffer);
      d = nesterov ? fma(momentum, buffer, d) : buffer;
    }
    x.store(kParam, neg_fma(lr, d, p));
  }
};

// The two running means that Adam and its kin keep.
template <class T>
struct Moments {
  Vec<T> c1, beta2, c2;
  template <class S>
  explicit LANEGRAD_INLINE Moments(const S& s)
      : c1(all<T>(s.one_minus_beta1)), beta2(all<T>(s.beta2)), c2(all<T>(s.one_minus_beta2)) {}
  struct Pair {
    Vec<T> mean, square;
  };
  template <class L>
  LANEGRAD_INLINE Pair operator()(const L& x, Vec<T> g) const {
    const Vec<T> mean = toward(x.load(kState), g, c1);
    const Vec<T> square = mean_square(x.load(kState + 1), g, beta2, c2);
    x.store(kState, mean);
    x.store(kState + 1, square);
    return {mean, square};
  }
};

template <class T>
struct Rule<AdamStep, T> {
  Take<T> take;
  Moments<T> moments;
  Vec<T> step_size, root, eps;
  explicit LANEGRAD_INLINE Rule(const AdamStep& s)
      : take(s.penalty),
        moments(s),
        step_size(all<T>(s.step_size)),
        root(all<T>(1 / s.root_correction)),
        eps(all<T>(s.eps)) {}
  template <class L>
  LANEGRAD_INLINE void operator()(const L& x) const {
    const auto [p, g] = take(x);
    auto [m, v] = moments(x, g);
    if (x.has(kState + 2)) {
      v = max(v, x.load(kState + 2));
      x.store(kState + 2, v);
    }
    x.store(kParam, neg_fma(step_size, m / fma(sqrt(v), root, eps), p));
  }
};

template <class T>
struct Rule<NadamStep, T> {
  Take<T> take;
  Moments<T> moments;
  Vec<T> of_grad, of_mean, root, eps;
  explicit LANEGRAD_INLINE Rule(const NadamStep& s)
      : take(s.penalty),
        moments(s),
        of_grad(all<T>(s.of_grad)),
        of_mean(all<T>(s.of_mean)),
        root(all<T>(1 / s.root_correction)),
        eps(all<T>(s.eps)) {}
  template <class L>
  LANEGRAD_INLINE void operator()(const L& x) const {
    const auto [p, g] = take(x);
    const auto [m, v] = moments(x, g);
    const Vec<T> along = fma(of_mean, m, of_grad * g);
    x.store(kParam, p - along / fma(sqrt(v), root, eps));
  }
};

template <class T>
struct Rule<RadamStep, T> {
  Take<T> take;
  Moments<T> moments;
  Vec<T> step_size, rectified, eps;
  bool adapts;
  explicit LANEGRAD_INLINE Rule(const RadamStep& s)
      : take(s.penalty),
        moments(s),
        step_size(all<T>(s.step_size)),
        rectified(all<T>(s.rectified)),
        eps(all<T>(s.eps)),
        adapts(s.adapts) {}
  template <class L>
  LANEGRAD_INLINE void operator()(const L& x) const {
    const auto [p, g] = take(x);
    auto [m, v] = moments(x, g);
    if (adapts) m = m * (rectified / (sqrt(v) + eps));
    x.store(kParam, neg_fma(step_size, m, p));
  }
};

template <class T>
struct Rule<AdamaxStep, T> {
  Take<T> take;
  Vec<T> step_size, c1, beta2, eps;
  explicit LANEGRAD_INLINE Rule(const AdamaxStep& s)
      : take(s.penalty),
        step_size(all<T>(s.step_size)),
        c1(all<T>(s.one_minus_beta1)),
        beta2(all<T>(s.beta2)),
        eps(all<T>(s.eps)) {}
  template <class L>
  LANEGRAD_INLINE void operator()(const L& x) const {
    const auto [p, g] = take(x);
    const Vec<T> mean = toward(x.load(kState), g, c1);
    const Vec<T> norm = max(beta2 * x.load(kState + 1), abs(g) + eps);
    x.store(kState, mean);
    x.store(kState + 1, norm);
    x.store(kParam, neg_fma(step_size, mean / norm, p));
  }
};

template <class T>
struct Rule<RmspropStep, T> {
  Take<T> take;
  Vec<T> lr, alpha, c, eps, momentum;
  explicit LANEGRAD_INLINE Rule(const RmspropStep& s)
      : take(s.penalty),
        lr(all<T>(s.lr)),
        alpha(all<T>(s.alpha)),
        c(all<T>(s.one_minus_alpha)),
        eps(all<T>(s.eps)),
        momentum(all<T>(s.momentum)) {}
  template <class L>
  LANEGRAD_INLINE void operator()(const L& x) const {
    const auto [p, g] = take(x);
    const Vec<T> square = mean_square(x.load(kState), g, alpha, c);
    x.store(kState, square);
    Vec<T> variance = square;
    if (x.has(kState + 1)) {
      const Vec<T> mean = toward(x.load(kState + 1), g, c);
      x.store(kState + 1, mean);
      variance = neg_fma(mean, mean, square);
    }
    Vec<T> update = g / (sqrt(variance) + eps);
    if (x.has(kState + 2)) {
      update = fma(momentum, x.load(kState + 2), update);
      x.store(kState + 2, update);
    }
    x.store(kParam, neg_fma(lr, update, p));
  }
};

template <class T>
struct Rule<AdagradStep, T> {
  Take<T> take;
  Vec<T> step_size, eps, initial;
  bool first;
  explicit LANEGRAD_INLINE Rule(const AdagradStep& s)
      : take(s.penalty),
        step_size(all<T>(s.step_size)),
        eps(all<T>(s.eps)),
        initial(all<T>(s.initial)),
        first(s.first) {}
  template <class L>
  LANEGRAD_INLINE void operator()(const L& x) const {
    const auto [p, g] = take(x);
    const Vec<T> sum = fma(g, g, first ? initial : x.load(kState));
    x.store(kState, sum);
    x.store(kParam, neg_fma(step_size, g / (sqrt(sum) + eps), p));
  }
};

template <class T>
struct Rule<AdadeltaStep, T> {
  Take<T> take;
  Vec<T> lr, rho, c, eps;
  explicit LANEGRAD_INLINE Rule(const AdadeltaStep& s)
      : take(s.penalty),
        lr(all<T>(s.lr)),
        rho(all<T>(s.rho)),
        c(all<T>(s.one_minus_rho)),
        eps(all<T>(s.eps)) {}
  template <class L>
  LANEGRAD_INLINE void operator()(const L& x) const {
    const auto [p, g] = take(x);
    const Vec<T> square = mean_square(x.load(kState), g, rho, c);
    const Vec<T> former = x.load(kState + 1);
    const Vec<T> delta = sqrt(former + eps) / sqrt(square + eps) * g;
    x.store(kState, square);
    x.store(kState + 1, mean_square(former, delta, rho, c));
    x.store(kParam, neg_fma(lr, delta, p));
  }
};

template <class T>
struct Rule<AsgdStep, T> {
  Take<T> take;
  Vec<T> eta, mu;
  bool averages;
  explicit LANEGRAD_INLINE Rule(const AsgdStep& s)
      : take(s.penalty), eta(all<T>(s.eta)), mu(all<T>(s.mu)), averages(s.mu != 1) {}
  template <class L>
  LANEGRAD_INLINE void operator()(const L& x) const {
    const auto [start, g] = take(x);
    const Vec<T> p = neg_fma(eta, g, start);
    x.store(kState, averages ? toward(x.load(kState), p, mu) : p);
    x.store(kParam, p);
  }
};

template <class T>
struct Rule<RpropStep, T> {
  Take<T> take;
  Vec<T> lr, minus, plus, smallest, largest;
  bool first;
  explicit LANEGRAD_INLINE Rule(const RpropStep& s)
      : take(s.penalty),
        lr(all<T>(s.lr)),
        minus(all<T>(s.eta_minus)),
        plus(all<T>(s.eta_plus)),
        smallest(all<T>(s.smallest)),
        largest(all<T>(s.largest)),
        first(s.first) {}
  template <class L>
  LANEGRAD_INLINE void operator()(const L& x) const {
    auto [p, g] = take(x);
    const Vec<T> zero = Vec<T>::zero(), one = all<T>(1);
    const Vec<T> agreement = sign_of(g) * sign_of(x.load(kState));
    const Vec<T> factor = select(gt(agreement, zero), plus, select(lt(agreement, zero), minus, one));
    const Vec<T> size = min(max((first ? lr : x.load(kState + 1)) * factor, smallest), largest);
    g = select(lt(agreement, zero), zero, g);  // after a change of sign the parameter stays
    x.store(kState, g);
    x.store(kState + 1, size);
    x.store(kParam, neg_fma(sign_of(g), size, p));
  }
};

template <class T>
struct Rule<LionStep, T> {
  Take<T> take;
  Vec<T> lr, beta1, c1, beta2, c2;
  explicit LANEGRAD_INLINE Rule(const LionStep& s)
      : take(s.penalty),
        lr(all<T>(s.lr)),
        beta1(all<T>(s.beta1)),
        c1(all<T>(s.one_minus_beta1)),
        beta2(all<T>(s.beta2)),
        c2(all<T>(s.one_minus_beta2)) {}
  template <class L>
  LANEGRAD_INLINE void operator()(const L& x) const {
    const auto [p, g] = take(x);
    const Vec<T> mean = x.load(kState);
    x.store(kState, fma(beta2, mean, c2 * g));
    x.store(kParam, neg_fma(lr, sign_of(fma(beta1, mean, c1 * g)), p));
  }
};

template <class T>
struct Rule<AverageStep, T> {
  Vec<T> weight;
  bool first;
  explicit LANEGRAD_INLINE Rule(const AverageStep& s) : weight(all<T>(s.weight)), first(s.weight == 1) {}
  template <class L>
  LANEGRAD_INLINE void operator()(const L& x) const {
    const Vec<T> value = x.load(kGrad);
    x.store(kParam, first ? value : toward(x.load(kParam), value, weight));
  }
};

template <class T>
struct Rule<MuonStep, T> {
  Vec<T> momentum, c;
  bool nesterov;
  explicit LANEGRAD_INLINE Rule(const MuonStep& s)
      : momentum(all<T>(s.momentum)), c(all<T>(s.one_minus_momentum)), nesterov(s.nesterov) {}
  template <class L>
  LANEGRAD_INLINE void operator()(const L& x) const {
    const Vec<T> g = x.load(kGrad), buffer = toward(x.load(kState), g, c);
    x.store(kState, buffer);
    x.store(kParam, nesterov ? toward(g, buffer, momentum) : buffer);
  }
};

template <class T>
struct Rule<LambStep, T> {
  Moments<T> moments;
  Vec<T> correction, root, eps, decay;
  bool maximizes;
  explicit LANEGRAD_INLINE Rule(const LambStep& s)
      : moments(s),
        correction(all<T>(s.correction)),
        root(all<T>(1 / s.root_correction)),
        eps(all<T>(s.eps)),
        decay(all<T>(s.decay)),
        maximizes(s.maximize) {}
  template <class L>
  LANEGRAD_INLINE void operator()(const L& x) const {
    const Vec<T> g = x.load(kGrad);
    const auto [m, v] = moments(x, maximizes ? -g : g);
    x.store(kParam, fma(decay, x.load(kState + 2), m * correction / fma(sqrt(v), root, eps)));
  }
};

template <class S, class T>
static void update_run(T* const* tensors, int64_t n, const void* step) {
  constexpr int w = Vec<T>::kWidth;
  // A copy: the compiler need not fear that a store changes the pointers.
  T* own[kMaxStates];
  for (int i = 0; i < kMaxStates; ++i) own[i] = tensors[i];
  const Rule<S, T> rule(*static_cast<const S*>(step));
  int64_t i = 0;
  for (; i + w <= n; i += w) rule(Lanes<T, true>{own, i, w});
  if (i < n) rule(Lanes<T, false>{own, i, n - i});
}

template <class T, class... S>
static constexpr OptimKernels<T> make_kernels() {
  OptimKernels<T> table{};
  table.norm_part = norm_part<T>;
  table.scale = scale_run<T>;
  table.clamp = clamp_run<T>;
  table.combine = combine_runs<T>;
  table.square_means = square_means<T>;
  table.scaled_squares = scaled_squares<T>;
  table.scaled_update = scaled_update<T>;
  table.toward_squares = toward_squares<T>;
  ((table.update[static_cast<int>(S::kUpdate)] = update_run<S, T>), ...);
  return table;
}

template <class T>
inline constexpr OptimKernels<T> kOptimKernels =
    make_kernels<T, SgdStep, AdamStep, NadamStep, RadamStep, AdamaxStep, RmspropStep, AdagradStep,
                 AdadeltaStep, AsgdStep, RpropStep, LionStep, AverageStep, MuonStep, LambStep>();

extern const OptimTable kOptimTable;
const OptimTable kOptimTable = {.f32 = kOptimKernels<float>, .f64 = kOptimKernels<double>};

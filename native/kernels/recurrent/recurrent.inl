// Row by row, one vector of hidden units of all gates at a time: what a unit needs is read once and written
// once, and no gate is stored before it is final. A row of all gates stays in the L1 cache; the limit is
// sigmoid and tanh forward, and the loads and stores backward.

// Calls body(j, lanes) along a row; lanes is less than a vector in the last call only.
template <class T, class F>
static LANEGRAD_INLINE void along_row(int64_t n, F body) {
  constexpr int64_t w = Vec<T>::kWidth;
  int64_t j = 0;
  for (; j + w <= n; j += w) body(j, w);
  if (j < n) body(j, n - j);
}

template <class T>
static LANEGRAD_INLINE Vec<T> load_lanes(const T* p, int64_t lanes) {
  return lanes == Vec<T>::kWidth ? Vec<T>::load(p) : Vec<T>::load_n(p, lanes);
}
template <class T>
static LANEGRAD_INLINE void store_lanes(Vec<T> x, T* p, int64_t lanes) {
  if (lanes == Vec<T>::kWidth)
    x.store(p);
  else
    x.store_n(p, lanes);
}

// The slopes of sigmoid and tanh, from their values.
template <class T>
static LANEGRAD_INLINE Vec<T> sigmoid_slope(Vec<T> y) {
  return y * (Vec<T>::broadcast(T(1)) - y);
}
template <class T>
static LANEGRAD_INLINE Vec<T> tanh_slope(Vec<T> y) {
  return neg_fma(y, y, Vec<T>::broadcast(T(1)));
}

template <class T>
static void lstm_step(const LstmStep<T>& s) {
  const int64_t h = s.hidden;
  for (int64_t r = 0; r < s.rows; ++r) {
    const T* const product = s.recurrent + r * s.recurrent_row;
    T* const kept = s.kept + r * s.kept_row;
    T* const cell = s.cell + r * s.cell_row;
    T* const out = s.out + r * s.out_row;
    along_row<T>(h, [&](int64_t j, int64_t lanes) __attribute__((always_inline)) {
      const auto sum = [&](int64_t gate) {
        const int64_t at = gate * h + j;
        return load_lanes(kept + at, lanes) + load_lanes(product + at, lanes);
      };
      const Vec<T> i = sigmoid(sum(0)), f = sigmoid(sum(1)), g = tanh(sum(2)), o = sigmoid(sum(3));
      const Vec<T> c = fma(f, load_lanes(cell + j, lanes), i * g);
      store_lanes(i, kept + j, lanes);
      store_lanes(f, kept + h + j, lanes);
      store_lanes(g, kept + 2 * h + j, lanes);
      store_lanes(o, kept + 3 * h + j, lanes);
      store_lanes(c, kept + 4 * h + j, lanes);
      store_lanes(c, cell + j, lanes);
      store_lanes(o * tanh(c), out + j, lanes);
    });
  }
}

template <class T>
static void lstm_backward_step(const LstmBackward<T>& s) {
  const int64_t h = s.hidden;
  for (int64_t r = 0; r < s.rows; ++r) {
    const T* const kept = s.kept + r * s.kept_row;
    const T* const before = s.before + r * s.before_row;
    const T* const grad = s.grad + r * s.grad_row;
    T* const cell_grad = s.cell_grad + r * s.cell_grad_row;
    T* const gate_grad = s.gate_grad + r * s.gate_grad_row;
    along_row<T>(h, [&](int64_t j, int64_t lanes) __attribute__((always_inline)) {
      const Vec<T> i = load_lanes(kept + j, lanes), f = load_lanes(kept + h + j, lanes);
      const Vec<T> g = load_lanes(kept + 2 * h + j, lanes), o = load_lanes(kept + 3 * h + j, lanes);
      const Vec<T> t = tanh(load_lanes(kept + 4 * h + j, lanes)), dh = load_lanes(grad + j, lanes);
      const Vec<T> dc = fma(dh * o, tanh_slope(t), load_lanes(cell_grad + j, lanes));
      store_lanes(dc * g * sigmoid_slope(i), gate_grad + j, lanes);
      store_lanes(dc * load_lanes(before + j, lanes) * sigmoid_slope(f), gate_grad + h + j, lanes);
      store_lanes(dc * i * tanh_slope(g), gate_grad + 2 * h + j, lanes);
      store_lanes(dh * t * sigmoid_slope(o), gate_grad + 3 * h + j, lanes);
      store_lanes(dc * f, cell_grad + j, lanes);
    });
  }
}

template <class T>
static void lstm_hidden_rows(const T* kept, int64_t kept_row, int64_t rows, int64_t hidden, T* out,
                             int64_t out_row) {
  for (int64_t r = 0; r < rows; ++r, kept += kept_row, out += out_row) {
    along_row<T>(hidden, [&](int64_t j, int64_t lanes) __attribute__((always_inline)) {
      const Vec<T> c = load_lanes(kept + 4 * hidden + j, lanes);
      store_lanes(load_lanes(kept + 3 * hidden + j, lanes) * tanh(c), out + j, lanes);
    });
  }
}

template <class T>
static void gru_step(const GruStep<T>& s) {
  const int64_t h = s.hidden;
  for (int64_t r = 0; r < s.rows; ++r) {
    const T* const product = s.recurrent + r * s.recurrent_row;
    T* const kept = s.kept + r * s.kept_row;
    T* const state = s.state + r * s.state_row;
    along_row<T>(h, [&](int64_t j, int64_t lanes) __attribute__((always_inline)) {
      const auto sum = [&](int64_t gate) {
        const int64_t at = gate * h + j;
        return load_lanes(kept + at, lanes) + load_lanes(product + at, lanes);
      };
      const Vec<T> reset = sigmoid(sum(0)), update = sigmoid(sum(1));
      Vec<T> recalled = load_lanes(product + 2 * h + j, lanes);
      if (s.bias) recalled += load_lanes(s.bias + j, lanes);
      const Vec<T> fresh = tanh(fma(reset, recalled, load_lanes(kept + 2 * h + j, lanes)));
      store_lanes(reset, kept + j, lanes);
      store_lanes(update, kept + h + j, lanes);
      store_lanes(fresh, kept + 2 * h + j, lanes);
      store_lanes(recalled, kept + 3 * h + j, lanes);
      store_lanes(fma(update, load_lanes(state + j, lanes) - fresh, fresh), state + j, lanes);
    });
  }
}

template <class T>
static void gru_backward_step(const GruBackward<T>& s) {
  const int64_t h = s.hidden;
  for (int64_t r = 0; r < s.rows; ++r) {
    const T* const kept = s.kept + r * s.kept_row;
    const T* const before = s.before + r * s.before_row;
    T* const grad = s.grad + r * s.grad_row;
    T* const gate_grad = s.gate_grad + r * s.gate_grad_row;
    along_row<T>(h, [&](int64_t j, int64_t lanes) __attribute__((always_inline)) {
      const Vec<T> reset = load_lanes(kept + j, lanes), update = load_lanes(kept + h + j, lanes);
      const Vec<T> fresh = load_lanes(kept + 2 * h + j, lanes), dh = load_lanes(grad + j, lanes);
      const Vec<T> kept_part = dh * update, fresh_grad = (dh - kept_part) * tanh_slope(fresh);
      const Vec<T> recalled = load_lanes(kept + 3 * h + j, lanes);
      const Vec<T> old = load_lanes(before + j, lanes);
      store_lanes(fresh_grad * recalled * sigmoid_slope(reset), gate_grad + j, lanes);
      store_lanes(dh * (old - fresh) * sigmoid_slope(update), gate_grad + h + j, lanes);
      store_lanes(fresh_grad * reset, gate_grad + 2 * h + j, lanes);
      store_lanes(fresh_grad, gate_grad + 3 * h + j, lanes);
      store_lanes(kept_part, grad + j, lanes);
    });
  }
}

template <class T>
static void rnn_step(const RnnStep<T>& s) {
  for (int64_t r = 0; r < s.rows; ++r) {
    const T* const product = s.recurrent + r * s.recurrent_row;
    const T* const input = s.input + r * s.input_row;
    T* const state = s.state + r * s.state_row;
    along_row<T>(s.hidden, [&](int64_t j, int64_t lanes) __attribute__((always_inline)) {
      const Vec<T> sum = load_lanes(input + j, lanes) + load_lanes(product + j, lanes);
      store_lanes(s.relu ? max(sum, Vec<T>::zero()) : tanh(sum), state + j, lanes);
    });
  }
}

template <class T>
static void rnn_backward_step(const RnnBackward<T>& s) {
  const Vec<T> zero = Vec<T>::zero();
  for (int64_t r = 0; r < s.rows; ++r) {
    const T* const out = s.out + r * s.out_row;
    const T* const grad = s.grad + r * s.grad_row;
    T* const gate_grad = s.gate_grad + r * s.gate_grad_row;
    along_row<T>(s.hidden, [&](int64_t j, int64_t lanes) __attribute__((always_inline)) {
      const Vec<T> y = load_lanes(out + j, lanes), g = load_lanes(grad + j, lanes);
      store_lanes(s.relu ? select(gt(y, zero), g, zero) : g * tanh_slope(y), gate_grad + j, lanes);
    });
  }
}

template <class T>
static void add_row_block(const T* from, int64_t from_row, int64_t rows, int64_t n, T* to, int64_t to_row) {
  for (int64_t r = 0; r < rows; ++r, from += from_row, to += to_row) {
    along_row<T>(n, [&](int64_t j, int64_t lanes) __attribute__((always_inline)) {
      store_lanes(load_lanes(to + j, lanes) + load_lanes(from + j, lanes), to + j, lanes);
    });
  }
}

template <class T>
inline constexpr RecurrentKernels<T> kRecurrentKernels = {
    lstm_step<T>,         lstm_backward_step<T>, lstm_hidden_rows<T>,  gru_step<T>,
    gru_backward_step<T>, rnn_step<T>,           rnn_backward_step<T>, add_row_block<T>};

extern const RecurrentTable kRecurrentTable;
const RecurrentTable kRecurrentTable = {.f32 = kRecurrentKernels<float>, .f64 = kRecurrentKernels<double>};

// The gate arithmetic of one time step of recurrent layers, forward and backward. The products with the
// weights are matrix products and stand elsewhere.
//
// A step works on some rows of a batch, one sequence each. Matrices called dense have `hidden` columns unless
// said otherwise and their own row length; `kept` is what the forward pass keeps of a step for the backward
// pass, one row for each sequence.
#pragma once

#include <cstdint>
#include <type_traits>

namespace lanegrad {

// c' = f c + i g, h = o tanh(c'), with i, f, o = sigmoid and g = tanh of the sums of both products.
template <class T>
struct LstmStep {
  int64_t rows, hidden;
  const T* recurrent;  // [rows, 4 hidden], gates i f g o: h W_hh^T
  int64_t recurrent_row;
  T* kept;  // [rows, 5 hidden]: x W_ih^T and biases for i f g o; afterwards i f g o c'
  int64_t kept_row;
  T* cell;  // c, then c'
  int64_t cell_row;
  T* out;  // h
  int64_t out_row;
};

template <class T>
struct LstmBackward {
  int64_t rows, hidden;
  const T* kept;
  int64_t kept_row;
  const T* before;  // c
  int64_t before_row;
  const T* grad;  // of h
  int64_t grad_row;
  T* cell_grad;  // of c', then of c
  int64_t cell_grad_row;
  T* gate_grad;  // [rows, 4 hidden]
  int64_t gate_grad_row;
};

// h' = n + z (h - n), n = tanh(x_n + r (h_n + bias)), r, z = sigmoid.
template <class T>
struct GruStep {
  int64_t rows, hidden;
  const T* recurrent;  // [rows, 3 hidden], gates r z n
  int64_t recurrent_row;
  const T* bias;  // [hidden] or null: of h_n
  T* kept;        // [rows, 4 hidden]: x W_ih^T and biases for r z n; afterwards r z n and h_n + bias
  int64_t kept_row;
  T* state;  // h, then h'
  int64_t state_row;
};

template <class T>
struct GruBackward {
  int64_t rows, hidden;
  const T* kept;
  int64_t kept_row;
  const T* before;  // h
  int64_t before_row;
  T* grad;  // of h', then the part of the gradient of h that does not go through the gates
  int64_t grad_row;
  T* gate_grad;  // [rows, 4 hidden]: of r, z, h_n + bias, x_n
  int64_t gate_grad_row;
};

// h = tanh or relu of the sum of both products.
template <class T>
struct RnnStep {
  int64_t rows, hidden;
  bool relu;
  const T* recurrent;  // [rows, hidden]
  int64_t recurrent_row;
  const T* input;  // [rows, hidden]: x W_ih^T and biases
  int64_t input_row;
  T* state;  // h
  int64_t state_row;
};

template <class T>
struct RnnBackward {
  int64_t rows, hidden;
  bool relu;
  const T* out;  // h
  int64_t out_row;
  const T* grad;  // of h
  int64_t grad_row;
  T* gate_grad;  // [rows, hidden]
  int64_t gate_grad_row;
};

template <class T>
struct RecurrentKernels {
  void (*lstm)(const LstmStep<T>&);
  void (*lstm_backward)(const LstmBackward<T>&);
  // h = o tanh(c') again, of what was kept.
  void (*lstm_hidden)(const T* kept, int64_t kept_row, int64_t rows, int64_t hidden, T* out, int64_t out_row);
  void (*gru)(const GruStep<T>&);
  void (*gru_backward)(const GruBackward<T>&);
  void (*rnn)(const RnnStep<T>&);
  void (*rnn_backward)(const RnnBackward<T>&);
  // to += from, n columns.
  void (*add_rows)(const T* from, int64_t from_row, int64_t rows, int64_t n, T* to, int64_t to_row);
};

struct RecurrentTable {
  RecurrentKernels<float> f32;
  RecurrentKernels<double> f64;
  template <class T>
  const RecurrentKernels<T>& of() const {
    if constexpr (std::is_same_v<T, float>)
      return f32;
    else
      return f64;
  }
};

const RecurrentTable& recurrent_table();

}  // namespace lanegrad

// Optimizer updates of a flat run of parameters: one pass over memory, all states together.
//
// An optimizer is one struct here, with the numbers of one step of one parameter, and one functor in
// optim.inl that says what it does to a vector. Numbers are double; the functor rounds them to the dtype once
// per run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace lanegrad {

enum class Update : uint8_t {
  kSgd,
  kAdam,
  kNadam,
  kRadam,
  kAdamax,
  kRmsprop,
  kAdagrad,
  kAdadelta,
  kAsgd,
  kRprop,
  kLion,
  kAverage,
  kMuon,
  kLamb,
  kCount
};
inline constexpr int kUpdateCount = static_cast<int>(Update::kCount);

// Tensors that a parameter brings: itself, its gradient and up to three states.
inline constexpr int kMaxStates = 5;

// How the gradient is taken, the same for most.
struct Penalty {
  double decay = 0;   // added to the gradient, times the parameter
  double shrink = 1;  // the parameter is multiplied by it: decay apart from the gradient
  bool maximize = false;
};

// States: buffer (null without momentum).
struct SgdStep {
  static constexpr Update kUpdate = Update::kSgd;
  Penalty penalty;
  double lr, momentum, one_minus_dampening;
  bool first;  // the buffer starts as the gradient
  bool nesterov;
};

// States: means, squares, largest of the squares (null but for amsgrad).
struct AdamStep {
  static constexpr Update kUpdate = Update::kAdam;
  Penalty penalty;
  double step_size;  // lr / (1 - beta1^t)
  double one_minus_beta1, beta2, one_minus_beta2;
  double root_correction;  // sqrt(1 - beta2^t)
  double eps;
};

// States: means, squares.
struct NadamStep {
  static constexpr Update kUpdate = Update::kNadam;
  Penalty penalty;
  double of_grad, of_mean;  // step sizes along the gradient and the mean
  double one_minus_beta1, beta2, one_minus_beta2;
  double root_correction;
  double eps;
};

// States: means, squares.
struct RadamStep {
  static constexpr Update kUpdate = Update::kRadam;
  Penalty penalty;
  double step_size;
  double one_minus_beta1, beta2, one_minus_beta2;
  double rectified;  // rectification times sqrt(1 - beta2^t)
  double eps;
  bool adapts;  // enough steps for a variance; without, the step goes along the mean
};

// States: means, norms.
struct AdamaxStep {
  static constexpr Update kUpdate = Update::kAdamax;
  Penalty penalty;
  double step_size, one_minus_beta1, beta2, eps;
};

// States: squares, means of the gradient (null but for centered), buffer (null without momentum).
struct RmspropStep {
  static constexpr Update kUpdate = Update::kRmsprop;
  Penalty penalty;
  double lr, alpha, one_minus_alpha, eps, momentum;
};

// States: sums.
struct AdagradStep {
  static constexpr Update kUpdate = Update::kAdagrad;
  Penalty penalty;
  double step_size, eps, initial;
  bool first;  // the sum starts at `initial`
};

// States: squares of gradients, squares of updates.
struct AdadeltaStep {
  static constexpr Update kUpdate = Update::kAdadelta;
  Penalty penalty;
  double lr, rho, one_minus_rho, eps;
};

// States: averages of the parameter.
struct AsgdStep {
  static constexpr Update kUpdate = Update::kAsgd;
  Penalty penalty;  // its shrink is 1 - lambd * eta
  double eta, mu;   // mu is 1 as long as nothing is averaged
};

// States: former gradients, sizes of steps.
struct RpropStep {
  static constexpr Update kUpdate = Update::kRprop;
  Penalty penalty;
  double lr, eta_minus, eta_plus, smallest, largest;
  bool first;  // every step size starts at lr
};

// States: means.
struct LionStep {
  static constexpr Update kUpdate = Update::kLion;
  Penalty penalty;
  double lr, beta1, one_minus_beta1, beta2, one_minus_beta2;
};

// An average moves towards what stands in the place of the gradient; with a weight of 1 it becomes that,
// exactly. No states.
struct AverageStep {
  static constexpr Update kUpdate = Update::kAverage;
  double weight;
};

// Stands before the orthogonalization: the parameter is where the direction goes. States: buffer.
struct MuonStep {
  static constexpr Update kUpdate = Update::kMuon;
  double momentum, one_minus_momentum;
  bool nesterov;
};

// The direction goes where the parameter is for others. States: means, squares, the parameter.
struct LambStep {
  static constexpr Update kUpdate = Update::kLamb;
  double correction;  // 1 / (1 - beta1^t)
  double one_minus_beta1, beta2, one_minus_beta2;
  double root_correction;  // sqrt(1 - beta2^t)
  double eps, decay;
  bool maximize;
};

// Rows of a matrix, dense, and what Adafactor keeps of it. Without `row` every row is 1.
template <class T>
struct FactoredRows {
  T* param;
  const T* grad;
  T* row;
  T* column;
  T scale;  // of every row
  int64_t rows, columns;
};

// What is summed for a norm; the largest is not summed.
enum class NormKind : uint8_t { kOne, kTwo, kMax };

// Room for any of them.
inline constexpr size_t kStepBytes = 96;

template <class T>
struct OptimKernels {
  // tensors: parameter, gradient, states (null where the step has none); n elements each. step: the struct of
  // the update.
  using Fn = void (*)(T* const* tensors, int64_t n, const void* step);
  Fn update[kUpdateCount];
  double (*norm_part)(const T* x, int64_t n, NormKind kind);
  void (*scale)(T* x, int64_t n, T factor);
  void (*clamp)(T* x, int64_t n, T most);                  // to [-most, most]
  void (*combine)(T* x, const T* y, int64_t n, T a, T b);  // x = a x + b y
  // See factored.inl.
  void (*square_means)(const FactoredRows<T>& x, T weight, T* column_sums);
  double (*scaled_squares)(const FactoredRows<T>& x, T floor);
  void (*scaled_update)(const FactoredRows<T>& x, T floor, T shrink, T length);
  void (*toward_squares)(T* mean, const T* grad, int64_t n, T weight);
};

struct OptimTable {
  OptimKernels<float> f32;
  OptimKernels<double> f64;
  template <class T>
  const OptimKernels<T>& of() const {
    if constexpr (std::is_same_v<T, float>)
      return f32;
    else
      return f64;
  }
};

const OptimTable& optim_table();

}  // namespace lanegrad

// adafactorStep: every parameter of a group in one call, in place.
//
// The last two dims of a parameter are a matrix, and there may be many. Three passes over blocks of all
// parameters: the means of squares move, the squares of the update are summed, the parameter moves. Between
// them stands what needs a whole matrix or parameter. Blocks and the order of all sums follow from shapes.
#include <cmath>

#include "ops/scratch.h"
#include "ops/optim/step.h"
#include "ops/registry.h"

namespace lanegrad {
namespace {

enum Input { kParams, kGrads, kRowVars, kColumnVars, kVariances, kSteps, kEps, kLr, kBeta2Decay, kD, kDecay };

constexpr int64_t kChunk = kOptimChunk;  // elements of a block, or more
constexpr int64_t kMostBlocks = 32;      // of a matrix: each has sums of its own for all columns

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

// How a parameter is cut, from its shape alone.
struct Cut {
  bool factored = false;
  int64_t matrices = 1, rows = 1, columns = 1;
  int64_t block_rows = 1;  // of a matrix that is cut
  int64_t blocks = 1;      // of a matrix: ranges of rows; of a vector: ranges of columns
  int64_t together = 1;    // matrices of a task

  explicit Cut(const Dims& shape) : factored(shape.size() > 1) {
    const int rank = shape.size();
    if (rank > 0) columns = shape[rank - 1];
    if (!factored) {
      blocks = ceil_div(columns, kChunk);
      return;
    }
    rows = shape[rank - 2];
    for (int i = 0; i < rank - 2; ++i) matrices *= shape[i];
    const int64_t size = std::max<int64_t>(rows * columns, 1);
    const int64_t wanted = std::clamp<int64_t>(ceil_div(size, kChunk), 1, kMostBlocks);
    block_rows = std::max<int64_t>(ceil_div(rows, wanted), 1);
    blocks = ceil_div(rows, block_rows);
    if (blocks == 1) together = std::max<int64_t>(kChunk / size, 1);
  }
  int64_t numel() const { return matrices * rows * columns; }
  int64_t tasks() const { return numel() == 0 ? 0 : ceil_div(matrices, together) * blocks; }
  int64_t column_sums() const { return factored ? matrices * blocks * columns : 0; }
  int64_t scales() const { return factored ? matrices : 0; }
};

struct Run {
  Cut cut;
  DType dtype;
  int64_t first_task = 0;
  bool runs = false;  // it has a gradient, and elements
  void *param = nullptr, *grad = nullptr, *row = nullptr, *column = nullptr;
  void *column_sums = nullptr, *scales = nullptr;
  double weight = 0;  // of the new squares
  double floor = 0, shrink = 1, length = 0;
};

// The part of one matrix, or of a vector, that is in a task.
template <class T>
struct Piece {
  FactoredRows<T> rows;
  T* column_sums;  // of this block
};

template <class T, class Body>
void for_each_piece(const Run& r, int64_t task, const Body& body) {
  const Cut& cut = r.cut;
  Piece<T> piece{{static_cast<T*>(r.param), static_cast<T*>(r.grad), nullptr, static_cast<T*>(r.column), T(1),
                  1, cut.columns},
                 nullptr};
  FactoredRows<T>& x = piece.rows;
  if (!cut.factored) {
    const int64_t begin = task * kChunk;
    x = {x.param + begin,
         x.grad + begin,
         nullptr,
         x.column + begin,
         T(1),
         1,
         std::min(kChunk, cut.columns - begin)};
    return body(piece);
  }
  const int64_t block = task % cut.blocks, first = task / cut.blocks * cut.together;
  const int64_t begin = block * cut.block_rows, end = std::min(first + cut.together, cut.matrices);
  x.rows = std::min(cut.block_rows, cut.rows - begin);
  for (int64_t m = first; m < end; ++m) {
    const int64_t at = (m * cut.rows + begin) * cut.columns;
    x.param = static_cast<T*>(r.param) + at;
    x.grad = static_cast<T*>(r.grad) + at;
    x.row = static_cast<T*>(r.row) + m * cut.rows + begin;
    x.column = static_cast<T*>(r.column) + m * cut.columns;
    x.scale = static_cast<T*>(r.scales)[m];
    piece.column_sums = static_cast<T*>(r.column_sums) + (m * cut.blocks + block) * cut.columns;
    body(piece);
  }
}

// Moves the means of rows, sums squares by columns, and gives the squares of the parameter.
template <class T>
double move_rows(const Run& r, int64_t task) {
  const OptimKernels<T>& kernels = optim_table().of<T>();
  double squares = 0;
  for_each_piece<T>(r, task, [&](const Piece<T>& piece) {
    const FactoredRows<T>& x = piece.rows;
    squares += kernels.norm_part(x.param, x.rows * x.columns, NormKind::kTwo);
    if (!r.cut.factored) return kernels.toward_squares(x.column, x.grad, x.columns, static_cast<T>(r.weight));
    std::fill_n(piece.column_sums, x.columns, T(0));
    kernels.square_means(x, static_cast<T>(r.weight), piece.column_sums);
  });
  return squares;
}

// Moves the means of columns, and finds by what the rows are divided.
template <class T>
void move_columns(const Run& r) {
  const Cut& cut = r.cut;
  const int64_t work = cut.blocks * cut.columns + cut.rows;
  const T weight = static_cast<T>(r.weight);
  parallel_for(cut.matrices, std::max<int64_t>(kChunk / work, 1), [&](int64_t begin, int64_t end) {
    for (int64_t m = begin; m < end; ++m) {
      T* const column = static_cast<T*>(r.column) + m * cut.columns;
      T* const sums = static_cast<T*>(r.column_sums) + m * cut.blocks * cut.columns;
      for (int64_t b = 1; b < cut.blocks; ++b)
        for (int64_t j = 0; j < cut.columns; ++j) sums[j] += sums[b * cut.columns + j];
      for (int64_t j = 0; j < cut.columns; ++j)
        column[j] += weight * (sums[j] / static_cast<T>(cut.rows) - column[j]);
      const T* const row = static_cast<T*>(r.row) + m * cut.rows;
      double sum = 0;
      for (int64_t i = 0; i < cut.rows; ++i) sum += static_cast<double>(row[i]);
      const double mean = sum / static_cast<double>(cut.rows);
      static_cast<T*>(r.scales)[m] = static_cast<T>(1 / (mean < r.floor ? r.floor : mean));
    }
  });
}

template <class T>
T least_moment(const Run& r) {
  return static_cast<T>(r.floor * r.floor);
}

template <class T>
double squares_of_update(const Run& r, int64_t task) {
  double squares = 0;
  for_each_piece<T>(r, task, [&](const Piece<T>& piece) {
    squares += optim_table().of<T>().scaled_squares(piece.rows, least_moment<T>(r));
  });
  return squares;
}

template <class T>
void move_params(const Run& r, int64_t task) {
  for_each_piece<T>(r, task, [&](const Piece<T>& piece) {
    optim_table().of<T>().scaled_update(piece.rows, least_moment<T>(r), static_cast<T>(r.shrink),
                                        static_cast<T>(r.length));
  });
}

// ---- The record

void check_state(const InferContext& c, int i, size_t k, const Dims& wanted) {
  const TensorSpec* state = c.list(i)[k];
  const char* name = c.op().inputs[i].name;
  if (!state) c.fail(ErrorKind::kValue, name, "[", k, "] is undefined");
  if (state->dtype != c.list(kParams)[k]->dtype) {
    c.fail(ErrorKind::kDType, name, "[", k, "] is ", name_of(state->dtype),
           ", wants the dtype of the parameter, ", name_of(c.list(kParams)[k]->dtype));
  }
  if (!(state->shape == wanted)) {
    c.fail(ErrorKind::kShape, name, "[", k, "] is ", state->shape, ", wants ", wanted);
  }
}

void infer(InferContext& c) {
  check_params(c);
  check_list(c, kGrads, true);
  const auto params = c.list(kParams);
  for (const int i : {kRowVars, kColumnVars, kVariances}) {
    if (c.list(i).size() == params.size()) continue;
    c.fail(ErrorKind::kShape, c.op().inputs[i].name, " has ", c.list(i).size(), " entries, params has ",
           params.size());
  }
  for (size_t k = 0; k < params.size(); ++k) {
    const Dims& shape = params[k]->shape;
    const int rank = shape.size();
    const bool factored = rank > 1;
    Dims row = shape, column = shape;
    if (factored) row[rank - 1] = column[rank - 2] = 1;
    check_state(c, kRowVars, k, factored ? row : Dims{0});
    check_state(c, kColumnVars, k, factored ? column : Dims{0});
    check_state(c, kVariances, k, factored ? Dims{0} : shape);
  }
  check_row(c, kSteps);
  const TensorSpec& eps = c.in(kEps);
  const auto count = static_cast<int64_t>(params.size());
  if (eps.dtype != DType::kFloat64 || eps.rank() != 1 || eps.shape[0] != count) {
    c.fail(ErrorKind::kShape, "eps is a ", name_of(eps.dtype), " of shape ", eps.shape, ", wants float64 [",
           count, "]");
  }
  for (const int i : {kLr, kBeta2Decay, kD, kDecay}) check_number(c, i);
}

// The operands of parameter k that are written or read whole.
constexpr std::array<Input, 5> kTensors = {kParams, kGrads, kRowVars, kColumnVars, kVariances};

size_t workspace(const InferContext& c) {
  Scratch room;
  const auto params = c.list(kParams);
  room.add(params.size() * sizeof(Run));
  int64_t tasks = 0;
  for (size_t k = 0; k < params.size(); ++k) {
    const Cut cut(params[k]->shape);
    tasks += cut.tasks();
    const size_t size = size_of(params[k]->dtype);
    room.add(static_cast<size_t>(cut.column_sums()) * size);
    room.add(static_cast<size_t>(cut.scales()) * size);
    for (const int i : kTensors)
      if (c.list(i)[k]) room.add_copy(*c.list(i)[k]);
  }
  room.add(static_cast<size_t>(tasks) * sizeof(double));
  return room.bytes();
}

class Step {
 public:
  explicit Step(const EvalContext& c) : c_(c), room_(c.workspace()) {
    const auto params = c.list(kParams);
    runs_ = {room_.take<Run>(static_cast<int64_t>(params.size())), params.size()};
    for (size_t k = 0; k < params.size(); ++k) prepare(k);
    parts_ = room_.take<double>(tasks_);
  }

  void run() {
    const double largest = read_number(c_.in(kLr)), d = read_number(c_.in(kD));
    each_task([&]<class T>(T, const Run& r, int64_t task) { return move_rows<T>(r, task); });
    each_run([&](Run& r, double root_mean_square, double step) {
      dispatch_floating(r.dtype, [&]<class T>(T) {
        if (r.cut.factored) move_columns<T>(r);
      });
      r.length = std::max(root_mean_square, c_.attrs().get_float(0)) * std::min(largest, 1 / std::sqrt(step));
    });
    each_task([&]<class T>(T, const Run& r, int64_t task) { return squares_of_update<T>(r, task); });
    each_run([&](Run& r, double root_mean_square, double) {
      r.length /= std::max(root_mean_square / d, 1.0);
      if (c_.attrs().get_bool(1)) r.length = -r.length;
    });
    each_task([&]<class T>(T, const Run& r, int64_t task) {
      move_params<T>(r, task);
      return 0.0;
    });
    for (size_t k = 0; k < runs_.size(); ++k) write_back(k);
  }

 private:
  void* dense(Input i, size_t k) { return const_cast<void*>(room_.contiguous(c_.list(i)[k])); }

  void prepare(size_t k) {
    const TensorView &param = c_.list(kParams)[k], &grad = c_.list(kGrads)[k];
    Run& r = *new (&runs_[k]) Run{Cut(param.spec->shape), param.spec->dtype};
    const Cut& cut = r.cut;
    r.first_task = tasks_;
    if (grad.defined()) row_entry(c_.in(kSteps), k) += 1.0f;
    r.runs = grad.defined() && cut.numel() > 0;
    if (!r.runs) return;
    tasks_ += cut.tasks();
    elements_ += cut.numel();
    const int64_t size = static_cast<int64_t>(size_of(r.dtype));
    r.column_sums = room_.take<char>(cut.column_sums() * size);
    r.scales = room_.take<char>(cut.scales() * size);
    r.param = dense(kParams, k);
    r.grad = dense(kGrads, k);
    r.row = cut.factored ? dense(kRowVars, k) : nullptr;
    r.column = dense(cut.factored ? kColumnVars : kVariances, k);
    r.weight = std::pow(step_of(k), read_number(c_.in(kBeta2Decay)));
    const TensorView& eps = c_.in(kEps);
    r.floor = eps.as<double>()[static_cast<int64_t>(k) * eps.spec->strides[0]];
    r.shrink = 1 - read_number(c_.in(kLr)) * read_number(c_.in(kDecay));
  }

  double step_of(size_t k) const { return static_cast<double>(row_entry(c_.in(kSteps), k)); }

  // body(T, run, task of the run) gives what is kept in parts_.
  template <class Body>
  void each_task(const Body& body) {
    parallel_chunks(tasks_, elements_, [&](int64_t task) {
      const Run& r = run_of(runs_, task);
      dispatch_floating(r.dtype, [&]<class T>(T type) { parts_[task] = body(type, r, task - r.first_task); });
    });
  }

  // body(run, root of the mean of what its tasks kept, step)
  template <class Body>
  void each_run(const Body& body) {
    for (size_t k = 0; k < runs_.size(); ++k) {
      Run& r = runs_[k];
      if (!r.runs) continue;
      double sum = 0;
      for (int64_t i = 0; i < r.cut.tasks(); ++i) sum += parts_[r.first_task + i];
      body(r, std::sqrt(sum / static_cast<double>(r.cut.numel())), step_of(k));
    }
  }

  void write_back(size_t k) {
    const Run& r = runs_[k];
    if (!r.runs) return;
    const auto back = [&](Input i, const void* data) {
      const TensorView& to = c_.list(i)[k];
      if (data == to.data) return;
      const TensorSpec dense = TensorSpec::contiguous(to.spec->dtype, to.spec->shape);
      copy_view(to, TensorView{const_cast<void*>(data), &dense});
    };
    back(kParams, r.param);
    back(r.cut.factored ? kColumnVars : kVariances, r.column);
    if (r.cut.factored) back(kRowVars, r.row);
  }

  const EvalContext& c_;
  Scratch room_;
  std::span<Run> runs_;
  int64_t tasks_ = 0, elements_ = 0;
  double* parts_ = nullptr;
};

void eval(const EvalContext& c) {
  if (!c.list(kParams).empty()) Step(c).run();
}

const Op kOp = {.name = "adafactorStep",
                .inputs = {{optim_list("params"),
                            kOptimGrads,
                            optim_list("rowVars"),
                            optim_list("colVars"),
                            optim_list("variances"),
                            {.name = "steps", .mutates = true, .differentiable = false},
                            optim_number("eps"),
                            optim_number("lr"),
                            optim_number("beta2Decay"),
                            optim_number("d"),
                            optim_number("weightDecay")}},
                .attrs = {{{"leastSize", AttrType::kFloat}, {"maximize", AttrType::kBool}}},
                .infer = infer,
                .workspace = workspace,
                .eval = eval};

}  // namespace

void register_adafactor_ops(Registry& r) { r.add(kOp); }

}  // namespace lanegrad

// muonStep: every matrix of a group in one call, in place: a step of the momentum, its direction made nearly
// orthogonal by a Newton-Schulz iteration, a step along it.
//
// Nearly all time is products: of s = the shorter and l = the longer side, 2 s^2 l for the Gram matrix, 2 s^3
// for its square and 2 s^2 l to apply them, each iteration. Of the first two only blocks on and below the
// diagonal are computed. Large matrices are worked on one after another by all threads, small ones side by
// side.
#include <cmath>

#include "ops/product/gemm.h"
#include "ops/scratch.h"
#include "ops/optim/step.h"
#include "ops/registry.h"

namespace lanegrad {
namespace {

enum Input { kParams, kGrads, kBuffers, kSteps, kLr, kDecay, kMomentum, kA, kB, kC, kEps };
enum Attr { kNesterov, kIterations, kMatchAdam };

// Multiply-adds of a matrix that is worth all threads.
constexpr int64_t kLarge = int64_t{1} << 22;
// Bands of a symmetric product: 4 leave 5/8 of it. Narrower ones than this are not worth a product.
constexpr int64_t kBands = 4, kLeastBand = 64;

// Memory for one matrix.
template <class T>
struct Room {
  T *x, *y, *gram, *square;
  double* parts;
  void* gemm;
};

template <class T>
struct Orthogonal {
  int64_t rows, columns;
  bool tall;
  int64_t side;  // the shorter

  Orthogonal(int64_t rows, int64_t columns)
      : rows(rows), columns(columns), tall(rows > columns), side(std::min(rows, columns)) {}

  // The first `end` columns of rows [begin, end) of x x^T, or of x^T x where x is tall.
  GemmProblem<T> gram_of(const T* x, T* gram, int64_t begin, int64_t end) const {
    GemmProblem<T> g{.m = end - begin, .n = end, .k = tall ? rows : columns};
    g.a = x + begin * (tall ? 1 : columns);
    g.a_row = g.b_col = tall ? 1 : columns;
    g.a_col = g.b_row = tall ? columns : 1;
    g.b = x;
    g.c = gram + begin * side;
    g.c_row = side;
    return g;
  }
  // The same of gram gram.
  GemmProblem<T> square_of(const T* gram, T* square, int64_t begin, int64_t end) const {
    return {.m = end - begin,
            .n = end,
            .k = side,
            .a = gram + begin * side,
            .a_row = side,
            .a_col = 1,
            .b = gram,
            .b_row = side,
            .b_col = 1,
            .c = square + begin * side,
            .c_row = side};
  }
  // y = factor x, or x factor.
  GemmProblem<T> product_of(const T* factor, const T* x, T* y) const {
    GemmProblem<T> g{.m = rows, .n = columns, .k = side};
    g.a = tall ? x : factor;
    g.a_row = side;  // of x too: its columns, where it is tall
    g.a_col = g.b_col = 1;
    g.b = tall ? factor : x;
    g.b_row = columns;
    g.c = y;
    g.c_row = columns;
    return g;
  }

  int64_t bands() const { return side >= kBands * kLeastBand ? kBands : 1; }

  // make(begin, end) for all bands, then what is above the diagonal.
  template <class Make>
  void symmetric(T* to, void* workspace, bool threaded, const Make& make) const {
    const int64_t count = bands();
    for (int64_t i = 0; i < count; ++i)
      gemm(make(side * i / count, side * (i + 1) / count), workspace, threaded);
    if (count == 1) return;
    constexpr int64_t kTile = 32;
    const int64_t tiles = (side + kTile - 1) / kTile;
    parallel_for(tiles, threaded ? 2 : tiles, [&](int64_t first, int64_t last) {
      for (int64_t a = first; a < last; ++a)
        for (int64_t b = a; b < tiles; ++b) mirror(to, a * kTile, b * kTile, kTile);
    });
  }

  // What is above the diagonal of a tile at (i, j) becomes what is below it at (j, i).
  void mirror(T* to, int64_t i, int64_t j, int64_t tile) const {
    const int64_t rows = std::min(i + tile, side), columns = std::min(j + tile, side);
    for (int64_t r = i; r < rows; ++r)
      for (int64_t c = std::max(j, r + 1); c < columns; ++c) to[r * side + c] = to[c * side + r];
  }

  size_t gemm_bytes() const {
    size_t most = gemm_workspace(product_of(nullptr, nullptr, nullptr));
    const int64_t count = bands();
    for (int64_t i = 0; i < count; ++i) {
      const int64_t begin = side * i / count, end = side * (i + 1) / count;
      most = std::max(most, gemm_workspace(gram_of(nullptr, nullptr, begin, end)));
      most = std::max(most, gemm_workspace(square_of(nullptr, nullptr, begin, end)));
    }
    return most;
  }

  // x, scaled to norm 1 at most, after so many iterations; in x or y.
  T* iterate(const Room<T>& room, int64_t count, std::array<T, 3> coefficients, bool threaded) const {
    const T a = coefficients[0], b = coefficients[1], c = coefficients[2];
    T *x = room.x, *y = room.y;
    for (int64_t i = 0; i < count; ++i) {
      symmetric(room.gram, room.gemm, threaded,
                [&](int64_t begin, int64_t end) { return gram_of(x, room.gram, begin, end); });
      symmetric(room.square, room.gemm, threaded,
                [&](int64_t begin, int64_t end) { return square_of(room.gram, room.square, begin, end); });
      parallel_for(side, threaded ? 64 : side, [&](int64_t begin, int64_t end) {
        optim_table().of<T>().combine(room.square + begin * side, room.gram + begin * side,
                                      (end - begin) * side, c, b);
        for (int64_t k = begin; k < end; ++k) room.square[k * side + k] += a;
      });
      gemm(product_of(room.square, x, y), room.gemm, threaded);
      std::swap(x, y);
    }
    return x;
  }
};

// ---- The record

bool is_large(const Dims& shape) { return std::min(shape[0], shape[1]) * shape[0] * shape[1] >= kLarge; }

template <class T>
void add_room(Scratch& room, const Dims& shape) {
  const Orthogonal<T> o(shape[0], shape[1]);
  const size_t all = static_cast<size_t>(o.rows * o.columns) * sizeof(T);
  const size_t square = static_cast<size_t>(o.side * o.side) * sizeof(T);
  room.add(all);
  room.add(all);
  room.add(square);
  room.add(square);
  room.add(static_cast<size_t>(optim_chunks(o.rows * o.columns)) * sizeof(double));
  room.add(o.gemm_bytes());
}

template <class T>
Room<T> take_room(Scratch& room, const Dims& shape) {
  const Orthogonal<T> o(shape[0], shape[1]);
  const int64_t all = o.rows * o.columns, square = o.side * o.side;
  Room<T> r;
  r.x = room.take<T>(all);
  r.y = room.take<T>(all);
  r.gram = room.take<T>(square);
  r.square = room.take<T>(square);
  r.parts = room.take<double>(optim_chunks(all));
  r.gemm = room.take(o.gemm_bytes());
  return r;
}

size_t room_of(const TensorSpec& param) {
  Scratch room;
  dispatch_floating(param.dtype, [&]<class T>(T) { add_room<T>(room, param.shape); });
  return room.bytes();
}

// Matrices that are worked on side by side have memory of their own, the others share theirs.
struct Memory {
  size_t shared = 0, own = 0;
  explicit Memory(const InferContext& c) {
    for (size_t k = 0; k < c.list(kParams).size(); ++k) {
      const TensorSpec& param = *c.list(kParams)[k];
      if (!c.list(kGrads)[k]) continue;
      if (is_large(param.shape))
        shared = std::max(shared, room_of(param));
      else
        own += room_of(param);
    }
  }
};

void infer(InferContext& c) {
  check_params(c);
  check_list(c, kGrads, true);
  check_list(c, kBuffers, false);
  check_row(c, kSteps);
  for (int i = kLr; i <= kEps; ++i) check_number(c, i);
  const auto params = c.list(kParams);
  for (size_t k = 0; k < params.size(); ++k) {
    if (params[k]->rank() != 2)
      c.fail(ErrorKind::kShape, "params[", k, "] is ", params[k]->shape, ", wants a matrix");
  }
  const int64_t count = c.attrs().get_int(kIterations);
  if (count < 0 || count > 99)
    c.fail(ErrorKind::kValue, "iterations is ", count, ", wants a number from 0 to 99");
}

struct Run {
  ParamRun run;
  char* memory;
  bool large;
};

size_t workspace(const InferContext& c) {
  Scratch room;
  room.add(c.list(kParams).size() * sizeof(Run));
  const Memory memory(c);
  return room.bytes() + memory.shared + memory.own;
}

class Step {
 public:
  explicit Step(const EvalContext& c) : c_(c) {
    for (int i = kLr; i <= kEps; ++i) numbers_[i] = read_number(c.in(i));
  }

  void run() {
    const auto params = c_.list(kParams);
    Scratch room(c_.workspace());
    runs_ = {room.take<Run>(static_cast<int64_t>(params.size())), params.size()};
    char* const shared = room.take<char>(0);
    size_t used = 0;
    for (size_t k = 0; k < params.size(); ++k) {
      const TensorSpec& spec = *params[k].spec;
      const bool runs = c_.list(kGrads)[k].defined();
      runs_[k] = {.run = {}, .memory = nullptr, .large = is_large(spec.shape)};
      if (!runs) continue;
      row_entry(c_.in(kSteps), k) += 1.0f;
      if (spec.numel() == 0) continue;
      runs_[k].memory = shared;
      if (runs_[k].large) continue;
      runs_[k].memory += used;
      used += room_of(spec);
    }
    for (Run& run : runs_)
      if (run.memory && run.large) run.memory += used;
    parallel_tasks(static_cast<int64_t>(params.size()), [&](int64_t k) {
      if (!runs_[k].large) update(static_cast<size_t>(k));
    });
    for (size_t k = 0; k < params.size(); ++k)
      if (runs_[k].large) update(k);
  }

 private:
  void update(size_t k) {
    if (!runs_[k].memory) return;
    dispatch_floating(c_.list(kParams)[k].spec->dtype, [&]<class T>(T) { update_as<T>(k); });
  }

  template <class T>
  void update_as(size_t k) {
    const TensorView& param = c_.list(kParams)[k];
    const TensorSpec dense = TensorSpec::contiguous(param.spec->dtype, param.spec->shape);
    Scratch memory(runs_[k].memory);
    const Room<T> room = take_room<T>(memory, dense.shape);
    const std::span<ParamRun> run(&runs_[k].run, 1);

    TensorView direction{room.x, &dense};
    Group g;
    g.lists[0] = {&direction, 1};
    g.lists[1] = c_.list(kGrads).subspan(k, 1);
    g.lists[2] = c_.list(kBuffers).subspan(k, 1);
    const double momentum = numbers_[kMomentum];
    new (run[0].step) MuonStep{momentum, 1 - momentum, c_.attrs().get_bool(kNesterov)};
    update_all(g, run, Update::kMuon);

    scale(room, dense.numel());
    const Orthogonal<T> o(dense.shape[0], dense.shape[1]);
    const std::array<T, 3> coefficients = {static_cast<T>(numbers_[kA]), static_cast<T>(numbers_[kB]),
                                           static_cast<T>(numbers_[kC])};
    direction.data = o.iterate(room, c_.attrs().get_int(kIterations), coefficients, runs_[k].large);

    g = {};
    g.lists[0] = c_.list(kParams).subspan(k, 1);
    g.lists[1] = {&direction, 1};
    new (run[0].step) SgdStep(along(dense.shape));
    update_all(g, run, Update::kSgd);
  }

  // x over its norm.
  template <class T>
  void scale(const Room<T>& room, int64_t n) const {
    const OptimKernels<T>& kernels = optim_table().of<T>();
    const int64_t chunks = optim_chunks(n);
    const auto size_at = [&](int64_t i) { return std::min(kOptimChunk, n - i * kOptimChunk); };
    parallel_chunks(chunks, n, [&](int64_t i) {
      room.parts[i] = kernels.norm_part(room.x + i * kOptimChunk, size_at(i), NormKind::kTwo);
    });
    double sum = 0;
    for (int64_t i = 0; i < chunks; ++i) sum += room.parts[i];
    const T factor = static_cast<T>(1 / std::max(std::sqrt(sum), numbers_[kEps]));
    parallel_chunks(chunks, n,
                    [&](int64_t i) { kernels.scale(room.x + i * kOptimChunk, size_at(i), factor); });
  }

  // The step along the direction; decay is apart from it.
  SgdStep along(const Dims& shape) const {
    const auto rows = static_cast<double>(shape[0]), columns = static_cast<double>(shape[1]);
    const double ratio = c_.attrs().get_bool(kMatchAdam) ? 0.2 * std::sqrt(std::max(rows, columns))
                                                         : std::sqrt(std::max(1.0, rows / columns));
    const double lr = numbers_[kLr];
    return {{.shrink = 1 - lr * numbers_[kDecay]}, lr * ratio, 0, 1, true, false};
  }

  const EvalContext& c_;
  std::array<double, kMaxInputs> numbers_{};
  std::span<Run> runs_;
};

void eval(const EvalContext& c) {
  if (!c.list(kParams).empty()) Step(c).run();
}

const Op kOp = {.name = "muonStep",
                .inputs = {{optim_list("params"),
                            kOptimGrads,
                            optim_list("momentumBuffers"),
                            {.name = "steps", .mutates = true, .differentiable = false},
                            optim_number("lr"),
                            optim_number("weightDecay"),
                            optim_number("momentum"),
                            optim_number("a"),
                            optim_number("b"),
                            optim_number("c"),
                            optim_number("eps")}},
                .attrs = {{{"nesterov", AttrType::kBool},
                           {"iterations", AttrType::kInt},
                           {"matchAdam", AttrType::kBool}}},
                .infer = infer,
                .workspace = workspace,
                .eval = eval};

}  // namespace

void register_muon_ops(Registry& r) { r.add(kOp); }

}  // namespace lanegrad

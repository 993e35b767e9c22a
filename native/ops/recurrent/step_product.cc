#include "ops/recurrent/step_product.h"

#include <algorithm>

#include "core/threads.h"
#include "kernels/gemm/gemm.h"
#include "ops/product/gemm.h"
#include "ops/product/packed_operand.h"

namespace lanegrad {
namespace {

// Multiply-adds for a thread of its own.
constexpr int64_t kThreadWork = int64_t{1} << 19;

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }
size_t aligned(size_t bytes) { return (bytes + 63) / 64 * 64; }

}  // namespace

template <class T>
StepProduct<T>::StepProduct(const T* b, int64_t b_row, int64_t b_col, int64_t k, int64_t n, bool once)
    : b_(b), b_row_(b_row), b_col_(b_col), k_(k), n_(n), once_(once) {}

template <class T>
static GemmProblem<T> problem_of(int64_t m, int64_t n, int64_t k, const T* b, int64_t b_row, int64_t b_col) {
  GemmProblem<T> g;
  g.m = m;
  g.n = n;
  g.k = k;
  g.a_row = k;
  g.a_col = 1;
  g.b = b;
  g.b_row = b_row;
  g.b_col = b_col;
  g.c_row = n;
  return g;
}

template <class T>
size_t StepProduct<T>::bytes(int64_t rows) const {
  // Enough for every step: with fewer rows, and whatever lies between them.
  if (once_)
    return aligned(
        gemm_workspace_bound<T>(std::max({rows * k_, k_ * n_, rows * n_}), std::max({rows, k_, n_})));
  return aligned(sizeof(T) * static_cast<size_t>(packed_elements<T>(k_, n_)));
}

template <class T>
void StepProduct<T>::pack(void* memory) {
  packed_ = static_cast<T*>(memory);
  if (!once_) pack_operand(b_, b_row_, b_col_, k_, n_, packed_);
}

template <class T>
void StepProduct<T>::multiply(int64_t rows, const T* a, int64_t a_row, T* c, int64_t c_row,
                              bool accumulate) const {
  if (rows == 0 || n_ == 0) return;
  if (once_) {
    GemmProblem<T> g = problem_of(rows, n_, k_, b_, b_row_, b_col_);
    g.a = a;
    g.a_row = a_row;
    g.c = c;
    g.c_row = c_row;
    g.accumulate = accumulate;
    return gemm(g, packed_, true);
  }
  const GemmTable<T>& table = gemm_table<T>();
  const int64_t panels = ceil_div(n_, table.columns), step = gemm_block_depth<T>(k_);
  const int64_t padded = packed_elements<T>(1, n_);
  const int64_t panel_work = std::max<int64_t>(1, rows * table.columns * k_);
  parallel_for(panels, std::max<int64_t>(1, kThreadWork / panel_work), [&](int64_t begin, int64_t end) {
    const int64_t j = begin * table.columns;
    GemmBlock<T> block{};
    block.m = rows;
    block.n = std::min(n_, end * table.columns) - j;
    block.a_row = a_row;
    block.a_col = 1;
    block.c = c + j;
    block.c_row = c_row;
    block.packed_b = true;
    for (int64_t p = 0; p < k_ || p == 0; p += step) {
      const int64_t now = std::min(step, k_ - p);
      block.k = now;
      block.a = a + p;
      block.b = packed_ + p * padded + j * now;
      block.accumulate = accumulate || p > 0;
      table.block(block);
    }
  });
}

template class StepProduct<float>;
template class StepProduct<double>;

}  // namespace lanegrad

#include "ops/step_product.h"

#include <algorithm>

#include "core/threads.h"
#include "kernels/gemm/gemm.h"
#include "ops/gemm.h"

namespace lanegrad {
namespace {

// Multiply-adds for a thread of its own.
constexpr int64_t kThreadWork = int64_t{1} << 19;
// Elements that a thread packs.
constexpr int64_t kThreadElements = int64_t{1} << 15;

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

}  // namespace

template <class T>
StepProduct<T>::StepProduct(const T* b, int64_t b_row, int64_t b_col, int64_t k, int64_t n, bool once)
    : b_(b), b_row_(b_row), b_col_(b_col), k_(k), n_(n), once_(once) {}

template <class T>
int64_t StepProduct<T>::padded() const {
  const int64_t lanes = gemm_table<T>().lanes;
  return ceil_div(n_, lanes) * lanes;
}

// The blocks of gemm(), which bits depend on.
template <class T>
int64_t StepProduct<T>::depth() const {
  const int64_t blocks = std::max<int64_t>(1, ceil_div(k_, gemm_table<T>().depth));
  return std::max<int64_t>(1, ceil_div(k_, blocks));
}

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
  if (once_) return gemm_workspace(problem_of(rows, n_, k_, b_, b_row_, b_col_));
  return (sizeof(T) * static_cast<size_t>(padded() * k_) + 63) / 64 * 64;
}

// Depth block after depth block, in each panel after panel.
template <class T>
void StepProduct<T>::pack(void* memory) {
  packed_ = static_cast<T*>(memory);
  if (once_) return;
  const GemmTable<T>& table = gemm_table<T>();
  const int64_t panels = ceil_div(n_, table.columns), step = depth();
  parallel_for(panels, std::max<int64_t>(1, kThreadElements / std::max<int64_t>(1, table.columns * k_)),
               [&](int64_t begin, int64_t end) {
                 const int64_t j = begin * table.columns, columns = std::min(n_, end * table.columns) - j;
                 for (int64_t p = 0; p < k_; p += step) {
                   const int64_t now = std::min(step, k_ - p);
                   table.pack_b(b_ + p * b_row_ + j * b_col_, b_row_, b_col_, now, columns,
                                packed_ + p * padded() + j * now);
                 }
               });
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
  const int64_t panels = ceil_div(n_, table.columns), step = depth();
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
      block.b = packed_ + p * padded() + j * now;
      block.accumulate = accumulate || p > 0;
      table.block(block);
    }
  });
}

template class StepProduct<float>;
template class StepProduct<double>;

}  // namespace lanegrad

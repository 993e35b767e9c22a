// Runs a matrix product: decides what to pack, cuts the work into tasks, and hands the blocks to the kernels.
// Shared by matmul, linear and the convolutions.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/gemm/gemm.h"

namespace lanegrad {

// C[m, n] = A[m, k] B[k, n] + column_bias[n] + row_bias[m]; element (i, p) of A at a[i * a_row + p * a_col],
// and so on. C is row-major with rows c_row apart.
//
// With finish.out the sums become a result there, tile by tile while they are in the cache. Of T, that is C
// itself (finish.out = c, out_row = c_row). Of 16-bit floats there is always a finish, and no C: sums are
// kept in float32 in the workspace, where they are kept at all, and rounded once.
template <class In>
struct GemmProblem {
  using Sum = GemmSum<In>;
  int64_t m = 0, n = 0, k = 0;
  const In* a = nullptr;
  int64_t a_row = 0, a_col = 0;
  const In* b = nullptr;
  int64_t b_row = 0, b_col = 0;
  Sum* c = nullptr;
  int64_t c_row = 0;  // of 16-bit floats too: that of finish.out
  const Sum* column_bias = nullptr;
  const Sum* row_bias = nullptr;
  bool accumulate = false;  // C += A B, and no bias; not of 16-bit floats
  // All of B as pack_operand() makes it, or null. It is read where B would have been packed, and B where it
  // would not: the same bits either way.
  const Sum* packed_b = nullptr;
  GemmFinish<Sum> finish{};
};

// The finish of the part of a result that begins at (i, j).
template <class T>
GemmFinish<T> finish_from(const GemmFinish<T>& f, int64_t i, int64_t j) {
  const int64_t size = f.store == GemmStore::kSums ? sizeof(T) : sizeof(BFloat16);
  GemmFinish<T> part = f;
  part.out = static_cast<char*>(f.out) + (i * f.out_row + j) * size;
  if (f.residual) part.residual = static_cast<const char*>(f.residual) + (i * f.residual_row + j) * size;
  return part;
}

// The result goes to rows of `out`, c_row apart, rounded where In is a 16-bit float.
template <class In>
void store_in(GemmProblem<In>& p, In* out) {
  if constexpr (kIsHalf<In>) {
    p.finish.out = out;
    p.finish.out_row = p.c_row;
    p.finish.store = kGemmStore<In>;
  } else {
    p.c = out;
  }
}

// Bytes that gemm() needs for this problem; only extents and strides are looked at. A multiple of 64.
template <class T>
size_t gemm_workspace(const GemmProblem<T>& problem);

// Whether B is packed for it, and one that was packed before saves that.
template <class T>
bool gemm_packs(const GemmProblem<T>& problem);

// Bytes that are enough for every problem whose operands have at most so many elements and extents, whatever
// their strides.
template <class T>
size_t gemm_workspace_bound(int64_t elements, int64_t longest);

// With `threaded` the thread pool may be used, where the work is worth it. The result is the same bits either
// way.
template <class T>
void gemm(const GemmProblem<T>& problem, void* workspace, bool threaded);

}  // namespace lanegrad

// Matrix products on the processor at hand: packing of B, and the product of blocks.
//
// Every element of C is the sum over depth blocks of at most `depth` products, in order; within a block it is
// one chain of fused multiply-adds in ascending p. So its bits depend on k and the level alone: neither on
// how C is cut into tiles and tasks, nor on what was packed. Dot products of few rows or columns, and the
// parts that long sums with few results are cut in (ops/product/gemm_blocks.cc), follow from the shape.
//
// The 16-bit floats (In) are widened on their way: B while it is packed, panels of A when they are put into
// the L1 cache, and in products of few rows each vector of B in registers. Sums are float32 (T); GemmFinish
// rounds them once, tile by tile.
#pragma once

#include <cstdint>
#include <type_traits>

#include "core/half.h"

namespace lanegrad {

// What operands of type In are summed in.
template <class In>
using GemmSum = std::conditional_t<kIsHalf<In>, float, In>;

// What a result is stored as: its sums, or rounded to a 16-bit float.
enum class GemmStore : uint8_t { kSums, kBFloat16, kFloat16 };
// That of a result with the dtype of its operands.
template <class In>
inline constexpr GemmStore kGemmStore = std::is_same_v<In, BFloat16>  ? GemmStore::kBFloat16
                                        : std::is_same_v<In, Float16> ? GemmStore::kFloat16
                                                                      : GemmStore::kSums;

// What becomes of the sums once the last depth block is in: an activation, then a residual is added, and the
// result is stored. As if each were an op of its own: a 16-bit result is rounded after every one.
template <class T>
struct GemmFinish {
  void* out;  // element (i, j) at out[i * out_row + j], of the type that `store` says
  int64_t out_row;
  GemmStore store;
  // values[i] = f(values[i]) for i < n, as the elementwise kernels are called; null: none.
  void (*activation)(void* out, const void* const* in, int64_t n, unsigned scalars);
  const void* residual;  // like out, or null
  int64_t residual_row;
};

// What is read after a block: `rows` rows of so many bytes, `row` bytes apart. It comes into the L2 cache
// meanwhile.
struct GemmAhead {
  const void* at = nullptr;
  int64_t rows = 0, row = 0, bytes = 0;
};

// One depth block of C[m, n] (+)= A[m, k] B[k, n].
template <class T, class A = T, class B = T>
struct GemmBlock {
  int64_t m, n, k;
  const A* a;  // element (i, p) at a[i * a_row + p * a_col]
  int64_t a_row, a_col;
  const B* b;     // packed by pack_b, or element (p, j) at b[p * b_row + j]
  int64_t b_row;  // unused when packed
  T* c;           // element (i, j) at c[i * c_row + j]; may be null with a finish that follows nothing
  int64_t c_row;
  const T* column_bias;  // [n] or null; not used when accumulating
  const T* row_bias;     // [m] or null; not used when accumulating
  bool packed_b;
  bool accumulate;              // adds to C; else overwrites it
  const GemmFinish<T>* finish;  // of the last depth block, or null: then nothing is written to C
  GemmAhead ahead{};
};

// Dot products of `many` vectors with `few` (1 to 8, of the 16-bit floats to 16) ones, all contiguous:
// out[i * out_many + j * out_few] = many[i] . few[j] (+ what the biases or the output hold).
template <class T, class In = T>
struct DotBlock {
  int64_t many, few, k;
  const In* a;  // [many] vectors, a_step apart
  int64_t a_step;
  const T* b;  // [few] vectors, b_step apart
  int64_t b_step;
  T* out;
  int64_t out_many, out_few;
  const T* many_bias;
  const T* few_bias;
  bool accumulate;
};

template <class In>
struct GemmTable {
  using T = GemmSum<In>;
  int rows;       // of a micro-tile, at most
  int columns;    // of a micro-tile
  int lanes;      // of a vector: the columns of a packed B are padded to a multiple
  int64_t depth;  // of a block, at most: a panel of A that deep takes half of the L1 cache

  // Column panels of `columns` columns, panel after panel [k][columns]; the last is padded with zeros to
  // whole vectors.
  void (*pack_b)(const In* b, int64_t row, int64_t col, int64_t k, int64_t n, T* out);
  void (*block)(const GemmBlock<T, In>&);  // of 16-bit floats: with a packed B
  // Of 16-bit floats: 1 to kGemmWideRows rows, B read where it lies. Else null: block() does that.
  void (*wide)(const GemmBlock<T, T, In>&);
  void (*dot)(const DotBlock<T, In>&);
  // Sums [m, n] in rows `row` apart become the rows of the result from finish.out on; they are overwritten.
  void (*finish)(const GemmFinish<T>& finish, T* sums, int64_t row, int64_t m, int64_t n);
};
constexpr int kGemmWideRows = 8;

struct GemmTables {
  GemmTable<float> f32;
  GemmTable<double> f64;
  GemmTable<BFloat16> bf16;
  GemmTable<Float16> f16;
};

const GemmTables& gemm_tables();

template <class T>
const GemmTable<T>& gemm_table();
template <>
inline const GemmTable<float>& gemm_table<float>() {
  return gemm_tables().f32;
}
template <>
inline const GemmTable<double>& gemm_table<double>() {
  return gemm_tables().f64;
}
template <>
inline const GemmTable<BFloat16>& gemm_table<BFloat16>() {
  return gemm_tables().bf16;
}
template <>
inline const GemmTable<Float16>& gemm_table<Float16>() {
  return gemm_tables().f16;
}

// C[m, n] = A B (+ biases) for integers, which wrap. Nothing is packed.
template <class T>
void integer_gemm(int64_t m, int64_t n, int64_t k, const T* a, int64_t a_row, int64_t a_col, const T* b,
                  int64_t b_row, int64_t b_col, T* c, int64_t c_row, const T* column_bias);

}  // namespace lanegrad

// Matrix products on the processor at hand: packing of B, and the product of blocks.
//
// Every element of C is the sum over depth blocks of at most `depth` products, in order; within a block it is
// one chain of fused multiply-adds in ascending p. So its bits depend on k and the level alone: neither on
// how C is cut into tiles and tasks, nor on what was packed. Dot products of few rows or columns, and the
// parts that long sums with few results are cut in (ops/gemm_blocks.cc), follow from the shape.
#pragma once

#include <cstdint>

namespace lanegrad {

// One depth block of C[m, n] (+)= A[m, k] B[k, n].
template <class T>
struct GemmBlock {
  int64_t m, n, k;
  const T* a;  // element (i, p) at a[i * a_row + p * a_col]
  int64_t a_row, a_col;
  const T* b;     // packed by pack_b, or element (p, j) at b[p * b_row + j]
  int64_t b_row;  // unused when packed
  T* c;           // element (i, j) at c[i * c_row + j]
  int64_t c_row;
  const T* column_bias;  // [n] or null; not used when accumulating
  const T* row_bias;     // [m] or null; not used when accumulating
  bool packed_b;
  bool accumulate;  // adds to C; else overwrites it
};

// Dot products of `many` vectors with `few` (1 to 8) ones, all contiguous:
// out[i * out_many + j * out_few] = many[i] . few[j] (+ what the biases or the output hold).
template <class T>
struct DotBlock {
  int64_t many, few, k;
  const T* a;  // [many] vectors, a_step apart
  int64_t a_step;
  const T* b;  // [few] vectors, b_step apart
  int64_t b_step;
  T* out;
  int64_t out_many, out_few;
  const T* many_bias;
  const T* few_bias;
  bool accumulate;
};

template <class T>
struct GemmTable {
  int rows;       // of a micro-tile, at most
  int columns;    // of a micro-tile
  int lanes;      // of a vector: the columns of a packed B are padded to a multiple
  int64_t depth;  // of a block, at most: a panel of A that deep takes half of the L1 cache

  // Column panels of `columns` columns, panel after panel [k][columns]; the last is padded with zeros to
  // whole vectors.
  void (*pack_b)(const T* b, int64_t row, int64_t col, int64_t k, int64_t n, T* out);
  void (*block)(const GemmBlock<T>&);
  void (*dot)(const DotBlock<T>&);
};

struct GemmTables {
  GemmTable<float> f32;
  GemmTable<double> f64;
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

// C[m, n] = A B (+ biases) for integers, which wrap. Nothing is packed.
template <class T>
void integer_gemm(int64_t m, int64_t n, int64_t k, const T* a, int64_t a_row, int64_t a_col, const T* b,
                  int64_t b_row, int64_t b_col, T* c, int64_t c_row, const T* column_bias);

}  // namespace lanegrad

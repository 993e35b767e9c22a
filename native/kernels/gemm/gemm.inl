// The one text of the matrix product. The including file gives kGemmRows, kGemmVectors (the micro-tile) and
// kGemmDepth.

#include "kernels/gemm/tile.inl"
#include "kernels/gemm/transpose.inl"

#include "kernels/gemm/block.inl"
#include "kernels/gemm/dot.inl"
#include "kernels/gemm/pack.inl"
#include "kernels/gemm/store.inl"

namespace {

template <class T>
constexpr GemmTable<T> make_gemm_table() {
  return {
      kGemmRows,  kGemmVectors * Vec<T>::kWidth, Vec<T>::kWidth, kGemmDepth, pack_columns<T>, gemm_block<T>,
      gemm_dot<T>};
}

}  // namespace

const GemmTables& gemm_tables() {
  static constexpr GemmTables tables{make_gemm_table<float>(), make_gemm_table<double>()};
  return tables;
}

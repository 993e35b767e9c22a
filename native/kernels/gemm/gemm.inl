// The one text of the matrix product. The including file gives kGemmRows, kGemmVectors (the micro-tile) and
// kGemmDepth.

#include "simd/half.inl"

#include "kernels/gemm/tile.inl"
#include "kernels/gemm/transpose.inl"

#include "kernels/gemm/block.inl"
#include "kernels/gemm/dot.inl"
#include "kernels/gemm/pack.inl"

namespace {

template <class In>
constexpr GemmTable<In> make_gemm_table() {
  using T = GemmSum<In>;
  GemmTable<In> table{kGemmRows,
                      kGemmVectors * Vec<T>::kWidth,
                      Vec<T>::kWidth,
                      kGemmDepth,
                      pack_columns<T, In>,
                      gemm_block<T, In>,
                      nullptr,
                      gemm_dot<T, In>,
                      finish_sums<T>};
  if constexpr (kIsHalf<In>) table.wide = wide_rows<T, In>;
  return table;
}

}  // namespace

const GemmTables& gemm_tables() {
  static constexpr GemmTables tables{make_gemm_table<float>(), make_gemm_table<double>(),
                                     make_gemm_table<BFloat16>(), make_gemm_table<Float16>()};
  return tables;
}

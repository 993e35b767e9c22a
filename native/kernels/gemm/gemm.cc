#include "kernels/gemm/gemm.h"

#include <type_traits>

#include "core/cpu.h"

namespace lanegrad {

namespace scalar {
const GemmTables& gemm_tables();
}
#if defined(__x86_64__) || defined(_M_X64)
namespace avx2 {
const GemmTables& gemm_tables();
}
namespace avx512 {
const GemmTables& gemm_tables();
}
#elif defined(__aarch64__) || defined(_M_ARM64)
namespace neon {
const GemmTables& gemm_tables();
}
#endif

const GemmTables& gemm_tables() {
  static const GemmTables& tables = [&]() -> const GemmTables& {
    switch (isa()) {
#if defined(__x86_64__) || defined(_M_X64)
      case Isa::kAvx512:
        return avx512::gemm_tables();
      case Isa::kAvx2:
        return avx2::gemm_tables();
#elif defined(__aarch64__) || defined(_M_ARM64)
      case Isa::kNeon:
        return neon::gemm_tables();
#endif
      default:
        return scalar::gemm_tables();
    }
  }();
  return tables;
}

// Row by row of C, adding multiples of B's rows: the inner loop is contiguous where B is row-major.
template <class T>
void integer_gemm(int64_t m, int64_t n, int64_t k, const T* a, int64_t a_row, int64_t a_col, const T* b,
                  int64_t b_row, int64_t b_col, T* c, int64_t c_row, const T* column_bias) {
  using Wrapping = std::make_unsigned_t<T>;
  for (int64_t i = 0; i < m; ++i) {
    T* out = c + i * c_row;
    for (int64_t j = 0; j < n; ++j) out[j] = column_bias ? column_bias[j] : T{0};
    for (int64_t p = 0; p < k; ++p) {
      const auto x = static_cast<Wrapping>(a[i * a_row + p * a_col]);
      const T* row = b + p * b_row;
      for (int64_t j = 0; j < n; ++j) {
        out[j] = static_cast<T>(static_cast<Wrapping>(out[j]) + x * static_cast<Wrapping>(row[j * b_col]));
      }
    }
  }
}

template void integer_gemm(int64_t, int64_t, int64_t, const uint8_t*, int64_t, int64_t, const uint8_t*,
                           int64_t, int64_t, uint8_t*, int64_t, const uint8_t*);
template void integer_gemm(int64_t, int64_t, int64_t, const int32_t*, int64_t, int64_t, const int32_t*,
                           int64_t, int64_t, int32_t*, int64_t, const int32_t*);
template void integer_gemm(int64_t, int64_t, int64_t, const int64_t*, int64_t, int64_t, const int64_t*,
                           int64_t, int64_t, int64_t*, int64_t, const int64_t*);

}  // namespace lanegrad

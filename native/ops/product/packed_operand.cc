#include "ops/product/packed_operand.h"

#include <algorithm>

#include "core/threads.h"

namespace lanegrad {
namespace {

// Elements that a thread packs, at least.
constexpr int64_t kThreadElements = int64_t{1} << 15;

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

template <class In>
int64_t padded_columns(int64_t n) {
  const int64_t lanes = gemm_table<In>().lanes;
  return ceil_div(n, lanes) * lanes;
}

}  // namespace

template <class In>
int64_t gemm_block_depth(int64_t k) {
  const int64_t blocks = std::max<int64_t>(1, ceil_div(k, gemm_table<In>().depth));
  return std::max<int64_t>(1, ceil_div(k, blocks));
}

template <class In>
int64_t packed_elements(int64_t k, int64_t n) {
  return padded_columns<In>(n) * k;
}

template <class In>
void pack_operand(const In* b, int64_t b_row, int64_t b_col, int64_t k, int64_t n, GemmSum<In>* out) {
  const GemmTable<In>& table = gemm_table<In>();
  const int64_t panels = ceil_div(n, table.columns), depth = gemm_block_depth<In>(k);
  const int64_t padded = padded_columns<In>(n);
  const int64_t grain = std::max<int64_t>(1, kThreadElements / std::max<int64_t>(1, table.columns * k));
  parallel_for(panels, grain, [&](int64_t begin, int64_t end) {
    const int64_t j = begin * table.columns, columns = std::min(n, end * table.columns) - j;
    for (int64_t p = 0; p < k; p += depth) {
      const int64_t now = std::min(depth, k - p);
      table.pack_b(b + p * b_row + j * b_col, b_row, b_col, now, columns, out + p * padded + j * now);
    }
  });
}

#define LANEGRAD_PACKED(T)                               \
  template int64_t gemm_block_depth<T>(int64_t);         \
  template int64_t packed_elements<T>(int64_t, int64_t); \
  template void pack_operand<T>(const T*, int64_t, int64_t, int64_t, int64_t, GemmSum<T>*);
LANEGRAD_PACKED(float)
LANEGRAD_PACKED(double)
LANEGRAD_PACKED(BFloat16)
LANEGRAD_PACKED(Float16)
#undef LANEGRAD_PACKED

}  // namespace lanegrad

// Operands as the micro-kernel reads them best.
#pragma once

namespace {

template <class T>
void pack_columns(const T* b, int64_t row, int64_t col, int64_t k, int64_t n, T* out) {
  constexpr int kLanes = Vec<T>::kWidth, kColumns = kGemmVectors * kLanes;
  for (int64_t j = 0; j < n; j += kColumns) {
    const int64_t columns = n - j < kColumns ? n - j : kColumns;
    const int64_t padded = (columns + kLanes - 1) / kLanes * kLanes;
    const T* const panel = b + j * col;
    if (col == 1) {
      copy_rows<T>(panel, row, k, columns, out, padded);
    } else if (row == 1) {
      transpose<T>(panel, col, columns, k, out, padded);
    } else {
      for (int64_t p = 0; p < k; ++p) {
        for (int64_t c = 0; c < columns; ++c) out[p * padded + c] = panel[p * row + c * col];
      }
    }
    for (int64_t c = columns; c < padded; ++c) {
      for (int64_t p = 0; p < k; ++p) out[p * padded + c] = T{0};
    }
    out += padded * k;
  }
}

}  // namespace

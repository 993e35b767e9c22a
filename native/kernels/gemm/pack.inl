// Operands as the micro-kernel reads them best; 16-bit floats are widened on the way.
#pragma once

namespace {

// A transposed panel of 16-bit floats is widened piece by piece into L1, then turned.
template <class T, class In>
void pack_transposed(const In* b, int64_t col, int64_t k, int64_t columns, T* out, int64_t padded) {
  if constexpr (std::is_same_v<T, In>) {
    transpose<T>(b, col, columns, k, out, padded);
  } else {
    // Rows of the piece lie a line more than its depth apart, so that they do not evict each other.
    constexpr int64_t kDepth = 64, kRow = kDepth + 64 / sizeof(T);
    alignas(64) T piece[kGemmVectors * Vec<T>::kWidth * kRow];
    for (int64_t p = 0; p < k; p += kDepth) {
      const int64_t depth = k - p < kDepth ? k - p : kDepth;
      copy_rows<T>(b + p, col, columns, depth, piece, kRow);
      transpose<T>(piece, kRow, columns, depth, out + p * padded, padded);
    }
  }
}

template <class T, class In>
void pack_columns(const In* b, int64_t row, int64_t col, int64_t k, int64_t n, T* out) {
  constexpr int kLanes = Vec<T>::kWidth, kColumns = kGemmVectors * kLanes;
  for (int64_t j = 0; j < n; j += kColumns) {
    const int64_t columns = n - j < kColumns ? n - j : kColumns;
    const int64_t padded = (columns + kLanes - 1) / kLanes * kLanes;
    const In* const panel = b + j * col;
    if (col == 1) {
      copy_rows<T>(panel, row, k, columns, out, padded);
    } else if (row == 1) {
      pack_transposed<T>(panel, col, k, columns, out, padded);
    } else {
      for (int64_t p = 0; p < k; ++p) {
        for (int64_t c = 0; c < columns; ++c) out[p * padded + c] = static_cast<T>(panel[p * row + c * col]);
      }
    }
    for (int64_t c = columns; c < padded; ++c) {
      for (int64_t p = 0; p < k; ++p) out[p * padded + c] = T{0};
    }
    out += padded * k;
  }
}

}  // namespace

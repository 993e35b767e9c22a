#pragma once

// Copies between row-major blocks, straight and transposed: the moving part of packing.

namespace {

// out[r * out_row + c] = in[r * in_row + c].
template <class T>
inline void copy_rows(const T* in, int64_t in_row, int64_t rows, int64_t columns, T* out, int64_t out_row) {
  constexpr int kLanes = Vec<T>::kWidth;
  for (int64_t r = 0; r < rows; ++r) {
    const T* const x = in + r * in_row;
    T* const y = out + r * out_row;
    int64_t c = 0;
    for (; c + kLanes <= columns; c += kLanes) Vec<T>::load(x + c).store(y + c);
    for (; c < columns; ++c) y[c] = x[c];
  }
}

// out[c * out_row + r] = in[r * in_row + c].
template <class T>
inline void transpose(const T* in, int64_t in_row, int64_t rows, int64_t columns, T* out, int64_t out_row) {
  for (int64_t c = 0; c < columns; ++c) {
    for (int64_t r = 0; r < rows; ++r) out[c * out_row + r] = in[r * in_row + c];
  }
}

}  // namespace

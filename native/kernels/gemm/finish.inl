// What becomes of sums before they are a result: see GemmFinish. Tiles are finished in a buffer of their own,
// so that an activation is one call a tile; limit: what the activation costs, all else is a tenth of the
// tile's products at a depth of 32.
#pragma once

namespace {

// values[i] = what a 16-bit result holds of it.
template <class Half>
void round_in_place(float* values, int64_t n) {
  constexpr int64_t kPiece16 = 256;
  Half piece[kPiece16];
  for (int64_t i = 0; i < n; i += kPiece16) {
    const int64_t count = n - i < kPiece16 ? n - i : kPiece16;
    round_halves(piece, values + i, count);
    widen_halves(values + i, piece, count);
  }
}

template <class T>
void activate(const GemmFinish<T>& f, T* values, int64_t n) {
  if (!f.activation) return;
  if constexpr (std::is_same_v<T, float>) {
    if (f.store == GemmStore::kBFloat16) round_in_place<BFloat16>(values, n);
    if (f.store == GemmStore::kFloat16) round_in_place<Float16>(values, n);
  }
  const void* const in[] = {values};
  f.activation(values, in, n, 0);
}

template <class T, class Out>
void store_row(const GemmFinish<T>& f, T* values, int64_t i, int64_t j, int64_t n) {
  constexpr int kLanes = Vec<T>::kWidth;
  Out* const out = static_cast<Out*>(f.out) + i * f.out_row + j;
  if (f.residual) {
    const Out* const residual = static_cast<const Out*>(f.residual) + i * f.residual_row + j;
    if constexpr (!std::is_same_v<T, Out>) round_in_place<Out>(values, n);
    int64_t c = 0;
    for (; c + kLanes <= n; c += kLanes)
      (Vec<T>::load(values + c) + load_wide<T>(residual + c)).store(values + c);
    if (c < n)
      (Vec<T>::load_n(values + c, n - c) + load_wide_n<T>(residual + c, n - c)).store_n(values + c, n - c);
  }
  if constexpr (std::is_same_v<T, Out>) {
    if (out != values) copy_rows<T>(values, n, 1, n, out, n);
  } else {
    round_halves(out, values, n);
  }
}

// Rows [i, i + m), columns [j, j + n) of the result, from sums in rows `row` apart.
template <class T>
void store_finished(const GemmFinish<T>& f, T* sums, int64_t row, int64_t i, int64_t m, int64_t j,
                    int64_t n) {
  const auto each = [&](auto store) {
    for (int64_t r = 0; r < m; ++r) store(f, sums + r * row, i + r, j, n);
  };
  if constexpr (std::is_same_v<T, float>) {
    if (f.store == GemmStore::kBFloat16) return each(store_row<T, BFloat16>);
    if (f.store == GemmStore::kFloat16) return each(store_row<T, Float16>);
  }
  each(store_row<T, T>);
}

template <class T>
void finish_sums(const GemmFinish<T>& f, T* sums, int64_t row, int64_t m, int64_t n) {
  if (row == n) {
    activate(f, sums, m * n);
  } else {
    for (int64_t r = 0; r < m; ++r) activate(f, sums + r * row, n);
  }
  store_finished(f, sums, row, 0, m, 0, n);
}

// The buffer of a tile whose sums are finished before they leave.
template <class T, class Block>
class FinishedTile {
 public:
  explicit FinishedTile(const Block& g) : g_(g) {
    // The activation sees whole vectors.
    if (g.finish) std::memset(sums_, 0, sizeof(sums_));
  }
  void begin(TileTarget<T>& target, int64_t rows, int64_t columns) {
    if (!g_.finish) return;
    if (target.accumulate) copy_rows<T>(target.c, target.c_row, rows, columns, sums_, kColumns);
    target.c = sums_;
    target.c_row = kColumns;
  }
  void end(int64_t i, int64_t rows, int64_t j, int64_t columns) {
    if (!g_.finish) return;
    activate(*g_.finish, sums_, rows * kColumns);
    store_finished(*g_.finish, sums_, kColumns, i, rows, j, columns);
  }

 private:
  static constexpr int kColumns = kGemmVectors * Vec<T>::kWidth;
  const Block& g_;
  alignas(64) T sums_[kGemmRows * kColumns];
};

}  // namespace

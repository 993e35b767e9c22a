// Householder reflections in blocks: H_0 ... H_k = I - V T V^T with T upper triangular (the compact WY form),
// so that applying them is three matrix products.
#include <algorithm>

#include "kernels/linalg/linalg.h"
#include "ops/linalg/blocks.h"

namespace lanegrad {
namespace {

constexpr int64_t kPanel = 2 * kLinalgBlock;

size_t padded(size_t bytes) { return (bytes + 63) & ~size_t{63}; }

// The memory of one block: V [rows, kPanel], V^T V and T [kPanel, kPanel], and two of [kPanel, columns].
template <class T>
struct BlockMemory {
  T *v, *gram, *t, *w, *tw;
  BlockMemory(int64_t rows, int64_t columns, char* memory) {
    const auto take = [&](int64_t count) {
      T* const piece = reinterpret_cast<T*>(memory);
      memory += padded(sizeof(T) * static_cast<size_t>(count));
      return piece;
    };
    v = take(rows * kPanel);
    gram = take(kPanel * kPanel);
    t = take(kPanel * kPanel);
    w = take(kPanel * columns);
    tw = take(kPanel * columns);
  }
};

// V with its ones and zeros, and T: column i of T is -tau_i T (V^T v_i), and tau_i on the diagonal.
template <class T>
void build(const LinalgScratch<T>& s, const Reflectors<T>& h, const BlockMemory<T>& block) {
  for (int64_t i = 0; i < h.rows; ++i) {
    for (int64_t j = 0; j < h.count; ++j) {
      block.v[i * h.count + j] = i > j ? h.v[i * h.row + j * h.col] : i == j ? T(1) : T(0);
    }
  }
  linalg_multiply<T>(s, h.count, h.count, h.rows, block.v, 1, h.count, block.v, h.count, 1, block.gram,
                     h.count);
  for (int64_t i = 0; i < h.count; ++i) {
    for (int64_t r = 0; r < h.count; ++r) block.t[r * h.count + i] = 0;
    for (int64_t r = 0; r < i; ++r) {
      T sum = 0;
      for (int64_t p = r; p < i; ++p) sum += block.t[r * h.count + p] * block.gram[p * h.count + i];
      block.t[r * h.count + i] = -h.tau[i] * sum;
    }
    block.t[i * h.count + i] = h.tau[i];
  }
}

// C -= V op(T) V^T C
template <class T>
void apply_block(const LinalgScratch<T>& s, const Reflectors<T>& h, bool transpose, int64_t n, T* c,
                 int64_t ld, const BlockMemory<T>& block) {
  const int64_t k = h.count;
  linalg_multiply<T>(s, k, n, h.rows, block.v, 1, k, c, ld, 1, block.w, n);
  linalg_multiply<T>(s, k, n, k, block.t, transpose ? 1 : k, transpose ? k : 1, block.w, n, 1, block.tw, n);
  linalg_subtract<T>(s, h.rows, n, k, block.v, k, 1, block.tw, n, 1, c, ld);
}

template <class T>
Reflectors<T> part_of(const Reflectors<T>& h, int64_t first) {
  return {h.v + first * (h.row + h.col),
          h.row,
          h.col,
          h.tau + first,
          h.rows - first,
          std::min<int64_t>(kPanel, h.count - first)};
}

}  // namespace

template <class T>
size_t linalg_reflector_bytes(int64_t rows, int64_t columns) {
  return padded(sizeof(T) * static_cast<size_t>(rows * kPanel)) +
         2 * padded(sizeof(T) * static_cast<size_t>(kPanel * kPanel)) +
         2 * padded(sizeof(T) * static_cast<size_t>(kPanel * columns));
}

template <class T>
void linalg_apply(const LinalgScratch<T>& s, const Reflectors<T>& h, bool transpose, int64_t n, T* c,
                  int64_t ld, char* memory) {
  const BlockMemory<T> block(h.rows, n, memory);
  const int64_t blocks = (h.count + kPanel - 1) / kPanel;
  for (int64_t b = 0; b < blocks; ++b) {
    const int64_t first = (transpose ? b : blocks - 1 - b) * kPanel;
    const Reflectors<T> part = part_of(h, first);
    build(s, part, block);
    apply_block(s, part, transpose, n, c + first * ld, ld, block);
  }
}

template <class T>
void linalg_qr(const LinalgScratch<T>& s, int64_t m, int64_t n, T* a, int64_t ld, T* tau, char* memory) {
  const BlockMemory<T> block(m, n, memory);
  const int64_t count = std::min(m, n);
  for (int64_t j = 0; j < count; j += kPanel) {
    const int64_t width = std::min(kPanel, count - j), rest = n - j - width;
    T* const panel = a + j * (ld + 1);
    linalg_table().of<T>().qr(m - j, width, panel, ld, tau + j);
    if (rest == 0) continue;
    const Reflectors<T> part{panel, ld, 1, tau + j, m - j, width};
    build(s, part, block);
    apply_block(s, part, true, rest, panel + width, ld, block);
  }
}

template <class T>
void linalg_form_q(const LinalgScratch<T>& s, const Reflectors<T>& h, int64_t columns, T* q, int64_t ld,
                   char* memory) {
  for (int64_t i = 0; i < h.rows; ++i) {
    for (int64_t j = 0; j < columns; ++j) q[i * ld + j] = i == j ? T(1) : T(0);
  }
  const BlockMemory<T> block(h.rows, columns, memory);
  for (int64_t b = (h.count + kPanel - 1) / kPanel - 1; b >= 0; --b) {
    const int64_t first = b * kPanel;
    const Reflectors<T> part = part_of(h, first);
    build(s, part, block);
    // Columns before `first` are still those of the identity, with zeros from row `first` on.
    apply_block(s, part, false, columns - first, q + first * (ld + 1), ld, block);
  }
}

#define LANEGRAD_REFLECTORS(T)                                                                             \
  template size_t linalg_reflector_bytes<T>(int64_t, int64_t);                                             \
  template void linalg_apply<T>(const LinalgScratch<T>&, const Reflectors<T>&, bool, int64_t, T*, int64_t, \
                                char*);                                                                    \
  template void linalg_qr<T>(const LinalgScratch<T>&, int64_t, int64_t, T*, int64_t, T*, char*);           \
  template void linalg_form_q<T>(const LinalgScratch<T>&, const Reflectors<T>&, int64_t, T*, int64_t, char*);
LANEGRAD_REFLECTORS(float)
LANEGRAD_REFLECTORS(double)
#undef LANEGRAD_REFLECTORS

}  // namespace lanegrad

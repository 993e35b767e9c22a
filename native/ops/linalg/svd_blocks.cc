// A tall matrix is first reduced to its R by a QR factorization; R is square, becomes bidiagonal by
// reflections and diagonal by implicit QR.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "ops/linalg/svd.h"

namespace lanegrad {
namespace {

// The transpose of what the reflections make, whose first `skip` rows and columns are those of the identity.
template <class T>
void transposed_factor(const SvdMemory<T>& m, const Reflectors<T>& h, int64_t skip, T* to) {
  const int64_t size = m.k - skip;
  std::fill(to, to + m.k * m.k, T(0));
  for (int64_t i = 0; i < skip; ++i) to[i * (m.k + 1)] = 1;
  if (size == 0) return;
  linalg_form_q(m.scratch, h, size, m.sorted, size, m.reflectors);
  for (int64_t i = 0; i < size; ++i) {
    for (int64_t j = 0; j < size; ++j) to[(i + skip) * m.k + j + skip] = m.sorted[j * size + i];
  }
}

// Row i becomes row order[i].
template <class T>
void sort_rows(const SvdMemory<T>& m, const T* rows, T* to) {
  for (int64_t i = 0; i < m.k; ++i) std::copy_n(rows + m.order[i] * m.k, m.k, to + i * m.k);
}

// Rows of the left factor: U^T of R, times Q^T; further ones are what completes Q.
template <class T>
void left_rows(const SvdMemory<T>& m, T* left) {
  if (m.tall == m.k) return sort_rows(m, m.ut, left);
  sort_rows(m, m.ut, m.sorted);
  linalg_form_q<T>(m.scratch, {m.a, m.k, 1, m.tau, m.tall, m.k}, m.width, m.q, m.width, m.reflectors);
  linalg_multiply<T>(m.scratch, m.k, m.tall, m.k, m.sorted, m.k, 1, m.q, 1, m.width, left, m.tall);
  for (int64_t i = m.k; i < m.width; ++i) {
    for (int64_t j = 0; j < m.tall; ++j) left[i * m.tall + j] = m.q[j * m.width + i];
  }
}

}  // namespace

template <class T>
SvdMemory<T>::SvdMemory(int64_t tall_side, int64_t short_side, int64_t left_width, char* memory,
                        bool use_threads)
    : tall(tall_side), k(short_side), width(left_width), threaded(use_threads) {
  const auto take = [&](auto*& piece, int64_t count) {
    piece = reinterpret_cast<std::remove_reference_t<decltype(piece)>>(memory + bytes);
    bytes += (sizeof(*piece) * static_cast<size_t>(count) + 63) & ~size_t{63};
  };
  const int64_t widest = std::max(k, width);
  take(a, tall * k);
  take(b, k * k);
  take(tau, k);
  take(left, k);
  take(right, k);
  take(work, 2 * k);
  take(d, k);
  take(e, k);
  take(order, k);
  if (width > 0) {
    take(ut, k * k);
    take(vt, k * k);
    take(sorted, k * k);
    take(q, tall > k ? tall * width : 0);
    take(u_rotations, static_cast<int64_t>(RotationBuffer<T>::bytes(k)));
    take(v_rotations, static_cast<int64_t>(RotationBuffer<T>::bytes(k)));
  } else {
    ut = vt = nullptr;
    u_rotations = v_rotations = nullptr;
  }
  take(reflectors, static_cast<int64_t>(linalg_reflector_bytes<T>(tall, widest)));
  char* at = memory + bytes;
  if (memory) scratch = linalg_scratch<T>(tall, widest, at, threaded);
  bytes += linalg_scratch_bytes<T>(tall, widest);
}

template <class T>
int64_t linalg_svd(const SvdMemory<T>& m, T* values, T* left, T* right) {
  const int64_t k = m.k;
  const double scale = linalg_normalize(m.tall, k, m.a, k);
  if (!(scale == scale)) return kSvdNotFinite;
  if (m.tall > k) linalg_qr(m.scratch, m.tall, k, m.a, k, m.tau, m.reflectors);
  for (int64_t i = 0; i < k; ++i) {
    for (int64_t j = 0; j < k; ++j) m.b[i * k + j] = m.tall > k && i > j ? T(0) : m.a[i * k + j];
  }
  linalg_bidiagonalize(k, m.b, k, m.d, m.e, m.left, m.right, m.work, m.threaded);
  const bool vectors = m.width > 0;
  if (vectors) {
    transposed_factor<T>(m, {m.b, k, 1, m.left, k, k}, 0, m.ut);
    transposed_factor<T>(m, {m.b + 1, 1, k, m.right, k - 1, k - 1}, 1, m.vt);
  }
  RotationBuffer<T> u(m.ut, k, k, k, m.u_rotations, m.threaded), v(m.vt, k, k, k, m.v_rotations, m.threaded);
  if (!linalg_bidiagonal_qr(k, m.d, m.e, u, v)) return kSvdNotConverged;
  std::iota(m.order, m.order + k, int64_t{0});
  std::sort(m.order, m.order + k, [&](int64_t i, int64_t j) {
    const double x = std::fabs(m.d[i]), y = std::fabs(m.d[j]);
    return x != y ? x > y : i < j;
  });
  for (int64_t i = 0; i < k; ++i) values[i] = static_cast<T>(std::fabs(m.d[m.order[i]]) * scale);
  if (!vectors) return 0;
  left_rows(m, left);
  sort_rows(m, m.vt, right);
  for (int64_t i = 0; i < k; ++i) {
    if (!std::signbit(m.d[m.order[i]])) continue;
    for (int64_t j = 0; j < k; ++j) right[i * k + j] = -right[i * k + j];
  }
  return 0;
}

template struct SvdMemory<float>;
template struct SvdMemory<double>;
template int64_t linalg_svd<float>(const SvdMemory<float>&, float*, float*, float*);
template int64_t linalg_svd<double>(const SvdMemory<double>&, double*, double*, double*);

}  // namespace lanegrad

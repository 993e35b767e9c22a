// Running folds along a dim: out[j] = x[0] + ... + x[j].
//
// Rows: the fold is a chain, each step waits for the last, so kRowsAtOnce rows go side by side. Columns: a
// tile of columns keeps its accumulators in the first-level cache and goes down the rows; the compiler
// vectorises the inner loop. Accumulators: double for floats, as in PyTorch, so that a long float32 sum is as
// good as its last rounding; 64 bits for integers. Limit: memory, one read and one write an element. No ISA
// table: a chain cannot fill a vector, and the columns are bound by memory at any width.
//
// Strides may be negative: a fold from the end is one over the line turned round.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace lanegrad {

inline constexpr int64_t kScanColumnTile = 512;
inline constexpr int kRowsAtOnce = 4;

// How a fold steps: `start`, and one element taken in.
template <class In>
struct SumScan {
  using Acc = std::conditional_t<std::is_floating_point_v<In>, double, uint64_t>;  // unsigned: wraps
  using Out = std::conditional_t<std::is_floating_point_v<In>, In, int64_t>;
  static Acc start() { return 0; }
  static Acc step(Acc a, In x) { return a + static_cast<Acc>(x); }
  static Acc join(Acc a, Acc b) { return a + b; }
};

template <class In>
struct ProductScan {
  using Acc = typename SumScan<In>::Acc;
  using Out = typename SumScan<In>::Out;
  static Acc start() { return 1; }
  static Acc step(Acc a, In x) { return a * static_cast<Acc>(x); }
  static Acc join(Acc a, Acc b) { return a * b; }
};

// log(e^a + e^x). Equal infinities would give Infinity - Infinity.
template <class In>
struct LogSumScan {
  using Acc = double;
  using Out = In;
  static Acc start() { return -std::numeric_limits<double>::infinity(); }
  static Acc step(Acc a, In x) { return join(a, static_cast<double>(x)); }
  static Acc join(Acc a, Acc b) {
    if (a != a || b != b) return a + b;
    const double high = a > b ? a : b, low = a > b ? b : a;
    return high == low && std::isinf(high) ? high : high + std::log1p(std::exp(low - high));
  }
};

// A row of each operand: where it starts, how far its elements and its neighbour row are.
template <class T>
struct ScanRows {
  T* data;
  int64_t stride, outer;
};

// Scans `count` rows of n. `init`, if given, holds what came before each row.
template <class Scan, class In, class Out = typename Scan::Out>
void scan_rows(ScanRows<const In> x, ScanRows<Out> out, int64_t count, int64_t n,
               const typename Scan::Acc* init) {
  using Acc = typename Scan::Acc;
  int64_t i = 0;
  for (; i + kRowsAtOnce <= count; i += kRowsAtOnce) {
    Acc acc[kRowsAtOnce];
    for (int k = 0; k < kRowsAtOnce; ++k) acc[k] = init ? init[i + k] : Scan::start();
    const In* p = x.data + i * x.outer;
    Out* q = out.data + i * out.outer;
    for (int64_t j = 0; j < n; ++j) {
      for (int k = 0; k < kRowsAtOnce; ++k) {
        acc[k] = Scan::step(acc[k], p[j * x.stride + k * x.outer]);
        q[j * out.stride + k * out.outer] = static_cast<Out>(acc[k]);
      }
    }
  }
  for (; i < count; ++i) {
    Acc acc = init ? init[i] : Scan::start();
    const In* p = x.data + i * x.outer;
    Out* q = out.data + i * out.outer;
    for (int64_t j = 0; j < n; ++j) {
      acc = Scan::step(acc, p[j * x.stride]);
      q[j * out.stride] = static_cast<Out>(acc);
    }
  }
}

// The folds of whole rows, to start later pieces of a long row with. n is a multiple of kRowsAtOnce.
template <class Scan, class In>
void fold_rows(ScanRows<const In> x, int64_t count, int64_t n, typename Scan::Acc* out) {
  for (int64_t i = 0; i < count; ++i) {
    const In* p = x.data + i * x.outer;
    typename Scan::Acc acc[kRowsAtOnce];
    for (auto& a : acc) a = Scan::start();
    for (int64_t j = 0; j < n; j += kRowsAtOnce)
      for (int k = 0; k < kRowsAtOnce; ++k) acc[k] = Scan::step(acc[k], p[(j + k) * x.stride]);
    out[i] = Scan::join(Scan::join(acc[0], acc[1]), Scan::join(acc[2], acc[3]));
  }
}

// Scans down n rows of `cols` <= kScanColumnTile columns; `stride` is that of the rows, `outer` that of the
// columns.
template <class Scan, class In, class Out = typename Scan::Out>
void scan_columns(ScanRows<const In> x, ScanRows<Out> out, int64_t cols, int64_t n) {
  typename Scan::Acc acc[kScanColumnTile];
  for (int64_t c = 0; c < cols; ++c) acc[c] = Scan::start();
  for (int64_t j = 0; j < n; ++j) {
    const In* p = x.data + j * x.stride;
    Out* q = out.data + j * out.stride;
    if (x.outer == 1 && out.outer == 1) {
      for (int64_t c = 0; c < cols; ++c) {
        acc[c] = Scan::step(acc[c], p[c]);
        q[c] = static_cast<Out>(acc[c]);
      }
    } else {
      for (int64_t c = 0; c < cols; ++c) {
        acc[c] = Scan::step(acc[c], p[c * x.outer]);
        q[c * out.outer] = static_cast<Out>(acc[c]);
      }
    }
  }
}

// The extremum so far and where it stands: the last of equals, as in PyTorch. A NaN stays the extremum.
template <class T, bool kMax>
void scan_extreme_row(const T* x, int64_t x_stride, T* out, int64_t out_stride, int64_t* index,
                      int64_t index_stride, int64_t n) {
  T best = x[0];
  int64_t at = 0;
  for (int64_t j = 0; j < n; ++j) {
    const T v = x[j * x_stride];
    if (v != v || (best == best && (kMax ? v >= best : v <= best))) {
      best = v;
      at = j;
    }
    out[j * out_stride] = best;
    index[j * index_stride] = at;
  }
}

// The same down n rows of `cols` <= kScanColumnTile columns that lie side by side in all three: the extrema
// so far stay in the first-level cache, and what is read and written lies together.
template <class T, bool kMax>
void scan_extreme_columns(const T* x, int64_t x_stride, T* out, int64_t out_stride, int64_t* index,
                          int64_t index_stride, int64_t cols, int64_t n) {
  T best[kScanColumnTile];
  int64_t at[kScanColumnTile];
  for (int64_t c = 0; c < cols; ++c) {
    best[c] = x[c];
    at[c] = 0;
  }
  for (int64_t j = 0; j < n; ++j) {
    const T* p = x + j * x_stride;
    T* q = out + j * out_stride;
    int64_t* where = index + j * index_stride;
    for (int64_t c = 0; c < cols; ++c) {
      const T v = p[c];
      const bool better = (v != v) | ((best[c] == best[c]) & (kMax ? v >= best[c] : v <= best[c]));
      best[c] = better ? v : best[c];
      at[c] = better ? j : at[c];
      q[c] = best[c];
      where[c] = at[c];
    }
  }
}

// y[j] = a[j] y[j - 1] + b[j], from y[-1] = 0: a linear recurrence, which gradients of products are. In
// double.
template <class T>
void recurrence_row(const T* a, int64_t a_stride, const T* b, int64_t b_stride, T* y, int64_t y_stride,
                    int64_t n) {
  double last = 0;
  for (int64_t j = 0; j < n; ++j) {
    // The first one has no predecessor: its factor, whatever it is, counts for nothing.
    const double before = j > 0 ? static_cast<double>(a[j * a_stride]) * last : 0.0;
    last = before + static_cast<double>(b[j * b_stride]);
    y[j * y_stride] = static_cast<T>(last);
  }
}

}  // namespace lanegrad

// The vectors that the taps of a window see in a row of the image, tap t of lane l the element `stride * l +
// t`: kSide taps, a stride of one or two.
//
// With 64-byte vectors nearly every load at an odd place crosses a line, which takes two turns; so a row is
// loaded once and the taps are shifts of it in registers. Narrower vectors are loaded at each tap.
#pragma once

#include "kernels/conv/deinterleave.inl"
#include "kernels/gemm/tile.inl"
#include "kernels/window/lanes.inl"

namespace {

template <class T, int kSide, int kStride>
struct TapLoads {
  static constexpr int kLanes = Vec<T>::kWidth;
  static constexpr int kCount = kMasksAll ? kStride + 1 : kStride == 1 ? kSide : (kSide + 1) / 2 * 2;
  // The element that the load begins at.
  static constexpr int at(int load) {
    if (kMasksAll) return load * kLanes;
    return kStride == 1 ? load : load / 2 * 2 + load % 2 * kLanes;
  }
  // How many of its elements a tap sees.
  static constexpr int lanes(int load) { return kMasksAll && load == kStride ? kSide - kStride : kLanes; }
};

#if defined(LANEGRAD_X86_64)
// Lanes n and up of `low`, then the first ones of `high`.
template <int n, class T>
LANEGRAD_INLINE Vec<T> shift_lanes(Vec<T> low, Vec<T> high) {
  if constexpr (n == 0) {
    return low;
  } else if constexpr (Vec<T>::kWidth == 16) {
    return {
        _mm512_castsi512_ps(_mm512_alignr_epi32(_mm512_castps_si512(high.v), _mm512_castps_si512(low.v), n))};
  } else if constexpr (Vec<T>::kWidth * sizeof(T) == 64) {
    return {
        _mm512_castsi512_pd(_mm512_alignr_epi64(_mm512_castpd_si512(high.v), _mm512_castpd_si512(low.v), n))};
  } else {
    return low;
  }
}
#endif

// One vector of columns of the result: where it starts, how many of its lanes count, and which lanes of the
// loads lie within the row.
template <class T, int kSide, int kStride>
struct WindowColumns {
  using Loads = TapLoads<T, kSide, kStride>;
  static constexpr int kLanes = Vec<T>::kWidth;
  int64_t j, count, base;
  typename Vec<T>::Mask places, seen[Loads::kCount];
  bool whole;

  LANEGRAD_INLINE void see(int64_t column, int64_t columns, int64_t width, int64_t left) {
    j = column;
    count = columns - j < kLanes ? columns - j : int64_t{kLanes};
    base = kStride * j - left;
    places = lanes_between<T>(0, count);
    whole = count == kLanes && base >= 0;
    for (int l = 0; l < Loads::kCount; ++l) {
      const int64_t first = base + Loads::at(l), inside = width - first;
      seen[l] = lanes_between<T>(-first, inside < Loads::lanes(l) ? inside : Loads::lanes(l));
      whole = whole && inside >= kLanes;
    }
  }

  // x[t]: what tap t sees of the row whose column `base` is at p.
  template <bool kMasked, class In>
  LANEGRAD_INLINE void load(const In* p, Vec<T> (&x)[kSide]) const {
    Vec<T> loaded[Loads::kCount];
    LANEGRAD_UNROLL
    for (int l = 0; l < Loads::kCount; ++l) {
      if constexpr (kMasked)
        loaded[l] = load_masked<T>(p + Loads::at(l), seen[l]);
      else
        loaded[l] = load_wide<T>(p + Loads::at(l));
    }
    arrange(loaded, x, std::make_integer_sequence<int, kSide>{});
  }

 private:
  template <int... t>
  static LANEGRAD_INLINE void arrange(const Vec<T> (&loaded)[Loads::kCount], Vec<T> (&x)[kSide],
                                      std::integer_sequence<int, t...>) {
#if defined(LANEGRAD_X86_64)
    if constexpr (kMasksAll && kStride == 1) {
      ((x[t] = shift_lanes<t>(loaded[0], loaded[1])), ...);
      return;
    } else if constexpr (kMasksAll) {
      const EvenOdd<T> row = even_odd(loaded[0], loaded[1]);
      EvenOdd<T> behind{loaded[2], loaded[2]};
      if constexpr (kSide > 3) behind = even_odd(loaded[2], loaded[2]);
      ((x[t] = t % 2 ? shift_lanes<t / 2>(row.odd, behind.odd) : shift_lanes<t / 2>(row.even, behind.even)),
       ...);
      return;
    }
#endif
    if constexpr (kStride == 1) {
      ((x[t] = loaded[t]), ...);
    } else {
      LANEGRAD_UNROLL
      for (int k = 0; k < kSide; k += 2) {
        const EvenOdd<T> row = even_odd(loaded[k], loaded[k + 1]);
        x[k] = row.even;
        if (k + 1 < kSide) x[k + 1] = row.odd;
      }
    }
  }
};

}  // namespace

// Where a sampled point reads an image: up to 16 places with weights, and how the weights change with the
// point.
//
// Scalar code without a vector form so far: the gathers of the channels, about one load a tap, are the limit.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>

namespace lanegrad {

enum class SampleMode { kBilinear, kNearest, kBicubic };
enum class SamplePadding { kZeros, kBorder, kReflection };

inline constexpr int kSampleDims = 3;
inline constexpr int kMaxSampleTaps = 16;

struct SampleGeometry {
  SampleMode mode;
  SamplePadding padding;
  bool align_corners;
  int directions;                            // 2 or 3
  std::array<int64_t, kSampleDims> size;     // depth, height, width; depth is 1 of an image
  std::array<int64_t, kSampleDims> strides;  // of the image
};

// Taps outside of the image are left out. offset[j] is that of tap j in the channel; slopes[d] is the
// derivative of the weight with respect to coordinate d of the grid: x, y, z.
template <class T>
struct SampleTaps {
  int count = 0;
  int64_t offset[kMaxSampleTaps];
  T weight[kMaxSampleTaps];
  T slopes[kSampleDims][kMaxSampleTaps];
};

// A position along one direction and its derivative with respect to the grid's coordinate.
template <class T>
struct SamplePosition {
  T at, slope;
};

namespace sample_detail {

// Positions beyond this are outside of every image; what is not a number is too.
inline constexpr double kFar = 1e15;

template <class T>
SamplePosition<T> clip(SamplePosition<T> p, int64_t size) {
  const T last = static_cast<T>(size - 1);
  if (!(p.at > T{0})) return {T{0}, T{0}};
  if (p.at >= last) return {last, T{0}};
  return p;
}

// Mirrors the position into [low, high], given twice each.
template <class T>
SamplePosition<T> reflect(SamplePosition<T> p, int64_t twice_low, int64_t twice_high) {
  if (twice_low == twice_high) return {T{0}, T{0}};
  const T low = static_cast<T>(twice_low) / 2, span = static_cast<T>(twice_high - twice_low) / 2;
  T at = p.at - low, sign = 1;
  if (at < 0) {
    at = -at;
    sign = -1;
  }
  const T extra = std::fmod(at, span);
  const bool even = std::fmod(std::floor(at / span), T{2}) == T{0};
  return even ? SamplePosition<T>{extra + low, sign * p.slope}
              : SamplePosition<T>{span - extra + low, -sign * p.slope};
}

template <class T>
SamplePosition<T> into_image(SamplePosition<T> p, int64_t size, const SampleGeometry& g) {
  if (g.padding == SamplePadding::kZeros) return p;
  if (g.padding == SamplePadding::kReflection)
    p = g.align_corners ? reflect(p, 0, 2 * (size - 1)) : reflect(p, -1, 2 * size - 1);
  return clip(p, size);
}

// From the grid's [-1, 1] to elements.
template <class T>
SamplePosition<T> unnormalize(T coordinate, int64_t size, const SampleGeometry& g) {
  if (g.align_corners) {
    const T slope = static_cast<T>(size - 1) / 2;
    return {(coordinate + 1) * slope, slope};
  }
  return {((coordinate + 1) * static_cast<T>(size) - 1) / 2, static_cast<T>(size) / 2};
}

// What one direction contributes: places (-1 outside), weights, and their slopes.
template <class T>
struct Along {
  int count = 0;
  int64_t place[4];
  T weight[4], slope[4];
  void add(T at, int64_t size, T w, T s) {
    const bool inside = at >= T{0} && at < static_cast<T>(size);
    place[count] = inside ? static_cast<int64_t>(at) : -1;
    weight[count] = w;
    slope[count++] = s;
  }
};

// Keys' cubic convolution with a = -0.75 at signed distance x, and its derivative.
template <class T>
void keys(T x, T& value, T& slope) {
  constexpr T a = T(-0.75);
  const T d = std::abs(x), sign = x < 0 ? T{-1} : T{1};
  if (d <= 1) {
    value = ((a + 2) * d - (a + 3)) * d * d + 1;
    slope = sign * (3 * (a + 2) * d - 2 * (a + 3)) * d;
  } else {
    value = ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
    slope = sign * ((3 * a * d - 10 * a) * d + 8 * a);
  }
}

template <class T>
Along<T> along(T coordinate, int64_t size, const SampleGeometry& g) {
  Along<T> out;
  SamplePosition<T> p = unnormalize(coordinate, size, g);
  if (g.mode != SampleMode::kBicubic) p = into_image(p, size, g);
  if (!(std::abs(p.at) < static_cast<T>(kFar))) {
    out.add(T{-1}, size, T{0}, T{0});
    return out;
  }
  if (g.mode == SampleMode::kNearest) {
    out.add(std::nearbyint(p.at), size, T{1}, T{0});
    return out;
  }
  const T low = std::floor(p.at), t = p.at - low;
  if (g.mode == SampleMode::kBilinear) {
    out.add(low, size, 1 - t, -p.slope);
    out.add(low + 1, size, t, p.slope);
    return out;
  }
  for (int k = -1; k <= 2; ++k) {
    T weight, slope;
    keys(t - static_cast<T>(k), weight, slope);
    out.add(into_image<T>({low + static_cast<T>(k), T{0}}, size, g).at, size, weight, slope * p.slope);
  }
  return out;
}

}  // namespace sample_detail

// The taps of the point whose coordinates x, y, z stand `step` apart.
template <class T>
SampleTaps<T> sample_taps(const SampleGeometry& g, const T* point, int64_t step) {
  using sample_detail::along;
  sample_detail::Along<T> z;
  z.add(T{0}, 1, T{1}, T{0});
  const auto x = along(point[0], g.size[2], g), y = along(point[step], g.size[1], g);
  if (g.directions == 3) z = along(point[2 * step], g.size[0], g);
  SampleTaps<T> taps;
  for (int a = 0; a < z.count; ++a) {
    for (int b = 0; b < y.count; ++b) {
      for (int c = 0; c < x.count; ++c) {
        if (z.place[a] < 0 || y.place[b] < 0 || x.place[c] < 0) continue;
        const int j = taps.count++;
        taps.offset[j] = z.place[a] * g.strides[0] + y.place[b] * g.strides[1] + x.place[c] * g.strides[2];
        taps.weight[j] = z.weight[a] * y.weight[b] * x.weight[c];
        taps.slopes[0][j] = z.weight[a] * y.weight[b] * x.slope[c];
        taps.slopes[1][j] = z.weight[a] * y.slope[b] * x.weight[c];
        taps.slopes[2][j] = z.slope[a] * y.weight[b] * x.weight[c];
      }
    }
  }
  return taps;
}

}  // namespace lanegrad

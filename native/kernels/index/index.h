// Reads and writes through index tensors, over a plane of lines (any dims but the indexed one, two strides
// known) and places along the indexed dim. Bounds were checked before. No ISA table: the work is a load or
// store at a computed address, for which vectors give nothing; what can be moved in rows is moved by memcpy.
#pragma once

#include <cstdint>
#include <type_traits>

namespace lanegrad {

// Strides of a plane: of lines (j) and of places (k).
struct Plane {
  int64_t lines, places;
};

// out[j, k] = x[j, index[j, k]]
template <class T, class Index>
void gather_plane(const T* x, Plane xs, const Index* index, Plane is, T* out, Plane os, int64_t lines,
                  int64_t places) {
  if (is.places <= is.lines) {
    for (int64_t j = 0; j < lines; ++j)
      for (int64_t k = 0; k < places; ++k)
        out[j * os.lines + k * os.places] =
            x[j * xs.lines + static_cast<int64_t>(index[j * is.lines + k * is.places]) * xs.places];
    return;
  }
  for (int64_t k = 0; k < places; ++k)
    for (int64_t j = 0; j < lines; ++j)
      out[j * os.lines + k * os.places] =
          x[j * xs.lines + static_cast<int64_t>(index[j * is.lines + k * is.places]) * xs.places];
}

// Sums of bytes wrap, of bools are `or`.
template <class T>
inline T add_values(T a, T b) {
  if constexpr (std::is_same_v<T, bool>)
    return a || b;
  else if constexpr (std::is_same_v<T, int32_t>)
    return static_cast<int32_t>(static_cast<uint32_t>(a) + static_cast<uint32_t>(b));
  else if constexpr (std::is_same_v<T, int64_t>)
    return static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
  else
    return static_cast<T>(a + b);
}

// How an element meets what stands in its place. NaN wins.
struct TakeNew {
  template <class T>
  T operator()(T, T b) const {
    return b;
  }
};
struct AddTo {
  template <class T>
  T operator()(T a, T b) const {
    return add_values(a, b);
  }
};
struct MultiplyBy {
  template <class T>
  T operator()(T a, T b) const {
    if constexpr (std::is_same_v<T, bool>)
      return a && b;
    else if constexpr (std::is_same_v<T, int32_t>)
      return static_cast<int32_t>(static_cast<uint32_t>(a) * static_cast<uint32_t>(b));
    else if constexpr (std::is_same_v<T, int64_t>)
      return static_cast<int64_t>(static_cast<uint64_t>(a) * static_cast<uint64_t>(b));
    else
      return static_cast<T>(a * b);
  }
};
struct TakeLarger {
  template <class T>
  T operator()(T a, T b) const {
    return b > a || b != b ? b : a;
  }
};
struct TakeSmaller {
  template <class T>
  T operator()(T a, T b) const {
    return b < a || b != b ? b : a;
  }
};

// out[j, index[j, k]] = meet(itself, source[j, k]), in the order of k for each line: the same result
// whichever loop is outside.
template <class Meet, class T, class Index>
void scatter_plane(T* out, Plane os, const Index* index, Plane is, const T* source, Plane ss, int64_t lines,
                   int64_t places) {
  const auto step = [&](int64_t j, int64_t k) {
    T& target = out[j * os.lines + static_cast<int64_t>(index[j * is.lines + k * is.places]) * os.places];
    target = Meet()(target, source[j * ss.lines + k * ss.places]);
  };
  if (is.places <= is.lines) {
    for (int64_t j = 0; j < lines; ++j)
      for (int64_t k = 0; k < places; ++k) step(j, k);
    return;
  }
  for (int64_t k = 0; k < places; ++k)
    for (int64_t j = 0; j < lines; ++j) step(j, k);
}

// One line of the same, for places of `out` from first to before last only: threads that own ranges of places
// and read the whole index keep the order.
template <class Meet, class T, class Index>
void scatter_range(T* out, int64_t out_step, const Index* index, int64_t index_step, const T* source,
                   int64_t source_step, int64_t places, int64_t first, int64_t last) {
  for (int64_t k = 0; k < places; ++k) {
    const int64_t place = static_cast<int64_t>(index[k * index_step]);
    if (place < first || place >= last) continue;
    T& target = out[place * out_step];
    target = Meet()(target, source[k * source_step]);
  }
}

// target[i] += source[i]
template <class T>
void add_row(T* __restrict target, const T* __restrict source, int64_t n) {
  for (int64_t i = 0; i < n; ++i) target[i] = add_values<T>(target[i], source[i]);
}

}  // namespace lanegrad

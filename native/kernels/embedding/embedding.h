// Bags of rows of a table: their sums and maxima, and what flows back.
#pragma once

#include <cstdint>
#include <type_traits>

namespace lanegrad {

// Bags [0, count) of places [starts[b], starts[b + 1]) of `index`: rows of the table, -1 for those that do
// not count.
struct Bags {
  const int64_t* index;
  const int64_t* starts;
  int64_t count;
};

// What a row is multiplied by on its way back; null for 1.
template <class T>
struct BagScales {
  const T* of_bag;
  const T* of_place;
  const T* of_row;
};

template <class T>
struct BagKernels {
  // out[b] = Σ scale[k] table[index[k]], divided by how many rows count if `mean`. Table rows are `stride`
  // apart.
  void (*sum)(const T* table, int64_t stride, int64_t width, const Bags& bags, const T* scale, bool mean,
              T* out);
  // out[b] = the maximum of each column, 0 for an empty bag. NaN wins.
  void (*max)(const T* table, int64_t stride, int64_t width, const Bags& bags, T* out);
  // rows[b]: the row that the maximum of each column stands in, the first of them; -1 for none.
  void (*largest)(const T* table, int64_t stride, int64_t width, const Bags& bags, int64_t* rows);
  // dense out[row] += scales * grad[b] for each place whose row is in [first, last).
  void (*spread)(const T* grad, int64_t width, const Bags& bags, const BagScales<T>& scales, int64_t first,
                 int64_t last, T* out);
  // out[k] = grad[b] . table[index[k]]; 0 where the row does not count.
  void (*dot)(const T* grad, const T* table, int64_t stride, int64_t width, const Bags& bags, T* out);
};

struct BagTable {
  BagKernels<float> f32;
  BagKernels<double> f64;
  template <class T>
  const BagKernels<T>& of() const {
    if constexpr (std::is_same_v<T, float>)
      return f32;
    else
      return f64;
  }
};

const BagTable& bag_table();

}  // namespace lanegrad

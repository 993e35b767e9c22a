// Products with few rows or columns, as dot products.
#pragma once

namespace {

// Lanes run along k; kChains accumulators a product hide the latency of the multiply-add.
template <class T, int F>
void dot_few(const DotBlock<T>& d) {
  constexpr int kLanes = Vec<T>::kWidth, kChains = F == 1 ? 4 : 2, kStep = kLanes * kChains;
  for (int64_t i = 0; i < d.many; ++i) {
    const T* const x = d.a + i * d.a_step;
    Vec<T> acc[F][kChains];
    clear_tile(acc);
    int64_t p = 0;
    for (; p + kStep <= d.k; p += kStep) {
      LANEGRAD_UNROLL
      for (int u = 0; u < kChains; ++u) {
        const Vec<T> xv = Vec<T>::load(x + p + u * kLanes);
        LANEGRAD_UNROLL
        for (int f = 0; f < F; ++f) {
          acc[f][u] = fma(xv, Vec<T>::load(d.b + f * d.b_step + p + u * kLanes), acc[f][u]);
        }
      }
    }
    for (; p < d.k; p += kLanes) {
      const int lanes = static_cast<int>(d.k - p < kLanes ? d.k - p : kLanes);
      const Vec<T> xv = Vec<T>::load_n(x + p, lanes);
      LANEGRAD_UNROLL
      for (int f = 0; f < F; ++f)
        acc[f][0] = fma(xv, Vec<T>::load_n(d.b + f * d.b_step + p, lanes), acc[f][0]);
    }
    LANEGRAD_UNROLL
    for (int f = 0; f < F; ++f) {
      Vec<T> total = acc[f][0];
      LANEGRAD_UNROLL
      for (int u = 1; u < kChains; ++u) total = total + acc[f][u];
      T value = reduce_add(total);
      T& out = d.out[i * d.out_many + f * d.out_few];
      if (d.accumulate) {
        value += out;
      } else {
        if (d.many_bias) value += d.many_bias[i];
        if (d.few_bias) value += d.few_bias[f];
      }
      out = value;
    }
  }
}

template <class T>
void gemm_dot(const DotBlock<T>& d) {
  switch (d.few) {
    case 1:
      return dot_few<T, 1>(d);
    case 2:
      return dot_few<T, 2>(d);
    case 3:
      return dot_few<T, 3>(d);
    default:
      return dot_few<T, 4>(d);
  }
}

}  // namespace

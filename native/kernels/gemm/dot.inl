// Products with few rows or columns, as dot products.
#pragma once

namespace {

template <class T, class In>
LANEGRAD_INLINE void store_dot(const DotBlock<T, In>& d, int64_t i, int f, T value) {
  T& out = d.out[i * d.out_many + f * d.out_few];
  if (d.accumulate) {
    value += out;
  } else {
    if (d.many_bias) value += d.many_bias[i];
    if (d.few_bias) value += d.few_bias[f];
  }
  out = value;
}

// Lanes run along k; kChains accumulators a product hide the latency of the multiply-add. The block is a
// copy: what is stored through `out` cannot change it, so that it stays in registers.
template <class T, class In, int F>
void dot_few(const DotBlock<T, In> d) {
  constexpr int kLanes = Vec<T>::kWidth, kChains = F == 1 ? 4 : 2, kStep = kLanes * kChains;
  for (int64_t i = 0; i < d.many; ++i) {
    const In* const x = d.a + i * d.a_step;
    Vec<T> acc[F][kChains];
    clear_tile(acc);
    int64_t p = 0;
    for (; p + kStep <= d.k; p += kStep) {
      LANEGRAD_UNROLL
      for (int u = 0; u < kChains; ++u) {
        const Vec<T> xv = load_wide<T>(x + p + u * kLanes);
        LANEGRAD_UNROLL
        for (int f = 0; f < F; ++f) {
          acc[f][u] = fma(xv, Vec<T>::load(d.b + f * d.b_step + p + u * kLanes), acc[f][u]);
        }
      }
    }
    for (; p < d.k; p += kLanes) {
      const int lanes = static_cast<int>(d.k - p < kLanes ? d.k - p : kLanes);
      const Vec<T> xv = load_wide_n<T>(x + p, lanes);
      LANEGRAD_UNROLL
      for (int f = 0; f < F; ++f)
        acc[f][0] = fma(xv, Vec<T>::load_n(d.b + f * d.b_step + p, lanes), acc[f][0]);
    }
    LANEGRAD_UNROLL
    for (int f = 0; f < F; ++f) {
      Vec<T> total = acc[f][0];
      LANEGRAD_UNROLL
      for (int u = 1; u < kChains; ++u) total = total + acc[f][u];
      store_dot(d, i, f, reduce_add(total));
    }
  }
}

// Products with five to eight vectors: two of the many at a time, so that a load serves more than one
// multiply-add.
template <class T, class In, int F>
void dot_several(const DotBlock<T, In>& d) {
  constexpr int kLanes = Vec<T>::kWidth, kMany = kVectorRegisters >= 32 ? 2 : 1;
  for (int64_t i = 0; i < d.many; i += kMany) {
    const In* x[kMany];
    for (int u = 0; u < kMany; ++u) x[u] = d.a + (i + u < d.many ? i + u : d.many - 1) * d.a_step;
    Vec<T> acc[kMany][F];
    clear_tile(acc);
    for (int64_t p = 0; p < d.k; p += kLanes) {
      const int64_t lanes = d.k - p < kLanes ? d.k - p : kLanes;
      Vec<T> xv[kMany];
      LANEGRAD_UNROLL
      for (int u = 0; u < kMany; ++u) xv[u] = load_wide_n<T>(x[u] + p, lanes);
      LANEGRAD_UNROLL
      for (int f = 0; f < F; ++f) {
        const Vec<T> y = Vec<T>::load_n(d.b + f * d.b_step + p, lanes);
        LANEGRAD_UNROLL
        for (int u = 0; u < kMany; ++u) acc[u][f] = fma(xv[u], y, acc[u][f]);
      }
    }
    for (int u = 0; u < kMany && i + u < d.many; ++u) {
      LANEGRAD_UNROLL
      for (int f = 0; f < F; ++f) store_dot(d, i + u, f, reduce_add(acc[u][f]));
    }
  }
}

template <class T, class In>
void dot_halves(const DotBlock<T, In>& d);

template <class T, class In>
void gemm_dot(const DotBlock<T, In>& d) {
  switch (d.few) {
    case 1:
      return dot_few<T, In, 1>(d);
    case 2:
      return dot_few<T, In, 2>(d);
    case 3:
      return dot_few<T, In, 3>(d);
    case 4:
      return dot_few<T, In, 4>(d);
    case 5:
      return dot_several<T, In, 5>(d);
    case 6:
      return dot_several<T, In, 6>(d);
    case 7:
      return dot_several<T, In, 7>(d);
    case 8:
      return dot_several<T, In, 8>(d);
    default:
      return dot_halves(d);
  }
}

// More than eight: two groups of the few, and some of the many at a time, so that memory is read once.
template <class T, class In>
void dot_halves(const DotBlock<T, In>& d) {
  constexpr int64_t kMany = 16;
  for (int64_t i = 0; i < d.many; i += kMany) {
    for (int64_t f = 0; f < d.few;) {
      DotBlock<T, In> part = d;
      part.many = d.many - i < kMany ? d.many - i : kMany;
      part.few = f == 0 ? (d.few + 1) / 2 : d.few - f;
      part.a += i * d.a_step;
      part.b += f * d.b_step;
      part.out += i * d.out_many + f * d.out_few;
      if (part.many_bias) part.many_bias += i;
      if (part.few_bias) part.few_bias += f;
      gemm_dot(part);
      f += part.few;
    }
  }
}

}  // namespace

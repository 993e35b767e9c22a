// Rows of the 16-bit floats to float and back. bfloat16 is integer work that the compiler vectorizes for the
// level of the region; float16 has instructions from AVX2 (F16C) on, and in every arm64 processor. Limit:
// memory.

[[maybe_unused]] static void widen_halves(float* __restrict out, const BFloat16* __restrict in, int64_t n) {
  for (int64_t i = 0; i < n; ++i) out[i] = BFloat16::widen(in[i].bits);
}

[[maybe_unused]] static void round_halves(BFloat16* __restrict out, const float* __restrict in, int64_t n) {
  for (int64_t i = 0; i < n; ++i) out[i].bits = BFloat16::round(in[i]);
}

[[maybe_unused]] static void widen_halves(float* __restrict out, const Float16* __restrict in, int64_t n) {
  int64_t i = 0;
  if constexpr (kHasFloat16) {
    for (; i + kFloat16Lanes <= n; i += kFloat16Lanes) widen_float16(out + i, &in[i].bits);
  }
  for (; i < n; ++i) out[i] = Float16::widen(in[i].bits);
}

[[maybe_unused]] static void round_halves(Float16* __restrict out, const float* __restrict in, int64_t n) {
  int64_t i = 0;
  if constexpr (kHasFloat16) {
    for (; i + kFloat16Lanes <= n; i += kFloat16Lanes) round_float16(&out[i].bits, in + i);
  }
  for (; i < n; ++i) out[i].bits = Float16::round(in[i]);
}

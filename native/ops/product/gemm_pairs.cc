#include "ops/product/gemm_pairs.h"

#include <algorithm>

#include "kernels/amx/amx.h"

namespace lanegrad {
namespace {

PanelRange range_of(const BFloat16* from, int64_t count, int64_t step, int64_t k) {
  uint16_t least = 0xFFFF, greatest = 0;
  for (int64_t i = 0; i < count; ++i) {
    for (int64_t p = 0; p < k; ++p) {
      const uint16_t size = from[i * step + p].bits & 0x7FFF;
      greatest = std::max(greatest, size);
      least = std::min(least, static_cast<uint16_t>(size - 1));  // zero is the greatest
    }
  }
  if (greatest == 0) return {};
  return {static_cast<int16_t>((least + 1) >> 7), static_cast<int16_t>(greatest >> 7), true};
}

}  // namespace

bool take_few_pairs(const BFloat16* few, int64_t count, int64_t step, int64_t k, FewPairs& pairs) {
  if (!amx_table() || !amx_table()->few || count > kAmxFew) return false;
  const PanelRange range = range_of(few, count, step, k);
  const auto holds = [&](int64_t exponent) {
    const auto e = static_cast<int16_t>(exponent);
    return parts_hold(range, {e, e, true});
  };
  // What holds is one stretch of exponents.
  int64_t least = 1, greatest = 254;
  while (least <= greatest && !holds(least)) ++least;
  while (greatest >= least && !holds(greatest)) --greatest;
  pairs = {few, step, least, greatest};
  return least <= greatest;
}

void dot_pairs(const DotBlock<float, BFloat16>& d, const FewPairs& pairs,
               void (*dot)(const DotBlock<float, BFloat16>&)) {
  float sums[2 * kAmxFew];
  for (int64_t i = 0; i < d.many; i += 2) {
    const int64_t count = std::min<int64_t>(2, d.many - i);
    if (!amx_table()->few({.count = count,
                           .k = d.k,
                           .many = d.a + i * d.a_step,
                           .many_step = d.a_step,
                           .few = pairs.at,
                           .few_count = d.few,
                           .few_step = pairs.step,
                           .least = pairs.least,
                           .greatest = pairs.greatest,
                           .sums = sums})) {
      DotBlock<float, BFloat16> part = d;
      part.many = count;
      part.a += i * d.a_step;
      part.out += i * d.out_many;
      if (part.many_bias) part.many_bias += i;
      dot(part);
      continue;
    }
    for (int64_t j = 0; j < count; ++j) {
      const float bias = !d.accumulate && d.many_bias ? d.many_bias[i + j] : 0;
      for (int64_t f = 0; f < d.few; ++f) {
        float& out = d.out[(i + j) * d.out_many + f * d.out_few];
        const float sum = sums[j * kAmxFew + f];
        out = d.accumulate ? out + sum : sum + bias + (d.few_bias ? d.few_bias[f] : 0);
      }
    }
  }
}

}  // namespace lanegrad

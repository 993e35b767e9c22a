#include "ops/finite.h"

#include <algorithm>
#include <atomic>
#include <cstring>

#include "core/threads.h"
#include "ops/walk.h"

namespace lanegrad {
namespace {

// A number without its sign bit is infinite when it equals kInfinity, and no number when it is more. So the
// largest of these integers tells: one pass over memory, and a loop that every compiler turns into vectors.
template <class Bits, Bits kMagnitude, Bits kInfinity>
Finite worst_in(const void* data, int64_t n, int64_t stride) {
  const Bits* bits = static_cast<const Bits*>(data);
  Bits largest = 0;
  if (stride == 1) {
    for (int64_t i = 0; i < n; ++i) largest = std::max(largest, static_cast<Bits>(bits[i] & kMagnitude));
  } else {
    for (int64_t i = 0; i < n; ++i)
      largest = std::max(largest, static_cast<Bits>(bits[i * stride] & kMagnitude));
  }
  return largest < kInfinity ? Finite::kFinite : largest == kInfinity ? Finite::kInfinite : Finite::kNan;
}

Finite worst_of_run(DType dtype, const char* data, int64_t n, int64_t stride) {
  switch (dtype) {
    case DType::kFloat64:
      return worst_in<uint64_t, 0x7fffffffffffffffu, 0x7ff0000000000000u>(data, n, stride);
    case DType::kFloat32:
      return worst_in<uint32_t, 0x7fffffffu, 0x7f800000u>(data, n, stride);
    case DType::kFloat16:
      return worst_in<uint16_t, 0x7fffu, 0x7c00u>(data, n, stride);
    default:
      return worst_in<uint16_t, 0x7fffu, 0x7f80u>(data, n, stride);
  }
}

constexpr int64_t kGrain = 65536;

}  // namespace

Finite worst_of(const TensorView& x) {
  const TensorSpec& spec = *x.spec;
  if (!is_floating(spec.dtype) || spec.numel() == 0) return Finite::kFinite;
  const int64_t size = static_cast<int64_t>(size_of(spec.dtype));
  const char* const data = static_cast<const char*>(x.data);
  std::atomic<Finite> worst = Finite::kFinite;
  const auto note = [&](Finite found) {
    for (Finite known = worst; known < found && !worst.compare_exchange_weak(known, found);) {
    }
  };
  // In the order of memory, whatever that of the dims is.
  if (is_dense(spec.shape, spec.strides)) {
    parallel_for(spec.numel(), kGrain, [&](int64_t begin, int64_t end) {
      note(worst_of_run(spec.dtype, data + begin * size, end - begin, 1));
    });
    return worst;
  }
  Walk<1> at;
  for (int d = 0; d < spec.rank(); ++d) at.add(spec.shape[d], {spec.strides[d]});
  at.coalesce();
  at.seek(0);
  for (int64_t i = 0; i < at.count();) {
    const int64_t run = at.run();
    note(worst_of_run(spec.dtype, data + at.offset(0) * size, run, at.run_stride(0)));
    at.advance(run);
    i += run;
  }
  return worst;
}

}  // namespace lanegrad

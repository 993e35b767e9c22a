// What the ops that order lines share: keys with places, and the memory for them.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/threads.h"
#include "kernels/sort/keys.h"
#include "kernels/sort/radix.h"
#include "ops/lines.h"
#include "ops/op.h"
#include "ops/reduce/dims.h"

namespace lanegrad {

// Lines are shared out among this many tasks, each with memory of its own: a constant, for the workspace is
// asked for before it is known how many threads there are.
inline constexpr int64_t kSlots = 16;
// A line of at least this length in a tensor of few lines is worked on by all threads.
inline constexpr int64_t kLongLine = 1 << 16;
inline constexpr int64_t kFewLines = 8;

inline int64_t slots_of(int64_t lines) { return std::min(lines, kSlots); }
inline bool is_long(int64_t n, int64_t lines) { return n >= kLongLine && lines < kFewLines; }
inline size_t aligned_bytes(size_t bytes) { return (bytes + 63) & ~size_t{63}; }

struct LineShape {
  int dim = 0;
  int64_t n = 1, count = 1;
};
inline LineShape line_shape(const char* op, int64_t dim, const TensorSpec& x) {
  LineShape s;
  s.dim = normalize_dim(op, dim, x.rank());
  if (x.rank() > 0) s.n = x.shape[s.dim];
  s.count = s.n > 0 ? x.numel() / s.n : 0;
  return s;
}

// Places are 32 bits wide.
inline void check_line_length(const InferContext& c, int64_t n) {
  if (n >= int64_t{1} << 32)
    c.fail(ErrorKind::kShape, "a line of ", n, " elements is too long: wanted below 2^32");
}

inline size_t key_size(DType dtype) { return size_of(dtype) == 1 ? 1 : size_of(dtype) <= 4 ? 4 : 8; }

// Keys, their places, and the same again to move to.
inline size_t sort_bytes(DType dtype, int64_t n) {
  return 2 * (aligned_bytes(static_cast<size_t>(n) * key_size(dtype)) +
              aligned_bytes(static_cast<size_t>(n) * 4));
}
template <class Key>
struct SortMemory {
  Keyed<Key> a, b;
  SortMemory(void* workspace, int64_t n) {
    char* at = static_cast<char*>(workspace);
    const size_t keys = aligned_bytes(static_cast<size_t>(n) * sizeof(Key));
    const size_t places = aligned_bytes(static_cast<size_t>(n) * 4);
    a = {reinterpret_cast<Key*>(at), reinterpret_cast<uint32_t*>(at + keys)};
    at += keys + places;
    b = {reinterpret_cast<Key*>(at), reinterpret_cast<uint32_t*>(at + keys)};
  }
};

// The keys of a line with their places, sorted; the result is in one of the two halves of `memory`.
template <class T>
Keyed<SortKey<T>> sorted_line(const T* x, int64_t stride, int64_t n, bool descending,
                              const SortMemory<SortKey<T>>& memory) {
  for (int64_t i = 0; i < n; ++i) {
    memory.a.keys[i] = sort_key<T>(x[i * stride], descending);
    memory.a.places[i] = static_cast<uint32_t>(i);
  }
  return sort_keys(memory.a, memory.b, n);
}

// Calls body(slot, offsets) for every line; a slot works on one line at a time.
template <int K, class F>
void for_each_line_in_slots(const Lines<K>& lines, F&& body) {
  const int64_t slots = slots_of(lines.count);
  auto work = [&](int64_t slot) {
    Walk<K> at = lines.outer;
    const int64_t begin = lines.count * slot / slots, end = lines.count * (slot + 1) / slots;
    at.seek(begin);
    for (int64_t i = begin; i < end; ++i, at.advance(1)) {
      std::array<int64_t, K> offsets;
      for (int k = 0; k < K; ++k) offsets[k] = at.offset(k);
      body(slot, offsets);
    }
  };
  constexpr int64_t kSmall = 16384;
  if (lines.count * lines.n < kSmall) {
    for (int64_t slot = 0; slot < slots; ++slot) work(slot);
  } else {
    parallel_tasks(slots, work);
  }
}

}  // namespace lanegrad

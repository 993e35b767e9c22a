// Outputs too large for the caches are written past them. An ordinary store of a line first reads the line,
// and later pushes another one out: of an add, two of five transfers. Results do not depend on it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace lanegrad {

// Whether an output of so many bytes, made by all threads together, is better written past the caches, also
// for an op that reads it next. Only on processors with such stores.
bool exceeds_large_caches(size_t bytes);
inline bool exceeds_caches(size_t bytes) {
  constexpr size_t kSmallest = size_t{1} << 20;  // of the caches of any machine; below, nobody need look
  return bytes >= kSmallest && exceeds_large_caches(bytes);
}

inline constexpr size_t kStreamAlignment = 64;
inline bool is_stream_aligned(const void* p) {
  return reinterpret_cast<uintptr_t>(p) % kStreamAlignment == 0;
}

// After the last store past the caches of a task, before another thread may read what it wrote.
void end_streams();

// memcpy and a repeated value of 1, 2, 4 or 8 bytes, past the caches; `out` of the fill is aligned to the
// value.
void stream_copy(void* out, const void* in, size_t bytes);
void stream_fill(void* out, const void* value, size_t size, size_t bytes);

// Copies the parts of an output of so many bytes.
class OutputCopy {
 public:
  explicit OutputCopy(size_t output_bytes) : past_caches_(exceeds_caches(output_bytes)) {}
  void operator()(void* out, const void* in, size_t bytes) const {
    if (past_caches_)
      stream_copy(out, in, bytes);
    else
      std::memcpy(out, in, bytes);
  }
  bool past_caches() const { return past_caches_; }
  // At the end of a task.
  void finish() const {
    if (past_caches_) end_streams();
  }

 private:
  bool past_caches_;
};

}  // namespace lanegrad

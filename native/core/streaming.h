// Outputs too large for the caches are written past them. An ordinary store of a line first reads the line, and
// later pushes another one out: of an add, two of five transfers. Results do not depend on it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace lanegrad {

// Whether an output of so many bytes, made by all threads together, is better written past the caches, also
// for an op that reads it next. Only on processors with such stores.
bool exceeds_caches(size_t bytes);

inline constexpr size_t kStreamAlignment = 64;
inline bool is_stream_aligned(const void* p) { return reinterpret_cast<uintptr_t>(p) % kStreamAlignment == 0; }

// After the last store past the caches of a task, before another thread may read what it wrote.
void end_streams();

// memcpy and a repeated value of 1, 2, 4 or 8 bytes, past the caches; `out` of the fill is aligned to the value.
void stream_copy(void* out, const void* in, size_t bytes);
void stream_fill(void* out, const void* value, size_t size, size_t bytes);

}  // namespace lanegrad

// The address sanitizer knows nothing of a pool's blocks: it is told what of them was asked for.
#pragma once

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__)
#define LANEGRAD_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define LANEGRAD_ASAN 1
#endif
#endif

#if defined(LANEGRAD_ASAN)
#include <sanitizer/asan_interface.h>
#endif

namespace lanegrad {

// Of a block of `size` bytes the first `asked` may be used, to the sanitizer's eight bytes.
inline void open_block([[maybe_unused]] void* block, [[maybe_unused]] size_t asked,
                       [[maybe_unused]] size_t size) {
#if defined(LANEGRAD_ASAN)
  ASAN_UNPOISON_MEMORY_REGION(block, asked);
  ASAN_POISON_MEMORY_REGION(static_cast<char*>(block) + asked, size - asked);
#endif
}

}  // namespace lanegrad

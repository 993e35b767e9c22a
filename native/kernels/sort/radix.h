// Least-significant-digit radix sort of keys with their places: digits of 8 bits, each pass counts and then
// moves. Stable. Passes in which all keys have the same digit are left out. Limit: memory, about 2 (size + 4)
// bytes a key and pass, with 256 open write streams. Nothing here a vector would help with: counts and
// addresses depend on the data.
//
// A long line is cut into blocks: each block counts, one scan over digits and blocks gives each its places,
// each block moves. The result is the same for any number of blocks.
#pragma once

#include <cstdint>
#include <utility>

namespace lanegrad {

inline constexpr int kDigits = 256;

template <class Key>
struct Keyed {
  Key* keys;
  uint32_t* places;
};

template <class Key>
int digit_of(Key key, int shift) {
  return static_cast<int>(key >> shift) & (kDigits - 1);
}

template <class Key>
void count_digits(const Key* keys, int64_t n, int shift, uint32_t* counts) {
  for (int d = 0; d < kDigits; ++d) counts[d] = 0;
  for (int64_t i = 0; i < n; ++i) ++counts[digit_of(keys[i], shift)];
}

// counts[block][digit] become the first places of each; false if all keys share one digit.
inline bool place_digits(uint32_t* counts, int64_t blocks, int64_t n) {
  uint32_t at = 0;
  for (int d = 0; d < kDigits; ++d) {
    const uint32_t first = at;
    for (int64_t b = 0; b < blocks; ++b) at += std::exchange(counts[b * kDigits + d], at);
    if (static_cast<int64_t>(at - first) == n) return false;
  }
  return true;
}

template <class Key>
void move_digits(Keyed<const Key> from, int64_t n, int shift, uint32_t* starts, Keyed<Key> to) {
  for (int64_t i = 0; i < n; ++i) {
    const uint32_t at = starts[digit_of(from.keys[i], shift)]++;
    to.keys[at] = from.keys[i];
    to.places[at] = from.places[i];
  }
}

// Sorts n keys on this thread; returns whichever of the two holds the result.
template <class Key>
Keyed<Key> sort_keys(Keyed<Key> a, Keyed<Key> b, int64_t n) {
  constexpr int64_t kShort = 40;
  if (n <= kShort) {
    for (int64_t i = 1; i < n; ++i) {
      const Key key = a.keys[i];
      const uint32_t place = a.places[i];
      int64_t j = i;
      for (; j > 0 && a.keys[j - 1] > key; --j) {
        a.keys[j] = a.keys[j - 1];
        a.places[j] = a.places[j - 1];
      }
      a.keys[j] = key;
      a.places[j] = place;
    }
    return a;
  }
  uint32_t counts[kDigits];
  for (int shift = 0; shift < static_cast<int>(8 * sizeof(Key)); shift += 8) {
    count_digits(a.keys, n, shift, counts);
    if (!place_digits(counts, 1, n)) continue;
    move_digits<Key>({a.keys, a.places}, n, shift, counts, b);
    std::swap(a, b);
  }
  return a;
}

}  // namespace lanegrad

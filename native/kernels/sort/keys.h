// The order of elements as unsigned numbers: NaN after everything, all NaNs equal, -0 equal to 0, as PyTorch
// sorts. Descending order is ascending order of the complements, so NaN comes first there.
#pragma once

#include <bit>
#include <cstdint>
#include <type_traits>

namespace lanegrad {

template <class T>
using SortKey =
    std::conditional_t<sizeof(T) == 1, uint8_t, std::conditional_t<sizeof(T) == 8, uint64_t, uint32_t>>;

template <class T>
SortKey<T> sort_key(T v, bool descending) {
  using Key = SortKey<T>;
  constexpr Key sign = static_cast<Key>(Key{1} << (8 * sizeof(Key) - 1));
  Key key;
  if constexpr (std::is_floating_point_v<T>) {
    static_assert(sizeof(T) == sizeof(Key));
    const Key bits = std::bit_cast<Key>(v == T(0) ? T(0) : v);
    key = v != v ? static_cast<Key>(~Key{0}) : static_cast<Key>(bits & sign ? ~bits : bits | sign);
  } else if constexpr (std::is_signed_v<T>) {
    key = static_cast<Key>(static_cast<Key>(v) ^ sign);
  } else {
    key = static_cast<Key>(v);
  }
  return descending ? static_cast<Key>(~key) : key;
}

// An element and its place: ordered by both, so that no two are equal and any selection is a stable one.
template <class Key>
struct PlacedKey {
  Key key;
  uint32_t place;
  friend bool operator<(const PlacedKey& a, const PlacedKey& b) {
    return a.key != b.key ? a.key < b.key : a.place < b.place;
  }
};

}  // namespace lanegrad

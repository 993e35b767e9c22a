// What the values of packed operands are like, and whether products of their parts are safe on tiles.
#pragma once

#include <algorithm>
#include <cstdint>

namespace lanegrad {

constexpr int64_t kAmxPanel = 32;              // rows of A, or columns of B, in a panel: two tiles
constexpr int64_t kAmxStep = 32;               // depth of one tile product
constexpr int64_t kTileWords = 16 * kAmxStep;  // uint16_t of a tile

// What the values of a panel are like: their biased exponents (zeros do not count: without any other value
// least > greatest), and whether each is its first part, as whole numbers below 256 are, and bfloat16
// widened.
struct PanelRange {
  int16_t least = 255, greatest = 0;
  bool one_part = true;
};

// That of the values of both.
inline PanelRange merged(const PanelRange& a, const PanelRange& b) {
  return {std::min(a.least, b.least), std::max(a.greatest, b.greatest), a.one_part && b.one_part};
}

// Whether all parts of all values and of their products are zero or normal, and no sum of 2^20 products
// overflows. The last bit of a value is 2^-23 of it, and a part of it may be no more than that bit.
inline bool parts_hold(const PanelRange& a, const PanelRange& b) {
  if (a.least > a.greatest || b.least > b.greatest) return a.greatest < 255 && b.greatest < 255;
  constexpr int kBias = 127, kLeast = 1 + 24;
  const int greatest = (a.greatest - kBias) + (b.greatest - kBias),
            least = (a.least - kBias) + (b.least - kBias);
  return a.greatest < 254 && b.greatest < 254 && a.least >= kLeast && b.least >= kLeast && greatest <= 104 &&
         least >= -102;
}

}  // namespace lanegrad

// The tile machine: straight-line programs over tiles of contiguous elements that fit the first cache. Its
// instructions are the elementwise kernels themselves, so that every value has the bits that the ops give one
// by one. Between instructions values stay in tiles: memory sees what comes in and what is wanted at the end.
//
// Loop order: tiles outside, instructions inside. A cheap instruction takes about one cycle for a vector
// (the store into L1) and 20 for being called, so a tile of 1,024 floats costs some 5 ns of calls in 40.
// Limit: memory, as long as a program has less than a dozen cheap instructions.
#pragma once

#include <cstdint>

#include "kernels/elementwise/elementwise.h"

namespace lanegrad {

inline constexpr int kMaxTileInputs = kMaxElementwiseOperands + kMaxElementwiseConstants;

using WhereKernel = void (*)(void* out, const void* condition, const void* a, const void* b, int64_t n,
                             unsigned scalars);
using FillKernel = void (*)(void* out, const void* value, int64_t n);

enum class TileCode : uint8_t {
  kRow,    // a row of elementwise.def
  kPower,  // the same, of a float32 or float64 with one exponent: `square` where that is 2
  kWhere,
  kCast,  // of one dtype to the same: a copy
  kFill,  // one element into all
};

// What an instruction reads and writes are slots: places of a table of pointers.
struct TileInstruction {
  TileCode code = TileCode::kRow;
  uint8_t inputs = 0;
  uint8_t scalars = 0;  // as ElementwiseKernel's: inputs that are one element
  bool single = false;  // of one element, whatever the size of the tile
  bool wide = false;    // kPower: of float64
  int8_t output = -1;   // of a result that may go past the caches: which one
  int16_t out = 0;
  int16_t in[kMaxTileInputs] = {};
  union {
    ElementwiseKernel row = nullptr;
    WhereKernel where;
    CastKernel cast;
    FillKernel fill;
  };
  ElementwiseKernel square = nullptr;  // kPower: takes all inputs but the exponent, which is the last
};

// Bit j of `past_caches`: output j goes past the caches where its tile is aligned to a cache line.
void run_tile(const TileInstruction* code, int count, void* const* slots, int64_t n, unsigned past_caches);

}  // namespace lanegrad

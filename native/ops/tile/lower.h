// From the steps of a TileProgram to instructions: narrow values are widened, computed and rounded at each
// step as the ops do; what is one element is computed once; tiles get registers.
#pragma once

#include <array>
#include <vector>

#include "kernels/tile/tile.h"
#include "ops/tile/loop.h"
#include "ops/tile/program.h"

namespace lanegrad {

// Slots are numbered: operands, outputs (the value that is folded is the last), then these.
struct TileSlot {
  enum Kind : uint8_t { kMemory, kRegister, kScalar, kConstant };
  Kind kind = kMemory;
  int index = -1;  // register, scalar or constant
};

struct TileOutput {
  int register_index = -1;  // where it is kept when it cannot be written to memory at once
  int writer = -1;          // the instruction of the body that makes it
  bool read_later = false;
  bool streamable = false;  // its instruction can write past the caches
  bool folded = false;      // it is the value that is folded, and made where that goes
};

struct LoweredTiles {
  std::vector<TileInstruction> prologue, body;  // the first once for each thread
  std::vector<TileSlot> slots;
  std::vector<int64_t> registers;  // bytes of an element
  int scalars = 0;                 // single elements, 8 bytes each
  std::vector<std::array<unsigned char, 8>> constants;
  std::vector<int> gather_register;  // of operands; -1 where they are not gathered
  std::vector<int> last_read;        // of operands: the last instruction of the body; -1: none
  std::vector<TileOutput> outputs;
  double cost = 0;  // of an element, an addition in memory being about 3

  int64_t register_bytes() const {
    int64_t sum = 0;
    for (int64_t bytes : registers) sum += bytes;
    return sum;
  }
};

LoweredTiles lower_tiles(const TileProgram& program, const TileLoop& loop);

}  // namespace lanegrad

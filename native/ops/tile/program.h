// Elementwise ops as one: what they compute, and how a program of the tile machine is made of them.
#pragma once

#include <memory>
#include <vector>

#include "ops/op.h"

namespace lanegrad {

inline constexpr int kMaxTileOperands = 24;
inline constexpr int kMaxTileSteps = 64;

// Whether the machine computes this call as the op itself does: rows of elementwise.def, where, to, clone and
// copy. Left out is what looks through its operands for values to refuse (powers and quotients of integers),
// and a power whose exponent is one element that is not there before the program runs.
bool is_tile_step(const Op& op, std::span<const TensorSpec* const> inputs);
// Of pow and its gradient: the operand that must not be the result of another step if it has one element;
// else -1.
int tile_exponent(const Op& op);

struct TileStep {
  const Op* op;
  Attrs attrs;
  int inputs[3];    // an operand, or the step of that number counted behind the operands
  TensorSpec spec;  // of the value that the op makes by itself
};

// A sum or mean of one of the values, in the order in which the op adds.
struct TileFold {
  int step = -1;      // none
  TensorSpec value;   // as the sum sees it: a row-major value may have been reshaped
  uint32_t mask = 0;  // bit i: dim i is summed over
  bool mean = false;
};

struct TileProgram {
  std::vector<TensorSpec> operands;
  std::vector<TileStep> steps;  // in an order in which they can run
  std::vector<int> outputs;     // steps, all of one shape, to which that of every other step broadcasts
  TileFold fold;                // of a value of that shape; its result is one more output

  int operand_count() const { return static_cast<int>(operands.size()); }
  const TensorSpec& spec_of(int value) const {
    return value < operand_count() ? operands[static_cast<size_t>(value)]
                                   : steps[static_cast<size_t>(value - operand_count())].spec;
  }
};

// What runs a program on operands and outputs of given specs. Made once, run often, from any thread.
class TilePlan : public NodePlan {
 public:
  // `outputs`: the specs of the memory that results are written to, of the outputs' shape and dtype; that of
  // the fold's result is the last. Null if the program needs more room than the first cache has, or folds
  // what it cannot.
  static std::unique_ptr<const TilePlan> make(const TileProgram& program,
                                              std::span<const TensorSpec> outputs);

  virtual size_t workspace() const = 0;  // bytes
  // Allocates nothing. An output may be the memory of an operand with the same dtype, shape and strides.
  virtual void run(void* const* operands, void* const* outputs, void* workspace) const = 0;
};

// The op of a node that was prepared with a plan: a list of operands, as many outputs as the program has.
const Op& tiles_op();

}  // namespace lanegrad

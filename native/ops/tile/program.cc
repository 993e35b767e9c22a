#include "ops/tile/program.h"

#include <algorithm>
#include <iterator>

#include "ops/elementwise/elementwise.h"
#include "ops/registry.h"

namespace lanegrad {
namespace {

bool is_row(const Op& op) {
  static const EvalFn row_eval = find_op("add").eval;
  return op.eval == row_eval;
}

bool is_move(const Op& op) {
  static const Op* const moves[] = {&find_op("where"), &find_op("to"), &find_op("clone"), &find_op("copy")};
  return std::find(std::begin(moves), std::end(moves), &op) != std::end(moves);
}

// The plan has been made of the operands' specs, and says what the outputs are.
void tiles_eval(const EvalContext& c) {
  InlineVector<void*, kMaxTileOperands> operands;
  for (const TensorView& view : c.inputs().flat()) operands.push_back(view.data);
  void* outputs[kMaxOutputs];
  for (size_t j = 0; j < c.outputs().size(); ++j) outputs[j] = c.outputs()[j].data;
  static_cast<const TilePlan*>(c.plan())->run(operands.data(), outputs, c.workspace());
}

const Op kTiles = {.name = "tiles",
                   .inputs = {{{.name = "operands", .kind = InputKind::kList, .differentiable = false}}},
                   .outputs = {{{"out", false}}},
                   .flags = kInternal | kElementwise | kTakesNarrow,
                   .eval = tiles_eval};

}  // namespace

const Op& tiles_op() { return kTiles; }

int tile_exponent(const Op& op) {
  if (!is_row(op)) return -1;
  return op.code == kCode_pow ? 1 : op.code == kCode_powBackwardBase ? 2 : -1;
}

bool is_tile_step(const Op& op, std::span<const TensorSpec* const> inputs) {
  if (is_move(op)) return true;
  if (!is_row(op)) return false;
  switch (op.code) {
    case kCode_pow:
    case kCode_floorDivide:
    case kCode_truncDivide:
    case kCode_remainder:
    case kCode_fmod:
      return is_floating(inputs[0]->dtype);
    default:
      return true;
  }
}

}  // namespace lanegrad

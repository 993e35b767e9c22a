// What depends on state alone runs once, and again only when that state was written.
//
//   v = f(W); y = g(x, v)   =>   V = f(W), when W was written; y = g(x, V)
//
// Exact: V holds the bits that f would make of W as it is when the call begins. W is state that the program
// does not write, so moving f before everything else reads the same values. A cast of all weights, the
// factors of a norm in evaluation, a mask made of a table: memory of the program that outlives its calls.
// Results that are much larger than what they are made of are sooner made anew.
#include "ops/registry.h"
#include "program/passes.h"
#include "program/passes/hoist.h"

namespace lanegrad {
namespace {

constexpr size_t kMostGrowth = 4, kFewBytes = 64 << 10;

bool grows(const CodeNode& node) {
  size_t read = 0, made = 0;
  for (const CodeOperand& o : node.inputs)
    if (o.on_storage()) read += o.spec.bytes();
  for (const CodeOperand& o : node.outputs) made += o.spec.bytes();
  return made > kFewBytes && made > kMostGrowth * read;
}

}  // namespace

int hoist_state(Code& code) {
  Hoisting hoisting(code);
  for (CodeNode& node : code.nodes)
    if (hoisting.can_hoist(node) && !grows(node)) hoisting.hoist(node);
  return hoisting.finish();
}

}  // namespace lanegrad

// What a row of elementwise.def says beyond its kernels, and the gradients that vjp.cc adds.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "kernels/elementwise/elementwise.h"
#include "ops/op.h"

namespace lanegrad {

struct ElementwiseRow {
  const char* name;
  const char* operands;   // "a,b"
  const char* constants;  // "min,max"
  bool to_bool;
  unsigned dtypes;
  Promotion promotion;
  uint32_t flags;
  int64_t grain;  // elements that are worth a thread
};

std::span<const ElementwiseRow> elementwise_rows();

struct ElementwiseGradient {
  std::string_view name;
  Saves saves;
  VjpFn vjp;
};

// By the file that has them: vjp.cc, activation_vjp.cc, function_vjp.cc.
std::span<const ElementwiseGradient> elementwise_gradients();
std::span<const ElementwiseGradient> activation_gradients();
std::span<const ElementwiseGradient> function_gradients();

// The dtype in which the operands of a row meet. Beside 16-bit floats a number may be a float32
// (kWideNumbers).
DType operand_dtype(std::span<const TensorSpec* const> operands);

// The output of an elementwise op on inputs of these specs: the broadcast shape, in the dim order of the
// first input that has it.
TensorSpec broadcast_output(const char* op, DType dtype, std::span<const TensorSpec* const> inputs);

}  // namespace lanegrad

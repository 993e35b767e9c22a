// Numbers of channels that elementwise nodes take, one for all of a channel, as a batch norm in evaluation
// does.
#pragma once

#include "ops/registry.h"
#include "program/code.h"

namespace lanegrad {

// Whether `o` is one number for each of `channels`, in a row, where the channel of a tensor like `out` is
// `behind` dims before the last one, counted from 1.
inline bool is_channel_vector(const CodeOperand& o, const TensorSpec& out, int64_t channels, int behind) {
  const TensorSpec& spec = o.spec;
  const int dim = spec.rank() - behind;
  return o.on_storage() && spec.dtype == out.dtype && dim >= 0 && spec.rank() <= out.rank() &&
         spec.numel() == channels && spec.shape[dim] == channels && (channels == 1 || spec.strides[dim] == 1);
}

// Such an operand, as a vector.
inline CodeOperand channel_vector(CodeOperand o) {
  o.spec = TensorSpec::contiguous(o.spec.dtype, Dims{o.spec.numel()});
  return o;
}

// What a batch norm in evaluation does to channels, in this order: (y - shift) * scale + offset.
struct ChannelNumbers {
  CodeOperand shift, scale, offset;  // vectors, each may be nothing

  // Takes what `node` does to `made`; false if it is no such step, or one that came before.
  bool take(const CodeNode& node, const CodeOperand& made, int64_t channels, int behind) {
    static const Op &sub = find_op("sub"), &mul = find_op("mul"), &add = find_op("add");
    const bool is_sub = node.op == &sub, is_mul = node.op == &mul, is_add = node.op == &add;
    if ((!is_sub && !is_mul && !is_add) || !node.is_pure() || !same_operand(node.inputs[0], made))
      return false;
    const CodeOperand &out = node.outputs[0], &other = node.inputs[1];
    if (!is_channel_vector(other, made.spec, channels, behind) || other.storage == made.storage) return false;
    if (out.spec.dtype != made.spec.dtype || out.spec.shape != made.spec.shape || !out.spec.is_contiguous())
      return false;
    if (offset.on_storage() || (scale.on_storage() && !is_add) || (shift.on_storage() && is_sub))
      return false;
    (is_sub ? shift : is_mul ? scale : offset) = channel_vector(other);
    return true;
  }
};

}  // namespace lanegrad

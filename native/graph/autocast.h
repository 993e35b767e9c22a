// Mixed precision: the dtypes that an autocast scope gives the operands of a call. What an op wants is on its
// record (Op::autocast), so that it is the same whoever calls it. Casts are `to` ops on the tape: gradients
// come back in the dtype of what was cast.
//
// Not cast are the operands of in-place ops, since their target keeps its dtype, and those of gradients: the
// library switches autocast off for a backward pass, whose dtypes follow from those of the forward one.
#pragma once

#include "graph/apply.h"

namespace lanegrad {

// Whether a call of the op may need casts.
inline bool casts_operands(const Environment& env, const Op& op) {
  return env.autocast.dtype && op.autocast != Autocast::kNone;
}

// The operands in the dtypes that the scope wants; starts are those of the call.
InlineVector<Tensor, 8> cast_operands(Environment& env, const Call& call);

// A float32 or 16-bit tensor in the dtype of the scope; another as it is. The cast of a float32 leaf that
// requires a gradient is kept until the scope ends or the leaf is written to: a parameter that is used many
// times is cast once, and its gradients meet before they are cast back.
Tensor cast_to_scope(Environment& env, const Tensor& t);

}  // namespace lanegrad

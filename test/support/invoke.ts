import type { OpInput } from '../../lib/backend/backend.js';
import { backend } from '../../lib/backend/current.js';
import type { FusedName, OpAttrs, OpName } from '../../lib/backend/op-schema.gen.js';
import { runComposite } from '../../lib/ops/composite.js';
import type { Tensor } from '../../lib/tensor.js';
import { isPrimitive } from './run-case.js';

/** Runs an op by name as the library does: the backend's own, or its composite of primitives. */
export function invoke(
  op: OpName,
  inputs: readonly OpInput<Tensor>[],
  attrs: OpAttrs[OpName],
): readonly Tensor[] {
  return isPrimitive(op)
    ? backend.run(op, inputs, attrs)
    : runComposite(op as FusedName, inputs, attrs as OpAttrs[FusedName]);
}

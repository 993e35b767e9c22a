import { dtypes } from '../dtype.js';
import type { DescribedOp } from './addon.js';

/** What encoding a call needs to know of its op, from the addon's own description. */
export interface Plan {
  readonly id: number;
  readonly name: string;
  readonly inputs: readonly { readonly name: string; readonly kind: 'one' | 'optional' | 'list' }[];
  readonly attrs: DescribedOp['attrs'];
  readonly outputs: number;
  /** Whether an input is a list of tensors. */
  readonly hasList: boolean;
  /** Which attributes are lists of integers. */
  readonly lists: readonly string[];
}

export function planOf(id: number, op: DescribedOp): Plan {
  const inputs = op.inputs.filter((input) => input.gradsOf < 0);
  return {
    id,
    name: op.name,
    inputs,
    attrs: op.attrs,
    outputs: op.outputs.length,
    hasList: inputs.some((input) => input.kind === 'list'),
    lists: op.attrs.filter((attr) => attr.type === 'ints').map((attr) => attr.name),
  };
}

/** Attributes as native code wrote them, in the form that `run` takes. */
export function decodeAttrs(plan: Plan, floats: Float64Array): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  let at = 0;
  for (const attr of plan.attrs) {
    const value = floats[at++]!;
    if (attr.type === 'ints') {
      out[attr.name] = Array.from(floats.subarray(at, at + value));
      at += value;
    } else if (attr.type === 'bool') out[attr.name] = value !== 0;
    else if (attr.type === 'enum') out[attr.name] = attr.choices[value];
    else if (attr.type === 'dtype') out[attr.name] = dtypes[value];
    else out[attr.name] = value;
  }
  return out;
}

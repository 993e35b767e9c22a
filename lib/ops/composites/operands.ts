import type { OpInput } from '../../backend/backend.js';
import { backend } from '../../backend/current.js';
import type { OpName } from '../../backend/op-schema.gen.js';
import { noAttrs } from '../../check.js';
import { isFloat } from '../../dtype.js';
import { DTypeError } from '../../errors.js';
import type { Tensor } from '../../tensor.js';

// What the definitions of the elementwise composites are written with. An operand may be a number.

export type Value = Tensor | number | boolean;

type Unary =
  | 'abs' | 'exp' | 'expm1' | 'isnan' | 'neg' | 'tanh' | 'trunc' | 'detach'; // prettier-ignore
type Binary =
  | 'add' | 'sub' | 'mul' | 'div' | 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge' | 'logaddexp' | 'logicalAnd' | 'logicalOr'; // prettier-ignore

export function operands(inputs: readonly OpInput<Tensor>[]): Value[] {
  return inputs as readonly Value[] as Value[];
}

export function one(op: Unary, x: Value): Tensor {
  return backend.run1(op, [x], noAttrs);
}

export function two(op: Binary, a: Value, b: Value): Tensor {
  return backend.run1(op, [a, b], noAttrs);
}

export function where(condition: Tensor, a: Value, b: Value): Tensor {
  return backend.run1('where', [condition, a, b], noAttrs);
}

export function clamp(x: Value, min: number, max: number): Tensor {
  return backend.run1('clamp', [x], { min, max });
}

/** Whether an operand promotes as a float. */
export function isFloating(x: Value): boolean {
  return typeof x === 'object' ? isFloat(x.dtype) : typeof x === 'number' && !Number.isInteger(x);
}

export function wantFloats(op: OpName, ...values: Value[]): void {
  if (values.some(isFloating)) return;
  const [x] = values.filter((value): value is Tensor => typeof value === 'object');
  throw new DTypeError(`[${op}] ${x?.dtype ?? 'int64'} is not supported, wanted a floating dtype`);
}

/** A definition by comparisons and sums would take bool, which the op it defines refuses. */
export function refuseBool(op: string, values: readonly Value[]): void {
  if (values.every((x) => typeof x === 'boolean' || (typeof x === 'object' && x.dtype === 'bool'))) {
    throw new DTypeError(`[${op}] got bool, wanted numbers: cast it first`);
  }
}

import type { OpInput } from '../../backend/backend.js';
import { backend } from '../../backend/current.js';
import type { OpAttrs } from '../../backend/op-schema.gen.js';
import { DTypeError } from '../../errors.js';
import type { Tensor } from '../../tensor.js';
import { isFloating, one, operands, two, wantFloats, where, refuseBool } from './operands.js';
import type { Value } from './operands.js';

// Elementwise arithmetic in primitives.

type Inputs = readonly OpInput<Tensor>[];

/** x - trunc x */
export function frac(inputs: Inputs): Tensor[] {
  const x = operands(inputs)[0]!;
  wantFloats('frac', x);
  return [two('sub', x, one('trunc', x))];
}

const nothing = (x: Value): Tensor => two('ne', x, x);

export function isinf(inputs: Inputs): Tensor[] {
  const x = operands(inputs)[0]!;
  return [isFloating(x) ? two('eq', one('abs', x), Infinity) : nothing(x)];
}

export function isfinite(inputs: Inputs): Tensor[] {
  const x = operands(inputs)[0]!;
  return [isFloating(x) ? two('lt', one('abs', x), Infinity) : two('eq', x, x)];
}

/** NaN, infinity and -infinity replaced. */
export function nanToNum(inputs: Inputs, { posinf, neginf }: OpAttrs['nanToNum']): Tensor[] {
  const [x, nan] = operands(inputs) as [Value, Value];
  wantFloats('nanToNum', x, nan);
  const finite = where(two('eq', x, Infinity), posinf, where(two('eq', x, -Infinity), neginf, x));
  return [where(one('isnan', x), nan, finite)];
}

/** a + alpha b */
export function addScaled(inputs: Inputs, { alpha }: OpAttrs['addScaled']): Tensor[] {
  const [a, b] = operands(inputs) as [Value, Value];
  wantFloats('addScaled', a, b);
  return [two('add', a, two('mul', b, alpha))];
}

/** a where it is not less than b or b is NaN, else b. */
export function fmax(inputs: Inputs): Tensor[] {
  const [a, b] = operands(inputs) as [Value, Value];
  return [where(two('logicalOr', two('ge', a, b), one('isnan', b)), a, b)];
}

/** a where it is not more than b or b is NaN, else b. */
export function fmin(inputs: Inputs): Tensor[] {
  const [a, b] = operands(inputs) as [Value, Value];
  return [where(two('logicalOr', two('le', a, b), one('isnan', b)), a, b)];
}

/** The bound where x is below it or the bound is NaN, else x. */
export function clampMin(inputs: Inputs): Tensor[] {
  const [x, bound] = operands(inputs) as [Value, Value];
  refuseBool('clampMin', [x, bound]);
  return [where(two('logicalOr', two('lt', x, bound), one('isnan', bound)), bound, x)];
}

/** The bound where x is above it or the bound is NaN, else x. */
export function clampMax(inputs: Inputs): Tensor[] {
  const [x, bound] = operands(inputs) as [Value, Value];
  refuseBool('clampMax', [x, bound]);
  return [where(two('logicalOr', two('gt', x, bound), one('isnan', bound)), bound, x)];
}

/** 0 below 0, 1 above, `values` at 0. */
export function heaviside(inputs: Inputs): Tensor[] {
  const [x, values] = operands(inputs) as [Tensor, Tensor];
  if (x.dtype !== values.dtype) {
    throw new DTypeError(`[heaviside] operands differ in dtype: ${x.dtype} and ${values.dtype}`);
  }
  const step = backend.run1('to', [two('gt', x, 0)], { dtype: x.dtype });
  return [where(two('eq', x, 0), values, step)];
}

/** Equal, or finite and |a - b| <= atol + rtol |b|. */
export function isclose(inputs: Inputs, { rtol, atol }: OpAttrs['isclose']): Tensor[] {
  const [a, b] = operands(inputs) as [Value, Value];
  wantFloats('isclose', a, b);
  const distance = one('abs', two('sub', a, b));
  const near = two('le', distance, two('add', one('abs', two('mul', b, rtol)), atol));
  const finite = two('lt', distance, Infinity);
  return [two('logicalOr', two('eq', a, b), two('logicalAnd', finite, near))];
}

/** start + weight (end - start), from the nearer end. */
export function lerp(inputs: Inputs): Tensor[] {
  const [start, end, weight] = operands(inputs) as [Value, Value, Value];
  wantFloats('lerp', start, end);
  const step = two('sub', end, start);
  const fromStart = two('add', start, two('mul', weight, step));
  const fromEnd = two('sub', end, two('mul', step, two('sub', 1, weight)));
  return [where(two('lt', one('abs', weight), 0.5), fromStart, fromEnd)];
}

/** x + value a b */
export function addcmul(inputs: Inputs, { value }: OpAttrs['addcmul']): Tensor[] {
  const [x, a, b] = operands(inputs) as [Value, Value, Value];
  refuseBool('addcmul', [x, a, b]);
  const factor = isFloating(x) || isFloating(a) || isFloating(b) ? value : Math.trunc(value) + 0; // no -0, which is no integer
  return [two('add', x, two('mul', two('mul', a, b), factor))];
}

/** x + value a / b */
export function addcdiv(inputs: Inputs, { value }: OpAttrs['addcdiv']): Tensor[] {
  const [x, a, b] = operands(inputs) as [Value, Value, Value];
  wantFloats('addcdiv', x, a, b);
  return [two('add', x, two('div', two('mul', a, value), b))];
}

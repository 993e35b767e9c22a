import type { OpInput } from '../../backend/backend.js';
import { backend } from '../../backend/current.js';
import type { OpAttrs, OpName } from '../../backend/op-schema.gen.js';
import { noAttrs } from '../../check.js';
import type { Tensor } from '../../tensor.js';
import { wantFloats } from './operands.js';

// Sums of a function of each element, over `dims`; [] means all.

type Inputs = readonly OpInput<Tensor>[];
type OverDims = OpAttrs['sum'];

/** The input of an op that takes floats only. */
function floating(op: OpName, inputs: Inputs): Tensor {
  const [x] = inputs as [Tensor];
  wantFloats(op, x);
  return x;
}

/** Σ x, NaN as 0. */
export function nansum(inputs: Inputs, attrs: OverDims): Tensor[] {
  const x = floating('nansum', inputs);
  const numbers = backend.run1('where', [backend.run1('isnan', [x], noAttrs), 0, x], noAttrs);
  return [backend.run1('sum', [numbers], attrs)];
}

/** Σ x². */
export function squareSum(inputs: Inputs, attrs: OverDims): Tensor[] {
  return [backend.run1('sum', [backend.run1('square', [floating('squareSum', inputs)], noAttrs)], attrs)];
}

/** Σ |x|. */
export function absSum(inputs: Inputs, attrs: OverDims): Tensor[] {
  return [backend.run1('sum', [backend.run1('abs', [floating('absSum', inputs)], noAttrs)], attrs)];
}

/** How many elements are not 0. */
export function countNonzero(inputs: Inputs, attrs: OverDims): Tensor[] {
  const [x] = inputs as [Tensor];
  return [backend.run1('sum', [backend.run1('ne', [x, 0], noAttrs)], attrs)];
}

/** How many elements are not NaN. */
export function countNumbers(inputs: Inputs, attrs: OverDims): Tensor[] {
  const wrong = backend.run1('isnan', [floating('countNumbers', inputs)], noAttrs);
  return [backend.run1('sum', [backend.run1('logicalNot', [wrong], noAttrs)], attrs)];
}

/** log Σ eˣ: any m gives the same m + log Σ eˣ⁻ᵐ and gradient, so none flows through it. */
export function logsumexp(inputs: Inputs, attrs: OverDims): Tensor[] {
  const x = floating('logsumexp', inputs);
  const { dims, keepdim } = attrs;
  if (x.numel() === 0) {
    const total = backend.run1('sum', [backend.run1('exp', [x], noAttrs)], attrs);
    return [backend.run1('log', [total], noAttrs)];
  }
  const constant = backend.run1('detach', [x], noAttrs);
  const largest = backend.run1('amax', [constant], { dims, keepdim: true });
  // An infinite one would give Infinity - Infinity.
  const infinite = backend.run1('eq', [backend.run1('abs', [largest], noAttrs), Infinity], noAttrs);
  const shift = backend.run1('where', [infinite, 0, largest], noAttrs);
  const terms = backend.run1('exp', [backend.run1('sub', [x, shift], noAttrs)], noAttrs);
  const logarithm = backend.run1('log', [backend.run1('sum', [terms], attrs)], noAttrs);
  const shape = logarithm.shape;
  const added = keepdim ? shift : backend.run1('reshape', [shift], { shape, strict: false });
  return [backend.run1('add', [logarithm, added], noAttrs)];
}

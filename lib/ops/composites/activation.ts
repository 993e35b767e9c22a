import type { OpInput } from '../../backend/backend.js';
import { backend } from '../../backend/current.js';
import type { OpAttrs } from '../../backend/op-schema.gen.js';
import type { Tensor } from '../../tensor.js';
import { clamp, isFloating, one, operands, two, wantFloats, where, refuseBool } from './operands.js';
import type { Value } from './operands.js';

// Activations in primitives. A derivative at a corner is what PyTorch takes it for.

type Inputs = readonly OpInput<Tensor>[];

function floats(op: Parameters<typeof wantFloats>[0], inputs: Inputs): Value {
  const x = operands(inputs)[0]!;
  wantFloats(op, x);
  return x;
}

// Integers and bool as float32.
function asFloat(inputs: Inputs): Value {
  const x = operands(inputs)[0]!;
  return isFloating(x) ? x : backend.run1('to', [x], { dtype: 'float32' });
}

/** x above 0, negativeSlope x below. */
export function leakyRelu(inputs: Inputs, { negativeSlope }: OpAttrs['leakyRelu']): Tensor[] {
  const x = floats('leakyRelu', inputs);
  return [where(two('gt', x, 0), x, two('mul', x, negativeSlope))];
}

/** x above 0, weight x below. */
export function prelu(inputs: Inputs): Tensor[] {
  const x = floats('prelu', inputs);
  return [where(two('gt', x, 0), x, two('mul', x, operands(inputs)[1]!))];
}

/** x between the bounds; at a bound and beyond, the bound, without gradient. */
export function hardtanh(inputs: Inputs, { min, max }: OpAttrs['hardtanh']): Tensor[] {
  const x = operands(inputs)[0]!;
  const inside = two('logicalAnd', two('gt', x, min), two('lt', x, max));
  return [where(inside, x, clamp(one('detach', x), min, max))];
}

/** clamp(x + 3, 0, 6) / 6, without gradient at 0 and 1. */
export function hardsigmoid(inputs: Inputs): Tensor[] {
  const x = floats('hardsigmoid', inputs);
  const line = (value: Value): Tensor => two('div', two('add', value, 3), 6);
  return [where(two('lt', one('abs', x), 3), line(x), clamp(line(one('detach', x)), 0, 1))];
}

/** x hardsigmoid(x) */
export function hardswish(inputs: Inputs): Tensor[] {
  const x = floats('hardswish', inputs);
  return [two('mul', x, hardsigmoid(inputs)[0]!)];
}

/** 0 within lambd, x outside. */
export function hardshrink(inputs: Inputs, { lambd }: OpAttrs['hardshrink']): Tensor[] {
  const x = floats('hardshrink', inputs);
  return [where(two('le', one('abs', x), lambd), 0, x)];
}

/** x moved towards 0 by lambd. */
export function softshrink(inputs: Inputs, { lambd }: OpAttrs['softshrink']): Tensor[] {
  const x = floats('softshrink', inputs);
  const below = where(two('lt', x, -lambd), two('add', x, lambd), two('mul', x, 0));
  return [where(two('gt', x, lambd), two('sub', x, lambd), below)];
}

/** x / (1 + |x|) */
export function softsign(inputs: Inputs): Tensor[] {
  const x = asFloat(inputs);
  return [two('div', x, two('add', one('abs', x), 1))];
}

/** x - tanh x */
export function tanhshrink(inputs: Inputs): Tensor[] {
  const x = asFloat(inputs);
  return [two('sub', x, one('tanh', x))];
}

/** x above the threshold, else the value. */
export function threshold(inputs: Inputs, attrs: OpAttrs['threshold']): Tensor[] {
  const x = operands(inputs)[0]!;
  refuseBool('threshold', [x]);
  const whole = !isFloating(x);
  const value = whole ? Math.trunc(attrs.value) : attrs.value;
  const limit = whole ? Math.trunc(attrs.threshold) : attrs.threshold;
  return [where(two('le', x, limit), value, x)];
}

/** x above 0, alpha (e^(inputScale x) - 1) below. */
export function elu(inputs: Inputs, { alpha, inputScale }: OpAttrs['elu']): Tensor[] {
  const x = floats('elu', inputs);
  // Above 0 the exponential is not wanted, and must not overflow.
  const below = one('expm1', two('mul', clamp(x, -Infinity, 0), inputScale));
  return [where(two('le', x, 0), two('mul', below, alpha), x)];
}

/** elu with the constants that keep mean and variance. */
export function selu(inputs: Inputs): Tensor[] {
  floats('selu', inputs);
  const y = elu(inputs, { alpha: 1.6732632423543772848, inputScale: 1 })[0]!;
  return [two('mul', y, 1.0507009873554804934)];
}

/** log(1 + e^(beta x)) / beta, and x where beta x is above the threshold. */
export function softplus(inputs: Inputs, { beta, threshold: limit }: OpAttrs['softplus']): Tensor[] {
  const x = floats('softplus', inputs);
  const scaled = two('mul', x, beta);
  return [where(two('gt', scaled, limit), x, two('div', two('logaddexp', scaled, 0), beta))];
}

/** -log(1 + e^-x) */
export function logsigmoid(inputs: Inputs): Tensor[] {
  const x = floats('logsigmoid', inputs);
  return [one('neg', two('logaddexp', one('neg', x), 0))];
}

/** x tanh(log(1 + e^x)) */
export function mish(inputs: Inputs): Tensor[] {
  const x = floats('mish', inputs);
  return [two('mul', x, one('tanh', two('logaddexp', x, 0)))];
}

import {
  checkFlag,
  checkInt,
  checkListLength,
  checkOptions,
  checkRange,
  checkTensor,
  shapeText,
} from '../../check.js';
import { isFloat } from '../../dtype.js';
import { DTypeError, ShapeError, ValueError } from '../../errors.js';
import { noGrad } from '../../grad-mode.js';
import { add, mul, pow, sub } from '../../ops/binary.js';
import { to } from '../../ops/convert.js';
import { tensor } from '../../ops/from-data.js';
import { cat, stack } from '../../ops/join.js';
import { arange } from '../../ops/ranges.js';

import { cos, sin } from '../../ops/unary.js';
import { flatten, narrow, select, unflatten, unsqueeze } from '../../ops/view.js';
import { scoped } from '../../scope.js';
import type { Tensor } from '../../tensor.js';
import { Module } from '../module.js';
import { checkSize, readOptions } from '../options.js';

export interface PositionCall {
  /**
   * The position of the first place: what a {@link KVCache} holds already; with `maxLength` its `keyLength`, a 0-dim tensor of
   * an integer dtype. Default 0.
   */
  offset?: number | Tensor;
}

function checkPlaces(
  name: string,
  x: Tensor,
  width: number,
  options: PositionCall,
  wider = false,
): number | Tensor {
  checkTensor(name, 'x', x);
  if (!isFloat(x.dtype)) throw new DTypeError(`[${name}] x is ${x.dtype}, wanted a floating dtype`);
  checkOptions(name, options, ['offset']);
  const { offset = 0 } = options;
  if (typeof offset === 'object') {
    checkTensor(name, 'offset', offset);
    if (isFloat(offset.dtype) || offset.dtype === 'bool')
      throw new DTypeError(`[${name}] offset is ${offset.dtype}, wanted a tensor of an integer dtype`);
    if (offset.ndim !== 0)
      throw new ShapeError(`[${name}] offset is ${shapeText(offset.shape)}, wanted a 0-dim tensor`);
  } else {
    checkInt(name, 'offset', offset);
    if (offset < 0) throw new ValueError(`[${name}] offset: got ${offset}, wanted at least 0`);
  }
  const got = x.shape.at(-1) ?? 0;
  if (x.ndim < 2 || (wider ? got < width : got !== width)) {
    const wanted = `[..., L, ${width}${wider ? ' or more' : ''}]`;
    throw new ShapeError(`[${name}] x is ${shapeText(x.shape)}, wanted ${wanted}`);
  }
  return offset;
}

/** position / base^(2 i / width) for i below width / 2: [count, width / 2]. */
function angles(offset: number | Tensor, count: number, width: number, base: number, scale = 1): Tensor {
  const positions = mul(add(arange(count, { dtype: 'float64' }), offset), scale);
  const exponents = arange(0, width, { step: 2, dtype: 'float64' });
  const rates = pow(tensor(base, { dtype: 'float64' }), mul(exponents, -1 / width));
  return mul(unsqueeze(positions, 1), rates);
}

function checkEven(name: string, field: string, value: number): void {
  checkSize(name, field, value);
  if (value % 2 !== 0) throw new ValueError(`[${name}] ${field}: got ${value}, wanted an even number`);
}

export interface SinusoidalPositionsOptions {
  /** The longest wave is 2 pi times this. Default 10000. */
  base?: number;
}

/**
 * Adds waves that tell places apart: sin(p / base^(2 i / E)) to feature 2 i and cos(p / base^(2 i / E)) to feature 2 i + 1 of
 * place p (Vaswani et al., 2017). Nothing is learnt.
 *
 * x: [..., L, E]; gives its shape.
 * @throws ValueError for an odd number of features.
 * @throws DTypeError from `forward`, for an offset that is no integer.
 * @throws ShapeError from `forward`, for another number of features.
 * @example
 * import { nn, zeros } from 'lanegrad';
 * const positions = new nn.SinusoidalPositionalEncoding(2);
 * positions.forward(zeros([2, 2])).tolist(); // => [[0, 1], [0.8414709568023682, 0.5403022766113281]]
 */
export class SinusoidalPositionalEncoding extends Module<[x: Tensor, options?: PositionCall]> {
  readonly base: number;

  constructor(
    readonly dModel: number,
    options: SinusoidalPositionsOptions = {},
  ) {
    super();
    checkEven('SinusoidalPositionalEncoding', 'dModel', dModel);
    const { base } = readOptions('SinusoidalPositionalEncoding', options, { base: 10_000 });
    checkRange('SinusoidalPositionalEncoding', 'base', base, 1, Infinity);
    this.base = base;
  }

  forward(x: Tensor, options: PositionCall = {}): Tensor {
    const offset = checkPlaces('SinusoidalPositionalEncoding', x, this.dModel, options);
    return scoped(() => {
      const waves = noGrad(() => {
        const at = angles(offset, x.shape.at(-2)!, this.dModel, this.base);
        return to(flatten(stack([sin(at), cos(at)], -1), -2), x.dtype);
      });
      return add(x, waves);
    });
  }
}

export interface RotaryOptions {
  /** Of the slowest rotation. Default 10000. */
  base?: number;
  /** Multiplies the positions. Default 1. */
  scale?: number;
  /** Whether neighbours (2 i, 2 i + 1) make a pair, not features i and i + D / 2. Default false. */
  interleaved?: boolean;
}

/**
 * Rotates pairs of features by an angle that grows with the place, so that products of queries and keys depend on how far apart
 * they are: a pair (a, b) of place p becomes (a cos t - b sin t, a sin t + b cos t), t = scale p / base^(2 i / D) (Su et al.,
 * 2021). Features from D on stay as they are.
 *
 * x: [..., L, E], E at least D; gives its shape.
 * @throws ValueError for an odd D.
 * @throws DTypeError from `forward`, for an offset that is no integer.
 * @throws ShapeError from `forward`, for fewer features.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * const rope = new nn.RoPE(2);
 * rope.forward(tensor([[1, 0], [1.5, 0]]), { offset: 0 }).tolist()[0]; // => [1, 0]
 */
export class RoPE extends Module<[x: Tensor, options?: PositionCall]> {
  readonly base: number;
  readonly scale: number;
  readonly interleaved: boolean;

  constructor(
    readonly dims: number,
    options: RotaryOptions = {},
  ) {
    super();
    checkEven('RoPE', 'dims', dims);
    const settings = readOptions('RoPE', options, { base: 10_000, scale: 1, interleaved: false });
    checkRange('RoPE', 'base', settings.base, 1, Infinity);
    this.base = settings.base;
    this.scale = settings.scale;
    this.interleaved = checkFlag('RoPE', 'interleaved', settings.interleaved);
  }

  forward(x: Tensor, options: PositionCall = {}): Tensor {
    const { dims } = this;
    const offset = checkPlaces('RoPE', x, dims, options, true);
    const width = x.shape.at(-1)!;
    return scoped(() => {
      const [c, s] = noGrad(() => {
        const at = angles(offset, x.shape.at(-2)!, dims, this.base, this.scale);
        return [to(cos(at), x.dtype), to(sin(at), x.dtype)] as const;
      });
      const turned = width === dims ? x : narrow(x, -1, 0, dims);
      const pairs = unflatten(turned, -1, this.interleaved ? [dims / 2, 2] : [2, dims / 2]);
      const dim = this.interleaved ? -1 : -2;
      const [a, b] = [select(pairs, dim, 0), select(pairs, dim, 1)];
      const rotated = flatten(stack([sub(mul(a, c), mul(b, s)), add(mul(a, s), mul(b, c))], dim), -2);
      return width === dims ? rotated : cat([rotated, narrow(x, -1, dims, width - dims)], -1);
    });
  }
}

/**
 * What ALiBi adds to the scores of attention in place of positions: -2^(-8 (h + 1) / H) |i - j| for head h, place i of the
 * queries and j of the keys, the last query standing at the last key (Press, Smith and Lewis, 2022). Use it as `attnMask`.
 *
 * Gives [numHeads, queries, keys], float32.
 * @throws ValueError for sizes below 1, or more queries than keys.
 * @example
 * import { nn } from 'lanegrad';
 * nn.alibi(1, 2, 2).mul(256).tolist(); // => [[[0, -1], [-1, 0]]]
 */
export function alibi(numHeads: number, queries: number, keys: number): Tensor {
  checkSize('alibi', 'numHeads', numHeads);
  checkSize('alibi', 'queries', queries);
  checkSize('alibi', 'keys', keys);
  checkListLength('alibi', numHeads);
  if (queries > keys) throw new ValueError(`[alibi] queries: got ${queries}, wanted at most keys, ${keys}`);
  return scoped(() => {
    const at = unsqueeze(arange(keys - queries, keys, { dtype: 'float32' }), 1);
    const distance = sub(at, arange(0, keys, { dtype: 'float32' })).abs();
    const slopes = Array.from({ length: numHeads }, (_, h) => -(2 ** ((-8 * (h + 1)) / numHeads)));
    return mul(unsqueeze(unsqueeze(tensor(slopes), 1), 2), distance);
  });
}

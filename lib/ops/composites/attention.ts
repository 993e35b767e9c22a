import type { OpInput } from '../../backend/backend.js';
import { backend } from '../../backend/current.js';
import type { OpAttrs } from '../../backend/op-schema.gen.js';
import { noAttrs } from '../../check.js';
import { ValueError } from '../../errors.js';
import type { Tensor } from '../../tensor.js';
import { detach } from '../convert.js';
import { arange } from '../ranges.js';
import { expand, narrow, reshape, transpose, unsqueeze } from '../view.js';
import { dropout } from './dropout.js';
import { two, where } from './operands.js';

/** Each head `times` over, one copy behind the other: [..., H, S, E] to [..., H times, S, E]. */
export function repeatHeads(x: Tensor, times: number): Tensor {
  if (times === 1) return x;
  const shape = x.shape;
  const front = shape.slice(0, -3);
  const [heads, ...rest] = shape.slice(-3) as [number, number, number];
  const copies = expand(unsqueeze(x, -3), [...front, heads, times, ...rest]);
  return reshape(copies, [...front, heads * times, ...rest]);
}

/** scores where a bool mask is true, else -Infinity; a floating mask is added. */
export function masked(scores: Tensor, mask: Tensor): Tensor {
  return mask.dtype === 'bool' ? where(mask, scores, -Infinity) : two('add', scores, mask);
}

const largest = (x: Tensor): Tensor => backend.run1('amax', [x], { dims: [-1], keepdim: true });
const softmax = (x: Tensor): Tensor => backend.run1('softmax', [x], { dim: -1 });

/** Softmax of the scores; with a mask, all 0 where nothing is seen. And log Σ exp of them. */
function weigh(scores: Tensor, masked: boolean): readonly [Tensor, Tensor] {
  const rows = scores.shape.slice(0, -1);
  if (scores.numel() === 0) {
    return [scores, backend.run1('full', [], { shape: rows, value: -Infinity, dtype: scores.dtype })];
  }
  const peak = largest(detach(scores));
  const blind = masked ? two('eq', peak, -Infinity) : null;
  const weights = blind ? where(blind, 0, softmax(where(blind, 0, scores))) : softmax(scores);
  // The largest weight is that of the largest score.
  const top = backend.run1('log', [largest(detach(weights))], noAttrs);
  const sums = two('sub', peak, blind ? where(blind, 0, top) : top);
  return [weights, reshape(sums, rows)];
}

/**
 * softmax(query keyᵀ scale + mask) value. Vaswani et al., 2017; query: [..., L, E], key: [..., S, E], value: [..., S, Ev],
 * of which key and value may have fewer heads. Gives out, [..., L, Ev], and log Σ exp of the scores, [..., L].
 */
export function scaledDotProductAttention(
  inputs: readonly OpInput<Tensor>[],
  attrs: OpAttrs['scaledDotProductAttention'],
): Tensor[] {
  const [query, key, value, mask, counter] = inputs as [Tensor, Tensor, Tensor, Tensor | null, Tensor | null];
  const shared = query.shape.length < 3 ? 1 : query.shape.at(-3)! / (key.shape.at(-3)! || 1) || 1;
  const keys = transpose(repeatHeads(key, shared), -2, -1);
  let scores = backend.run1('matmul', [two('mul', query, attrs.scale), keys], noAttrs);
  if (attrs.isCausal) {
    const [queries, places] = scores.shape.slice(-2) as [number, number];
    scores = where(two('le', arange(places), unsqueeze(arange(queries), 1)), scores, -Infinity);
  }
  if (mask) scores = masked(scores, mask);
  const [weights, sums] = weigh(scores, mask !== null);
  const kept =
    counter && attrs.dropoutP > 0 ? dropout([weights, counter], { p: attrs.dropoutP })[0]! : weights;
  return [backend.run1('matmul', [kept, repeatHeads(value, shared)], noAttrs), sums];
}

/**
 * softmax(query keyᵀ scale + mask) value on the first keyLength keys, of which the last query stands at the last; the others are
 * as if they were not there. Gives out, [..., L, Ev], and log Σ exp of the scores, [..., L].
 */
export function prefixAttention(
  inputs: readonly OpInput<Tensor>[],
  attrs: OpAttrs['prefixAttention'],
): Tensor[] {
  const [query, key, value, given, keyLength] = inputs as [Tensor, Tensor, Tensor, Tensor | null, Tensor];
  const [length, most] = [Number(backend.read(keyLength)[0]), key.shape.at(-2)!];
  if (length < 0 || length > most) {
    throw new ValueError(`[prefixAttention] keyLength is ${length}, wanted one from 0 to the ${most} keys`);
  }
  let mask = given !== null && given.shape.at(-1) !== 1 ? narrow(given, -1, 0, length) : given;
  if (attrs.isCausal) {
    const queries = query.shape.at(-2)!;
    const last = unsqueeze(arange(length - queries, length), 1);
    const seen = two('le', arange(length), last);
    mask =
      mask === null
        ? seen
        : mask.dtype === 'bool'
          ? two('logicalAnd', mask, seen)
          : where(seen, mask, -Infinity);
  }
  return scaledDotProductAttention(
    [query, narrow(key, -2, 0, length), narrow(value, -2, 0, length), mask, null],
    { isCausal: false, scale: attrs.scale, dropoutP: 0 },
  );
}

import { autocasting, inScopeDType } from '../autocast-policy.js';
import { backend } from '../backend/current.js';
import {
  checkFlag,
  checkInt,
  checkNumber,
  checkOptions,
  checkRange,
  checkTensor,
  product,
  shapeText,
} from '../check.js';
import { isFloat } from '../dtype.js';
import { DTypeError, ShapeError, ValueError } from '../errors.js';
import { nextCounter } from '../generator.js';
import { isGradEnabled } from '../grad-mode.js';
import { scoped } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { add, mul, where } from './binary.js';
import { commonShape } from './broadcast.js';
import { runComposite } from './composite.js';
import {
  masked,
  prefixAttention as prefixDefinition,
  repeatHeads,
  scaledDotProductAttention as definition,
} from './composites/attention.js';
import { to } from './convert.js';
import { zeros } from './creation.js';
import { dropout } from './dropout.js';
import { mergeHeads, splitHeads } from './heads.js';
import { cat, chunk } from './join.js';
import { linear, matmul } from './matmul.js';
import { blocksFor } from './random.js';
import { mean, softmax } from './reduction.js';
import { expand, reshape, squeeze, transpose, unsqueeze } from './view.js';

export interface AttentionOptions {
  /** Broadcasts to [..., L, S]: bool, true where a key is seen, or floating, added to the scores. Default none. */
  attnMask?: Tensor | null;
  /** Probability of dropping a weight. Default 0. */
  dropoutP?: number;
  /** Whether query i sees keys 0 to i only. Default false. */
  isCausal?: boolean;
  /** Multiplies the scores. Default 1 / sqrt(E). */
  scale?: number | null;
  /**
   * 0-dim, int64: how many keys are there, from the first on; the others, such as the free places of a cache, are not read. With
   * isCausal the last query stands at the last of them. Default all of them.
   */
  keyLength?: Tensor | null;
  /** Whether key and value may have fewer heads, each shared by as many queries' heads. Default false. */
  enableGqa?: boolean;
}

function checkMask(op: string, mask: Tensor, query: Tensor, wanted: readonly number[]): void {
  const shape = mask.shape;
  const fits = shape.every((size, i) => size === 1 || size === wanted[wanted.length - shape.length + i]);
  if (shape.length > wanted.length || !fits) {
    throw new ShapeError(
      `[${op}] attnMask is ${shapeText(shape)}, wanted one that broadcasts to ${shapeText(wanted)}`,
    );
  }
  if (!['bool', 'float32', query.dtype].includes(mask.dtype)) {
    throw new DTypeError(
      `[${op}] attnMask is ${mask.dtype}, wanted bool, float32 or that of query, ${query.dtype}`,
    );
  }
}

function checkOperands(op: string, query: Tensor, key: Tensor, value: Tensor): void {
  const least = Math.min(query.ndim, key.ndim, value.ndim);
  if (least < 2 || query.shape.at(-1) !== key.shape.at(-1) || key.shape.at(-2) !== value.shape.at(-2)) {
    throw new ShapeError(
      `[${op}] got query ${shapeText(query.shape)}, key ${shapeText(key.shape)}, value ${shapeText(value.shape)}, ` +
        'wanted [..., L, E], [..., S, E] and [..., S, Ev]',
    );
  }
  if (!isFloat(query.dtype) || key.dtype !== query.dtype || value.dtype !== query.dtype) {
    throw new DTypeError(
      `[${op}] got query ${query.dtype}, key ${key.dtype}, value ${value.dtype}, wanted one floating dtype`,
    );
  }
}

/** x with the dims `front` before its last `own` ones. */
function behind(x: Tensor, front: readonly number[], own: number): Tensor {
  const shape = x.shape;
  const fits = shape.length === front.length + own && front.every((size, i) => size === shape[i]);
  return fits ? x : expand(x, [...front, ...shape.slice(shape.length - own)]);
}

/** The three with the same dims before the last two; with shared heads, key and value may have fewer of those. */
function aligned(op: string, operands: readonly Tensor[], shareHeads: boolean): readonly Tensor[] {
  const own = shareHeads ? 3 : 2;
  const front = commonShape(
    op,
    operands.map((x) => x.shape.slice(0, -own)),
  );
  return operands.map((x) => behind(x, front, own));
}

function shared(op: string, query: Tensor, key: Tensor, value: Tensor): readonly Tensor[] {
  const heads = (x: Tensor): number => (x.ndim < 3 ? 0 : x.shape.at(-3)!);
  const [wanted, keys, values] = [heads(query), heads(key), heads(value)];
  if (keys === 0 || values === 0 || wanted % keys !== 0 || wanted % values !== 0) {
    throw new ShapeError(
      `[${op}] got ${wanted} heads of query, ${keys} of key and ${values} of value, wanted divisors of those of query`,
    );
  }
  if (keys === values) return [query, key, value];
  return [query, repeatHeads(key, wanted / keys), repeatHeads(value, wanted / values)];
}

function checkKeyLength(op: string, keyLength: Tensor, dropoutP: number): void {
  checkTensor(op, 'keyLength', keyLength);
  if (keyLength.dtype !== 'int64' || keyLength.ndim !== 0) {
    throw new ValueError(
      `[${op}] keyLength is ${keyLength.dtype} ${shapeText(keyLength.shape)}, wanted a 0-dim int64 tensor`,
    );
  }
  if (dropoutP > 0)
    throw new ValueError(`[${op}] got keyLength with dropoutP ${dropoutP}, wanted one of them`);
}

/** The ops in one piece give no gradient of the mask. */
function wantsGradient(mask: Tensor | null): boolean {
  return mask !== null && backend.requiresGrad(mask) && isGradEnabled();
}

function prefix(
  inputs: readonly [Tensor, Tensor, Tensor, mask: Tensor | null, keyLength: Tensor],
  { isCausal, scale }: { isCausal: boolean; scale: number },
): Tensor {
  const attrs = { isCausal, scale };
  return wantsGradient(inputs[3])
    ? prefixDefinition(inputs, attrs)[0]!
    : runComposite('prefixAttention', inputs, attrs)[0]!;
}

/**
 * softmax(query keyᵀ scale + mask) value. Vaswani et al., 2017. query: [..., L, E], key: [..., S, E], value: [..., S, Ev],
 * floating; the leading dims broadcast. A query that sees no key gives 0. The scores, [..., L, S], are never in memory as a
 * whole, unless the mask needs a gradient or gradients of gradients are taken.
 *
 * @throws ShapeError if the shapes do not fit.
 * @throws DTypeError unless the three are of one floating dtype, and attnMask of that, bool or float32.
 * @throws ValueError for attnMask together with isCausal (but for a keyLength), keyLength together with dropoutP, or a dropoutP outside [0, 1]; for a
 * keyLength that is no 0-dim int64 tensor, or more than S.
 * @throws RecordingError if gradients are taken through a keyLength in a compiled function.
 * @example
 * import { F, ones, tensor } from 'lanegrad';
 * const value = tensor([[1.5], [4.5]]);
 * F.scaledDotProductAttention(ones([2, 3]), ones([2, 3]), value, { isCausal: true }).tolist(); // => [[1.5], [3]]
 */
export function scaledDotProductAttention(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  options: AttentionOptions = {},
): Tensor {
  if (autocasting()) return inScopeDType(scaledDotProductAttention, query, key, value, options);
  const op = 'scaledDotProductAttention';
  checkTensor(op, 'query', query);
  checkTensor(op, 'key', key);
  checkTensor(op, 'value', value);
  checkOptions(op, options);
  const { attnMask = null, dropoutP = 0, scale = null, keyLength = null } = options;
  const isCausal = checkFlag(op, 'isCausal', options.isCausal);
  const enableGqa = checkFlag(op, 'enableGqa', options.enableGqa);
  checkRange(op, 'dropoutP', dropoutP, 0, 1);
  if (scale !== null) checkNumber(op, 'scale', scale);
  if (attnMask !== null) checkTensor(op, 'attnMask', attnMask);
  if (attnMask !== null && isCausal && keyLength === null)
    throw new ValueError(`[${op}] got attnMask with isCausal, wanted one of them`);
  if (keyLength !== null) checkKeyLength(op, keyLength, dropoutP);
  checkOperands(op, query, key, value);
  const attrs = { isCausal, scale: scale ?? 1 / Math.sqrt(query.shape.at(-1)! || 1), dropoutP };
  return scoped(() => {
    const operands = enableGqa ? shared(op, query, key, value) : [query, key, value];
    const [q, k, v] = aligned(op, operands, enableGqa) as [Tensor, Tensor, Tensor];
    const scores = [...q.shape.slice(0, -1), k.shape.at(-2)!];
    let mask = attnMask;
    if (mask !== null) {
      checkMask(op, mask, q, scores);
      if (mask.dtype !== 'bool') mask = to(mask, q.dtype);
    }
    if (keyLength !== null) return prefix([q, k, v, mask, keyLength], attrs);
    const counter = dropoutP > 0 ? nextCounter(blocksFor(product(scores), 'float32')) : null;
    const inputs = [q, k, v, mask, counter];
    return wantsGradient(mask)
      ? definition(inputs, attrs)[0]!
      : runComposite('scaledDotProductAttention', inputs, attrs)[0]!;
  });
}

export interface MultiHeadAttentionOptions {
  /** E, to be checked against query. */
  embedDimToCheck: number;
  numHeads: number;
  /** [3 E, E]: the projections of query, key and value; null with useSeparateProjWeight. */
  inProjWeight: Tensor | null;
  /** [3 E] */
  inProjBias?: Tensor | null;
  /** [1, 1, E], joined to the projected keys. */
  biasK?: Tensor | null;
  /** [1, 1, E], joined to the projected values. */
  biasV?: Tensor | null;
  /** Whether a key and a value of zeros are joined. Default false. */
  addZeroAttn?: boolean;
  /** Probability of dropping a weight. Default 0. */
  dropoutP?: number;
  /** [E, E] */
  outProjWeight: Tensor;
  /** [E] */
  outProjBias?: Tensor | null;
  /** Whether to drop. Default true. */
  training?: boolean;
  /** [N, S] or [S]: true where a key is not seen, or floating, added to the scores. */
  keyPaddingMask?: Tensor | null;
  /** Whether the weights are wanted. Default true. */
  needWeights?: boolean;
  /** [L, S] or [N numHeads, L, S]: true where a key is not seen, or floating, added to the scores. */
  attnMask?: Tensor | null;
  useSeparateProjWeight?: boolean;
  /** [E, E] */
  qProjWeight?: Tensor | null;
  /** [E, Ek] */
  kProjWeight?: Tensor | null;
  /** [E, Ev] */
  vProjWeight?: Tensor | null;
  /** [N numHeads, S, E / numHeads], instead of the projected keys. */
  staticK?: Tensor | null;
  /** [N numHeads, S, E / numHeads], instead of the projected values. */
  staticV?: Tensor | null;
  /** Whether the weights are the mean over the heads. Default true. */
  averageAttnWeights?: boolean;
  /** Says that attnMask is the causal one; a hint, as in PyTorch. */
  isCausal?: boolean;
}

/** A mask as what is added to scores. A bool one of PyTorch's modules is true where a key is not seen. */
function additive(mask: Tensor, like: Tensor): Tensor {
  return mask.dtype === 'bool' ? where(mask, -Infinity, zeros(mask.shape, { dtype: like.dtype })) : mask;
}

function projections(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  options: MultiHeadAttentionOptions,
): readonly [Tensor, Tensor, Tensor] {
  const op = 'multiHeadAttentionForward';
  const separate = checkFlag(op, 'useSeparateProjWeight', options.useSeparateProjWeight);
  const weights = separate
    ? [options.qProjWeight, options.kProjWeight, options.vProjWeight]
    : options.inProjWeight && chunk(options.inProjWeight, 3, 0);
  const [q, k, v] = weights ?? [];
  if (!q || !k || !v) {
    throw new ValueError(
      `[${op}] wanted ${separate ? 'qProjWeight, kProjWeight and vProjWeight' : 'inProjWeight'}`,
    );
  }
  const [qBias, kBias, vBias] = options.inProjBias ? chunk(options.inProjBias, 3, 0) : [];
  return [linear(query, q, qBias), linear(key, k, kBias), linear(value, v, vBias)];
}

/** x with `row`, [..., E] of one place, behind its places: [S, N, E] to [S + 1, N, E]. */
function withPlace(x: Tensor, row: Tensor): Tensor {
  const [, samples, width] = x.shape as [number, number, number];
  return cat([x, expand(reshape(row, [1, 1, width]), [1, samples, width])], 0);
}

/** A mask with `count` places more that are seen. */
function widened(mask: Tensor, count: number): Tensor {
  return count === 0
    ? mask
    : cat([mask, zeros([...mask.shape.slice(0, -1), count], { dtype: mask.dtype })], -1);
}

/**
 * Multi-head attention with its projections, what `nn.MultiheadAttention` computes. Vaswani et al., 2017. query: [L, N, E],
 * key and value: [S, N, E], or each without N. Gives the output, [L, N, E], and the weights, [N, L, S] (per head:
 * [N, numHeads, L, S]), or null where they are not wanted.
 *
 * @throws ShapeError if the shapes do not fit.
 * @throws ValueError if numHeads does not divide E, or a projection is missing.
 * @example
 * import { F, eye, ones } from 'lanegrad';
 * const x = ones([3, 1, 2]);
 * const inProjWeight = ones([6, 2]);
 * const options = { embedDimToCheck: 2, numHeads: 2, inProjWeight, outProjWeight: eye(2) };
 * const [output, weights] = F.multiHeadAttentionForward(x, x, x, options);
 * output.shape; // => [3, 1, 2]
 * weights?.shape; // => [1, 3, 3]
 */
export function multiHeadAttentionForward(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  options: MultiHeadAttentionOptions,
): [Tensor, Tensor | null] {
  const op = 'multiHeadAttentionForward';
  checkTensor(op, 'query', query);
  checkTensor(op, 'key', key);
  checkTensor(op, 'value', value);
  checkOptions(op, options);
  checkInt(op, 'numHeads', options.numHeads);
  checkTensor(op, 'outProjWeight', options.outProjWeight);
  const width = query.shape.at(-1);
  if (![2, 3].includes(query.ndim) || key.ndim !== query.ndim || value.ndim !== query.ndim) {
    throw new ShapeError(
      `[${op}] got query ${shapeText(query.shape)}, key ${shapeText(key.shape)}, value ${shapeText(value.shape)}, ` +
        'wanted [L, N, E], [S, N, E] and [S, N, E], or each without N',
    );
  }
  if (width !== options.embedDimToCheck) {
    throw new ShapeError(
      `[${op}] query is ${shapeText(query.shape)}, wanted E to be ${options.embedDimToCheck}`,
    );
  }
  if (options.numHeads < 1 || width % options.numHeads !== 0) {
    throw new ValueError(`[${op}] numHeads: got ${options.numHeads}, wanted a divisor of ${width}`);
  }
  return scoped(() => {
    if (query.ndim === 3) return attendHeads(query, key, value, options);
    const batch = (x: Tensor): Tensor => unsqueeze(x, 1);
    const { keyPaddingMask = null } = options;
    const padding = keyPaddingMask && unsqueeze(keyPaddingMask, 0);
    const [out, weights] = attendHeads(batch(query), batch(key), batch(value), {
      ...options,
      keyPaddingMask: padding,
    });
    return [squeeze(out, 1), weights && squeeze(weights, 0)];
  });
}

/** What is added to scores of [N, H, L, S], or null. */
function maskOf(
  options: MultiHeadAttentionOptions,
  like: Tensor,
  samples: number,
  joined: number,
): Tensor | null {
  const { attnMask = null, keyPaddingMask = null, numHeads } = options;
  let mask: Tensor | null = null;
  if (attnMask !== null) {
    const wide = widened(additive(attnMask, like), joined);
    mask = wide.ndim === 3 ? reshape(wide, [samples, numHeads, ...wide.shape.slice(1)]) : wide;
  }
  if (keyPaddingMask !== null) {
    const wide = widened(additive(keyPaddingMask, like), joined);
    const padding = reshape(wide, [samples, 1, 1, wide.shape.at(-1)!]);
    mask = mask === null ? padding : add(mask, padding);
  }
  return mask;
}

function attendHeads(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  options: MultiHeadAttentionOptions,
): [Tensor, Tensor | null] {
  const op = 'multiHeadAttentionForward';
  const { numHeads, staticK = null, staticV = null, dropoutP = 0, training = true } = options;
  const [, samples, width] = query.shape as [number, number, number];
  const size = width / numHeads;
  let [q, k, v] = projections(query, key, value, options);
  let joined = 0;
  if (options.biasK && options.biasV) {
    k = withPlace(k, options.biasK);
    v = withPlace(v, options.biasV);
    joined += 1;
  }
  const split = (x: Tensor): Tensor => splitHeads(x, [1, numHeads, size], false)[0]!;
  const fixed = (x: Tensor): Tensor => reshape(x, [samples, numHeads, ...x.shape.slice(-2)]);
  q = split(q);
  k = staticK ? fixed(staticK) : split(k);
  v = staticV ? fixed(staticV) : split(v);
  if (checkFlag(op, 'addZeroAttn', options.addZeroAttn)) {
    const nothing = zeros([samples, numHeads, 1, size], { dtype: k.dtype });
    k = cat([k, nothing], 2);
    v = cat([v, nothing], 2);
    joined += 1;
  }
  const mask = maskOf(options, q, samples, joined);
  const p = training ? dropoutP : 0;
  const merge = (x: Tensor): Tensor =>
    linear(mergeHeads(x, false), options.outProjWeight, options.outProjBias);
  if (options.needWeights === false) {
    return [merge(scaledDotProductAttention(q, k, v, { attnMask: mask, dropoutP: p })), null];
  }
  const products = matmul(mul(q, 1 / Math.sqrt(size)), transpose(k, -2, -1));
  if (mask) checkMask(op, mask, q, products.shape);
  const weights = dropout(softmax(mask ? masked(products, mask) : products, -1), { p });
  return [
    merge(matmul(weights, v)),
    options.averageAttnWeights === false ? weights : mean(weights, { dim: 1 }),
  ];
}

import { checkFlag, checkOptions, checkRange, checkTensor, product, shapeText } from '../../check.js';
import { isFloat } from '../../dtype.js';
import { DTypeError, ShapeError, ValueError } from '../../errors.js';
import { multiHeadAttentionForward, scaledDotProductAttention } from '../../ops/attention.js';
import { add, ge, where } from '../../ops/binary.js';
import { zeros } from '../../ops/creation.js';
import { mergeHeads, splitHeads } from '../../ops/heads.js';
import { chunk } from '../../ops/join.js';
import { logicalAnd } from '../../ops/logic.js';
import { linear } from '../../ops/matmul.js';
import { arange } from '../../ops/ranges.js';
import { logicalNot } from '../../ops/unary.js';
import { reshape, squeeze, transpose, unsqueeze } from '../../ops/view.js';
import { scoped } from '../../scope.js';
import type { Tensor } from '../../tensor.js';
import { xavierNormal_, xavierUniform_, zeros_ } from '../init.js';
import { Linear } from '../linear.js';
import { Module } from '../module.js';
import type { LayerShapes } from '../module.js';
import { checkSize, layerDType, readOptions } from '../options.js';
import type { LayerOptions } from '../options.js';
import { parameter } from '../parameter.js';
import type { Parameter } from '../parameter.js';
import type { KVCache } from './kv-cache.js';
import { noteParameters } from '../parameter-fields.js';

export interface MultiheadAttentionOptions extends LayerOptions {
  /** Probability of dropping a weight, in training. Default 0. */
  dropout?: number;
  /** Whether the projections have biases. Default true. */
  bias?: boolean;
  /** Whether a learnt place is joined to keys and values. Default false. */
  addBiasKv?: boolean;
  /** Whether a place of zeros is joined to keys and values. Default false. */
  addZeroAttn?: boolean;
  /** Features of the keys. Default embedDim. */
  kdim?: number;
  /** Features of the values. Default embedDim. */
  vdim?: number;
  /** Whether inputs are [N, L, E] and not [L, N, E]. Default false. */
  batchFirst?: boolean;
}

export interface AttendOptions {
  /** [N, S], or [S] without N: true where a key is not seen, or floating, added to the scores. Default none. */
  keyPaddingMask?: Tensor | null;
  /** Whether the weights are wanted; without them no L x S matrix is made. Default true. */
  needWeights?: boolean;
  /** [L, S] or [N numHeads, L, S]: true where a key is not seen, or floating, added to the scores. Default none. */
  attnMask?: Tensor | null;
  /** Whether the weights are the mean over the heads. Default true. */
  averageAttnWeights?: boolean;
  /** Whether a query sees no key behind its own place; with attnMask only that counts. Default false. */
  isCausal?: boolean;
  /** Keys and values of earlier places, to which these are appended; with `needWeights: false` only. Default none. */
  cache?: KVCache | null;
}

const attendNames = [
  'keyPaddingMask',
  'needWeights',
  'attnMask',
  'averageAttnWeights',
  'isCausal',
  'cache',
] as const;

const stateNames: Readonly<Record<string, string | undefined>> = {
  inProjWeight: 'in_proj_weight',
  qProjWeight: 'q_proj_weight',
  kProjWeight: 'k_proj_weight',
  vProjWeight: 'v_proj_weight',
  inProjBias: 'in_proj_bias',
  biasK: 'bias_k',
  biasV: 'bias_v',
  outProj: 'out_proj',
};

/**
 * Attention of several heads: concat(head_1, ..., head_H) W_out, head_h = softmax(q_h k_hᵀ / sqrt(D)) v_h on projections of
 * query, key and value, D = embedDim / numHeads (Vaswani et al., 2017).
 *
 * query: [L, N, E], key: [S, N, kdim], value: [S, N, vdim], with `batchFirst` [N, L, E] and so on, or all without N. Gives the
 * output, of query's shape, and the weights, [N, L, S] (per head: [N, numHeads, L, S]), or null where they are not wanted.
 * inProjWeight: [3 E, E], Xavier uniform; biases are zeros at first. With a `cache`, `needWeights: false` has to be given.
 * @throws ValueError if numHeads does not divide embedDim; from `forward`, for a cache without `needWeights: false`.
 * @throws ShapeError from `forward`, if the shapes do not fit.
 * @example
 * import { nn, randn } from 'lanegrad';
 * const attention = new nn.MultiheadAttention(8, 2, { batchFirst: true });
 * const x = randn([4, 5, 8]);
 * const [output, weights] = attention.forward(x, x, x);
 * output.shape; // => [4, 5, 8]
 * weights?.shape; // => [4, 5, 5]
 */
export class MultiheadAttention extends Module<
  [query: Tensor, key: Tensor, value: Tensor, options?: AttendOptions],
  [output: Tensor, weights: Tensor | null]
> {
  readonly dropout: number;
  readonly batchFirst: boolean;
  readonly addZeroAttn: boolean;
  /** [3 E, E], or null where keys or values have other sizes. */
  readonly inProjWeight: Parameter | null = null;
  readonly qProjWeight: Parameter | null = null;
  readonly kProjWeight: Parameter | null = null;
  readonly vProjWeight: Parameter | null = null;
  readonly inProjBias: Parameter | null = null;
  readonly biasK: Parameter | null = null;
  readonly biasV: Parameter | null = null;
  readonly outProj: Linear;

  constructor(
    readonly embedDim: number,
    readonly numHeads: number,
    options: MultiheadAttentionOptions = {},
  ) {
    super();
    const name = 'MultiheadAttention';
    checkSize(name, 'embedDim', embedDim);
    checkSize(name, 'numHeads', numHeads);
    if (embedDim % numHeads !== 0) {
      throw new ValueError(`[${name}] numHeads: got ${numHeads}, wanted a divisor of embedDim, ${embedDim}`);
    }
    const { dropout, bias, addBiasKv, addZeroAttn, kdim, vdim, batchFirst } = readOptions(name, options, {
      dropout: 0,
      bias: true,
      addBiasKv: false,
      addZeroAttn: false,
      kdim: embedDim,
      vdim: embedDim,
      batchFirst: false,
      dtype: 'float32',
    });
    checkRange(name, 'dropout', dropout, 0, 1);
    checkSize(name, 'kdim', kdim);
    checkSize(name, 'vdim', vdim);
    const dtype = layerDType(name, options);
    this.dropout = dropout;
    this.batchFirst = batchFirst;
    this.addZeroAttn = addZeroAttn;
    const weight = (rows: number, columns: number) =>
      xavierUniform_(parameter(zeros([rows, columns], { dtype })));
    if (kdim === embedDim && vdim === embedDim) {
      this.inProjWeight = weight(3 * embedDim, embedDim);
    } else {
      this.qProjWeight = weight(embedDim, embedDim);
      this.kProjWeight = weight(embedDim, kdim);
      this.vProjWeight = weight(embedDim, vdim);
    }
    if (bias) this.inProjBias = parameter(zeros([3 * embedDim], { dtype }));
    if (addBiasKv) {
      this.biasK = xavierNormal_(parameter(zeros([1, 1, embedDim], { dtype })));
      this.biasV = xavierNormal_(parameter(zeros([1, 1, embedDim], { dtype })));
    }
    this.outProj = new Linear(embedDim, embedDim, { bias, dtype });
    if (this.outProj.bias !== null) zeros_(this.outProj.bias);
    this[noteParameters]();
  }

  protected override stateName(field: string): string {
    return stateNames[field] ?? field;
  }

  /** The projections, the scores and the sums of values; those of places joined or cached are left out. */
  override multiplyAdds({ inputs }: LayerShapes): number {
    const [query, key, value] = inputs as [readonly number[], readonly number[], readonly number[]];
    const { embedDim } = this;
    const queries = product(query) / embedDim;
    const places = this.batchFirst || key.length === 2 ? key.at(-2)! : key[0]!;
    return queries * embedDim * 2 * (embedDim + places) + (product(key) + product(value)) * embedDim;
  }

  forward(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    options: AttendOptions = {},
  ): [output: Tensor, weights: Tensor | null] {
    const name = 'MultiheadAttention';
    this.#check(query, key, value);
    checkOptions(name, options, attendNames);
    const needWeights = checkFlag(name, 'needWeights', options.needWeights ?? true);
    const isCausal = checkFlag(name, 'isCausal', options.isCausal);
    const { attnMask = null, keyPaddingMask = null, cache = null } = options;
    this.#checkMasks(query, key, options);
    const joins = this.biasK !== null || this.addZeroAttn;
    if (cache !== null && (joins || needWeights)) {
      throw new ValueError(
        needWeights
          ? `[${name}] got a cache where the weights are wanted, wanted { cache, needWeights: false }`
          : `[${name}] got a cache with joined places, wanted it without addBiasKv and addZeroAttn`,
      );
    }
    return scoped(() => {
      if (query.ndim === 2) {
        const dim = this.batchFirst ? 0 : 1;
        const padding = keyPaddingMask && unsqueeze(keyPaddingMask, 0);
        const one = unsqueeze(query, dim);
        const same = key === query && value === query;
        const [k, v] = same ? [one, one] : [unsqueeze(key, dim), unsqueeze(value, dim)];
        const [output, weights] = this.forward(one, k, v, { ...options, keyPaddingMask: padding });
        return [squeeze(output, dim), weights && squeeze(weights, 0)];
      }
      if (!needWeights && !joins) {
        return [this.#attend(query, key, value, { attnMask, keyPaddingMask, isCausal, cache }), null];
      }
      return this.#withWeights(query, key, value, { ...options, needWeights, isCausal });
    });
  }

  #check(query: Tensor, key: Tensor, value: Tensor): void {
    const name = 'MultiheadAttention';
    checkTensor(name, 'query', query);
    checkTensor(name, 'key', key);
    checkTensor(name, 'value', value);
    const { ndim } = query;
    const [features, keys, values] = [
      this.embedDim,
      this.kProjWeight?.shape[1] ?? this.embedDim,
      this.vProjWeight?.shape[1] ?? this.embedDim,
    ];
    const sameRank = (ndim === 2 || ndim === 3) && key.ndim === ndim && value.ndim === ndim;
    const widths =
      query.shape.at(-1) === features && key.shape.at(-1) === keys && value.shape.at(-1) === values;
    const [batch, places] = this.batchFirst ? [0, 1] : [1, 0];
    const lengths =
      ndim === 2
        ? key.shape[0] === value.shape[0]
        : key.shape[places] === value.shape[places] &&
          [key, value].every((x) => x.shape[batch] === query.shape[batch]);
    if (sameRank && widths && lengths) return;
    const order = (place: string, width: number): string =>
      this.batchFirst ? `[N, ${place}, ${width}]` : `[${place}, N, ${width}]`;
    throw new ShapeError(
      `[${name}] got query ${shapeText(query.shape)}, key ${shapeText(key.shape)}, value ${shapeText(value.shape)}, ` +
        `wanted ${order('L', features)}, ${order('S', keys)} and ${order('S', values)}, or each without N`,
    );
  }

  /** With a cache there are more keys than `key` has. */
  #checkMasks(
    query: Tensor,
    key: Tensor,
    { attnMask = null, keyPaddingMask = null, cache = null }: AttendOptions,
  ): void {
    const batch = query.ndim === 2 ? [] : [query.shape[this.batchFirst ? 0 : 1]!];
    const place = query.ndim === 2 || !this.batchFirst ? 0 : 1;
    const [queries, keys] = [query.shape[place]!, cache === null ? key.shape[place]! : null];
    checkMask('keyPaddingMask', keyPaddingMask, [[...batch, keys]]);
    const heads = this.numHeads * (batch[0] ?? 1);
    checkMask('attnMask', attnMask, [
      [queries, keys],
      [heads, queries, keys],
    ]);
  }

  /** The `parts` projections that lie side by side in x, by heads. */
  #heads(x: Tensor, parts: number): Tensor[] {
    return splitHeads(x, [parts, this.numHeads, this.embedDim / this.numHeads], this.batchFirst);
  }

  #project(query: Tensor, key: Tensor, value: Tensor): [Tensor, Tensor, Tensor] {
    const { inProjWeight, inProjBias } = this;
    if (inProjWeight !== null && query === key && key === value) {
      return this.#heads(linear(query, inProjWeight, inProjBias), 3) as [Tensor, Tensor, Tensor];
    }
    const weights = inProjWeight
      ? chunk(inProjWeight, 3, 0)
      : [this.qProjWeight!, this.kProjWeight!, this.vProjWeight!];
    const biases = inProjBias ? chunk(inProjBias, 3, 0) : [null, null, null];
    return [query, key, value].map(
      (x, i) => this.#heads(linear(x, weights[i]!, biases[i] ?? null), 1)[0]!,
    ) as [Tensor, Tensor, Tensor];
  }

  #attend(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    options: Required<Pick<AttendOptions, 'attnMask' | 'keyPaddingMask' | 'cache'>> & { isCausal: boolean },
  ): Tensor {
    const { attnMask, keyPaddingMask, cache, isCausal } = options;
    const [q, ...added] = this.#project(query, key, value);
    const keyLength = cache?.keyLength ?? null;
    const past = keyLength === null ? (cache?.length ?? 0) : 0;
    const [k, v] = cache === null ? added : cache.append(...added);
    const [queries, places] = [q.shape[2]!, k.shape[2]!];
    // Nothing lies behind the last place.
    const hides = isCausal && attnMask === null && !(past > 0 && queries === 1);
    const plain = hides && (keyLength !== null || (keyPaddingMask === null && past === 0));
    const mask = headMask(q, [
      hides && !plain ? behind(queries, places, past) : attnMask,
      keyPaddingMask && reshape(keyPaddingMask, [keyPaddingMask.shape[0]!, 1, 1, -1]),
    ]);
    const dropoutP = this.training ? this.dropout : 0;
    const out = scaledDotProductAttention(q, k, v, { attnMask: mask, isCausal: plain, dropoutP, keyLength });
    return linear(mergeHeads(out, this.batchFirst), this.outProj.weight, this.outProj.bias);
  }

  #withWeights(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    options: AttendOptions & { needWeights: boolean; isCausal: boolean },
  ): [Tensor, Tensor | null] {
    const turn = (x: Tensor): Tensor => (this.batchFirst ? transpose(x, 0, 1) : x);
    const { needWeights, averageAttnWeights = true, keyPaddingMask = null } = options;
    const [queries, places] = [turn(query).shape[0]!, turn(key).shape[0]!];
    const attnMask = options.attnMask ?? (options.isCausal ? behind(queries, places, 0) : null);
    const [output, weights] = multiHeadAttentionForward(turn(query), turn(key), turn(value), {
      embedDimToCheck: this.embedDim,
      numHeads: this.numHeads,
      inProjWeight: this.inProjWeight,
      inProjBias: this.inProjBias,
      biasK: this.biasK,
      biasV: this.biasV,
      addZeroAttn: this.addZeroAttn,
      dropoutP: this.dropout,
      outProjWeight: this.outProj.weight,
      outProjBias: this.outProj.bias,
      training: this.training,
      keyPaddingMask,
      needWeights,
      attnMask,
      useSeparateProjWeight: this.inProjWeight === null,
      qProjWeight: this.qProjWeight,
      kProjWeight: this.kProjWeight,
      vProjWeight: this.vProjWeight,
      averageAttnWeights: checkFlag('MultiheadAttention', 'averageAttnWeights', averageAttnWeights),
    });
    return [turn(output), weights];
  }
}

/** A mask of one of these shapes, a size of null being any. Of masks by place, a size of 1 is repeated. */
function checkMask(name: string, mask: Tensor | null, shapes: readonly (readonly (number | null)[])[]): void {
  if (mask === null) return;
  const op = 'MultiheadAttention';
  checkTensor(op, name, mask);
  if (mask.dtype !== 'bool' && !isFloat(mask.dtype))
    throw new DTypeError(`[${op}] ${name} is ${mask.dtype}, wanted bool or a floating dtype`);
  const repeats = (i: number): boolean => name === 'attnMask' && mask.shape[i] === 1 && i >= mask.ndim - 2;
  const fits = (wanted: readonly (number | null)[]): boolean =>
    wanted.length === mask.ndim &&
    wanted.every((size, i) => size === null || mask.shape[i] === size || repeats(i));
  if (shapes.some(fits)) return;
  const wanted = shapes.map((shape) => `[${shape.map((size) => size ?? 'S').join(', ')}]`).join(' or ');
  throw new ShapeError(`[${op}] ${name} is ${shapeText(mask.shape)}, wanted ${wanted}`);
}

/** [L, S], true where a key lies behind its query, whose place is `past` further. */
function behind(queries: number, places: number, past: number): Tensor {
  return ge(arange(places), unsqueeze(arange(queries), 1).add(past + 1));
}

/** Masks, true where a key is not seen or floating, as one for scores [N, H, L, S]: bool true where it is seen, or floating. */
function headMask(like: Tensor, masks: readonly (Tensor | null)[]): Tensor | null {
  const [samples, heads] = like.shape as [number, number];
  const given = masks
    .filter((mask) => mask !== null)
    .map((mask) => (mask.ndim === 3 ? reshape(mask, [samples, heads, ...mask.shape.slice(1)]) : mask));
  if (given.length === 0) return null;
  if (given.every((mask) => mask.dtype === 'bool')) {
    return given.map((mask) => logicalNot(mask)).reduce((a, b) => logicalAnd(a, b));
  }
  const none = zeros([], { dtype: like.dtype });
  return given
    .map((mask) => (mask.dtype === 'bool' ? where(mask, -Infinity, none) : mask))
    .reduce((a, b) => add(a, b));
}

import { checkInt, checkListLength, checkOptions, describe } from '../../check.js';
import { ValueError } from '../../errors.js';
import { add } from '../../ops/binary.js';
import { scoped } from '../../scope.js';
import type { Tensor } from '../../tensor.js';
import { Dropout } from '../dropout.js';
import { Linear } from '../linear.js';
import { Module } from '../module.js';
import { LayerNorm } from '../norm/layer-norm.js';
import { activationOf, feedForward, readLayerOptions } from './feed-forward.js';
import type { LayerSettings, TransformerLayerOptions } from './feed-forward.js';
import { KVCache } from './kv-cache.js';
import { MultiheadAttention } from './multihead-attention.js';

export interface EncoderLayerCall {
  /** [L, L] or [N nhead, L, L]: true where a place is not seen, or floating, added to the scores. Default none. */
  srcMask?: Tensor | null;
  /** [N, L]: true where a place is not seen, or floating. Default none. */
  srcKeyPaddingMask?: Tensor | null;
  /** Whether a place sees none behind it; with srcMask only that counts. Default false. */
  isCausal?: boolean;
  /** Of earlier places, when generating. Default none. */
  cache?: KVCache | null;
}

const stateNames: Readonly<Record<string, string | undefined>> = { selfAttn: 'self_attn' };

/**
 * A layer of an encoder: self-attention and a feed-forward net, each added to its input and normalised. With x the input,
 * y = norm1(x + attention(x)) and norm2(y + linear2(activation(linear1(y)))); with `normFirst`, y = x + attention(norm1(x)) and
 * y + linear2(activation(linear1(norm2(y)))) (Vaswani et al., 2017; Xiong et al., 2020). With a causal mask it is the layer of a
 * GPT.
 *
 * src: [L, N, dModel], with `batchFirst` [N, L, dModel], or without N; gives its shape.
 * @throws ValueError if nhead does not divide dModel.
 * @throws ShapeError from `forward`, if the shapes do not fit.
 * @example
 * import { nn, randn } from 'lanegrad';
 * const layer = new nn.TransformerEncoderLayer(8, 2, { dimFeedforward: 16, batchFirst: true });
 * layer.forward(randn([4, 5, 8]), { isCausal: true }).shape; // => [4, 5, 8]
 */
export class TransformerEncoderLayer extends Module<[src: Tensor, options?: EncoderLayerCall]> {
  readonly selfAttn: MultiheadAttention;
  readonly linear1: Linear;
  readonly dropout: Dropout;
  readonly linear2: Linear;
  readonly norm1: LayerNorm;
  readonly norm2: LayerNorm;
  readonly dropout1: Dropout;
  readonly dropout2: Dropout;
  readonly normFirst: boolean;
  readonly #settings: LayerSettings;
  readonly #activation: (x: Tensor) => Tensor;

  constructor(dModel: number, nhead: number, options: TransformerLayerOptions = {}) {
    super();
    const settings = readLayerOptions('TransformerEncoderLayer', options);
    const { dropout, bias, dtype, batchFirst, layerNormEps: eps, dimFeedforward } = settings;
    this.selfAttn = new MultiheadAttention(dModel, nhead, { dropout, bias, batchFirst, dtype });
    this.linear1 = new Linear(dModel, dimFeedforward, { bias, dtype });
    this.dropout = new Dropout(dropout);
    this.linear2 = new Linear(dimFeedforward, dModel, { bias, dtype });
    this.norm1 = new LayerNorm([dModel], { eps, bias, dtype });
    this.norm2 = new LayerNorm([dModel], { eps, bias, dtype });
    this.dropout1 = new Dropout(dropout);
    this.dropout2 = new Dropout(dropout);
    this.normFirst = settings.normFirst;
    this.#settings = settings;
    this.#activation = activationOf('TransformerEncoderLayer', settings.activation);
  }

  protected override stateName(field: string): string {
    return stateNames[field] ?? field;
  }

  forward(src: Tensor, options: EncoderLayerCall = {}): Tensor {
    checkOptions('TransformerEncoderLayer', options, ['srcMask', 'srcKeyPaddingMask', 'isCausal', 'cache']);
    return scoped(() => {
      if (this.normFirst) {
        const x = add(src, this.#attend(this.norm1.forward(src), options));
        return add(x, this.#feedForward(this.norm2.forward(x)));
      }
      const x = this.norm1.forward(add(src, this.#attend(src, options)));
      return this.norm2.forward(add(x, this.#feedForward(x)));
    });
  }

  #attend(x: Tensor, options: EncoderLayerCall): Tensor {
    const { srcMask: attnMask, srcKeyPaddingMask: keyPaddingMask, isCausal, cache } = options;
    const call = { attnMask, keyPaddingMask, isCausal, cache, needWeights: false };
    return this.dropout1.forward(this.selfAttn.forward(x, x, x, call)[0]);
  }

  #feedForward(x: Tensor): Tensor {
    return feedForward(this, this.#activation, this.dropout2, x);
  }

  /** A layer of the same options and values that shares nothing with this one. */
  copy(): TransformerEncoderLayer {
    const { embedDim, numHeads } = this.selfAttn;
    const twin = new TransformerEncoderLayer(embedDim, numHeads, this.#settings);
    twin.loadStateDict(this.stateDict());
    return twin.train(this.training);
  }
}

export interface EncoderCall {
  /** [L, L] or [N nhead, L, L]: true where a place is not seen, or floating, added to the scores. Default none. */
  mask?: Tensor | null;
  /** [N, L]: true where a place is not seen, or floating. Default none. */
  srcKeyPaddingMask?: Tensor | null;
  /** Whether a place sees none behind it; with a mask only that counts. Default false. */
  isCausal?: boolean;
  /** One of each layer, when generating. Default none. */
  caches?: readonly KVCache[] | null;
}

export interface StackOptions<N extends Module = Module> {
  /** Applied to the result of the last layer. Default none. */
  norm?: N | null;
}

/** `count` layers: copies of a layer, or what a function makes. */
export function makeLayers<L extends { copy(): L }>(
  name: string,
  layer: L | ((index: number) => L),
  count: number,
  isLayer: (value: unknown) => boolean,
): L[] {
  checkInt(name, 'numLayers', count);
  if (count < 0) throw new ValueError(`[${name}] numLayers: got ${count}, wanted at least 0`);
  // A layer has some two dozen parameters, and as many modules and tables.
  checkListLength(name, 64 * count, 'tensors');
  return Array.from({ length: count }, (_, i) => {
    const got: unknown = typeof layer === 'function' ? layer(i) : layer;
    if (!isLayer(got)) throw new ValueError(`[${name}] got the layer ${describe(got)}`);
    return typeof layer === 'function' ? (got as L) : layer.copy();
  });
}

export function checkCaches(name: string, caches: readonly KVCache[] | null, count: number): void {
  if (caches === null) return;
  const given: unknown = caches;
  if (!Array.isArray(given) || !given.every((cache) => cache instanceof KVCache)) {
    throw new ValueError(`[${name}] caches: got ${describe(caches)}, wanted an array of KVCache`);
  }
  if (caches.length !== count) {
    throw new ValueError(`[${name}] caches: got ${caches.length}, wanted one of each of the ${count} layers`);
  }
  const known = new Set<KVCache>();
  caches.forEach((cache, i) => {
    if (!known.has(cache)) known.add(cache);
    else {
      const first = caches.indexOf(cache);
      throw new ValueError(
        `[${name}] caches: got one for the layers ${first} and ${i}, wanted one of each layer`,
      );
    }
  });
}

/**
 * Layers of an encoder one after the other (Vaswani et al., 2017). The layers are copies of the one given, or made by a function
 * of the index.
 *
 * src: [L, N, E], with `batchFirst` layers [N, L, E]; gives its shape.
 * @throws ValueError for what is not a layer.
 * @example
 * import { nn, randn } from 'lanegrad';
 * const layer = new nn.TransformerEncoderLayer(8, 2, { batchFirst: true });
 * const encoder = new nn.TransformerEncoder(layer, 2, { norm: new nn.LayerNorm([8]) });
 * encoder.forward(randn([4, 5, 8])).shape; // => [4, 5, 8]
 */
export class TransformerEncoder extends Module<[src: Tensor, options?: EncoderCall]> {
  readonly layers: readonly TransformerEncoderLayer[];
  readonly norm: Module | null;

  constructor(
    encoderLayer: TransformerEncoderLayer | ((index: number) => TransformerEncoderLayer),
    readonly numLayers: number,
    options: StackOptions = {},
  ) {
    super();
    checkOptions('TransformerEncoder', options, ['norm']);
    const isLayer = (value: unknown): boolean => value instanceof TransformerEncoderLayer;
    this.layers = makeLayers('TransformerEncoder', encoderLayer, numLayers, isLayer);
    this.norm = options.norm ?? null;
  }

  forward(src: Tensor, options: EncoderCall = {}): Tensor {
    checkOptions('TransformerEncoder', options, ['mask', 'srcKeyPaddingMask', 'isCausal', 'caches']);
    const { mask: srcMask, srcKeyPaddingMask, isCausal, caches = null } = options;
    checkCaches('TransformerEncoder', caches, this.layers.length);
    return scoped(() => {
      let x = src;
      this.layers.forEach((layer, i) => {
        x = layer.forward(x, { srcMask, srcKeyPaddingMask, isCausal, cache: caches?.[i] });
      });
      return this.norm === null ? x : this.norm.forward(x);
    });
  }
}

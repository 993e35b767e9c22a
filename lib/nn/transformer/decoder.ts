import { checkOptions } from '../../check.js';
import { add } from '../../ops/binary.js';
import { scoped } from '../../scope.js';
import type { Tensor } from '../../tensor.js';
import { Dropout } from '../dropout.js';
import { Linear } from '../linear.js';
import { Module } from '../module.js';
import { LayerNorm } from '../norm/layer-norm.js';
import { checkCaches, makeLayers } from './encoder.js';
import type { StackOptions } from './encoder.js';
import { activationOf, feedForward, readLayerOptions } from './feed-forward.js';
import type { LayerSettings, TransformerLayerOptions } from './feed-forward.js';
import type { KVCache } from './kv-cache.js';
import { MultiheadAttention } from './multihead-attention.js';

interface DecoderMasks {
  /** [L, L] or [N nhead, L, L]: true where a place of tgt is not seen, or floating, added to the scores. Default none. */
  tgtMask?: Tensor | null;
  /** [L, S] or [N nhead, L, S]: the same of memory. Default none. */
  memoryMask?: Tensor | null;
  /** [N, L]: true where a place of tgt is not seen, or floating. Default none. */
  tgtKeyPaddingMask?: Tensor | null;
  /** [N, S]: the same of memory. Default none. */
  memoryKeyPaddingMask?: Tensor | null;
  /** Whether a place sees none of tgt behind it; with tgtMask only that counts. Default false. */
  tgtIsCausal?: boolean;
  /** Whether place i sees places 0 to i of memory only. Default false. */
  memoryIsCausal?: boolean;
}

export interface DecoderLayerCall extends DecoderMasks {
  /** Of earlier places of tgt, when generating. Default none. */
  cache?: KVCache | null;
}

export interface DecoderCall extends DecoderMasks {
  /** One of each layer, when generating. Default none. */
  caches?: readonly KVCache[] | null;
}

const maskNames = [
  'tgtMask',
  'memoryMask',
  'tgtKeyPaddingMask',
  'memoryKeyPaddingMask',
  'tgtIsCausal',
  'memoryIsCausal',
] as const;

const stateNames: Readonly<Record<string, string | undefined>> = {
  selfAttn: 'self_attn',
  multiheadAttn: 'multihead_attn',
};

/**
 * A layer of a decoder: self-attention, attention to the encoder's result, and a feed-forward net, each added to its input and
 * normalised, or with `normFirst` normalised before (Vaswani et al., 2017).
 *
 * tgt: [L, N, dModel], memory: [S, N, dModel], with `batchFirst` [N, L, dModel] and [N, S, dModel]; gives the shape of tgt.
 * @throws ValueError if nhead does not divide dModel.
 * @throws ShapeError from `forward`, if the shapes do not fit.
 * @example
 * import { nn, randn } from 'lanegrad';
 * const layer = new nn.TransformerDecoderLayer(8, 2, { dimFeedforward: 16, batchFirst: true });
 * layer.forward(randn([4, 5, 8]), randn([4, 3, 8]), { tgtIsCausal: true }).shape; // => [4, 5, 8]
 */
export class TransformerDecoderLayer extends Module<
  [tgt: Tensor, memory: Tensor, options?: DecoderLayerCall]
> {
  readonly selfAttn: MultiheadAttention;
  readonly multiheadAttn: MultiheadAttention;
  readonly linear1: Linear;
  readonly dropout: Dropout;
  readonly linear2: Linear;
  readonly norm1: LayerNorm;
  readonly norm2: LayerNorm;
  readonly norm3: LayerNorm;
  readonly dropout1: Dropout;
  readonly dropout2: Dropout;
  readonly dropout3: Dropout;
  readonly normFirst: boolean;
  readonly #settings: LayerSettings;
  readonly #activation: (x: Tensor) => Tensor;

  constructor(dModel: number, nhead: number, options: TransformerLayerOptions = {}) {
    super();
    const settings = readLayerOptions('TransformerDecoderLayer', options);
    const { dropout, bias, dtype, batchFirst, layerNormEps: eps, dimFeedforward } = settings;
    this.selfAttn = new MultiheadAttention(dModel, nhead, { dropout, bias, batchFirst, dtype });
    this.multiheadAttn = new MultiheadAttention(dModel, nhead, { dropout, bias, batchFirst, dtype });
    this.linear1 = new Linear(dModel, dimFeedforward, { bias, dtype });
    this.dropout = new Dropout(dropout);
    this.linear2 = new Linear(dimFeedforward, dModel, { bias, dtype });
    this.norm1 = new LayerNorm([dModel], { eps, bias, dtype });
    this.norm2 = new LayerNorm([dModel], { eps, bias, dtype });
    this.norm3 = new LayerNorm([dModel], { eps, bias, dtype });
    this.dropout1 = new Dropout(dropout);
    this.dropout2 = new Dropout(dropout);
    this.dropout3 = new Dropout(dropout);
    this.normFirst = settings.normFirst;
    this.#settings = settings;
    this.#activation = activationOf('TransformerDecoderLayer', settings.activation);
  }

  protected override stateName(field: string): string {
    return stateNames[field] ?? field;
  }

  forward(tgt: Tensor, memory: Tensor, options: DecoderLayerCall = {}): Tensor {
    checkOptions('TransformerDecoderLayer', options, [...maskNames, 'cache']);
    return scoped(() => {
      if (this.normFirst) {
        let x = add(tgt, this.#attend(this.norm1.forward(tgt), options));
        x = add(x, this.#attendMemory(this.norm2.forward(x), memory, options));
        return add(x, this.#feedForward(this.norm3.forward(x)));
      }
      let x = this.norm1.forward(add(tgt, this.#attend(tgt, options)));
      x = this.norm2.forward(add(x, this.#attendMemory(x, memory, options)));
      return this.norm3.forward(add(x, this.#feedForward(x)));
    });
  }

  #attend(x: Tensor, options: DecoderLayerCall): Tensor {
    const { tgtMask: attnMask, tgtKeyPaddingMask: keyPaddingMask, tgtIsCausal: isCausal, cache } = options;
    const call = { attnMask, keyPaddingMask, isCausal, cache, needWeights: false };
    return this.dropout1.forward(this.selfAttn.forward(x, x, x, call)[0]);
  }

  #attendMemory(x: Tensor, memory: Tensor, options: DecoderLayerCall): Tensor {
    const { memoryMask: attnMask, memoryKeyPaddingMask: keyPaddingMask, memoryIsCausal: isCausal } = options;
    const call = { attnMask, keyPaddingMask, isCausal, needWeights: false };
    return this.dropout2.forward(this.multiheadAttn.forward(x, memory, memory, call)[0]);
  }

  #feedForward(x: Tensor): Tensor {
    return feedForward(this, this.#activation, this.dropout3, x);
  }

  /** A layer of the same options and values that shares nothing with this one. */
  copy(): TransformerDecoderLayer {
    const { embedDim, numHeads } = this.selfAttn;
    const twin = new TransformerDecoderLayer(embedDim, numHeads, this.#settings);
    twin.loadStateDict(this.stateDict());
    return twin.train(this.training);
  }
}

/**
 * Layers of a decoder one after the other (Vaswani et al., 2017). The layers are copies of the one given, or made by a function
 * of the index.
 *
 * tgt: [L, N, E], memory: [S, N, E], with `batchFirst` layers N before; gives the shape of tgt.
 * @throws ValueError for what is not a layer.
 * @example
 * import { nn, randn } from 'lanegrad';
 * const layer = new nn.TransformerDecoderLayer(8, 2, { batchFirst: true });
 * const decoder = new nn.TransformerDecoder(layer, 2);
 * decoder.forward(randn([4, 5, 8]), randn([4, 3, 8])).shape; // => [4, 5, 8]
 */
export class TransformerDecoder extends Module<[tgt: Tensor, memory: Tensor, options?: DecoderCall]> {
  readonly layers: readonly TransformerDecoderLayer[];
  readonly norm: Module | null;

  constructor(
    decoderLayer: TransformerDecoderLayer | ((index: number) => TransformerDecoderLayer),
    readonly numLayers: number,
    options: StackOptions = {},
  ) {
    super();
    checkOptions('TransformerDecoder', options, ['norm']);
    const isLayer = (value: unknown): boolean => value instanceof TransformerDecoderLayer;
    this.layers = makeLayers('TransformerDecoder', decoderLayer, numLayers, isLayer);
    this.norm = options.norm ?? null;
  }

  forward(tgt: Tensor, memory: Tensor, options: DecoderCall = {}): Tensor {
    checkOptions('TransformerDecoder', options, [...maskNames, 'caches']);
    const { caches = null, ...masks } = options;
    checkCaches('TransformerDecoder', caches, this.layers.length);
    return scoped(() => {
      let x = tgt;
      this.layers.forEach((layer, i) => {
        x = layer.forward(x, memory, { ...masks, cache: caches?.[i] });
      });
      return this.norm === null ? x : this.norm.forward(x);
    });
  }
}

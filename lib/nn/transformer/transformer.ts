import { checkInt, checkOptions } from '../../check.js';
import { ValueError } from '../../errors.js';
import { full } from '../../ops/creation.js';
import { triu } from '../../ops/triangle.js';
import { scoped } from '../../scope.js';
import type { Tensor } from '../../tensor.js';
import { xavierUniform_ } from '../init.js';
import { Module } from '../module.js';
import { LayerNorm } from '../norm/layer-norm.js';
import { TransformerDecoder, TransformerDecoderLayer } from './decoder.js';
import { TransformerEncoder, TransformerEncoderLayer } from './encoder.js';
import { layerOptionNames, readLayerOptions } from './feed-forward.js';
import type { TransformerLayerOptions } from './feed-forward.js';

export interface TransformerOptions extends TransformerLayerOptions {
  /** Features of each place. Default 512. */
  dModel?: number;
  /** Heads of each attention. Default 8. */
  nhead?: number;
  /** Default 6. */
  numEncoderLayers?: number;
  /** Default 6. */
  numDecoderLayers?: number;
}

export interface TransformerCall {
  /** [S, S] or [N nhead, S, S]: true where a place of src is not seen, or floating, added to the scores. Default none. */
  srcMask?: Tensor | null;
  /** [T, T] or [N nhead, T, T]: the same of tgt. Default none. */
  tgtMask?: Tensor | null;
  /** [T, S] or [N nhead, T, S]: the same of the encoder's result. Default none. */
  memoryMask?: Tensor | null;
  /** [N, S]: true where a place of src is not seen, or floating. Default none. */
  srcKeyPaddingMask?: Tensor | null;
  /** [N, T]: the same of tgt. Default none. */
  tgtKeyPaddingMask?: Tensor | null;
  /** [N, S]: the same of the encoder's result. Default none. */
  memoryKeyPaddingMask?: Tensor | null;
  /** Whether a place sees none of src behind it; with srcMask only that counts. Default false. */
  srcIsCausal?: boolean;
  /** The same of tgt. Default false. */
  tgtIsCausal?: boolean;
  /** Whether place i of tgt sees places 0 to i of the encoder's result only. Default false. */
  memoryIsCausal?: boolean;
}

const callNames = [
  'srcMask',
  'tgtMask',
  'memoryMask',
  'srcKeyPaddingMask',
  'tgtKeyPaddingMask',
  'memoryKeyPaddingMask',
  'srcIsCausal',
  'tgtIsCausal',
  'memoryIsCausal',
] as const;

/**
 * An encoder and a decoder (Vaswani et al., 2017), without embeddings and head. Matrices are Xavier uniform at first.
 *
 * src: [S, N, dModel], tgt: [T, N, dModel], with `batchFirst` N before; gives the shape of tgt.
 * @throws ValueError if nhead does not divide dModel.
 * @throws ShapeError from `forward`, if the shapes do not fit.
 * @example
 * import { nn, randn } from 'lanegrad';
 * const options = { dModel: 8, nhead: 2, numEncoderLayers: 1, numDecoderLayers: 1, batchFirst: true };
 * const model = new nn.Transformer(options);
 * model.forward(randn([4, 5, 8]), randn([4, 3, 8]), { tgtIsCausal: true }).shape; // => [4, 3, 8]
 */
export class Transformer extends Module<[src: Tensor, tgt: Tensor, options?: TransformerCall]> {
  readonly encoder: TransformerEncoder;
  readonly decoder: TransformerDecoder;
  readonly dModel: number;
  readonly nhead: number;

  constructor(options: TransformerOptions = {}) {
    super();
    const own = ['dModel', 'nhead', 'numEncoderLayers', 'numDecoderLayers'];
    checkOptions('Transformer', options, [...own, ...layerOptionNames]);
    const { dModel = 512, nhead = 8, numEncoderLayers = 6, numDecoderLayers = 6, ...layer } = options;
    const { layerNormEps: eps, bias, dtype } = readLayerOptions('Transformer', layer);
    this.encoder = new TransformerEncoder(
      () => new TransformerEncoderLayer(dModel, nhead, layer),
      numEncoderLayers,
      { norm: new LayerNorm([dModel], { eps, bias, dtype }) },
    );
    this.decoder = new TransformerDecoder(
      () => new TransformerDecoderLayer(dModel, nhead, layer),
      numDecoderLayers,
      { norm: new LayerNorm([dModel], { eps, bias, dtype }) },
    );
    this.dModel = dModel;
    this.nhead = nhead;
    for (const tensor of this.parameters()) if (tensor.ndim > 1) xavierUniform_(tensor);
  }

  forward(src: Tensor, tgt: Tensor, options: TransformerCall = {}): Tensor {
    checkOptions('Transformer', options, callNames);
    const { srcMask: mask, srcKeyPaddingMask, srcIsCausal: isCausal, ...rest } = options;
    return scoped(() => {
      const memory = this.encoder.forward(src, { mask, srcKeyPaddingMask, isCausal });
      return this.decoder.forward(tgt, memory, rest);
    });
  }

  /**
   * The causal mask as floats: [size, size], -Infinity above the diagonal, else 0. `isCausal` does the same without a mask.
   *
   * @throws ValueError for a size below 0.
   * @example
   * import { nn } from 'lanegrad';
   * nn.Transformer.generateSquareSubsequentMask(2).tolist(); // => [[0, -Infinity], [0, 0]]
   */
  static generateSquareSubsequentMask(size: number): Tensor {
    checkInt('generateSquareSubsequentMask', 'size', size);
    if (size < 0) throw new ValueError(`[generateSquareSubsequentMask] size: got ${size}, wanted at least 0`);
    return scoped(() => triu(full([size, size], -Infinity), { diagonal: 1 }));
  }
}

import { checkChoice, checkInt, checkNumber, checkTensor, noAttrs, shapeText } from '../check.js';
import { backend } from '../backend/current.js';
import { IndexError, ShapeError } from '../errors.js';
import { noGrad } from '../grad-mode.js';
import { zeros } from '../ops/creation.js';
import { embedding, embeddingBag } from '../ops/embedding.js';
import type { EmbeddingBagOptions } from '../ops/embedding.js';
import { linear } from '../ops/matmul.js';
import { select } from '../ops/view.js';
import { scoped } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { normal_ } from './init.js';
import { Module } from './module.js';
import { checkSize, layerDType, readOptions } from './options.js';
import type { LayerOptions } from './options.js';
import { parameter } from './parameter.js';
import type { Parameter } from './parameter.js';
import { noteParameters } from './parameter-fields.js';

export interface EmbeddingLayerOptions extends LayerOptions {
  /** A row that starts as zeros and gets no gradient; negative counts from the end. Default: none. */
  paddingIdx?: number | null;
  /** Rows that are looked up and have a larger norm are scaled down to it first, in place. Default: none. */
  maxNorm?: number | null;
  /** Which norm. Default 2. */
  normType?: number;
  /** Divides the gradient of a row by how often it was looked up. Default false. */
  scaleGradByFreq?: boolean;
}

export interface PretrainedOptions extends Omit<EmbeddingLayerOptions, 'dtype'> {
  /** Whether the table is not trained. Default true. */
  freeze?: boolean;
}

/** What the two tables share. */
abstract class Table<In extends unknown[]> extends Module<In> {
  weight: Parameter;
  readonly paddingIdx: number | null;
  readonly maxNorm: number | null;
  readonly normType: number;
  readonly scaleGradByFreq: boolean;

  protected constructor(
    name: string,
    readonly numEmbeddings: number,
    readonly embeddingDim: number,
    options: Required<EmbeddingLayerOptions>,
  ) {
    super();
    checkSize(name, 'numEmbeddings', numEmbeddings);
    checkSize(name, 'embeddingDim', embeddingDim);
    const dtype = layerDType(name, options);
    const { maxNorm, normType, scaleGradByFreq } = options;
    if (maxNorm !== null) checkNumber(name, 'maxNorm', maxNorm);
    this.paddingIdx = rowOf(name, options.paddingIdx, numEmbeddings);
    this.maxNorm = maxNorm;
    this.normType = normType;
    this.scaleGradByFreq = scaleGradByFreq;
    this.weight = parameter(normal_(zeros([numEmbeddings, embeddingDim], { dtype })));
    if (this.paddingIdx !== null) clearRow(this.weight, this.paddingIdx);
    this[noteParameters]();
  }
}

/**
 * A learned vector per index. See {@link embedding}.
 *
 * index (int64 or int32): any shape [...]; gives [..., embeddingDim]. weight: [numEmbeddings, embeddingDim], drawn from the
 * normal distribution.
 * @throws ValueError for sizes below 1.
 * @throws IndexError for a paddingIdx out of range, and from `forward` for an index out of range.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * const layer = new nn.Embedding(10, 3, { paddingIdx: 0 });
 * layer.forward(tensor([[0, 7]])).shape; // => [1, 2, 3]
 * layer.forward(tensor([0])).tolist(); // => [[0, 0, 0]]
 */
export class Embedding extends Table<[index: Tensor]> {
  constructor(numEmbeddings: number, embeddingDim: number, options: EmbeddingLayerOptions = {}) {
    const settings = readOptions<EmbeddingLayerOptions>('Embedding', options, tableDefaults);
    super('Embedding', numEmbeddings, embeddingDim, settings);
  }

  forward(index: Tensor): Tensor {
    const { weight, paddingIdx, maxNorm, normType, scaleGradByFreq } = this;
    return embedding(index, weight, { paddingIdx, maxNorm, normType, scaleGradByFreq });
  }

  /**
   * x Wᵀ with this very table: scores of all rows, as the last layer of a language model whose weights are tied has them.
   * PyTorch has no such method: there a Linear shares the weight.
   *
   * x: [..., embeddingDim]; gives [..., numEmbeddings].
   * @throws ShapeError for another last dim.
   * @example
   * import { nn, tensor } from 'lanegrad';
   * const layer = nn.Embedding.fromPretrained(tensor([[1.5, 2], [3, 4]]));
   * layer.asLinear(tensor([[1.0, 0.5]])).tolist(); // => [[2.5, 5]]
   */
  asLinear(x: Tensor): Tensor {
    checkTensor('Embedding.asLinear', 'x', x);
    if (x.shape.at(-1) !== this.embeddingDim) {
      throw new ShapeError(
        `[Embedding.asLinear] x is ${shapeText(x.shape)}, wanted [..., ${this.embeddingDim}]`,
      );
    }
    return linear(x, this.weight);
  }

  /**
   * A layer with a copy of a given table, [numEmbeddings, embeddingDim]. PyTorch's from_pretrained.
   *
   * @throws ShapeError unless the table has two dims.
   * @example
   * import { nn, tensor } from 'lanegrad';
   * const layer = nn.Embedding.fromPretrained(tensor([[1.5, 2], [3, 4]]));
   * layer.forward(tensor([1])).tolist(); // => [[3, 4]]
   * layer.weight.requiresGrad; // => false
   */
  static fromPretrained(table: Tensor, options: PretrainedOptions = {}): Embedding {
    const op = 'fromPretrained';
    checkTensor(op, 'table', table);
    if (table.ndim !== 2) throw new ShapeError(`[${op}] table is ${shapeText(table.shape)}, wanted two dims`);
    const { freeze, ...rest } = readOptions<PretrainedOptions>(op, options, pretrainedDefaults);
    const [rows, width] = table.shape as [number, number];
    const dtype = layerDType(op, { dtype: table.dtype as 'float32' });
    const layer = new Embedding(rows, width, { ...rest, dtype });
    noGrad(() => backend.runInPlace('copy', [layer.weight, table], noAttrs));
    layer.weight.requiresGrad = !freeze;
    return layer;
  }
}

const tableDefaults = {
  paddingIdx: null,
  maxNorm: null,
  normType: 2,
  scaleGradByFreq: false,
  dtype: 'float32',
} as const;

const pretrainedDefaults = {
  paddingIdx: null,
  maxNorm: null,
  normType: 2,
  scaleGradByFreq: false,
  freeze: true,
};

export interface EmbeddingBagLayerOptions extends EmbeddingLayerOptions {
  /** What becomes of the rows of a bag. Default `mean`. */
  mode?: 'sum' | 'mean' | 'max';
  /** Whether the last offset is the end of the last bag. Default false. */
  includeLastOffset?: boolean;
}

/** What `forward` takes besides the index. */
export type EmbeddingBagCallOptions = Pick<EmbeddingBagOptions, 'offsets' | 'perSampleWeights'>;

/**
 * The sum, mean or maximum of bags of learned vectors. See {@link embeddingBag}.
 *
 * index: integers [B, L], or [K] with `offsets` [B] where each bag starts; gives [B, embeddingDim]. weight:
 * [numEmbeddings, embeddingDim], drawn from the normal distribution. Rows at paddingIdx count nothing.
 * @throws ValueError for sizes below 1, and from `forward` for offsets that do not rise from 0.
 * @throws IndexError for a paddingIdx out of range, and from `forward` for an index out of range.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * const layer = new nn.EmbeddingBag(10, 3, { mode: 'sum' });
 * layer.forward(tensor([[0, 7], [1, 1]])).shape; // => [2, 3]
 * layer.forward(tensor([0, 7, 1]), { offsets: tensor([0, 2]) }).shape; // => [2, 3]
 */
export class EmbeddingBag extends Table<[index: Tensor, options?: EmbeddingBagCallOptions]> {
  readonly mode: 'sum' | 'mean' | 'max';
  readonly includeLastOffset: boolean;

  constructor(numEmbeddings: number, embeddingDim: number, options: EmbeddingBagLayerOptions = {}) {
    const settings = readOptions<EmbeddingBagLayerOptions>('EmbeddingBag', options, {
      ...tableDefaults,
      mode: 'mean',
      includeLastOffset: false,
    });
    super('EmbeddingBag', numEmbeddings, embeddingDim, settings);
    checkChoice('EmbeddingBag', 'mode', settings.mode, ['sum', 'mean', 'max']);
    this.mode = settings.mode;
    this.includeLastOffset = settings.includeLastOffset;
  }

  forward(index: Tensor, options: EmbeddingBagCallOptions = {}): Tensor {
    const { offsets, perSampleWeights } = readOptions<EmbeddingBagCallOptions>('EmbeddingBag', options, {
      offsets: null,
      perSampleWeights: null,
    });
    const { paddingIdx, maxNorm, normType, scaleGradByFreq, mode, includeLastOffset } = this;
    const settings = { paddingIdx, maxNorm, normType, scaleGradByFreq, mode, includeLastOffset };
    return embeddingBag(index, this.weight, { offsets, perSampleWeights, ...settings });
  }
}

function rowOf(op: string, index: number | null, count: number): number | null {
  if (index === null) return null;
  checkInt(op, 'paddingIdx', index);
  if (index < -count || index >= count) {
    throw new IndexError(`[${op}] paddingIdx: got ${index} for ${count} rows`);
  }
  return index < 0 ? index + count : index;
}

function clearRow(weight: Tensor, row: number): void {
  noGrad(() => scoped(() => backend.runInPlace('copy', [select(weight, 0, row), 0], noAttrs)));
}

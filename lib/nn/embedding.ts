import { checkInt, checkOptions, noAttrs } from '../check.js';
import { backend } from '../backend/current.js';
import { IndexError } from '../errors.js';
import { noGrad } from '../grad-mode.js';
import { zeros } from '../ops/creation.js';
import { embedding } from '../ops/embedding.js';
import { select } from '../ops/view.js';
import { scoped } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { normal_ } from './init.js';
import { Module } from './module.js';
import { checkSize, layerDType } from './options.js';
import type { LayerOptions } from './options.js';
import { parameter } from './parameter.js';
import type { Parameter } from './parameter.js';

export interface EmbeddingLayerOptions extends LayerOptions {
  /** A row that starts as zeros and gets no gradient; negative counts from the end. Default: none. */
  paddingIdx?: number;
}

/**
 * A learned vector per index.
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
export class Embedding extends Module {
  readonly weight: Parameter;
  readonly paddingIdx: number | undefined;
  readonly #options: { readonly paddingIdx?: number };

  constructor(
    readonly numEmbeddings: number,
    readonly embeddingDim: number,
    options: EmbeddingLayerOptions = {},
  ) {
    super();
    checkSize('Embedding', 'numEmbeddings', numEmbeddings);
    checkSize('Embedding', 'embeddingDim', embeddingDim);
    checkOptions('Embedding', options);
    const dtype = layerDType('Embedding', options);
    const { paddingIdx } = options;
    if (paddingIdx !== undefined) {
      checkInt('Embedding', 'paddingIdx', paddingIdx);
      if (paddingIdx < -numEmbeddings || paddingIdx >= numEmbeddings) {
        throw new IndexError(`[Embedding] paddingIdx: got ${paddingIdx} for ${numEmbeddings} rows`);
      }
      this.paddingIdx = paddingIdx < 0 ? paddingIdx + numEmbeddings : paddingIdx;
    }
    this.#options = this.paddingIdx === undefined ? {} : { paddingIdx: this.paddingIdx };
    this.weight = parameter(normal_(zeros([numEmbeddings, embeddingDim], { dtype })));
    if (this.paddingIdx !== undefined) clearRow(this.weight, this.paddingIdx);
  }

  forward(index: Tensor): Tensor {
    return embedding(index, this.weight, this.#options);
  }
}

function clearRow(weight: Tensor, row: number): void {
  noGrad(() => scoped(() => backend.runInPlace('copy', [select(weight, 0, row), 0], noAttrs)));
}

import { checkChoice, checkFlag, checkInt, checkOptions, checkTensor, product, shapeText } from '../check.js';
import { isFloat } from '../dtype.js';
import { DTypeError, IndexError, ShapeError, ValueError } from '../errors.js';
import { scoped } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { eq, where } from './binary.js';
import { runComposite1 } from './composite.js';
import { detach, to } from './convert.js';
import { boundRows, lookUp } from './lookup.js';
import { reshape, unsqueeze } from './view.js';

export interface EmbeddingOptions {
  /** The row that gets no gradient. Default none. */
  paddingIdx?: number | null;
  /** Rows that are looked up and have a larger norm are scaled down to it first, in place. Default none. */
  maxNorm?: number | null;
  /** Which norm. Default 2. */
  normType?: number;
  /** Divides the gradient of a row by how often it was looked up. Default false. */
  scaleGradByFreq?: boolean;
  /** Taken for PyTorch's sake; gradients are dense. */
  sparse?: boolean;
}

function checkTable(op: string, index: Tensor, weight: Tensor): void {
  checkTensor(op, 'index', index);
  checkTensor(op, 'weight', weight);
  if (weight.shape.length !== 2) {
    throw new ShapeError(`[${op}] weight: got ${shapeText(weight.shape)}, wanted two dims [N, D]`);
  }
}

function paddingRow(op: string, index: number | null, count: number): number | null {
  if (index === null) return null;
  checkInt(op, 'paddingIdx', index);
  if (index < -count || index >= count) {
    throw new IndexError(`[${op}] paddingIdx: got ${index} for ${count} rows`);
  }
  return index < 0 ? index + count : index;
}

/**
 * The rows of `weight` at the given indices, as a lookup table. The row at `paddingIdx` gets no gradient.
 *
 * index (int64 or int32): any shape [...]; weight: [N, D]; gives [..., D].
 * @throws IndexError for an index out of range.
 * @throws DTypeError for an index of another dtype.
 * @example
 * import { embedding, tensor } from 'lanegrad';
 * embedding(tensor([1, 0]), tensor([[1, 2], [3, 4]])).tolist(); // => [[3, 4], [1, 2]]
 */
export function embedding(index: Tensor, weight: Tensor, options: EmbeddingOptions = {}): Tensor {
  checkTable('embedding', index, weight);
  if (index.dtype !== 'int64' && index.dtype !== 'int32')
    throw new DTypeError(`[embedding] index: got ${index.dtype}, wanted int64 or int32`);
  checkOptions('embedding', options);
  const [count, width] = weight.shape as [number, number];
  const padding = paddingRow('embedding', options.paddingIdx ?? null, count);
  return scoped(() => {
    const flat = index.shape.length === 1 ? index : reshape(index, [index.numel()]);
    const { maxNorm = null, normType = 2 } = options;
    if (maxNorm !== null) boundRows('embedding', weight, flat, maxNorm, normType);
    let rows = lookUp(flat, weight, checkFlag('embedding', 'scaleGradByFreq', options.scaleGradByFreq));
    if (padding !== null) rows = where(unsqueeze(eq(flat, padding), 1), detach(rows), rows);
    return index.shape.length === 1 ? rows : reshape(rows, [...index.shape, width]);
  });
}

export interface EmbeddingBagOptions extends EmbeddingOptions {
  /** int64 or int32 [B]: where each bag starts in an index of one dim. */
  offsets?: Tensor | null;
  /** Default 'mean'. */
  mode?: 'sum' | 'mean' | 'max';
  /** Multiplies each row, in the shape of index; for mode 'sum'. */
  perSampleWeights?: Tensor | null;
  /** Whether the last offset is the end of the last bag. Default false. */
  includeLastOffset?: boolean;
  /** Rows with this index count nothing. Default none. */
  paddingIdx?: number | null;
}

/**
 * The sum, mean or maximum of bags of rows of `weight`, without the table of rows between. Of an empty bag: 0.
 *
 * index: integers [B, L], or [K] with offsets: [B]; weight: [N, D]; gives [B, D].
 * @throws IndexError for an index out of range.
 * @throws ValueError for offsets that do not rise from 0, weights with another mode than 'sum', or scaleGradByFreq with
 *   'max'.
 * @example
 * import { F, tensor } from 'lanegrad';
 * const weight = tensor([[1.5, 2], [3, 4]]);
 * F.embeddingBag(tensor([0, 1, 1]), weight, { offsets: tensor([0, 2]), mode: 'sum' }).tolist(); // => [[4.5, 6], [3, 4]]
 */
export function embeddingBag(index: Tensor, weight: Tensor, options: EmbeddingBagOptions = {}): Tensor {
  const op = 'embeddingBag';
  checkTable(op, index, weight);
  checkOptions(op, options);
  const { mode = 'mean', perSampleWeights = null } = options;
  checkChoice(op, 'mode', mode, ['sum', 'mean', 'max'] as const);
  const padding = paddingRow(op, options.paddingIdx ?? null, weight.shape[0]!);
  if (perSampleWeights !== null) {
    checkTensor(op, 'perSampleWeights', perSampleWeights);
    if (mode !== 'sum')
      throw new ValueError(`[${op}] got perSampleWeights with mode ${mode}, wanted mode sum`);
    const alike =
      perSampleWeights.shape.length === index.ndim && product(perSampleWeights.shape) === index.numel();
    if (!alike) {
      throw new ShapeError(
        `[${op}] perSampleWeights is ${shapeText(perSampleWeights.shape)}, wanted ${shapeText(index.shape)} as index`,
      );
    }
  }
  const includeLastOffset = checkFlag(op, 'includeLastOffset', options.includeLastOffset);
  const scaleGradByFreq = checkFlag(op, 'scaleGradByFreq', options.scaleGradByFreq);
  if (mode === 'max' && scaleGradByFreq) {
    throw new ValueError(`[${op}] got scaleGradByFreq with mode max, wanted mode sum or mean`);
  }
  const offsets = checkOffsets(index, options.offsets ?? null);
  return scoped(() => {
    const { maxNorm = null, normType = 2 } = options;
    if (maxNorm !== null) boundRows(op, weight, reshape(index, [index.numel()]), maxNorm, normType);
    const scales = perSampleWeights && to(perSampleWeights, weight.dtype);
    const attrs = { mode, includeLastOffset, paddingIdx: padding ?? -1, scaleGradByFreq };
    return runComposite1('embeddingBag', [weight, places(index), offsets && places(offsets), scales], attrs);
  });
}

/** Offsets that an index of one dim needs, and one of two dims does not take. */
function checkOffsets(index: Tensor, offsets: Tensor | null): Tensor | null {
  const op = 'embeddingBag';
  if (index.ndim === 2) {
    if (offsets !== null) throw new ValueError(`[${op}] got offsets with an index of two dims, wanted none`);
    return null;
  }
  if (index.ndim !== 1)
    throw new ShapeError(`[${op}] index is ${shapeText(index.shape)}, wanted one dim or two`);
  if (offsets === null) throw new ValueError(`[${op}] got no offsets, wanted them with an index of one dim`);
  checkTensor(op, 'offsets', offsets);
  if (isFloat(offsets.dtype) || offsets.dtype === 'bool') {
    throw new DTypeError(`[${op}] offsets is ${offsets.dtype}, wanted integers`);
  }
  if (offsets.ndim !== 1) throw new ShapeError(`[${op}] offsets is ${shapeText(offsets.shape)}, wanted [B]`);
  return offsets;
}

/** Integers of 8 and 16 bits as int64. */
function places(x: Tensor): Tensor {
  return x.dtype === 'uint8' || x.dtype === 'int8' || x.dtype === 'int16' ? to(x, 'int64') : x;
}

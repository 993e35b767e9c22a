import { clampMin } from './clamp.js';
import { backend } from '../backend/current.js';
import {
  checkChoice,
  checkFlag,
  checkInt,
  checkNumber,
  checkOptions,
  checkTensor,
  noAttrs,
  product,
  shapeText,
} from '../check.js';
import { isFloat } from '../dtype.js';
import { DTypeError, IndexError, ShapeError, ValueError } from '../errors.js';
import { noGrad } from '../grad-mode.js';
import { scoped } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { add, div, eq, ge, gt, lt, mul, ne, sub, where } from './binary.js';
import { detach, to } from './convert.js';
import { ones, zeros } from './creation.js';
import { arange } from './ranges.js';
import { cumsum } from './cumulative.js';
import { vectorPNorm } from './similarity.js';
import { gather, indexAdd, indexSelect, scatterAdd } from './indexing.js';
import { amax } from './reduction.js';
import { narrow, reshape, squeeze, unsqueeze } from './view.js';

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

/** How often each of `count` rows is named. */
function occurrences(flat: Tensor, count: number): Tensor {
  const places = to(flat, 'int64');
  return scatterAdd(zeros([count], { dtype: 'int64' }), 0, places, ones(places.shape, { dtype: 'int64' }));
}

/** Scales down, in place, the rows that are named and have a norm above `most`. */
function boundRows(op: string, weight: Tensor, flat: Tensor, most: number, p: number): void {
  checkNumber(op, 'maxNorm', most);
  checkNumber(op, 'normType', p);
  noGrad(() => {
    const norms = vectorPNorm(weight, p, { dim: 1, keepdim: false });
    const named = gt(occurrences(flat, weight.shape[0]!), 0);
    const scale = where(named, where(gt(norms, most), div(most, add(norms, 1e-7)), 1), 1);
    backend.runInPlace('mul', [weight, to(unsqueeze(scale, 1), weight.dtype)], noAttrs);
  });
}

/** x, with its gradient times `scale`. */
function withGradScaled(x: Tensor, scale: Tensor): Tensor {
  const here = detach(x);
  return add(here, mul(sub(x, here), scale));
}

function lookUp(
  op: string,
  flat: Tensor,
  weight: Tensor,
  padding: number | null,
  options: EmbeddingOptions,
): Tensor {
  const { maxNorm = null, normType = 2 } = options;
  if (maxNorm !== null) boundRows(op, weight, flat, maxNorm, normType);
  let rows = indexSelect(weight, 0, flat);
  if (checkFlag(op, 'scaleGradByFreq', options.scaleGradByFreq)) {
    const counts = gather(occurrences(flat, weight.shape[0]!), 0, to(flat, 'int64'));
    rows = withGradScaled(rows, unsqueeze(div(1, to(counts, weight.dtype)), 1));
  }
  return padding === null ? rows : where(unsqueeze(eq(flat, padding), 1), detach(rows), rows);
}

/**
 * The rows of `weight` at the given indices, as a lookup table. The row at `paddingIdx` gets no gradient.
 *
 * index (int64 or int32): any shape [...]; weight: [N, D]; gives [..., D].
 * @throws IndexError for an index out of range.
 * @example
 * import { embedding, tensor } from 'lanegrad';
 * embedding(tensor([1, 0]), tensor([[1, 2], [3, 4]])).tolist(); // => [[3, 4], [1, 2]]
 */
export function embedding(index: Tensor, weight: Tensor, options: EmbeddingOptions = {}): Tensor {
  checkTable('embedding', index, weight);
  checkOptions('embedding', options);
  const [count, width] = weight.shape as [number, number];
  const padding = paddingRow('embedding', options.paddingIdx ?? null, count);
  return scoped(() => {
    const flat = index.shape.length === 1 ? index : reshape(index, [index.numel()]);
    const rows = lookUp('embedding', flat, weight, padding, options);
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

/** Where each bag starts, and the end of the last; checked against the number of indices. */
function boundaries(index: Tensor, options: EmbeddingBagOptions): readonly number[] {
  const op = 'embeddingBag';
  const { offsets = null } = options;
  const last = checkFlag(op, 'includeLastOffset', options.includeLastOffset);
  if (index.ndim === 2) {
    if (offsets !== null) throw new ValueError(`[${op}] got offsets with an index of two dims, wanted none`);
    const [bags, size] = index.shape as [number, number];
    return Array.from({ length: bags + 1 }, (_, i) => i * size);
  }
  if (index.ndim !== 1)
    throw new ShapeError(`[${op}] index is ${shapeText(index.shape)}, wanted one dim or two`);
  if (offsets === null) throw new ValueError(`[${op}] got no offsets, wanted them with an index of one dim`);
  checkTensor(op, 'offsets', offsets);
  if (isFloat(offsets.dtype) || offsets.dtype === 'bool') {
    throw new DTypeError(`[${op}] offsets is ${offsets.dtype}, wanted integers`);
  }
  if (offsets.ndim !== 1) throw new ShapeError(`[${op}] offsets is ${shapeText(offsets.shape)}, wanted [B]`);
  const starts = Array.from(backend.read(offsets), Number);
  const count = index.shape[0]!;
  if (!last) starts.push(count);
  else if (starts.length === 0)
    throw new ValueError(`[${op}] got no offsets, wanted the end of the last bag`);
  const rising = starts.every((start, i) => start <= count && start >= (i === 0 ? 0 : starts[i - 1]!));
  if (starts[0] !== 0 || !rising) {
    throw new ValueError(
      `[${op}] offsets: wanted them rising from 0 to at most ${count}, the number of indices`,
    );
  }
  return starts;
}

/** The number of the bag of each place before the end of the last. */
function bagOfEach(ends: readonly number[]): Tensor {
  const total = ends.at(-1)!;
  const begins = zeros([total + 1], { dtype: 'int64' });
  const starts = offsetsTensor(ends.slice(0, -1));
  const marks = scatterAdd(begins, 0, starts, ones(starts.shape, { dtype: 'int64' }));
  return sub(cumsum(narrow(marks, 0, 0, total), 0), 1);
}

function offsetsTensor(values: readonly number[]): Tensor {
  return backend.create('int64', [values.length], BigInt64Array.from(values, BigInt));
}

/** The largest of each bag, in every column; 0 for an empty one. */
function largest(rows: Tensor, ends: readonly number[], counts: Tensor | null): Tensor {
  const bags = ends.length - 1;
  const width = rows.shape[1]!;
  const sizes = ends.slice(1).map((end, i) => end - ends[i]!);
  const size = Math.max(0, ...sizes);
  if (size === 0) return zeros([bags, width], { dtype: rows.dtype });
  const lane = arange(size);
  const inside = lt(lane, unsqueeze(offsetsTensor(sizes), 1));
  const places = where(inside, add(unsqueeze(offsetsTensor(ends.slice(0, -1)), 1), lane), 0);
  const flat = reshape(places, [bags * size]);
  const there = counts ? mul(to(inside, 'int64'), reshape(gather(counts, 0, flat), [bags, size])) : inside;
  const mask = unsqueeze(ne(there, 0), 2);
  const table = where(mask, reshape(indexSelect(rows, 0, flat), [bags, size, width]), -Infinity);
  const { indices } = table.max({ dim: 1, keepdim: true });
  const values = squeeze(gather(table, 1, indices), 1);
  return where(eq(amax(to(mask, 'int64'), { dim: 1 }), 0), 0, values);
}

/**
 * The sum, mean or maximum of bags of rows of `weight`, without the table of rows between. Of an empty bag: 0.
 *
 * index: integers [B, L], or [K] with offsets: [B]; weight: [N, D]; gives [B, D].
 * @throws IndexError for an index out of range.
 * @throws ValueError for offsets that do not rise from 0, or weights with another mode than 'sum'.
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
  const [count, width] = weight.shape as [number, number];
  const padding = paddingRow(op, options.paddingIdx ?? null, count);
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
  const ends = boundaries(index, options);
  return scoped(() => {
    const total = ends.at(-1)!;
    const flat = narrow(reshape(index, [index.numel()]), 0, 0, total);
    const rows = lookUp(op, flat, weight, null, options);
    const counted = padding === null ? null : to(ne(flat, padding), 'int64');
    if (mode === 'max') return largest(rows, ends, counted);
    // 16 bits are too few to sum up in.
    const wide = rows.dtype === 'float64' ? rows : to(rows, 'float32');
    let terms = perSampleWeights
      ? mul(wide, unsqueeze(narrow(reshape(perSampleWeights, [index.numel()]), 0, 0, total), 1))
      : wide;
    if (counted) terms = where(unsqueeze(ge(counted, 1), 1), terms, 0);
    const bags = ends.length - 1;
    const bagOf = bagOfEach(ends);
    const sums = indexAdd(zeros([bags, width], { dtype: terms.dtype }), 0, bagOf, terms);
    if (mode === 'sum') return to(sums, weight.dtype);
    const members = counted ?? ones([total], { dtype: 'int64' });
    const sizes = indexAdd(zeros([bags], { dtype: 'int64' }), 0, bagOf, members);
    return to(div(sums, unsqueeze(clampMin(sizes, 1), 1)), weight.dtype);
  });
}

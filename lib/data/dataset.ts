import { backend } from '../backend/current.js';
import { checkInt, checkTensors, describe, shapeText } from '../check.js';
import { IndexError, ShapeError, ValueError } from '../errors.js';
import { stack } from '../ops/join.js';
import { indexSelect } from '../ops/indexing.js';
import { narrow, select } from '../ops/view.js';
import type { Tensor } from '../tensor.js';

/** A tuple of tensors: an input and its target, say. */
export type Sample = readonly Tensor[];

/**
 * Samples by number. Anything with `length` and `get` is one.
 *
 * @example
 * import { data, tensor, type Tensor } from 'lanegrad';
 * const squares: data.Dataset<[Tensor, Tensor]> = {
 *   length: 4,
 *   get: (i) => [tensor(i), tensor(i * i)],
 * };
 * const [batch] = new data.DataLoader(squares, { batchSize: 4 });
 * batch?.[1].tolist(); // => [0, 1, 4, 9]
 */
export interface Dataset<S extends Sample = Sample> {
  /** The number of samples. */
  readonly length: number;
  /** One sample, 0 <= index < length. */
  get(index: number): S;
  /** Many samples at once, each tensor with a new first dim. Default: `get` for each, stacked. */
  getBatch?(indices: Int32Array): S;
}

export function checkDataset(op: string, dataset: unknown): void {
  if (typeof (dataset as Dataset | null | undefined)?.get !== 'function')
    throw new ValueError(`[${op}] dataset: got ${describe(dataset)}, wanted an object with length and get`);
}

/** The samples with these numbers, stacked along a new first dim. */
export function stackSamples<S extends Sample>(dataset: Dataset<S>, indices: Int32Array): S {
  const samples = Array.from(indices, (index) => dataset.get(index));
  const [first] = samples;
  if (first === undefined) throw new ValueError('[DataLoader] got no indices, wanted at least one');
  samples.forEach((sample, i) => {
    checkTensors('DataLoader', `sample ${indices[i]}`, sample);
    if (sample.length !== first.length) {
      throw new ShapeError(
        `[DataLoader] samples differ: sample ${indices[0]} has ${first.length} tensors, ` +
          `sample ${indices[i]} has ${sample.length}`,
      );
    }
  });
  // A tuple of as many tensors.
  return first.map((_, k) => stack(samples.map((sample) => sample[k]!))) as unknown as S;
}

/**
 * Tensors of one first size N as N samples: sample i has row i of each.
 *
 * tensors: [N, ...] each.
 * @throws ShapeError if a tensor has no dims, or the first sizes differ.
 * @throws ValueError for no tensors.
 * @example
 * import { data, tensor } from 'lanegrad';
 * const set = new data.TensorDataset(tensor([[1, 2], [3, 4]]), tensor([0, 1]));
 * set.length; // => 2
 * set.get(1).map((x) => x.tolist()); // => [[3, 4], 1]
 */
export class TensorDataset<Tensors extends Sample = [Tensor, Tensor]> implements Dataset<Tensors> {
  readonly tensors: Tensors;
  readonly length: number;

  constructor(...tensors: Tensors) {
    checkTensors('TensorDataset', 'tensors', tensors);
    if (tensors.length === 0) throw new ValueError('[TensorDataset] got no tensors, wanted at least one');
    tensors.forEach((tensor, i) => {
      if (tensor.ndim === 0)
        throw new ShapeError(`[TensorDataset] tensors[${i}]: got a 0-dim tensor, wanted [N, ...]`);
      if (tensor.shape[0] !== tensors[0]!.shape[0]) {
        throw new ShapeError(
          `[TensorDataset] first sizes differ: tensors[0] is ${shapeText(tensors[0]!.shape)}, ` +
            `tensors[${i}] is ${shapeText(tensor.shape)}`,
        );
      }
    });
    this.tensors = tensors;
    this.length = tensors[0]!.shape[0]!;
  }

  /** Row `index` of each tensor, as views. */
  get(index: number): Tensors {
    checkInt('TensorDataset', 'index', index);
    if (index < 0 || index >= this.length) {
      throw new IndexError(`[TensorDataset] index: got ${index}, wanted one in [0, ${this.length - 1}]`);
    }
    return this.map((tensor) => select(tensor, 0, index));
  }

  /** The rows with these numbers: views where they follow each other, else copies. */
  getBatch(indices: Int32Array): Tensors {
    // A subclass may change samples.
    if (this.get !== TensorDataset.prototype.get) return stackSamples(this, indices);
    const start = indices[0] ?? 0;
    if (
      indices.every((index, i) => index === start + i) &&
      start >= 0 &&
      start + indices.length <= this.length
    ) {
      return this.map((tensor) => narrow(tensor, 0, start, indices.length));
    }
    const rows = backend.create('int32', [indices.length], indices);
    try {
      return this.map((tensor) => indexSelect(tensor, 0, rows));
    } finally {
      backend.release(rows);
    }
  }

  /** A tuple of as many tensors. */
  private map(rowsOf: (tensor: Tensor) => Tensor): Tensors {
    return this.tensors.map(rowsOf) as unknown as Tensors;
  }
}

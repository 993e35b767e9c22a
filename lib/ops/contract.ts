import { product, shapeText } from '../check.js';
import type { DType } from '../dtype.js';
import { ShapeError } from '../errors.js';
import type { Tensor } from '../tensor.js';
import { mul } from './binary.js';
import { to } from './convert.js';
import { matmul } from './matmul.js';
import { sum } from './reduction.js';
import { permute, reshape, slice, squeeze } from './view.js';

// Sums of products over labelled dims, lowered to permute, a batched matrix product, and sum: what einsum, tensordot and
// their like are made of.

/** A tensor whose dims have names; equal names are equal indices. */
export interface Labelled {
  readonly tensor: Tensor;
  readonly labels: readonly number[];
}

/** Sums the dims whose label is not wanted, in the dtype given or the one that `sum` gives. */
export function sumOut(x: Labelled, wanted: (label: number) => boolean, dtype?: DType): Labelled {
  const dims = x.labels.flatMap((label, i) => (wanted(label) ? [] : [i]));
  if (dims.length === 0) return x;
  const total = sum(x.tensor, { dim: dims });
  return { tensor: dtype === undefined ? total : to(total, dtype), labels: x.labels.filter(wanted) };
}

/** The dims in another order. */
export function reorder(x: Labelled, labels: readonly number[]): Labelled {
  const dims = labels.map((label) => x.labels.indexOf(label));
  if (dims.every((dim, i) => dim === i)) return x;
  return { tensor: permute(x.tensor, dims), labels };
}

/** The elements whose indices in two dims of one size are equal; their dim comes last. */
export function diagonalOf(x: Tensor, first: number, second: number): Tensor {
  const { shape } = x;
  const size = shape[first]!;
  const rest = shape.map((_, i) => i).filter((i) => i !== first && i !== second);
  const sizes = rest.map((i) => shape[i]!);
  // Row-major, one step along the diagonal is size + 1 elements.
  const rows = reshape(permute(x, [...rest, first, second]), [...sizes, size * size]);
  return slice(rows, rest.length, { step: size + 1 });
}

/** Repeated labels of one tensor are its diagonal. */
export function takeDiagonals(op: string, x: Labelled): Labelled {
  let { tensor, labels } = x;
  for (;;) {
    const second = labels.findIndex((label, i) => labels.indexOf(label) !== i);
    if (second < 0) return { tensor, labels };
    const label = labels[second]!;
    const first = labels.indexOf(label);
    const { shape } = tensor;
    if (shape[first] !== shape[second]) {
      throw new ShapeError(
        `[${op}] dims ${first} and ${second} of ${shapeText(shape)} have one subscript but different sizes`,
      );
    }
    tensor = diagonalOf(tensor, first, second);
    labels = [...labels.filter((_, i) => i !== first && i !== second), label];
  }
}

/**
 * The sum of a * b over the labels that are not kept. Each label's sizes agree, or are 1 in one of the two. The labels of
 * the result are those of both and kept, then those of a alone, then those of b alone.
 */
export function contractPair(a: Labelled, b: Labelled, kept: (label: number) => boolean): Labelled {
  const sizeIn = (x: Labelled, label: number) => x.tensor.shape[x.labels.indexOf(label)]!;
  // A size of 1 that the other side stretches is no dim of its own.
  const narrow = (x: Labelled, y: Labelled): Labelled => {
    const drop = x.labels.filter(
      (label) => y.labels.includes(label) && sizeIn(x, label) === 1 && sizeIn(y, label) !== 1,
    );
    if (drop.length === 0) return x;
    return {
      tensor: squeeze(
        x.tensor,
        drop.map((label) => x.labels.indexOf(label)),
      ),
      labels: x.labels.filter((label) => !drop.includes(label)),
    };
  };
  const slimA = narrow(a, b);
  const slimB = narrow(b, a);
  const left = sumOut(slimA, (label) => kept(label) || slimB.labels.includes(label), a.tensor.dtype);
  const right = sumOut(slimB, (label) => kept(label) || slimA.labels.includes(label), b.tensor.dtype);

  const shared = left.labels.filter((label) => right.labels.includes(label));
  const batch = shared.filter(kept);
  const inner = shared.filter((label) => !kept(label));
  const rows = left.labels.filter((label) => !shared.includes(label));
  const columns = right.labels.filter((label) => !shared.includes(label));
  const sizes = (x: Labelled, labels: readonly number[]) => labels.map((label) => sizeIn(x, label));
  const batchSizes = sizes(left, batch);
  const outSizes = [...batchSizes, ...sizes(left, rows), ...sizes(right, columns)];
  const labels = [...batch, ...rows, ...columns];

  const ordered = reorder(left, [...batch, ...rows, ...inner]).tensor;
  if (inner.length === 0) {
    const stretched = reshape(ordered, [...batchSizes, ...sizes(left, rows), ...columns.map(() => 1)]);
    const against = reorder(right, [...batch, ...columns]).tensor;
    const other = reshape(against, [...batchSizes, ...rows.map(() => 1), ...sizes(right, columns)]);
    return { tensor: mul(stretched, other), labels };
  }
  const depth = product(sizes(left, inner));
  const head = batch.length === 0 ? [] : [product(batchSizes)];
  const matrix = reshape(ordered, [...head, product(sizes(left, rows)), depth]);
  const against = reorder(right, [...batch, ...inner, ...columns]).tensor;
  const other = reshape(against, [...head, depth, product(sizes(right, columns))]);
  return { tensor: reshape(matmul(matrix, other), outSizes), labels };
}

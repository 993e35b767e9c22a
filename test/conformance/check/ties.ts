import type { Arguments } from '../call.js';
import { kindDifference } from './compare.js';
import { isTensor } from '../library.js';
import { baseName } from '../names.js';
import type { Output } from './results.js';
import type { StoredTensor, StoredTensors } from '../read/stored.js';
import { readTensor } from '../tensors.js';

// Where an input repeats a value, another index than PyTorch's is right as well, if the input at it has that value.

/** Ops whose dim, where none is given, is the last one; the others then take the tensor as one row. */
const lastByDefault = ['sort', 'argsort', 'topk', 'kthvalue', 'mode'];

/** Ops whose indices name each place at most once. */
const distinct = ['sort', 'argsort', 'topk'];

/** Compares an output of indices; undefined if it is right. */
export function checkIndices(
  { path, got, want }: Output,
  stored: StoredTensors,
  op: string,
  args: Arguments,
): string | undefined {
  if (want.t !== 'tensor' || !isTensor(got)) return `${path}: wanted a tensor`;
  const wanted = stored.get(want.ref!)!;
  const found = readTensor(got);
  const kinds = kindDifference(found, wanted);
  if (kinds !== undefined) return `${path}: ${kinds}`;
  const input = readTensor(args.tensor('self'));
  const lanes = lanesOf(input, wanted, op, args);
  for (let lane = 0; lane < lanes.count; ++lane) {
    const seen = new Set<number>();
    for (let i = 0; i < lanes.length; ++i) {
      const at = lanes.indexAt(lane, i);
      const mine = Number(found.data[at]);
      if (!Number.isInteger(mine) || mine < 0 || mine >= lanes.size)
        return `${path}: index ${mine} of ${lanes.size}`;
      if (distinct.includes(baseName(op)) && seen.has(mine)) return `${path}: index ${mine} twice`;
      seen.add(mine);
      const a = lanes.valueAt(lane, mine);
      const b = lanes.valueAt(lane, Number(wanted.data[at]));
      if (!(a === b || (Number.isNaN(a) && Number.isNaN(b))))
        return `${path}, element ${at}: index ${mine} has ${a}, wanted ${b} as at ${wanted.data[at]}`;
    }
  }
  return undefined;
}

interface Lanes {
  /** Rows along the dim; entries of the index output in each; elements of the input in each. */
  readonly count: number;
  readonly length: number;
  readonly size: number;
  indexAt(lane: number, i: number): number;
  valueAt(lane: number, place: number): number;
}

function lanesOf(input: StoredTensor, indices: StoredTensor, op: string, args: Arguments): Lanes {
  const rank = input.shape.length;
  const given = args.value('dim') as number | null | undefined;
  const dim = given ?? (lastByDefault.includes(baseName(op)) ? -1 : undefined);
  const total = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
  if (dim === undefined || rank === 0) {
    const size = total(input.shape);
    const length = total(indices.shape);
    return { count: 1, length, size, indexAt: (_, i) => i, valueAt: (_, place) => Number(input.data[place]) };
  }
  const at = dim < 0 ? dim + rank : dim;
  const inner = total(input.shape.slice(at + 1));
  const outer = total(input.shape.slice(0, at));
  const size = input.shape[at]!;
  const length = outer * inner === 0 ? 0 : total(indices.shape) / (outer * inner);
  const place = (lane: number, i: number, width: number): number =>
    (Math.floor(lane / inner) * width + i) * inner + (lane % inner);
  return {
    count: outer * inner,
    length,
    size,
    indexAt: (lane, i) => place(lane, i, length),
    valueAt: (lane, i) => Number(input.data[place(lane, i, size)]),
  };
}

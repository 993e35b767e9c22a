import { contiguousStrides, numelOf } from './shape.js';

/**
 * The dims over which a loop runs, merged where every operand allows it. `strides[k]` are those of operand k.
 * The last dim is the inner one; a 0-dim loop has one dim of size 1.
 */
export interface LoopPlan {
  readonly sizes: readonly number[];
  readonly strides: readonly (readonly number[])[];
  readonly empty: boolean;
}

/** Orders the dims by the strides of operand 0 and merges neighbours that are one run for all operands. */
export function planLoops(shape: readonly number[], operands: readonly (readonly number[])[]): LoopPlan {
  const rank = shape.length;
  const order: number[] = [];
  for (let d = 0; d < rank; d++) if (shape[d] !== 1) order.push(d);
  if (numelOf(shape) === 0) return { sizes: [0], strides: operands.map(() => [0]), empty: true };
  const lead = operands[0]!;
  for (let i = 1; i < order.length; i++) {
    // Insertion sort: nearly always sorted already.
    const d = order[i]!;
    let j = i - 1;
    while (j >= 0 && lead[order[j]!]! < lead[d]!) {
      order[j + 1] = order[j]!;
      j--;
    }
    order[j + 1] = d;
  }
  const sizes: number[] = [];
  const strides: number[][] = operands.map(() => []);
  for (const d of order) {
    const last = sizes.length - 1;
    let merges = last >= 0;
    for (let k = 0; merges && k < operands.length; k++) {
      merges = strides[k]![last] === operands[k]![d]! * shape[d]!;
    }
    if (merges) {
      sizes[last] = sizes[last]! * shape[d]!;
      for (let k = 0; k < operands.length; k++) strides[k]![last] = operands[k]![d]!;
    } else {
      sizes.push(shape[d]!);
      for (let k = 0; k < operands.length; k++) strides[k]!.push(operands[k]![d]!);
    }
  }
  if (sizes.length === 0) {
    sizes.push(1);
    for (const s of strides) s.push(0);
  }
  return { sizes, strides, empty: false };
}

/** Calls `body` with the offset of each operand for every run of the inner dim; the list changes from call to call. */
export function walk(plan: LoopPlan, start: readonly number[], body: (offsets: number[]) => void): void {
  if (plan.empty) return;
  const offsets = start.slice();
  const { sizes, strides } = plan;
  const outer = sizes.length - 1;
  if (outer === 0) {
    body(offsets);
    return;
  }
  const index = new Array<number>(outer).fill(0);
  const operands = offsets.length;
  for (;;) {
    body(offsets);
    let d = outer - 1;
    for (; d >= 0; d--) {
      index[d] = index[d]! + 1;
      if (index[d]! < sizes[d]!) {
        for (let k = 0; k < operands; k++) offsets[k] = offsets[k]! + strides[k]![d]!;
        break;
      }
      const back = sizes[d]! - 1;
      index[d] = 0;
      for (let k = 0; k < operands; k++) offsets[k] = offsets[k]! - strides[k]![d]! * back;
    }
    if (d < 0) return;
  }
}

/** Offsets of all elements in row-major order, for ops that are not worth a loop of their own. */
export function rowMajorOffsets(
  shape: readonly number[],
  strides: readonly number[],
  offset: number,
): Int32Array {
  const n = numelOf(shape);
  const result = new Int32Array(n);
  if (n === 0) return result;
  const rank = shape.length;
  const index = new Array<number>(rank).fill(0);
  let at = offset;
  for (let i = 0; i < n; i++) {
    result[i] = at;
    for (let d = rank - 1; d >= 0; d--) {
      index[d] = index[d]! + 1;
      at += strides[d]!;
      if (index[d]! < shape[d]!) break;
      at -= strides[d]! * shape[d]!;
      index[d] = 0;
    }
  }
  return result;
}

/** The loops that run over `shape` in row-major order whatever the strides are: nothing is reordered. */
export function planRowMajor(shape: readonly number[], operands: readonly (readonly number[])[]): LoopPlan {
  return planLoops(shape, [contiguousStrides(shape), ...operands]);
}

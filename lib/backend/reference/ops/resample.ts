import { DTypeError, IndexError, ShapeError, ValueError } from '../../../errors.js';
import { fail, fresh, show, type RefTensor } from '../array.js';
import { checkSizes, numelOf, sameShape } from '../shape.js';
import { wantFloat, wantIndex, type ReferenceOp } from './op.js';
import { lastSizes, rowMajor, type Sizes } from './window.js';

// The last one to three dims made anew from a table: outerIndex picks elements, resample sums a few with weights.

/** The table of one call, a list for each direction. */
interface Table {
  readonly size: Sizes;
  readonly count: Sizes;
  readonly taps: Sizes;
  readonly index: readonly [readonly number[], readonly number[], readonly number[]];
  readonly weights: readonly [readonly number[], readonly number[], readonly number[]];
}

function last(shape: readonly number[], directions: number): readonly number[] {
  return shape.slice(shape.length - directions);
}

function checkCall(
  op: string,
  x: RefTensor,
  tables: readonly RefTensor[],
  sizes: readonly number[],
  count: readonly number[],
  taps: readonly number[],
): number[] {
  if (sizes.length < 1 || sizes.length > 3 || taps.length !== sizes.length) {
    fail(
      ValueError,
      op,
      `wants sizes and taps of one to three directions, got ${show(sizes)}, ${show(taps)}`,
    );
  }
  if (x.rank < sizes.length)
    fail(ShapeError, op, `the input wants ${sizes.length} dims or more, got ${show(x.shape)}`);
  checkSizes(op, sizes);
  wantIndex(op, tables[0]!);
  if (tables[1] && tables[1].dtype !== 'float64') {
    fail(DTypeError, op, `input weights wants float64, got ${tables[1].dtype}`);
  }
  const entries = count.reduce((total, n, d) => total + n * taps[d]!, 0);
  for (const table of tables) {
    if (!sameShape(table.shape, [entries])) {
      fail(ShapeError, op, `the tables want shape [${entries}], got ${show(table.shape)}`);
    }
  }
  return [...x.shape.slice(0, x.rank - sizes.length), ...sizes];
}

function readTable(
  op: string,
  size: readonly number[],
  count: readonly number[],
  taps: readonly number[],
  index: RefTensor,
  weights: RefTensor | undefined,
): Table {
  const places: number[][] = [[0], [0], [0]];
  const factors: number[][] = [[1], [1], [1]];
  let at = 0;
  count.forEach((n, d) => {
    const direction = 3 - count.length + d;
    const entries = Array.from({ length: n * taps[d]! }, (_, i) => at + i);
    places[direction] = entries.map((i) => Number(index.data[index.offset + i * index.strides[0]!]!));
    factors[direction] = entries.map((i) =>
      weights ? weights.numbers[weights.offset + i * weights.strides[0]!]! : 1,
    );
    at += entries.length;
    for (const place of places[direction]) {
      if (place < 0 || place >= size[d]!) {
        fail(IndexError, op, `index ${place} is out of range for a dim of ${size[d]}`);
      }
    }
  });
  return {
    size: lastSizes(size, 1),
    count: lastSizes(count, 1),
    taps: lastSizes(taps, 1),
    index: places as unknown as Table['index'],
    weights: factors as unknown as Table['weights'],
  };
}

/** Calls `body` with each output place of a channel and each input place and weight that make it. */
function eachTap(t: Table, body: (to: number, from: number, weight: number) => void): void {
  const [, height, width] = t.size;
  let to = 0;
  for (let k = 0; k < t.count[0]; k++) {
    for (let i = 0; i < t.count[1]; i++) {
      for (let j = 0; j < t.count[2]; j++, to++) {
        for (let a = k * t.taps[0]; a < (k + 1) * t.taps[0]; a++) {
          for (let b = i * t.taps[1]; b < (i + 1) * t.taps[1]; b++) {
            const row = (t.index[0][a]! * height + t.index[1][b]!) * width;
            const weight = t.weights[0][a]! * t.weights[1][b]!;
            for (let c = j * t.taps[2]; c < (j + 1) * t.taps[2]; c++) {
              body(to, row + t.index[2][c]!, weight * t.weights[2][c]!);
            }
          }
        }
      }
    }
  }
}

/** `eachTap` as lists, so that they are made once for all channels. */
function flatTaps(t: Table): { to: Int32Array; from: Int32Array; weights: Float64Array } {
  const total = numelOf(t.count) * numelOf(t.taps);
  const taps = { to: new Int32Array(total), from: new Int32Array(total), weights: new Float64Array(total) };
  let at = 0;
  eachTap(t, (to, from, weight) => {
    taps.to[at] = to;
    taps.from[at] = from;
    taps.weights[at++] = weight;
  });
  return taps;
}

function forward(t: Table, x: RefTensor, out: RefTensor): void {
  const taps = flatTaps(t);
  const volume = numelOf(t.size);
  const places = numelOf(t.count);
  if (places === 0) return;
  const from = x.numbers;
  const sums = new Float64Array(places);
  for (let at = 0; at * places < out.numel; at++) {
    const base = x.offset + at * volume;
    sums.fill(0);
    for (let i = 0; i < taps.to.length; i++) {
      const to = taps.to[i]!;
      sums[to] = sums[to]! + taps.weights[i]! * from[base + taps.from[i]!]!;
    }
    out.numbers.set(sums, at * places);
  }
}

function backward(t: Table, grad: RefTensor, out: RefTensor): void {
  const taps = flatTaps(t);
  const volume = numelOf(t.size);
  const places = numelOf(t.count);
  if (volume === 0) return;
  const from = grad.numbers;
  const sums = new Float64Array(volume);
  for (let at = 0; at * volume < out.numel; at++) {
    const base = grad.offset + at * places;
    sums.fill(0);
    for (let i = 0; i < taps.to.length; i++) {
      const to = taps.from[i]!;
      sums[to] = sums[to]! + taps.weights[i]! * from[base + taps.to[i]!]!;
    }
    out.numbers.set(sums, at * volume);
  }
}

const ones = (sizes: readonly number[]): number[] => sizes.map(() => 1);

export const outerIndex: ReferenceOp<'outerIndex'> = {
  infer: ([x, index], { sizes }) => [
    fresh(x!.dtype, checkCall('outerIndex', x!, [index!], sizes, sizes, ones(sizes))),
  ],
  forward([x, index], [out], { sizes }) {
    const size = last(x!.shape, sizes.length);
    const t = readTable('outerIndex', size, sizes, ones(sizes), index!, undefined);
    const { from } = flatTaps(t);
    const source = rowMajor('outerIndex', x!);
    const volume = numelOf(size);
    for (let to = 0, base = source.offset; to < out!.numel; base += volume) {
      for (let i = 0; i < from.length; i++, to++) out!.numbers[to] = source.numbers[base + from[i]!]!;
    }
  },
  saves: { inputs: [1] },
  vjp: (c, g, { sizes }) => [
    c.run('outerIndexBackward', [g, c.input(1)], { sizes: last(c.shape(0), sizes.length) }),
    undefined,
  ],
};

export const outerIndexBackward: ReferenceOp<'outerIndexBackward'> = {
  infer([grad, index], { sizes }) {
    wantFloat('outerIndexBackward', grad!, 'grad');
    const count = last(grad!.shape, sizes.length);
    return [fresh(grad!.dtype, checkCall('outerIndexBackward', grad!, [index!], sizes, count, ones(sizes)))];
  },
  forward([grad, index], [out], { sizes }) {
    const count = last(grad!.shape, sizes.length);
    const t = readTable('outerIndexBackward', sizes, count, ones(sizes), index!, undefined);
    backward(t, rowMajor('outerIndexBackward', grad!), out!);
  },
  saves: { inputs: [1] },
  vjp: (c, gg, { sizes }) => [
    c.run('outerIndex', [gg, c.input(1)], { sizes: last(c.shape(0), sizes.length) }),
    undefined,
  ],
};

export const resample: ReferenceOp<'resample'> = {
  infer([x, index, weights], { sizes, taps }) {
    wantFloat('resample', x!);
    return [fresh(x!.dtype, checkCall('resample', x!, [index!, weights!], sizes, sizes, taps))];
  },
  forward([x, index, weights], [out], { sizes, taps }) {
    const t = readTable('resample', last(x!.shape, sizes.length), sizes, taps, index!, weights);
    forward(t, rowMajor('resample', x!), out!);
  },
  saves: { inputs: [1, 2] },
  vjp: (c, g, { sizes, taps }) => [
    c.run('resampleBackward', [g, c.input(1), c.input(2)], { sizes: last(c.shape(0), sizes.length), taps }),
    undefined,
    undefined,
  ],
};

export const resampleBackward: ReferenceOp<'resampleBackward'> = {
  infer([grad, index, weights], { sizes, taps }) {
    wantFloat('resampleBackward', grad!, 'grad');
    const count = last(grad!.shape, sizes.length);
    return [fresh(grad!.dtype, checkCall('resampleBackward', grad!, [index!, weights!], sizes, count, taps))];
  },
  forward([grad, index, weights], [out], { sizes, taps }) {
    const t = readTable('resampleBackward', sizes, last(grad!.shape, sizes.length), taps, index!, weights);
    backward(t, rowMajor('resampleBackward', grad!), out!);
  },
  saves: { inputs: [1, 2] },
  vjp: (c, gg, { sizes, taps }) => [
    c.run('resample', [gg, c.input(1), c.input(2)], { sizes: last(c.shape(0), sizes.length), taps }),
    undefined,
    undefined,
  ],
};

import { fresh, type RefTensor } from '../array.js';
import { normalizeDim } from '../shape.js';
import { planLoops, walk } from '../walk.js';
import type { ReferenceOp } from './op.js';

// Running folds along a dim.

/** The lines of x along `dim`: calls `body` with the place of the first element of each, in x and in `out`. */
export function eachLine(
  x: RefTensor,
  out: RefTensor,
  dim: number,
  body: (xo: number, oo: number) => void,
): void {
  const others = <T>(list: readonly T[]): T[] => list.filter((_, i) => i !== dim);
  const plan = planLoops(others(x.shape), [others(out.strides), others(x.strides)]);
  const last = plan.sizes.length - 1;
  walk(plan, [out.offset, x.offset], (at) => {
    for (let i = 0; i < plan.sizes[last]!; i++) {
      body(at[1]! + i * plan.strides[1]![last]!, at[0]! + i * plan.strides[0]![last]!);
    }
  });
}

/** The size of a dim and the strides along it; of a 0-dim tensor, of its one element. */
export function alongDim(x: RefTensor, out: RefTensor, dim: number): { n: number; xs: number; os: number } {
  if (x.rank === 0) return { n: 1, xs: 0, os: 0 };
  return { n: x.shape[dim]!, xs: x.strides[dim]!, os: out.strides[dim]! };
}

export const cumsum: ReferenceOp<'cumsum'> = {
  infer([x], { dim }) {
    normalizeDim('cumsum', dim, x!.rank);
    return [fresh(x!.isFloat ? x!.dtype : 'int64', x!.shape)];
  },
  forward([x], [out], { dim, reverse }) {
    const d = normalizeDim('cumsum', dim, x!.rank);
    const { n, xs, os } = alongDim(x!, out!, d);
    const first = reverse ? n - 1 : 0;
    const step = reverse ? -1 : 1;
    const sumFloats = (xo: number, oo: number): void => {
      const data = x!.numbers;
      const to = out!.numbers;
      let sum = 0;
      for (let k = 0, j = first; k < n; k++, j += step) to[oo + j * os] = sum += data[xo + j * xs]!;
    };
    const sumIntegers = (xo: number, oo: number): void => {
      const to = out!.data as BigInt64Array;
      let sum = 0n;
      for (let k = 0, j = first; k < n; k++, j += step) {
        to[oo + j * os] = sum += BigInt(x!.data[xo + j * xs]!);
      }
    };
    eachLine(x!, out!, d, x!.isFloat ? sumFloats : sumIntegers);
  },
  vjp: (c, g, { dim, reverse }) => [c.run('cumsum', [g], { dim, reverse: !reverse })],
};

import type { RefTensor } from '../array.js';
import { planLoops, walk } from '../walk.js';

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

import { fresh, type RefTensor } from '../array.js';
import { normalizeDim } from '../shape.js';
import { planLoops, walk } from '../walk.js';
import { mul, noAttrs, type ReferenceOp } from './op.js';

/** Calls `body` with offset and output offset of every row along `dim`; the output is dense in the dim order of x. */
function eachRow(x: RefTensor, out: RefTensor, dim: number, body: (xo: number, oo: number) => void): void {
  const rest = x.shape.filter((_, i) => i !== dim);
  const plan = planLoops(rest, [
    out.strides.filter((_, i) => i !== dim),
    x.strides.filter((_, i) => i !== dim),
  ]);
  const last = plan.sizes.length - 1;
  walk(plan, [out.offset, x.offset], (at) => {
    for (let i = 0; i < plan.sizes[last]!; i++) {
      body(at[1]! + i * plan.strides[1]![last]!, at[0]! + i * plan.strides[0]![last]!);
    }
  });
}

function softmaxForward(x: RefTensor, out: RefTensor, dim: number, log: boolean): void {
  const scalar = x.rank === 0;
  const size = scalar ? 1 : x.shape[dim]!;
  const xs = scalar ? 0 : x.strides[dim]!;
  const os = scalar ? 0 : out.strides[dim]!;
  if (size === 0) return;
  const data = x.numbers;
  const to = out.numbers;
  eachRow(x, out, dim, (xo, oo) => {
    let top = -Infinity;
    for (let k = 0; k < size; k++) {
      const v = data[xo + k * xs]!;
      if (v > top || v !== v) top = v;
    }
    let total = 0;
    for (let k = 0; k < size; k++) total += Math.exp(data[xo + k * xs]! - top);
    if (log) {
      const shift = Math.log(total);
      for (let k = 0; k < size; k++) to[oo + k * os] = data[xo + k * xs]! - top - shift;
    } else {
      for (let k = 0; k < size; k++) to[oo + k * os] = Math.exp(data[xo + k * xs]! - top) / total;
    }
  });
}

export const softmax: ReferenceOp<'softmax'> = {
  infer([x], { dim }) {
    normalizeDim('softmax', dim, x!.rank);
    return [fresh(x!.dtype, x!.shape)];
  },
  forward: ([x], [out], { dim }) => softmaxForward(x!, out!, normalizeDim('softmax', dim, x!.rank), false),
  saves: { outputs: [0] },
  // y (g - sum(g y))
  vjp(c, g, { dim }) {
    const y = c.output(0);
    const gy = mul(c, g, y);
    const total = y.rank === 0 ? gy : c.run('sum', [gy], { dims: [dim], keepdim: true });
    return [c.run('sub', [gy, mul(c, y, total)], noAttrs)];
  },
};

export const logSoftmax: ReferenceOp<'logSoftmax'> = {
  infer([x], { dim }) {
    normalizeDim('logSoftmax', dim, x!.rank);
    return [fresh(x!.dtype, x!.shape)];
  },
  forward: ([x], [out], { dim }) => softmaxForward(x!, out!, normalizeDim('logSoftmax', dim, x!.rank), true),
  saves: { outputs: [0] },
  // g - exp(y) sum(g)
  vjp(c, g, { dim }) {
    const y = c.output(0);
    const total = y.rank === 0 ? g : c.run('sum', [g], { dims: [dim], keepdim: true });
    return [c.run('sub', [g, mul(c, c.run('exp', [y], noAttrs), total)], noAttrs)];
  },
};

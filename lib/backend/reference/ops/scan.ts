import { DTypeError, ShapeError } from '../../../errors.js';
import type { OpAttrs } from '../../op-schema.gen.js';
import { fail, fresh, show, type RefTensor } from '../array.js';
import { normalizeDim } from '../shape.js';
import { alongDim, eachLine } from './lines.js';
import { full, mul, sub, type ReferenceOp, type VjpContext } from './op.js';

// Running folds along a dim, and the linear recurrence that their gradients are.

/** Integers and bool are folded in int64, wrapping; floats in float64. */
function fold(
  op: 'cumprod' | 'cumsum' | 'logcumsumexp',
  start: number,
  ofFloats: (a: number, b: number) => number,
  ofIntegers: (a: bigint, b: bigint) => bigint,
): Pick<ReferenceOp<'cumsum'>, 'forward' | 'infer'> {
  return {
    infer([x], { dim }) {
      normalizeDim(op, dim, x!.rank);
      return [fresh(x!.isFloat ? x!.dtype : 'int64', x!.shape)];
    },
    forward([x], [out], { dim, reverse }) {
      const d = normalizeDim(op, dim, x!.rank);
      const { n, xs, os } = alongDim(x!, out!, d);
      const first = reverse ? n - 1 : 0;
      const step = reverse ? -1 : 1;
      const floats = (xo: number, oo: number): void => {
        const data = x!.numbers;
        const to = out!.numbers;
        let so = start;
        for (let k = 0, j = first; k < n; k++, j += step) {
          to[oo + j * os] = so = ofFloats(so, data[xo + j * xs]!);
        }
      };
      const integers = (xo: number, oo: number): void => {
        const to = out!.data as BigInt64Array;
        let so = BigInt(start);
        for (let k = 0, j = first; k < n; k++, j += step) {
          so = BigInt.asIntN(64, ofIntegers(so, BigInt(x!.data[xo + j * xs]!)));
          to[oo + j * os] = so;
        }
      };
      eachLine(x!, out!, d, x!.isFloat ? floats : integers);
    },
  };
}

export const cumsum: ReferenceOp<'cumsum'> = {
  ...fold(
    'cumsum',
    0,
    (a, b) => a + b,
    (a, b) => a + b,
  ),
  vjp: (c, g, { dim, reverse }) => [c.run('cumsum', [g], { dim, reverse: !reverse })],
};

/** x moved by one place along `dim`, `fill` where nothing comes: out[j] = x[j - 1] if `later`, else x[j + 1]. */
function shifted(c: VjpContext, x: RefTensor, dim: number, later: boolean, fill: number): RefTensor {
  const edge = x.shape.slice();
  const n = edge[dim]!;
  edge[dim] = 1;
  const rest = c.run('slice', [x], { dim, start: later ? 0 : 1, length: n - 1, step: 1 });
  const blank = full(c, edge, fill, x.dtype);
  return c.run('cat', later ? [blank, rest] : [rest, blank], { dim });
}

/** The product of all other elements along `dim`. */
export function productOfOthers(c: VjpContext, x: RefTensor, dim: number): RefTensor {
  const before = shifted(c, c.run('cumprod', [x], { dim, reverse: false }), dim, true, 1);
  const after = shifted(c, c.run('cumprod', [x], { dim, reverse: true }), dim, false, 1);
  return mul(c, before, after);
}

export const cumprod: ReferenceOp<'cumprod'> = {
  ...fold(
    'cumprod',
    1,
    (a, b) => a * b,
    (a, b) => a * b,
  ),
  saves: { inputs: [0], outputs: [0] },
  // dx[i] = p[i] s[i]: p the product before i, s[i] = g[i] + x[i + 1] s[i + 1].
  vjp(c, g, { dim, reverse }) {
    const x = c.input(0);
    if (x.rank === 0 || x.numel === 0) return [g];
    const d = normalizeDim('cumprod', dim, x.rank);
    const before = shifted(c, c.output(0), d, !reverse, 1);
    const factors = shifted(c, x, d, reverse, 0);
    return [mul(c, before, c.run('recurrence', [factors, g], { dim: d, reverse: !reverse }))];
  },
};

/** log(e^a + e^b). Equal infinities would give Infinity - Infinity. */
function logAddExp(a: number, b: number): number {
  if (a !== a || b !== b) return NaN;
  const high = Math.max(a, b);
  const low = Math.min(a, b);
  return high === low && !Number.isFinite(high) ? high : high + Math.log1p(Math.exp(low - high));
}

export const logcumsumexp: ReferenceOp<'logcumsumexp'> = {
  infer(inputs, attrs) {
    const [x] = inputs;
    if (!x!.isFloat) fail(DTypeError, 'logcumsumexp', `wants a floating dtype, got ${x!.dtype}`);
    return logFold.infer(inputs, attrs);
  },
  forward: (inputs, outputs, attrs) => logFold.forward!(inputs, outputs, attrs),
  saves: { inputs: [0], outputs: [0] },
  // dx[i] = e^(x[i] - y[i]) t[i], t[i] = g[i] + e^(y[i] - y[i + 1]) t[i + 1].
  vjp(c, g, { dim, reverse }) {
    const x = c.input(0);
    const y = c.output(0);
    if (x.rank === 0 || x.numel === 0) return [g];
    const d = normalizeDim('logcumsumexp', dim, x.rank);
    const factors = c.run('exp', [sub(c, y, shifted(c, y, d, reverse, 0))], {});
    const sums = c.run('recurrence', [factors, g], { dim: d, reverse: !reverse });
    return [mul(c, c.run('exp', [sub(c, x, y)], {}), sums)];
  },
};

const logFold = fold('logcumsumexp', -Infinity, logAddExp, (a) => a);

export const recurrence: ReferenceOp<'recurrence'> = {
  infer([a, b], { dim }) {
    if (!b!.isFloat) fail(DTypeError, 'recurrence', `wants a floating dtype, got ${b!.dtype}`);
    if (String(a!.shape) !== String(b!.shape)) {
      fail(ShapeError, 'recurrence', `a and b differ in shape: ${show(a!.shape)} and ${show(b!.shape)}`);
    }
    normalizeDim('recurrence', dim, b!.rank);
    return [fresh(b!.dtype, b!.shape)];
  },
  forward([a, b], [out], { dim, reverse }) {
    const d = normalizeDim('recurrence', dim, b!.rank);
    const { n, xs: bs, os } = alongDim(b!, out!, d);
    const as = alongDim(a!, out!, d).xs;
    const starts: number[] = [];
    eachLine(a!, out!, d, (ao) => starts.push(ao));
    let line = 0;
    eachLine(b!, out!, d, (bo, oo) => {
      const ao = starts[line++]!;
      let last = 0;
      for (let k = 0; k < n; k++) {
        const j = reverse ? n - 1 - k : k;
        const before = k > 0 ? a!.numbers[ao + j * as]! * last : 0;
        last = before + b!.numbers[bo + j * bs]!;
        out!.numbers[oo + j * os] = last;
      }
    });
  },
  saves: { inputs: [0], outputs: [0] },
  vjp(c, g, { dim, reverse }) {
    const a = c.input(0);
    const y = c.output(0);
    if (y.rank === 0 || y.numel === 0) return [mul(c, g, 0), g];
    const d = normalizeDim('recurrence', dim, y.rank);
    const factors = shifted(c, a, d, reverse, 0);
    const sums = c.run('recurrence', [factors, g], { dim: d, reverse: !reverse });
    return [mul(c, sums, shifted(c, y, d, !reverse, 0)), sums];
  },
};

function cumulativeExtremum(op: 'cummax' | 'cummin'): ReferenceOp<'cummax'> {
  return {
    infer([x], { dim }) {
      normalizeDim(op, dim, x!.rank);
      return [fresh(x!.dtype, x!.shape), fresh('int64', x!.shape)];
    },
    forward([x], [values, indices], { dim }: OpAttrs['cummax']) {
      const d = normalizeDim(op, dim, x!.rank);
      const { n, xs, os } = alongDim(x!, values!, d);
      const data = x!.numbers;
      const to = values!.numbers;
      const places = indices!.data as BigInt64Array;
      eachLine(x!, values!, d, (xo, oo) => {
        let best = data[xo]!;
        let at = 0;
        for (let j = 0; j < n; j++) {
          const v = data[xo + j * xs]!;
          // The last of equals; a NaN stays.
          if (v !== v || (best === best && (op === 'cummax' ? v >= best : v <= best))) {
            best = v;
            at = j;
          }
          to[oo + j * os] = best;
          places[oo + j * os] = BigInt(at);
        }
      });
    },
    saves: { outputs: [1] },
    vjp(c, g, { dim }) {
      const shape = c.shape(0);
      if (shape.length === 0) return [g];
      return [c.run('scatterAdd', [full(c, shape, 0, g.dtype), c.output(1), g], { dim })];
    },
  };
}

export const cummax = cumulativeExtremum('cummax');
export const cummin = cumulativeExtremum('cummin');

import { DTypeError, IndexError, ShapeError, ValueError } from '../../../errors.js';
import { fail, fresh, show, type RefTensor } from '../array.js';
import { checkSizes, numelOf, sameShape } from '../shape.js';
import { reshape, type ReferenceOp } from './op.js';
import { lastSizes, rowMajor, sizesOf, windowCounts, type Sizes, type Window } from './window.js';

interface SlidingAttrs {
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly dilation?: readonly number[];
  readonly ceilMode: boolean;
}

/** What of one window lies inside the input, in one direction, and the number by which a mean counts it. */
interface Span {
  readonly begin: number;
  readonly end: number;
  readonly step: number;
  readonly extent: number;
}

/** All windows over the last one to three dims. */
interface Pooling {
  readonly channels: number;
  readonly size: Sizes;
  readonly spans: readonly [readonly Span[], readonly Span[], readonly Span[]];
  readonly outShape: readonly number[];
}

function pooling(
  shape: readonly number[],
  directions: number,
  out: Sizes,
  span: (axis: 0 | 1 | 2, i: number) => Span,
): Pooling {
  const along = (axis: 0 | 1 | 2): Span[] => Array.from({ length: out[axis] }, (_, i) => span(axis, i));
  // Made when an op runs: a shape rule must not loop over sizes that were not checked.
  let spans: Pooling['spans'] | undefined;
  return {
    channels: numelOf(shape.slice(0, shape.length - directions)),
    size: lastSizes(shape.slice(shape.length - directions), 1),
    get spans() {
      return (spans ??= [along(0), along(1), along(2)]);
    },
    outShape: [...shape.slice(0, shape.length - directions), ...out.slice(3 - directions)],
  };
}

function checkInput(op: string, shape: readonly number[], directions: number): void {
  if (directions < 1 || directions > 3) {
    fail(ValueError, op, `wants one to three directions, got ${directions}`);
  }
  if (shape.length < directions || shape.slice(shape.length - directions).includes(0)) {
    fail(ShapeError, op, `the input wants ${directions} dims with elements to pool, got ${show(shape)}`);
  }
}

function sliding(op: string, shape: readonly number[], attrs: SlidingAttrs, countPadding = false): Pooling {
  const directions = attrs.kernel.length;
  checkInput(op, shape, directions);
  const kernel = sizesOf(op, 'kernel', attrs.kernel, directions, 1, 1);
  const stride = sizesOf(op, 'stride', attrs.stride, directions, 1, 1);
  const padding = sizesOf(op, 'padding', attrs.padding, directions, 0, 0);
  const dilation = attrs.dilation
    ? sizesOf(op, 'dilation', attrs.dilation, directions, 1, 1)
    : ([1, 1, 1] as const);
  if (padding.some((by, d) => by > kernel[d]! / 2)) {
    fail(
      ValueError,
      op,
      `padding must be at most half the kernel, got padding ${show(padding)}, kernel ${show(kernel)}`,
    );
  }
  const window: Window = { kernel, stride, padding, dilation };
  const size = lastSizes(shape.slice(shape.length - directions), 1);
  const out = windowCounts(op, size, window, attrs.ceilMode);
  return pooling(shape, directions, out, (axis, i) => {
    const first = i * stride[axis] - padding[axis];
    const step = dilation[axis];
    const past = first + (kernel[axis] - 1) * step + 1;
    const begin = first < 0 ? first + Math.ceil(-first / step) * step : first;
    const end = Math.min(past, size[axis]);
    const extent = countPadding ? Math.min(past, size[axis] + padding[axis]) - first : end - begin;
    return { begin, end, step, extent };
  });
}

function adaptive(op: string, shape: readonly number[], sizes: readonly number[]): Pooling {
  checkInput(op, shape, sizes.length);
  const out = sizesOf(op, 'sizes', sizes, sizes.length, 0, 1);
  const size = lastSizes(shape.slice(shape.length - sizes.length), 1);
  return pooling(shape, sizes.length, out, (axis, i) => {
    const begin = Math.floor((i * size[axis]) / out[axis]);
    const end = Math.ceil(((i + 1) * size[axis]) / out[axis]);
    return { begin, end, step: 1, extent: end - begin };
  });
}

function wantFloats(op: string, x: RefTensor): void {
  if (!x.isFloat) fail(DTypeError, op, `input x wants a floating dtype, got ${x.dtype}: cast it first`);
}

function wantOrdered(op: string, x: RefTensor): void {
  if (x.dtype === 'bool') fail(DTypeError, op, 'input x wants numbers, got bool: cast it first');
}

/** Calls `body` with the output position and the spans of each window of one channel. */
function eachWindow(p: Pooling, body: (at: number, z: Span, y: Span, x: Span) => void): void {
  let at = 0;
  for (const z of p.spans[0]) for (const y of p.spans[1]) for (const x of p.spans[2]) body(at++, z, y, x);
}

function placesOf(p: Pooling): number {
  return p.spans[0].length * p.spans[1].length * p.spans[2].length;
}

// The first largest element of each window wins, and NaN over all.
function maxForward(p: Pooling, x: RefTensor, out: RefTensor, indices: RefTensor): void {
  const from = x.numbers;
  const to = out.numbers;
  const positions = indices.data as BigInt64Array;
  const [, height, width] = p.size;
  const volume = numelOf(p.size);
  const places = placesOf(p);
  for (let channel = 0; channel < p.channels; channel++) {
    const base = x.offset + channel * volume;
    eachWindow(p, (at, z, y, w) => {
      let where = (z.begin * height + y.begin) * width + w.begin;
      let best = from[base + where]!;
      for (let q = z.begin; q < z.end; q += z.step) {
        for (let r = y.begin; r < y.end; r += y.step) {
          const row = (q * height + r) * width;
          for (let s = w.begin; s < w.end; s += w.step) {
            const v = from[base + row + s]!;
            if (v > best || v !== v) {
              best = v;
              where = row + s;
            }
          }
        }
      }
      to[channel * places + at] = best;
      positions[channel * places + at] = BigInt(where);
    });
  }
}

export const maxPool: ReferenceOp<'maxPool'> = {
  infer([x], attrs) {
    wantOrdered('maxPool', x!);
    const { outShape } = sliding('maxPool', x!.shape, attrs);
    return [fresh(x!.dtype, outShape), fresh('int64', outShape)];
  },
  forward([x], [out, indices], attrs) {
    maxForward(sliding('maxPool', x!.shape, attrs), rowMajor('maxPool', x!), out!, indices!);
  },
  saves: { outputs: [1] },
  vjp: (c, g, { kernel }) => [
    c.run('maxUnpool', [g, c.output(1)], { sizes: c.shape(0).slice(-kernel.length), accumulate: true }),
  ],
};

export const adaptiveMaxPool: ReferenceOp<'adaptiveMaxPool'> = {
  infer([x], { sizes }) {
    wantOrdered('adaptiveMaxPool', x!);
    const { outShape } = adaptive('adaptiveMaxPool', x!.shape, sizes);
    return [fresh(x!.dtype, outShape), fresh('int64', outShape)];
  },
  forward([x], [out, indices], { sizes }) {
    const p = adaptive('adaptiveMaxPool', x!.shape, sizes);
    maxForward(p, rowMajor('adaptiveMaxPool', x!), out!, indices!);
  },
  saves: { outputs: [1] },
  vjp: (c, g, { sizes }) => [
    c.run('maxUnpool', [g, c.output(1)], { sizes: c.shape(0).slice(-sizes.length), accumulate: true }),
  ],
};

export const maxUnpool: ReferenceOp<'maxUnpool'> = {
  infer([x, indices], { sizes }) {
    if (indices!.dtype !== 'int64') {
      fail(DTypeError, 'maxUnpool', `input indices wants int64, got ${indices!.dtype}`);
    }
    if (!sameShape(x!.shape, indices!.shape)) {
      fail(ShapeError, 'maxUnpool', `x ${show(x!.shape)} and indices ${show(indices!.shape)} differ`);
    }
    if (sizes.length < 1 || sizes.length > Math.min(3, x!.rank)) {
      fail(ValueError, 'maxUnpool', `attribute sizes wants one to three sizes, got ${show(sizes)}`);
    }
    checkSizes('maxUnpool', sizes);
    return [fresh(x!.dtype, [...x!.shape.slice(0, x!.rank - sizes.length), ...sizes])];
  },
  forward([x, indices], [out], { sizes, accumulate }) {
    const source = rowMajor('maxUnpool', x!);
    const index = rowMajor('maxUnpool', indices!);
    const volume = numelOf(sizes);
    const places = numelOf(x!.shape.slice(x!.rank - sizes.length));
    const positions = index.data as BigInt64Array;
    const from = source.numbers;
    const to = out!.numbers;
    for (let i = 0; i < source.numel; i++) {
      const position = Number(positions[index.offset + i]!);
      if (position < 0 || position >= volume) {
        fail(
          IndexError,
          'maxUnpool',
          `index ${position} is out of range for a channel of ${volume} elements`,
        );
      }
      const at = Math.floor(i / places) * volume + position;
      const value = from[source.offset + i]!;
      to[at] = accumulate ? to[at]! + value : value;
    }
  },
  saves: { inputs: [1] },
  // The transpose: each element reads where it was put.
  vjp(c, gg, { sizes }) {
    const shape = c.shape(0);
    const lead = numelOf(shape.slice(0, shape.length - sizes.length));
    const places = numelOf(shape.slice(shape.length - sizes.length));
    const index = reshape(c, c.input(1), [lead, places]);
    const picked = c.run('gather', [reshape(c, gg, [lead, numelOf(sizes)]), index], { dim: 1 });
    return [reshape(c, picked, shape), undefined];
  },
};

function averageForward(p: Pooling, divisor: number, x: RefTensor, out: RefTensor): void {
  const from = x.numbers;
  const to = out.numbers;
  const [, height, width] = p.size;
  const volume = numelOf(p.size);
  const places = placesOf(p);
  for (let channel = 0; channel < p.channels; channel++) {
    const base = x.offset + channel * volume;
    eachWindow(p, (at, z, y, w) => {
      let total = 0;
      for (let q = z.begin; q < z.end; q++) {
        for (let r = y.begin; r < y.end; r++) {
          const row = base + (q * height + r) * width;
          for (let s = w.begin; s < w.end; s++) total += from[row + s]!;
        }
      }
      to[channel * places + at] = total / (divisor || z.extent * y.extent * w.extent);
    });
  }
}

function averageBackward(p: Pooling, divisor: number, grad: RefTensor, out: RefTensor): void {
  const from = grad.numbers;
  const to = out.numbers;
  const [, height, width] = p.size;
  const volume = numelOf(p.size);
  const places = placesOf(p);
  for (let channel = 0; channel < p.channels; channel++) {
    eachWindow(p, (at, z, y, w) => {
      const share = from[grad.offset + channel * places + at]! / (divisor || z.extent * y.extent * w.extent);
      for (let q = z.begin; q < z.end; q++) {
        for (let r = y.begin; r < y.end; r++) {
          const row = channel * volume + (q * height + r) * width;
          for (let s = w.begin; s < w.end; s++) to[row + s] = to[row + s]! + share;
        }
      }
    });
  }
}

/** The shape that a transpose gives: that of grad with `sizes` in place of its last dims. */
function transposedShape(op: string, grad: RefTensor, sizes: readonly number[]): number[] {
  wantFloats(op, grad);
  checkSizes(op, sizes);
  return [...grad.shape.slice(0, Math.max(0, grad.rank - sizes.length)), ...sizes];
}

function checkGrad(op: string, grad: RefTensor, p: Pooling): void {
  if (!sameShape(grad.shape, p.outShape)) {
    fail(ShapeError, op, `grad wants shape ${show(p.outShape)}, got ${show(grad.shape)}`);
  }
}

export const avgPool: ReferenceOp<'avgPool'> = {
  infer([x], attrs) {
    wantFloats('avgPool', x!);
    return [fresh(x!.dtype, sliding('avgPool', x!.shape, attrs).outShape)];
  },
  forward([x], [out], attrs) {
    const p = sliding('avgPool', x!.shape, attrs, attrs.countIncludePad);
    averageForward(p, attrs.divisorOverride, rowMajor('avgPool', x!), out!);
  },
  vjp: (c, g, attrs) => [
    c.run('avgPoolBackward', [g], { ...attrs, sizes: c.shape(0).slice(-attrs.kernel.length) }),
  ],
};

export const avgPoolBackward: ReferenceOp<'avgPoolBackward'> = {
  infer([grad], attrs) {
    const shape = transposedShape('avgPoolBackward', grad!, attrs.sizes);
    checkGrad('avgPoolBackward', grad!, sliding('avgPoolBackward', shape, attrs));
    return [fresh(grad!.dtype, shape)];
  },
  forward([grad], [out], attrs) {
    const p = sliding('avgPoolBackward', out!.shape, attrs, attrs.countIncludePad);
    averageBackward(p, attrs.divisorOverride, rowMajor('avgPoolBackward', grad!), out!);
  },
  vjp: (c, gg, { sizes: _, ...attrs }) => [c.run('avgPool', [gg], attrs)],
};

export const adaptiveAvgPool: ReferenceOp<'adaptiveAvgPool'> = {
  infer([x], { sizes }) {
    wantFloats('adaptiveAvgPool', x!);
    return [fresh(x!.dtype, adaptive('adaptiveAvgPool', x!.shape, sizes).outShape)];
  },
  forward([x], [out], { sizes }) {
    const p = adaptive('adaptiveAvgPool', x!.shape, sizes);
    averageForward(p, 0, rowMajor('adaptiveAvgPool', x!), out!);
  },
  vjp: (c, g, { sizes }) => [
    c.run('adaptiveAvgPoolBackward', [g], { sizes: c.shape(0).slice(-sizes.length) }),
  ],
};

export const adaptiveAvgPoolBackward: ReferenceOp<'adaptiveAvgPoolBackward'> = {
  infer([grad], { sizes }) {
    const shape = transposedShape('adaptiveAvgPoolBackward', grad!, sizes);
    checkInput('adaptiveAvgPoolBackward', shape, sizes.length);
    return [fresh(grad!.dtype, shape)];
  },
  forward([grad], [out], { sizes }) {
    const pooled = grad!.shape.slice(grad!.rank - sizes.length);
    const p = adaptive('adaptiveAvgPoolBackward', out!.shape, pooled);
    averageBackward(p, 0, rowMajor('adaptiveAvgPoolBackward', grad!), out!);
  },
  vjp: (c, gg, { sizes }) => [c.run('adaptiveAvgPool', [gg], { sizes: c.shape(0).slice(-sizes.length) })],
};

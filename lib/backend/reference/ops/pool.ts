import { DTypeError, IndexError, ShapeError, ValueError } from '../../../errors.js';
import { fail, fresh, show, type RefTensor } from '../array.js';
import { checkSizes, numelOf, sameShape } from '../shape.js';
import { rowMajor } from './conv.js';
import { reshape, type ReferenceOp } from './op.js';
import { pair, windowCount, type Window } from './window.js';

interface PoolAttrs {
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly dilation?: readonly number[];
  readonly ceilMode: boolean;
}

interface PoolGeometry extends Window {
  readonly planes: number;
  readonly height: number;
  readonly width: number;
  readonly outHeight: number;
  readonly outWidth: number;
  readonly outShape: readonly number[];
}

function geometry(op: string, shape: readonly number[], attrs: PoolAttrs): PoolGeometry {
  if (shape.length !== 3 && shape.length !== 4) {
    fail(ShapeError, op, `the input wants shape [N, C, H, W] or [C, H, W], got ${show(shape)}`);
  }
  const kernel = pair(op, 'kernel', attrs.kernel, 1);
  const stride = pair(op, 'stride', attrs.stride, 1);
  const padding = pair(op, 'padding', attrs.padding, 0);
  const dilation = attrs.dilation ? pair(op, 'dilation', attrs.dilation, 1) : ([1, 1] as const);
  if (padding[0] * 2 > kernel[0] || padding[1] * 2 > kernel[1]) {
    fail(
      ValueError,
      op,
      `padding must be at most half the kernel, got padding ${show(padding)}, kernel ${show(kernel)}`,
    );
  }
  const window: Window = { kernel, stride, padding, dilation };
  const lead = shape.slice(0, -2);
  const [height, width] = shape.slice(-2) as [number, number];
  const outHeight = windowCount(op, height, 0, window, attrs.ceilMode);
  const outWidth = windowCount(op, width, 1, window, attrs.ceilMode);
  return {
    ...window,
    planes: numelOf(lead),
    height,
    width,
    outHeight,
    outWidth,
    outShape: [...lead, outHeight, outWidth],
  };
}

function wantNumbers(op: string, x: RefTensor): void {
  if (!x.isFloat) fail(DTypeError, op, `input x wants a floating dtype, got ${x.dtype}: cast it first`);
}

export const maxPool2d: ReferenceOp<'maxPool2d'> = {
  infer([x], attrs) {
    wantNumbers('maxPool2d', x!);
    const g = geometry('maxPool2d', x!.shape, attrs);
    return [fresh(x!.dtype, g.outShape), fresh('int64', g.outShape)];
  },
  forward([x], [out, indices], attrs) {
    const g = geometry('maxPool2d', x!.shape, attrs);
    const source = rowMajor('maxPool2d', x!);
    const positions = new Int32Array(out!.numel);
    maxWindows(g, source.numbers, source.offset, out!.numbers, positions);
    const to = indices!.data as BigInt64Array;
    for (let i = 0; i < positions.length; i++) to[i] = BigInt(positions[i]!);
  },
  saves: { outputs: [1] },
  vjp: (c, g) => [c.run('maxPool2dBackward', [g, c.output(1)], { inputShape: c.shape(0) })],
};

// The first largest element of each window wins, and NaN over all.
function maxWindows(
  g: PoolGeometry,
  x: Float64Array,
  offset: number,
  out: Float64Array,
  positions: Int32Array,
): void {
  const [kh, kw] = g.kernel;
  const [sy, sx] = g.stride;
  const [dy, dx] = g.dilation;
  const { height, width, outHeight, outWidth } = g;
  let at = 0;
  for (let plane = 0; plane < g.planes; plane++) {
    const base = offset + plane * height * width;
    for (let oy = 0; oy < outHeight; oy++) {
      const top = oy * sy - g.padding[0];
      for (let ox = 0; ox < outWidth; ox++, at++) {
        const left = ox * sx - g.padding[1];
        let best = -Infinity;
        let where = -1;
        for (let i = 0; i < kh; i++) {
          const y = top + i * dy;
          if (y < 0 || y >= height) continue;
          for (let j = 0; j < kw; j++) {
            const column = left + j * dx;
            if (column < 0 || column >= width) continue;
            const v = x[base + y * width + column]!;
            if (v > best || where < 0 || (v !== v && best === best)) {
              best = v;
              where = y * width + column;
            }
          }
        }
        out[at] = best;
        positions[at] = where;
      }
    }
  }
}

export const maxPool2dBackward: ReferenceOp<'maxPool2dBackward'> = {
  infer([grad, indices], { inputShape }) {
    wantNumbers('maxPool2dBackward', grad!);
    if (indices!.dtype !== 'int64') {
      fail(DTypeError, 'maxPool2dBackward', `input indices wants int64, got ${indices!.dtype}`);
    }
    const rank = inputShape.length;
    if (rank !== 3 && rank !== 4) {
      fail(
        ShapeError,
        'maxPool2dBackward',
        `attribute inputShape wants [N, C, H, W] or [C, H, W], got ${show(inputShape)}`,
      );
    }
    checkSizes('maxPool2dBackward', inputShape);
    const fits = grad!.rank === rank && sameShape(grad!.shape.slice(0, -2), inputShape.slice(0, -2));
    if (!fits || !sameShape(grad!.shape, indices!.shape)) {
      fail(
        ShapeError,
        'maxPool2dBackward',
        `grad ${show(grad!.shape)} and indices ${show(indices!.shape)} do not fit the input ${show(inputShape)}`,
      );
    }
    return [fresh(grad!.dtype, inputShape.slice())];
  },
  forward([grad, indices], [out], { inputShape }) {
    const g = rowMajor('maxPool2dBackward', grad!);
    const index = rowMajor('maxPool2dBackward', indices!);
    const plane = numelOf(inputShape.slice(-2));
    const windows = numelOf(g.shape.slice(-2));
    const from = index.data as BigInt64Array;
    const to = out!.numbers;
    for (let i = 0; i < g.numel; i++) {
      const position = Number(from[index.offset + i]!);
      if (position < 0 || position >= plane) {
        fail(
          IndexError,
          'maxPool2dBackward',
          `index ${position} is out of range for a plane of ${plane} elements`,
        );
      }
      const at = Math.floor(i / windows) * plane + position;
      to[at] = to[at]! + g.numbers[g.offset + i]!;
    }
  },
  saves: { inputs: [1] },
  // The transpose: each window reads the element that it wrote.
  vjp(c, gg, { inputShape }) {
    const shape = c.shape(0);
    const flat = (of: readonly number[]): number[] => [numelOf(of.slice(0, -2)), numelOf(of.slice(-2))];
    const index = reshape(c, c.input(1), flat(shape));
    const picked = c.run('gather', [reshape(c, gg, flat(inputShape)), index], { dim: 1 });
    return [reshape(c, picked, shape), undefined];
  },
};

/**
 * Calls `body` for each window with its output position, its clipped bounds in the plane (y0, y1, x0, x1) and the number
 * by which the mean divides.
 */
function eachMeanWindow(
  g: PoolGeometry,
  countIncludePad: boolean,
  body: (at: number, y0: number, y1: number, x0: number, x1: number, divisor: number) => void,
): void {
  for (let oy = 0; oy < g.outHeight; oy++) {
    const top = oy * g.stride[0] - g.padding[0];
    const bottom = Math.min(top + g.kernel[0], g.height + g.padding[0]);
    for (let ox = 0; ox < g.outWidth; ox++) {
      const left = ox * g.stride[1] - g.padding[1];
      const right = Math.min(left + g.kernel[1], g.width + g.padding[1]);
      const y0 = Math.max(top, 0);
      const y1 = Math.min(bottom, g.height);
      const x0 = Math.max(left, 0);
      const x1 = Math.min(right, g.width);
      const divisor = countIncludePad ? (bottom - top) * (right - left) : (y1 - y0) * (x1 - x0);
      body(oy * g.outWidth + ox, y0, y1, x0, x1, divisor);
    }
  }
}

export const avgPool2d: ReferenceOp<'avgPool2d'> = {
  infer([x], attrs) {
    wantNumbers('avgPool2d', x!);
    return [fresh(x!.dtype, geometry('avgPool2d', x!.shape, attrs).outShape)];
  },
  forward([x], [out], attrs) {
    const g = geometry('avgPool2d', x!.shape, attrs);
    const source = rowMajor('avgPool2d', x!);
    const from = source.numbers;
    const to = out!.numbers;
    const windows = g.outHeight * g.outWidth;
    for (let plane = 0; plane < g.planes; plane++) {
      const base = source.offset + plane * g.height * g.width;
      eachMeanWindow(g, attrs.countIncludePad, (at, y0, y1, x0, x1, divisor) => {
        let total = 0;
        for (let y = y0; y < y1; y++) for (let x = x0; x < x1; x++) total += from[base + y * g.width + x]!;
        to[plane * windows + at] = total / divisor;
      });
    }
  },
  vjp: (c, g, attrs) => [c.run('avgPool2dBackward', [g], { ...attrs, inputShape: c.shape(0) })],
};

export const avgPool2dBackward: ReferenceOp<'avgPool2dBackward'> = {
  infer([grad], attrs) {
    wantNumbers('avgPool2dBackward', grad!);
    checkSizes('avgPool2dBackward', attrs.inputShape);
    const g = geometry('avgPool2dBackward', attrs.inputShape, attrs);
    if (!sameShape(grad!.shape, g.outShape)) {
      fail(ShapeError, 'avgPool2dBackward', `grad wants shape ${show(g.outShape)}, got ${show(grad!.shape)}`);
    }
    return [fresh(grad!.dtype, attrs.inputShape.slice())];
  },
  forward([grad], [out], attrs) {
    const g = geometry('avgPool2dBackward', attrs.inputShape, attrs);
    const source = rowMajor('avgPool2dBackward', grad!);
    const to = out!.numbers;
    const windows = g.outHeight * g.outWidth;
    for (let plane = 0; plane < g.planes; plane++) {
      const base = plane * g.height * g.width;
      eachMeanWindow(g, attrs.countIncludePad, (at, y0, y1, x0, x1, divisor) => {
        const share = source.numbers[source.offset + plane * windows + at]! / divisor;
        for (let y = y0; y < y1; y++) {
          for (let x = x0; x < x1; x++) to[base + y * g.width + x] = to[base + y * g.width + x]! + share;
        }
      });
    }
  },
  vjp: (c, gg, { inputShape: _, ...attrs }) => [c.run('avgPool2d', [gg], attrs)],
};

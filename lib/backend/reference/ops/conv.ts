import { DTypeError, ShapeError, ValueError } from '../../../errors.js';
import { fail, fresh, show, zeros, type RefTensor } from '../array.js';
import { copyInto } from '../cast.js';
import { multiplyPacked, pack, packedLength, scratchArray, type Matrix } from '../gemm.js';
import { checkSizes, isContiguous, sameShape } from '../shape.js';
import { sumDims, type ReferenceOp } from './op.js';
import { pair, windowCount, type Window } from './window.js';

interface ConvAttrs {
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly dilation: readonly number[];
  readonly groups: number;
}

/** All sizes of one convolution. */
interface Geometry extends Window {
  readonly images: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly outChannels: number;
  readonly outHeight: number;
  readonly outWidth: number;
  readonly groups: number;
  /** Rows of the matrix of patches: channels of a group times the kernel's elements. */
  readonly depth: number;
  /** Positions of the output. */
  readonly places: number;
}

function geometry(op: string, x: readonly number[], weight: readonly number[], attrs: ConvAttrs): Geometry {
  if (x.length !== 4) fail(ShapeError, op, `the input wants shape [N, C, H, W], got ${show(x)}`);
  if (weight.length !== 4)
    fail(ShapeError, op, `the weight wants shape [Cout, Cin/groups, kH, kW], got ${show(weight)}`);
  const stride = pair(op, 'stride', attrs.stride, 1);
  const padding = pair(op, 'padding', attrs.padding, 0);
  const dilation = pair(op, 'dilation', attrs.dilation, 1);
  const { groups } = attrs;
  if (groups < 1) fail(ValueError, op, `attribute groups wants 1 or more, got ${groups}`);
  const [images, channels, height, width] = x as [number, number, number, number];
  const [outChannels, perGroup, kh, kw] = weight as [number, number, number, number];
  if (channels % groups !== 0 || outChannels % groups !== 0) {
    fail(
      ShapeError,
      op,
      `${channels} input and ${outChannels} output channels do not divide into ${groups} groups`,
    );
  }
  if (perGroup * groups !== channels) {
    fail(
      ShapeError,
      op,
      `channels differ: x is ${show(x)}, weight is ${show(weight)} (${channels} against ${perGroup} in ${groups} groups)`,
    );
  }
  if (kh < 1 || kw < 1)
    fail(ShapeError, op, `the kernel wants sizes of at least 1, got weight ${show(weight)}`);
  const window: Window = { kernel: [kh, kw], stride, padding, dilation };
  const outHeight = windowCount(op, height, 0, window);
  const outWidth = windowCount(op, width, 1, window);
  return {
    ...window,
    images,
    channels,
    height,
    width,
    outChannels,
    outHeight,
    outWidth,
    groups,
    depth: perGroup * kh * kw,
    places: outHeight * outWidth,
  };
}

function wantNumbers(op: string, ...tensors: (RefTensor | undefined)[]): void {
  for (const t of tensors) {
    if (t && !t.isFloat) fail(DTypeError, op, `wants floating dtypes, got ${t.dtype}: cast it first`);
  }
}

/** x itself when its memory is row-major, else a copy that is. */
export function rowMajor(op: string, x: RefTensor): RefTensor {
  if (isContiguous(x.shape, x.strides)) return x;
  const copy = zeros(op, x.dtype, x.shape);
  copyInto(copy, x);
  return copy;
}

/**
 * Calls `body` for every run of output positions in a row of patches: `row` and `place` say where it is in the matrix
 * [depth, places], `from` where its first element is in the image; missing ones (padding) are not visited.
 */
function eachPatchRun(
  g: Geometry,
  perGroup: number,
  body: (at: number, from: number, step: number, count: number) => void,
): void {
  const [kh, kw] = g.kernel;
  const [sy, sx] = g.stride;
  const [py, px] = g.padding;
  const [dy, dx] = g.dilation;
  let row = 0;
  for (let channel = 0; channel < perGroup; channel++) {
    for (let i = 0; i < kh; i++) {
      for (let j = 0; j < kw; j++, row++) {
        // The first and one past the last column whose element lies inside the image.
        const shift = j * dx - px;
        const first = shift >= 0 ? 0 : Math.ceil(-shift / sx);
        const end = Math.min(g.outWidth, Math.floor((g.width - 1 - shift) / sx) + 1);
        if (end <= first) continue;
        for (let y = 0; y < g.outHeight; y++) {
          const line = y * sy + i * dy - py;
          if (line < 0 || line >= g.height) continue;
          const at = row * g.places + y * g.outWidth + first;
          body(at, (channel * g.height + line) * g.width + first * sx + shift, sx, end - first);
        }
      }
    }
  }
}

// The patches of one image and group as a matrix [depth, places].
function gatherPatches(g: Geometry, image: Float64Array, offset: number, to: Float64Array): void {
  if (g.padding[0] > 0 || g.padding[1] > 0) to.fill(0, 0, g.depth * g.places);
  eachPatchRun(g, g.channels / g.groups, (at, from, step, count) => {
    let source = offset + from;
    for (let i = 0; i < count; i++, source += step) to[at + i] = image[source]!;
  });
}

function scatterPatches(g: Geometry, patches: Float64Array, image: Float64Array, offset: number): void {
  eachPatchRun(g, g.channels / g.groups, (at, to, step, count) => {
    let target = offset + to;
    for (let i = 0; i < count; i++, target += step) image[target] = image[target]! + patches[at + i]!;
  });
}

const slots = { a: 0, b: 1, patches: 2, sums: 3 } as const;

function matrix(data: Float64Array, offset: number, rowStride: number): Matrix {
  return { data, offset, rowStride, columnStride: 1 };
}

export const conv2d: ReferenceOp<'conv2d'> = {
  infer([x, weight, bias], attrs) {
    wantNumbers('conv2d', x, weight, bias);
    const g = geometry('conv2d', x!.shape, weight!.shape, attrs);
    if (bias && (bias.rank !== 1 || bias.shape[0] !== g.outChannels)) {
      fail(ShapeError, 'conv2d', `bias wants shape [${g.outChannels}], got ${show(bias.shape)}`);
    }
    return [fresh(x!.dtype, [g.images, g.outChannels, g.outHeight, g.outWidth])];
  },
  // Per image: out = weight [Cout, depth] x patches [depth, places].
  forward([x, weight, bias], [out], attrs) {
    const g = geometry('conv2d', x!.shape, weight!.shape, attrs);
    if (out!.numel === 0) return;
    const image = rowMajor('conv2d', x!);
    const w = rowMajor('conv2d', weight!);
    const lanes = g.outChannels / g.groups;
    const to = out!.numbers;
    if (bias) {
      for (let c = 0; c < g.images * g.outChannels; c++) {
        const value = bias.numbers[bias.offset + (c % g.outChannels) * bias.strides[0]!]!;
        to.fill(value, c * g.places, (c + 1) * g.places);
      }
    }
    const a = scratchArray(slots.a, packedLength(lanes, g.depth));
    const b = scratchArray(slots.b, packedLength(g.places, g.depth));
    const patches = scratchArray(slots.patches, g.depth * g.places);
    for (let group = 0; group < g.groups; group++) {
      pack(a, w.numbers, w.offset + group * lanes * g.depth, lanes, g.depth, g.depth, 1);
      for (let n = 0; n < g.images; n++) {
        gatherPatches(g, image.numbers, image.offset + imageAt(g, n, group), patches);
        pack(b, patches, 0, g.places, 1, g.depth, g.places);
        const at = (n * g.outChannels + group * lanes) * g.places;
        multiplyPacked(lanes, g.places, g.depth, a, b, matrix(to, at, g.places), bias !== undefined);
      }
    }
  },
  saves: { inputs: [0, 1] },
  vjp(c, grad, attrs) {
    return [
      c.needs(0)
        ? c.run('conv2dInputGrad', [grad, c.input(1)], { ...attrs, inputShape: c.shape(0) })
        : undefined,
      c.needs(1)
        ? c.run('conv2dWeightGrad', [grad, c.input(0)], { ...attrs, weightShape: c.shape(1) })
        : undefined,
      c.inputCount > 2 && c.needs(2) ? sumDims(c, grad, [0, 2, 3], false) : undefined,
    ];
  },
};

function imageAt(g: Geometry, n: number, group: number): number {
  return (n * g.channels + (group * g.channels) / g.groups) * g.height * g.width;
}

// The gradient must be as conv2d would have made its output.
function checkGrad(op: string, grad: RefTensor, g: Geometry): void {
  const wanted = [g.images, g.outChannels, g.outHeight, g.outWidth];
  if (!sameShape(grad.shape, wanted)) {
    fail(ShapeError, op, `grad wants shape ${show(wanted)}, got ${show(grad.shape)}`);
  }
}

export const conv2dInputGrad: ReferenceOp<'conv2dInputGrad'> = {
  infer([grad, weight], attrs) {
    wantNumbers('conv2dInputGrad', grad, weight);
    checkSizes('conv2dInputGrad', attrs.inputShape);
    checkGrad('conv2dInputGrad', grad!, geometry('conv2dInputGrad', attrs.inputShape, weight!.shape, attrs));
    return [fresh(grad!.dtype, attrs.inputShape.slice())];
  },
  // Per image: patches [depth, places] = weight^T [depth, Cout] x grad [Cout, places], then added back in place.
  forward([grad, weight], [out], attrs) {
    const g = geometry('conv2dInputGrad', attrs.inputShape, weight!.shape, attrs);
    if (out!.numel === 0 || grad!.numel === 0) return;
    const from = rowMajor('conv2dInputGrad', grad!);
    const w = rowMajor('conv2dInputGrad', weight!);
    const lanes = g.outChannels / g.groups;
    const plane = (g.channels / g.groups) * g.height * g.width;
    const a = scratchArray(slots.a, packedLength(g.depth, lanes));
    const b = scratchArray(slots.b, packedLength(g.places, lanes));
    const patches = scratchArray(slots.patches, g.depth * g.places);
    const sums = scratchArray(slots.sums, plane);
    for (let group = 0; group < g.groups; group++) {
      pack(a, w.numbers, w.offset + group * lanes * g.depth, g.depth, 1, lanes, g.depth);
      for (let n = 0; n < g.images; n++) {
        const at = from.offset + (n * g.outChannels + group * lanes) * g.places;
        pack(b, from.numbers, at, g.places, 1, lanes, g.places);
        multiplyPacked(g.depth, g.places, lanes, a, b, matrix(patches, 0, g.places), false);
        sums.fill(0, 0, plane);
        scatterPatches(g, patches, sums, 0);
        out!.numbers.set(sums.length === plane ? sums : sums.subarray(0, plane), imageAt(g, n, group));
      }
    }
  },
  saves: { inputs: [0, 1] },
  vjp(c, gg, { inputShape: _, ...attrs }) {
    return [
      c.needs(0) ? c.run('conv2d', [gg, c.input(1)], attrs) : undefined,
      c.needs(1)
        ? c.run('conv2dWeightGrad', [c.input(0), gg], { ...attrs, weightShape: c.shape(1) })
        : undefined,
    ];
  },
};

export const conv2dWeightGrad: ReferenceOp<'conv2dWeightGrad'> = {
  infer([grad, x], attrs) {
    wantNumbers('conv2dWeightGrad', grad, x);
    checkSizes('conv2dWeightGrad', attrs.weightShape);
    checkGrad('conv2dWeightGrad', grad!, geometry('conv2dWeightGrad', x!.shape, attrs.weightShape, attrs));
    return [fresh(grad!.dtype, attrs.weightShape.slice())];
  },
  // Sum over the images of grad [Cout, places] x patches^T [places, depth], in doubles.
  forward([grad, x], [out], attrs) {
    const g = geometry('conv2dWeightGrad', x!.shape, attrs.weightShape, attrs);
    if (out!.numel === 0 || grad!.numel === 0) return;
    const from = rowMajor('conv2dWeightGrad', grad!);
    const image = rowMajor('conv2dWeightGrad', x!);
    const lanes = g.outChannels / g.groups;
    const a = scratchArray(slots.a, packedLength(lanes, g.places));
    const b = scratchArray(slots.b, packedLength(g.depth, g.places));
    const patches = scratchArray(slots.patches, g.depth * g.places);
    const sums = new Float64Array(lanes * g.depth);
    for (let group = 0; group < g.groups; group++) {
      sums.fill(0);
      for (let n = 0; n < g.images; n++) {
        gatherPatches(g, image.numbers, image.offset + imageAt(g, n, group), patches);
        pack(b, patches, 0, g.depth, g.places, g.places, 1);
        const at = from.offset + (n * g.outChannels + group * lanes) * g.places;
        pack(a, from.numbers, at, lanes, g.places, g.places, 1);
        multiplyPacked(lanes, g.depth, g.places, a, b, matrix(sums, 0, g.depth), true);
      }
      out!.numbers.set(sums, group * lanes * g.depth);
    }
  },
  saves: { inputs: [0, 1] },
  vjp(c, gw, { weightShape: _, ...attrs }) {
    return [
      c.needs(0) ? c.run('conv2d', [c.input(1), gw], attrs) : undefined,
      c.needs(1)
        ? c.run('conv2dInputGrad', [c.input(0), gw], { ...attrs, inputShape: c.shape(1) })
        : undefined,
    ];
  },
};

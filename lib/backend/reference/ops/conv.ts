import { DTypeError, ShapeError, ValueError } from '../../../errors.js';
import { fail, fresh, show, type RefTensor } from '../array.js';
import { multiplyPacked, pack, packedLength, scratchArray, type Matrix } from '../gemm.js';
import { checkSizes, numelOf, sameShape } from '../shape.js';
import { sumDims, type ReferenceOp, type VjpContext } from './op.js';
import { lastSizes, rowMajor, sizesOf, windowCounts, type Sizes, type Window } from './window.js';

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
  readonly size: Sizes;
  readonly outChannels: number;
  readonly out: Sizes;
  readonly outShape: readonly number[];
  readonly groups: number;
  /** Rows of the matrix of patches: channels of a group times the kernel's elements. */
  readonly depth: number;
  /** Positions of the output. */
  readonly places: number;
}

function geometry(op: string, x: readonly number[], weight: readonly number[], attrs: ConvAttrs): Geometry {
  const directions = x.length - 2;
  if (directions < 1 || directions > 3)
    fail(ShapeError, op, `the input wants shape [N, C, ...] of one to three directions, got ${show(x)}`);
  if (weight.length !== x.length)
    fail(ShapeError, op, `the weight wants shape [Cout, Cin/groups, ...], got ${show(weight)}`);
  const stride = sizesOf(op, 'stride', attrs.stride, directions, 1, 1);
  const padding = sizesOf(op, 'padding', attrs.padding, directions, 0, 0);
  const dilation = sizesOf(op, 'dilation', attrs.dilation, directions, 1, 1);
  const { groups } = attrs;
  if (groups < 1) fail(ValueError, op, `attribute groups wants 1 or more, got ${groups}`);
  const [images, channels] = x as [number, number];
  const [outChannels, perGroup] = weight as [number, number];
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
  const kernel = lastSizes(weight.slice(2), 1);
  if (kernel.some((extent) => extent < 1))
    fail(ShapeError, op, `the kernel wants sizes of at least 1, got weight ${show(weight)}`);
  const window: Window = { kernel, stride, padding, dilation };
  const size = lastSizes(x.slice(2), 1);
  const out = windowCounts(op, size, window);
  return {
    ...window,
    images,
    channels,
    size,
    outChannels,
    out,
    outShape: [images, outChannels, ...out.slice(3 - directions)],
    groups,
    depth: perGroup * numelOf(kernel),
    places: numelOf(out),
  };
}

function wantNumbers(op: string, ...tensors: (RefTensor | undefined)[]): void {
  for (const t of tensors) {
    if (t && !t.isFloat) fail(DTypeError, op, `wants floating dtypes, got ${t.dtype}: cast it first`);
  }
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
  const [depth, height, width] = g.size;
  const [, outHeight, outWidth] = g.out;
  const stride = g.stride[2];
  let row = 0;
  for (let channel = 0; channel < perGroup; channel++) {
    for (let h = 0; h < g.kernel[0]; h++) {
      for (let i = 0; i < g.kernel[1]; i++) {
        for (let j = 0; j < g.kernel[2]; j++, row++) {
          // The first and one past the last column whose element lies inside the image.
          const shift = j * g.dilation[2] - g.padding[2];
          const first = shift >= 0 ? 0 : Math.ceil(-shift / stride);
          const end = Math.min(outWidth, Math.floor((width - 1 - shift) / stride) + 1);
          if (end <= first) continue;
          for (let line = 0; line < g.out[0] * outHeight; line++) {
            const z = Math.floor(line / outHeight) * g.stride[0] + h * g.dilation[0] - g.padding[0];
            const y = (line % outHeight) * g.stride[1] + i * g.dilation[1] - g.padding[1];
            if (z < 0 || z >= depth || y < 0 || y >= height) continue;
            const at = row * g.places + line * outWidth + first;
            const from = ((channel * depth + z) * height + y) * width + first * stride + shift;
            body(at, from, stride, end - first);
          }
        }
      }
    }
  }
}

// The patches of one image and group as a matrix [depth, places].
function gatherPatches(g: Geometry, image: Float64Array, offset: number, to: Float64Array): void {
  if (g.padding.some((by) => by > 0)) to.fill(0, 0, g.depth * g.places);
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

export const convolution: ReferenceOp<'convolution'> = {
  infer([x, weight, bias], attrs) {
    wantNumbers('convolution', x, weight, bias);
    const g = geometry('convolution', x!.shape, weight!.shape, attrs);
    checkBias('convolution', bias, g.outChannels);
    return [fresh(x!.dtype, g.outShape)];
  },
  // Per image: out = weight [Cout, depth] x patches [depth, places].
  forward([x, weight, bias], [out], attrs) {
    const g = geometry('convolution', x!.shape, weight!.shape, attrs);
    if (out!.numel === 0) return;
    const image = rowMajor('convolution', x!);
    const w = rowMajor('convolution', weight!);
    const lanes = g.outChannels / g.groups;
    const to = out!.numbers;
    if (bias) fillBias(bias, to, g.images * g.outChannels, g.places);
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
        ? c.run('convolutionInputGrad', [grad, c.input(1)], { ...attrs, inputShape: c.shape(0) })
        : undefined,
      c.needs(1)
        ? c.run('convolutionWeightGrad', [grad, c.input(0)], { ...attrs, weightShape: c.shape(1) })
        : undefined,
      biasGrad(c, grad),
    ];
  },
};

function checkBias(op: string, bias: RefTensor | undefined, channels: number): void {
  if (bias && (bias.rank !== 1 || bias.shape[0] !== channels)) {
    fail(ShapeError, op, `bias wants shape [${channels}], got ${show(bias.shape)}`);
  }
}

function fillBias(bias: RefTensor, to: Float64Array, planes: number, plane: number): void {
  const channels = bias.shape[0]!;
  for (let c = 0; c < planes; c++) {
    const value = bias.numbers[bias.offset + (c % channels) * bias.strides[0]!]!;
    to.fill(value, c * plane, (c + 1) * plane);
  }
}

function biasGrad(c: VjpContext, grad: RefTensor): RefTensor | undefined {
  if (c.inputCount < 3 || !c.needs(2)) return undefined;
  return sumDims(c, grad, [0, ...grad.shape.slice(2).map((_, i) => i + 2)], false);
}

function imageAt(g: Geometry, n: number, group: number): number {
  return (n * g.channels + (group * g.channels) / g.groups) * numelOf(g.size);
}

// The gradient must be as convolution would have made its output.
function checkGrad(op: string, grad: RefTensor, g: Geometry): void {
  if (!sameShape(grad.shape, g.outShape)) {
    fail(ShapeError, op, `grad wants shape ${show(g.outShape)}, got ${show(grad.shape)}`);
  }
}

export const convolutionInputGrad: ReferenceOp<'convolutionInputGrad'> = {
  infer([grad, weight, bias], attrs) {
    wantNumbers('convolutionInputGrad', grad, weight, bias);
    checkSizes('convolutionInputGrad', attrs.inputShape);
    checkBias('convolutionInputGrad', bias, attrs.inputShape[1] ?? 0);
    checkGrad(
      'convolutionInputGrad',
      grad!,
      geometry('convolutionInputGrad', attrs.inputShape, weight!.shape, attrs),
    );
    return [fresh(grad!.dtype, attrs.inputShape.slice())];
  },
  // Per image: patches [depth, places] = weight^T [depth, Cout] x grad [Cout, places], then added back in place.
  forward([grad, weight, bias], [out], attrs) {
    const g = geometry('convolutionInputGrad', attrs.inputShape, weight!.shape, attrs);
    if (out!.numel === 0) return;
    if (bias) fillBias(bias, out!.numbers, g.images * g.channels, numelOf(g.size));
    if (grad!.numel === 0) return;
    const from = rowMajor('convolutionInputGrad', grad!);
    const w = rowMajor('convolutionInputGrad', weight!);
    const lanes = g.outChannels / g.groups;
    const plane = (g.channels / g.groups) * numelOf(g.size);
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
        const to = imageAt(g, n, group);
        if (bias) sums.set(out!.numbers.subarray(to, to + plane));
        else sums.fill(0, 0, plane);
        scatterPatches(g, patches, sums, 0);
        out!.numbers.set(sums.length === plane ? sums : sums.subarray(0, plane), to);
      }
    }
  },
  saves: { inputs: [0, 1] },
  vjp(c, gg, { inputShape: _, ...attrs }) {
    return [
      c.needs(0) ? c.run('convolution', [gg, c.input(1)], attrs) : undefined,
      c.needs(1)
        ? c.run('convolutionWeightGrad', [c.input(0), gg], { ...attrs, weightShape: c.shape(1) })
        : undefined,
      biasGrad(c, gg),
    ];
  },
};

export const convolutionWeightGrad: ReferenceOp<'convolutionWeightGrad'> = {
  infer([grad, x], attrs) {
    wantNumbers('convolutionWeightGrad', grad, x);
    checkSizes('convolutionWeightGrad', attrs.weightShape);
    checkGrad(
      'convolutionWeightGrad',
      grad!,
      geometry('convolutionWeightGrad', x!.shape, attrs.weightShape, attrs),
    );
    return [fresh(grad!.dtype, attrs.weightShape.slice())];
  },
  // Sum over the images of grad [Cout, places] x patches^T [places, depth], in doubles.
  forward([grad, x], [out], attrs) {
    const g = geometry('convolutionWeightGrad', x!.shape, attrs.weightShape, attrs);
    if (out!.numel === 0 || grad!.numel === 0) return;
    const from = rowMajor('convolutionWeightGrad', grad!);
    const image = rowMajor('convolutionWeightGrad', x!);
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
      c.needs(0) ? c.run('convolution', [c.input(1), gw], attrs) : undefined,
      c.needs(1)
        ? c.run('convolutionInputGrad', [c.input(0), gw], { ...attrs, inputShape: c.shape(1) })
        : undefined,
    ];
  },
};

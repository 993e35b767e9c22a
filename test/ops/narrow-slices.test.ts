// Ops on 16-bit tensors that are evaluated some rows, samples or channels at a time give what they give all at once, as a
// float32 call on the same numbers shows. Sizes go beyond one slice (2^17 elements) and leave a remainder.
import { createHash } from 'node:crypto';
import { afterAll, describe, expect, it } from 'vitest';
import { F, grad, info, manualSeed, ones, randn, setNumThreads } from '../../lib/index.js';
import type { DType, Tensor } from '../../lib/index.js';

interface Case {
  readonly shapes: readonly (readonly number[])[];
  readonly call: (x: Tensor, ...others: Tensor[]) => Tensor;
  /** Inputs that stay float32 beside a 16-bit x: weights. */
  readonly weights?: number;
  /** How many results in 16 bits lie between the inputs and the last gradient. Default 1. */
  readonly roundings?: number;
}

const cases: Record<string, Case> = {
  'softmax of rows': { shapes: [[700, 300]], call: (x) => F.softmax(x, -1) },
  'softmax of columns': { shapes: [[5, 300, 120]], call: (x) => F.softmax(x, 1) },
  'softmax of the first dim': { shapes: [[300, 700]], call: (x) => F.softmax(x, 0) },
  logSoftmax: { shapes: [[1, 700, 300]], call: (x) => F.logSoftmax(x, 2) },
  'softmax of a transposed tensor': { shapes: [[300, 700]], call: (x) => F.softmax(x.t(), -1) },
  layerNorm: {
    shapes: [[1500, 100], [100], [100]],
    call: (x, weight, bias) => F.layerNorm(x, [100], { weight: weight, bias: bias }),
    weights: 2,
  },
  'rmsNorm of two dims': {
    shapes: [
      [3, 500, 10, 10],
      [10, 10],
    ],
    call: (x, weight) => F.rmsNorm(x, [10, 10], { weight: weight }),
    weights: 1,
  },
  groupNorm: {
    shapes: [[70, 12, 14, 14], [12], [12]],
    call: (x, weight, bias) => F.groupNorm(x, 3, { weight: weight, bias: bias }),
    weights: 2,
  },
  batchNorm: {
    shapes: [[40, 24, 14, 14], [24], [24]],
    call: (x, weight, bias) => F.batchNorm(x, null, null, { weight: weight, bias: bias, training: true }),
    weights: 2,
  },
  'batchNorm, channels last': {
    shapes: [[40, 14, 14, 24], [24], [24]],
    call: (x, weight, bias) =>
      F.batchNorm(x.permute([0, 3, 1, 2]), null, null, { weight: weight, bias: bias, training: true }),
    weights: 2,
  },
  maxPool2d: { shapes: [[30, 24, 20, 20]], call: (x) => F.maxPool2d(x, 3, { stride: 2 }) },
  'maxPool2d of one sample': { shapes: [[400, 20, 20]], call: (x) => F.maxPool2d(x, 2) },
  avgPool2d: { shapes: [[30, 24, 20, 20]], call: (x) => F.avgPool2d(x, 2) },
  adaptiveAvgPool2d: { shapes: [[30, 24, 20, 20]], call: (x) => F.adaptiveAvgPool2d(x, 3) },
  attention: {
    shapes: [
      [5, 4, 128, 64],
      [5, 4, 128, 64],
      [5, 4, 128, 64],
    ],
    call: (q, k, v) => F.scaledDotProductAttention(q, k, v, { isCausal: true }),
    // Its gradients start from its result.
    roundings: 2,
  },
};

/** The result and the gradients of all inputs, as float32. */
function compute({ shapes, call, weights = 0 }: Case, dtype: DType): Tensor[] {
  manualSeed(11);
  const rounded = shapes.map((shape) => randn(shape).to('bfloat16').detach());
  const inputs = rounded.map((x, i) => {
    const input = x.to(i > 0 && i <= weights ? 'float32' : dtype).detach();
    input.requiresGrad = true;
    return input;
  });
  const out = call(inputs[0]!, ...inputs.slice(1));
  const seed = randn(out.shape).to('bfloat16').to(out.dtype);
  return [out.detach(), ...grad(out, inputs, { gradOutputs: seed })].map((x) => x.to(dtype).float());
}

/** Of the bits of the elements, in their order. */
function hash(x: Tensor): string {
  const { buffer } = x.float().data;
  return createHash('sha1').update(new Uint8Array(buffer)).digest('hex');
}

const atStart = info().threads;

describe.runIf(info().name === 'native')('16-bit slices', () => {
  afterAll(() => setNumThreads(atStart));

  it.each(Object.entries(cases))('of %s are what float32 gives, rounded once', (_, test) => {
    const narrow = compute(test, 'bfloat16');
    const wide = compute(test, 'float32');
    narrow.forEach((got, i) => {
      const wanted = wide[i]!.to('bfloat16').float();
      const most = Number(wanted.abs().max().item());
      const apart = Number(got.sub(wanted).abs().max().item());
      // One rounding to 8 bits may fall on the other side where the float32 values differ in their last bit.
      expect(apart, `output ${i}`).toBeLessThanOrEqual(most * (test.roundings ?? 1) * 2 ** -7);
    });
  });

  it.each(Object.entries(cases))('of %s are the same bits for any number of threads', (_, test) => {
    const bits = [1, 2, 3, 7, 16].map((threads) => {
      setNumThreads(threads);
      return compute(test, 'bfloat16').map(hash);
    });
    setNumThreads(atStart);
    for (const other of bits) expect(other.every((part, i) => part === bits[0]![i])).toBe(true);
  });

  it('drops the same elements as in float32', () => {
    const x = randn([301, 700]).to('bfloat16').detach();
    const drop = (input: Tensor): Tensor => {
      manualSeed(5);
      return F.dropout(input, { p: 0.3 });
    };
    expect(hash(drop(x))).toBe(hash(drop(x.float()).to('bfloat16')));
    const turned = x.t();
    expect(hash(drop(turned))).toBe(hash(drop(turned.float()).to('bfloat16')));
  });

  it('keeps the parts in their places', () => {
    const x = ones([700, 300], { dtype: 'bfloat16' }).cumsum(0).to('bfloat16');
    const rows = F.softmax(x, -1);
    expect(rows.mul(300).sub(1).abs().max().item()).toBeLessThan(0.01);
    const pooled = F.maxPool2d(x.reshape([700, 1, 30, 10]), [30, 10]).flatten();
    expect(pooled.tolist()).toEqual(x.select(1, 0).tolist());
  });
});

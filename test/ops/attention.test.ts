import { afterEach, describe, expect, test } from 'vitest';
import {
  collect,
  DTypeError,
  F,
  grad,
  info,
  manualSeed,
  memory,
  ones,
  OutOfMemoryError,
  randn,
  setMemoryLimit,
  ShapeError,
  tensor,
  ValueError,
  withComposites,
  zeros,
  type Tensor,
} from '../../lib/index.js';

const attention = F.scaledDotProductAttention;
const native = info().name === 'native';

/** The same numbers, of which gradients are wanted. */
function leaf(x: Tensor): Tensor {
  const copy = x.clone();
  copy.requiresGrad = true;
  return copy;
}

const far = (a: Tensor, b: Tensor): number => a.sub(b).abs().max().item();

describe('what PyTorch gives', () => {
  const q = tensor([[0.5, -1], [2, 1]]); // prettier-ignore
  const k = tensor([[1, 2], [-1, 0.5], [0, 1]]); // prettier-ignore
  const v = tensor([[1.5, 0], [0, 1], [2, -1]]); // prettier-ignore

  test('a query that sees nothing gives 0, and gradients of 0', () => {
    for (const attnMask of [
      tensor([[true, true, false], [false, false, false]]), // prettier-ignore
      tensor([[0, 0, -Infinity], [-Infinity, -Infinity, -Infinity]], { dtype: 'float32' }), // prettier-ignore
    ]) {
      const inputs = [q, k, v].map(leaf) as [Tensor, Tensor, Tensor];
      const out = attention(...inputs, { attnMask });
      expect(out.select(0, 1).tolist()).toEqual([0, 0]);
      const [dq, dk] = grad(out.sum(), inputs);
      expect(dq.select(0, 1).tolist()).toEqual([0, 0]);
      expect(dk.isfinite().all().item()).toBe(true);
    }
  });

  test('no keys give 0', () => {
    const out = attention(q, zeros([0, 2]), zeros([0, 3]));
    expect(out.tolist()).toEqual([
      [0, 0, 0],
      [0, 0, 0],
    ]);
  });

  test('NaN and infinite scores give NaN in their rows only', () => {
    for (const value of [NaN, Infinity]) {
      for (const queries of [2, 40]) {
        const one = ones([queries, 2]).clone();
        one.select(0, 1).fill_(value);
        const out = attention(one, ones([300, 2]), ones([300, 1]));
        expect(out.isnan().sum().item()).toBe(1);
        expect(out.select(0, 0).item()).toBeCloseTo(1, 6);
      }
    }
  });

  test('heads that are views of one matrix give such heads', () => {
    const heads = () => randn([2, 5, 3, 4]).transpose(1, 2);
    const [a, b, c] = [heads(), heads(), heads()];
    const out = attention(a, b, c);
    expect(out.shape).toEqual([2, 3, 5, 4]);
    if (native) expect(out.strides).toEqual([60, 4, 12, 1]);
    expect(
      far(
        out,
        withComposites(() => attention(a, b, c)),
      ),
    ).toBeLessThan(1e-5);
  });
});

test('leading dims broadcast, and their gradients are summed', () => {
  const inputs = [randn([3, 1, 4, 2]), randn([2, 5, 2]), randn([5, 3])].map(leaf);
  const run = () => {
    const out = attention(inputs[0]!, inputs[1]!, inputs[2]!);
    expect(out.shape).toEqual([3, 2, 4, 3]);
    return grad(out.cos().sum(), inputs);
  };
  const [one, other] = [run(), withComposites(run)];
  one.forEach((x, i) => {
    expect(x.shape).toEqual(inputs[i]!.shape);
    expect(far(x, other[i]!)).toBeLessThan(1e-5);
  });
});

test('key and value may have different numbers of heads', () => {
  const [q, k, v] = [randn([2, 6, 4, 3]), randn([2, 2, 5, 3]), randn([2, 3, 5, 3])];
  const out = attention(q, k, v, { enableGqa: true });
  const repeated = attention(q, k.repeatInterleave(3, { dim: 1 }), v.repeatInterleave(2, { dim: 1 }));
  expect(far(out, repeated)).toBeLessThan(1e-6);
});

test.each(['float16', 'bfloat16'] as const)('three dims of many places, shared heads: %s', (dtype) => {
  const operands = [
    [8, 372, 80],
    [4, 26, 80],
    [4, 26, 80],
  ].map((shape) => leaf(randn(shape, { dtype })));
  const run = (...all: Tensor[]) => {
    const out = attention(all[0]!, all[1]!, all[2]!, { enableGqa: true });
    return [out, ...grad(out, all, { gradOutputs: ones(out.shape, { dtype: out.dtype }) })];
  };
  const exact = run(...operands.map((x) => leaf(x.detach().to('float64'))));
  run(...operands).forEach((got, i) => {
    const size = exact[i]!.abs().max().item();
    expect(far(got.to('float64'), exact[i]!), String(i)).toBeLessThan(0.02 * size);
  });
});

test('a floating mask may need a gradient', () => {
  const [q, k, v] = [randn([2, 4, 3]), randn([2, 5, 3]), randn([2, 5, 3])];
  const attnMask = randn([4, 5], { requiresGrad: true });
  const weights = randn([2, 4, 3]);
  const loss = () => attention(q, k, v, { attnMask }).mul(weights).sum();
  const [slope] = grad(loss(), [attnMask]);
  const step = 1e-2;
  const moved = (by: number) => {
    const shifted = attnMask.detach().clone();
    shifted.select(0, 1).select(0, 2).add_(by);
    return attention(q, k, v, { attnMask: shifted }).mul(weights).sum().item();
  };
  const wanted = (moved(step) - moved(-step)) / (2 * step);
  expect(slope.select(0, 1).select(0, 2).item()).toBeCloseTo(wanted, 3);
});

test('half types are computed in float32', () => {
  for (const dtype of ['float16', 'bfloat16'] as const) {
    const [q, k, v] = [randn([2, 4, 8]), randn([2, 5, 8]), randn([2, 5, 8])].map((x) => x.to(dtype));
    const out = attention(q!, k!, v!, { attnMask: tensor([0, 1, 2, 3, -1], { dtype: 'float32' }) });
    expect(out.dtype).toBe(dtype);
    const wide = attention(q!.float(), k!.float(), v!.float(), {
      attnMask: tensor([0, 1, 2, 3, -1], { dtype: 'float32' }),
    });
    expect(far(out.float(), wide)).toBeLessThan(dtype === 'float16' ? 2e-3 : 2e-2);
  }
});

describe('dropout', () => {
  const ofSeed = <T>(fn: () => T): T => {
    manualSeed(11);
    return fn();
  };

  test('drops the weights that the definition drops', () => {
    const [q, k, v] = [randn([2, 3, 70, 8]), randn([2, 3, 301, 8]), randn([2, 3, 301, 8])];
    const run = () => ofSeed(() => attention(q, k, v, { dropoutP: 0.3 }));
    expect(far(run(), withComposites(run))).toBeLessThan(1e-5);
  });

  test('keeps the mean', () => {
    const out = ofSeed(() =>
      attention(zeros([1000, 4]), zeros([200, 4]), ones([200, 1]), { dropoutP: 0.25 }),
    );
    expect(out.mean().item()).toBeCloseTo(1, 2);
    expect(out.std().item()).toBeGreaterThan(0.02);
  });

  test('draws other numbers at each call', () => {
    const x = randn([4, 8]);
    const run = () => attention(x, x, x, { dropoutP: 0.5 });
    expect(far(run(), run())).toBeGreaterThan(0);
  });
});

describe('what does not fit is refused', () => {
  const [q, k, v] = [zeros([2, 3, 4]), zeros([2, 5, 4]), zeros([2, 5, 6])];
  const wrong: Record<string, readonly [() => unknown, new (message: string) => Error]> = {
    widths: [() => attention(q, zeros([2, 5, 3]), v), ShapeError],
    lengths: [() => attention(q, k, zeros([2, 4, 6])), ShapeError],
    'one dim': [() => attention(zeros([4]), k, v), ShapeError],
    'leading dims': [() => attention(q, zeros([3, 5, 4]), v), ShapeError],
    'heads without enableGqa': [() => attention(zeros([4, 3, 4]), k, v), ShapeError],
    'heads that do not divide': [() => attention(zeros([3, 3, 4]), k, v, { enableGqa: true }), ShapeError],
    'no heads': [() => attention(q, zeros([0, 5, 4]), zeros([0, 5, 6]), { enableGqa: true }), ShapeError],
    'a mask of another size': [() => attention(q, k, v, { attnMask: zeros([3, 4]) }), ShapeError],
    'a mask of more dims': [() => attention(q, k, v, { attnMask: zeros([1, 2, 3, 5]) }), ShapeError],
    'a mask of integers': [
      () => attention(q, k, v, { attnMask: zeros([3, 5], { dtype: 'int64' }) }),
      DTypeError,
    ],
    'a mask of a wider dtype': [
      () => attention(q, k, v, { attnMask: zeros([3, 5], { dtype: 'float64' }) }),
      DTypeError,
    ],
    dtypes: [() => attention(q, k.double(), v), DTypeError],
    integers: [() => attention(q.long(), k.long(), v.long()), DTypeError],
    'a mask with isCausal': [
      () => attention(q, k, v, { attnMask: zeros([3, 5]), isCausal: true }),
      ValueError,
    ],
    'dropoutP above 1': [() => attention(q, k, v, { dropoutP: 1.5 }), ValueError],
    'dropoutP below 0': [() => attention(q, k, v, { dropoutP: -0.1 }), ValueError],
    'dropoutP NaN': [() => attention(q, k, v, { dropoutP: NaN }), ValueError],
    'a scale that is no number': [() => attention(q, k, v, { scale: '1' } as never), ValueError],
  };
  test.each(Object.entries(wrong))('%s', (_name, [call, error]) => {
    const before = memory().tensors;
    expect(call).toThrow(error);
    expect(call).toThrow(/\[scaledDotProductAttention\]/);
    if (native) {
      // V8 may still hold what the last call made, not what ten made.
      for (let i = 0; i < 10; ++i) expect(call).toThrow(error);
      collect();
      expect(memory().tensors).toBeLessThan(before + 10);
    }
  });
});

describe.runIf(native)('memory', () => {
  afterEach(() => setMemoryLimit(0));

  test('the matrix of scores is never held', () => {
    const length = 8192;
    const [q, k, v] = [0, 1, 2].map(() => randn([1, length, 32], { requiresGrad: true }));
    const run = () => grad(attention(q!, k!, v!, { isCausal: true }).sum(), [q!, k!, v!]);
    collect();
    // A fifth of it.
    setMemoryLimit(memory().bytes + (length * length * 4) / 5);
    expect(run().every((x) => x.isfinite().all().item())).toBe(true);
    expect(() => withComposites(run)).toThrow(OutOfMemoryError);
  });
});

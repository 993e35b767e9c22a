import { describe, expect, test } from 'vitest';
import { batchNorm, DTypeError, F, grad, layerNorm, manualSeed, randn, tensor } from '../../lib/index.js';
import type { DType } from '../../lib/dtype.js';
import type { Tensor } from '../../lib/index.js';

// Weight and bias in float32 beside an input of 16 bits: computed in float32, rounded once, as in PyTorch.

type Norm = (x: Tensor, weight: Tensor, bias: Tensor) => Tensor;

const norms: Readonly<Record<string, Norm>> = {
  layerNorm: (x, weight, bias) => layerNorm(x, [6], { weight, bias }),
  groupNorm: (x, weight, bias) => F.groupNorm(x, 2, { weight, bias }),
  instanceNorm: (x, weight, bias) => F.instanceNorm(x.reshape([1, 6, 4]), { weight, bias }),
  batchNorm: (x, weight, bias) => batchNorm(x, null, null, { weight, bias, training: true }),
  'batchNorm by running statistics': (x, weight, bias) => batchNorm(x, bias, weight.abs(), { weight, bias }),
  rmsNorm: (x, weight) => F.rmsNorm(x, [6], { weight }),
};

describe.each(Object.entries(norms))('%s', (name, norm) => {
  const parameters = () => {
    manualSeed(5);
    return [randn([6], { requiresGrad: true }), randn([6], { requiresGrad: true })] as const;
  };

  test.each(['float16', 'bfloat16'] as const)('of %s with parameters of float32', (dtype) => {
    const [weight, bias] = parameters();
    const x = randn([4, 6]).to(dtype);
    const narrow = x.detach();
    narrow.requiresGrad = true;
    const wide = x.to('float32').detach();
    wide.requiresGrad = true;

    const out = norm(narrow, weight, bias);
    const wanted = norm(wide, weight, bias);
    expect(out.dtype).toBe(dtype);
    expect(out.tolist()).toEqual(wanted.to(dtype).tolist());

    // Ones are the same gradient in either dtype.
    const got = grad(out.sum(), [narrow, weight]);
    const gradients = grad(wanted.sum(), [wide, weight]);
    expect(got.map((one) => one.dtype)).toEqual([dtype, 'float32']);
    const near = (one: Tensor, other: Tensor): number => one.to('float32').sub(other).abs().max().item();
    expect(near(got[0], gradients[0])).toBeLessThan(2 ** -7);
    expect(near(got[1], gradients[1])).toBeLessThan(1e-4);
  });

  const others: readonly DType[] = ['float64', 'bfloat16'];
  test.runIf(name !== 'rmsNorm').each(others)('refuses parameters of %s beside float32', (dtype) => {
    const [weight, bias] = parameters();
    expect(() => norm(randn([4, 6]), weight.to(dtype), bias.to(dtype))).toThrow(DTypeError);
  });
});

describe('rmsNorm', () => {
  // As torch.nn.functional.rms_norm of PyTorch 2.13 does.
  test.each([
    ['bfloat16', 2 ** -10, 0.94140625],
    ['float16', 2 ** -10, 0.94287109375],
    ['float32', 2 ** -10, 0.942809],
    ['float64', 2 ** -24, 0.970143],
  ] as const)('adds the epsilon that %s is computed with', (dtype, value, wanted) => {
    const x = tensor([value, -value], { dtype });
    expect(F.rmsNorm(x, [2]).select(0, 0).item()).toBeCloseTo(wanted, 6);
  });

  test.each(['float64', 'bfloat16', 'float16'] as const)(
    'has the dtype of x beside a weight of %s',
    (dtype) => {
      const x = tensor([[3, 4]], { dtype: 'float32' });
      const out = F.rmsNorm(x, [2], { weight: tensor([1, 2], { dtype }), eps: 0 });
      expect(out.dtype).toBe('float32');
      expect(out.tolist()).toEqual([[expect.closeTo(0.848528, 5), expect.closeTo(2.262742, 5)]]);
    },
  );
});

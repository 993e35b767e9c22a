// The scope itself: nesting, the casts that it keeps, and what runs inside it and later because of it.
import { afterEach, describe, expect, it } from 'vitest';
import {
  autocast,
  backward,
  checkpoint,
  collect,
  counters,
  customOp,
  DTypeError,
  func,
  getAutocastDtype,
  grad,
  gradcheck,
  info,
  isAutocastEnabled,
  manualSeed,
  matmul,
  memory,
  nn,
  noGrad,
  ones,
  optim,
  rand,
  tensor,
  ValueError,
} from '../../lib/index.js';
import type { Tensor } from '../../lib/index.js';

const product = (): string => matmul(ones([2, 2]), ones([2, 2])).dtype;

describe('the scope', () => {
  afterEach(() => {
    expect(isAutocastEnabled()).toBe(false);
    expect(product()).toBe('float32');
  });

  it('lowers inside and nowhere else', () => {
    expect(autocast(product)).toBe('bfloat16');
    expect(autocast({}, product)).toBe('bfloat16');
    expect(autocast({ dtype: 'float16' }, product)).toBe('float16');
  });

  it('nests, and can be switched off for a part', () => {
    autocast(() => {
      expect(autocast({ dtype: 'float16' }, product)).toBe('float16');
      expect(autocast({ enabled: false }, product)).toBe('float32');
      autocast({ enabled: false }, () => {
        expect(isAutocastEnabled()).toBe(false);
        expect(autocast(product)).toBe('bfloat16');
      });
      expect(product()).toBe('bfloat16');
    });
  });

  it('ends when its function throws', () => {
    expect(() =>
      autocast(() => {
        throw new RangeError('mine');
      }),
    ).toThrow(RangeError);
  });

  it('refuses promises, other dtypes and unknown options', () => {
    // @ts-expect-error a promise
    expect(() => autocast(async () => Promise.resolve(1))).toThrow(ValueError);
    expect(() => autocast({ dtype: 'float32' as 'bfloat16' }, product)).toThrow(DTypeError);
    expect(() => autocast({ enabled: 1 as unknown as boolean }, product)).toThrow(ValueError);
    expect(() => autocast({ enable: true } as object, product)).toThrow(ValueError);
    expect(() => autocast({}, undefined as unknown as () => void)).toThrow(ValueError);
    const swapped = autocast as unknown as (fn: () => unknown, options: object) => unknown;
    expect(() => swapped(product, { dtype: 'bfloat16' })).toThrow(/wanted .* autocast\(options, fn\)$/);
  });

  it('says what it is', () => {
    expect(getAutocastDtype()).toBe('bfloat16');
    expect(autocast({ dtype: 'float16' }, () => [isAutocastEnabled(), getAutocastDtype()])).toEqual([
      true,
      'float16',
    ]);
  });

  it('leaves float64, integers, numbers and in-place methods alone', () => {
    autocast(() => {
      const wide = ones([2, 2], { dtype: 'float64' });
      expect(matmul(wide, wide).dtype).toBe('float64');
      const whole = ones([2, 2], { dtype: 'int64' });
      expect(matmul(whole, whole).dtype).toBe('int64');
      const x = ones([2, 2]);
      expect(x.add_(1).mul_(2).dtype).toBe('float32');
      expect(ones([2], { dtype: 'bfloat16' }).mul(2.5).dtype).toBe('bfloat16');
    });
  });

  it('says whether bfloat16 is fast here', () => {
    expect(['amx', 'avx512-bf16', 'emulated']).toContain(info().bf16);
  });
});

describe('casts of parameters', () => {
  const casts = (fn: () => void): number => {
    const before = counters().ops;
    fn();
    return counters().ops - before;
  };

  it('are made once a scope', () => {
    const weight = rand([3, 3], { requiresGrad: true });
    const x = rand([2, 3]).to('bfloat16');
    autocast(() => {
      expect(casts(() => matmul(x, weight))).toBe(2);
      expect(casts(() => matmul(x, weight))).toBe(1);
      autocast({ enabled: false }, () => undefined);
      expect(casts(() => matmul(x, weight))).toBe(1);
      expect(casts(() => autocast(() => matmul(x, weight)))).toBe(1);
      noGrad(() => expect(casts(() => matmul(x, weight))).toBe(1));
    });
    autocast(() => expect(casts(() => matmul(x, weight))).toBe(2));
  });

  it('are not taken from where nothing was recorded', () => {
    const weight = rand([3, 3], { requiresGrad: true });
    const x = rand([2, 3]).to('bfloat16');
    autocast(() => {
      noGrad(() => matmul(x, weight));
      noGrad(() => expect(casts(() => matmul(x, weight))).toBe(1));
      matmul(x, weight).sum().backward();
    });
    expect(weight.grad?.dtype).toBe('float32');
  });

  it('are made anew for what was written', () => {
    const weight = ones([2, 2], { requiresGrad: true });
    autocast(() => {
      const first = matmul(ones([1, 2]), weight).tolist();
      noGrad(() => weight.mul_(3));
      expect(first).toEqual([[2, 2]]);
      expect(matmul(ones([1, 2]), weight).tolist()).toEqual([[6, 6]]);
    });
  });

  it('serve several backward passes', () => {
    const weight = ones([2, 2], { requiresGrad: true });
    autocast(() => {
      const losses = [1, 2].map((scale) =>
        matmul(ones([1, 2]), weight)
          .mul(scale)
          .sum(),
      );
      for (const loss of losses) loss.backward();
      matmul(ones([1, 2]), weight)
        .sum()
        .backward();
    });
    expect(weight.grad?.tolist()).toEqual([
      [4, 4],
      [4, 4],
    ]);
  });

  it('are released with the scope', () => {
    const weight = rand([8, 8], { requiresGrad: true });
    const x = rand([4, 8]);
    const count = (): number => {
      collect();
      return memory().tensors;
    };
    autocast(() => matmul(x, weight).dispose());
    const before = count();
    for (let i = 0; i < 3; ++i) autocast(() => matmul(x, weight).dispose());
    expect(count()).toBe(before);
  });
});

describe('gradients', () => {
  const model = () => {
    manualSeed(3);
    return new nn.Sequential(new nn.Linear(4, 8), new nn.GELU(), new nn.LayerNorm(8), new nn.Linear(8, 2));
  };
  const gradsOf = (m: nn.Module<never[], unknown>): unknown[] => m.parameters().map((p) => p.grad?.tolist());
  const x = (): Tensor => {
    manualSeed(4);
    return rand([5, 4]);
  };

  it('are float32 on float32 parameters, and the same wherever backward is called', () => {
    const [a, b] = [model(), model()];
    const input = x();
    autocast(() => a.forward(input).float().square().mean()).backward();
    autocast(() => {
      const loss = b.forward(input).float().square().mean();
      loss.backward();
      // Products inside a pass are as the forward pass left them.
      expect(product()).toBe('bfloat16');
    });
    expect(a.parameters().every((p) => p.dtype === 'float32' && p.grad?.dtype === 'float32')).toBe(true);
    expect(gradsOf(a)).toEqual(gradsOf(b));
  });

  it('can be differentiated again', () => {
    const weight = rand([3, 3], { requiresGrad: true });
    const input = rand([2, 3], { requiresGrad: true });
    const second = autocast(() => {
      const loss = matmul(input, weight).float().pow(3).sum();
      const [slope] = grad(loss, weight, { createGraph: true });
      return grad(slope.square().sum(), input)[0];
    });
    expect(second.dtype).toBe('float32');
    expect(second.isfinite().all().item()).toBe(true);
  });

  it.each(['module', 'function'])('of a checkpointed %s are those without', (kind) => {
    const [a, b] = [model(), model()];
    const input = x();
    const again = (): Tensor =>
      kind === 'module' ? checkpoint(b, input) : checkpoint((t: Tensor) => b.forward(t), input);
    autocast(() => a.forward(input).float().square().mean()).backward();
    autocast(() => again().float().square().mean()).backward();
    expect(gradsOf(b)).toEqual(gradsOf(a));
  });

  it('of a custom op run in the scope of its forward', () => {
    const times = customOp({
      name: 'times',
      forward(ctx, a: Tensor, b: Tensor) {
        ctx.save(a, b);
        return matmul(a, b);
      },
      backward(ctx, g) {
        const [a, b] = ctx.saved as [Tensor, Tensor];
        return [matmul(g!, b.t()), matmul(a.t(), g!)];
      },
    });
    const a = rand([2, 3], { requiresGrad: true });
    const b = rand([3, 2], { requiresGrad: true });
    const out = autocast(() => times(a, b));
    expect(out.dtype).toBe('bfloat16');
    backward(out.sum());
    expect([a.grad?.dtype, b.grad?.dtype]).toEqual(['float32', 'float32']);
    const plain = b.to('bfloat16').sum({ dim: 1 }).float();
    expect(a.grad?.select(0, 0).sub(plain).abs().max().item()).toBeLessThan(0.02);
  });

  it('of functionalCall reach the tensors that stand for parameters', () => {
    const layer = new nn.Linear(3, 2);
    const weight = rand([2, 3], { requiresGrad: true });
    const out = autocast(() => func.functionalCall(layer, { weight, bias: ones([2]) }, [rand([4, 3])]));
    out.float().sum().backward();
    expect(out.dtype).toBe('bfloat16');
    expect(weight.grad?.dtype).toBe('float32');
  });

  it('of float64 pass gradcheck', () => {
    const input = rand([2, 3], { dtype: 'float64', requiresGrad: true });
    const weight = rand([4, 3], { dtype: 'float64', requiresGrad: true });
    expect(autocast(() => gradcheck((a, b) => matmul(a, b.t()).tanh(), [input, weight]))).toBe(true);
  });
});

describe('optimizers', () => {
  it('step as they do outside', () => {
    const steps = [false, true].map((inside) => {
      manualSeed(7);
      const weight = rand([6, 4], { requiresGrad: true });
      const step = (): void => {
        const optimizer = new optim.Muon([weight], { lr: 0.1 });
        weight.square().sum().backward();
        optimizer.step();
      };
      if (inside) autocast(step);
      else step();
      return weight.tolist();
    });
    expect(steps[1]).toEqual(steps[0]);
  });
});

describe('losses', () => {
  it('take bfloat16 logits and float32 targets and weights', () => {
    const logits = tensor([[0.5, 1.5, -1]], { dtype: 'bfloat16', requiresGrad: true });
    const criterion = new nn.CrossEntropyLoss({ weight: tensor([1, 2, 0.5]) });
    const loss = autocast(() => criterion.forward(logits, tensor([1])));
    expect(loss.dtype).toBe('float32');
    loss.backward();
    expect(logits.grad?.dtype).toBe('bfloat16');
  });
});

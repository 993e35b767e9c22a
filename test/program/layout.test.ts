import { describe, expect, it } from 'vitest';
import { F, manualSeed, nn, randn, relu, type Tensor } from '../../lib/index.js';
import { native, record, replay } from './kit.js';

// Chains of convolutions, norms and activations are computed channels-last where that saves more than the copies cost.

const passes = ['chooseLayout'];

type Body = (...args: Tensor[]) => Tensor | readonly Tensor[];

interface Outcome {
  readonly results: readonly Tensor[];
  readonly plain: readonly Tensor[];
  readonly changes: number;
  /** The ops that the pass put in. */
  readonly copies: number;
}

function compare(fn: Body, args: readonly Tensor[], second: readonly Tensor[] = args): Outcome {
  const { program } = record(fn, args, { passes });
  const { program: as } = record(fn, args, { passes: [] });
  const ops = program.describe().nodes.map(({ op }) => op);
  return {
    results: replay(program, second),
    plain: replay(as, second),
    changes: program.describe().passes.find(({ name }) => name === 'chooseLayout')!.changes,
    copies: ops.length - as.describe().nodes.length,
  };
}

function expectNear({ results, plain }: Outcome, tolerance: number): void {
  expect(results.length).toBe(plain.length);
  results.forEach((got, i) => {
    const wanted = plain[i]!;
    expect([got.shape, got.strides, got.dtype]).toEqual([wanted.shape, wanted.strides, wanted.dtype]);
    const error = got.sub(wanted).to('float32').abs().max().item();
    expect(error).toBeLessThan(tolerance * Math.max(1, wanted.to('float32').abs().max().item()));
  });
}

interface Weights {
  readonly depthwise: Tensor;
  readonly pointwise: Tensor;
}

const weights = (blocks: number, channels = 24): Weights[] => {
  manualSeed(3);
  return Array.from({ length: blocks }, () => ({
    depthwise: randn([channels, 1, 3, 3]).mul(0.3),
    pointwise: randn([channels, channels, 1, 1]).mul(0.2),
  }));
};

const chain = (blocks: readonly Weights[], x: Tensor): Tensor =>
  blocks.reduce((y, { depthwise, pointwise }) => {
    const wide = F.conv2d(y, depthwise, null, { padding: 1, groups: depthwise.shape[0]! });
    return relu(F.conv2d(relu(wide), pointwise));
  }, x);

const image = () => randn([2, 24, 9, 10]);

describe.runIf(native)('layouts', () => {
  it('a chain goes there once and comes back once', () => {
    const outcome = compare((x) => chain(weights(3), x), [image()], [image()]);
    expect(outcome.changes).toBe(9);
    expect(outcome.copies).toBe(2);
    expectNear(outcome, 1e-5);
  });

  it('a single block does not pay for two copies', () => {
    const outcome = compare((x) => chain(weights(1), x), [image()]);
    expect([outcome.changes, outcome.copies]).toEqual([0, 0]);
  });

  it('where nobody needs the result in order, nothing is copied back', () => {
    const outcome = compare((x) => chain(weights(2), x).mean(), [image()], [image()]);
    expect(outcome.copies).toBe(1);
    expectNear(outcome, 1e-5);
  });

  it('convolutions by Winograd are left alone, and get row-major images', () => {
    manualSeed(4);
    const weight = randn([24, 24, 3, 3]).mul(0.1);
    const large = () => randn([2, 24, 24, 24]);
    const alone = compare((x) => F.conv2d(relu(F.conv2d(x, weight)), weight), [large()]);
    expect([alone.changes, alone.copies]).toEqual([0, 0]);
    const within = compare(
      (x) => F.conv2d(chain(weights(3), x), weight, null, { padding: 1 }),
      [large()],
      [large()],
    );
    expect(within.changes).toBeGreaterThan(0);
    expect(within.copies).toBe(2);
    expectNear(within, 1e-5);
  });

  it('what is given out in between is row-major', () => {
    const outcome = compare(
      (x) => {
        const y = chain(weights(3), x);
        return [chain(weights(3), y).sum(), y];
      },
      [image()],
      [image()],
    );
    expect(outcome.changes).toBeGreaterThan(0);
    expectNear(outcome, 1e-5);
  });

  it('the parts of a batch, each in its own copy', () => {
    const list = weights(3);
    const outcome = compare(
      (x) => {
        // The fourth is the second.
        const parts = [...x.chunk(2, 0), x, x.narrow(0, 1, 1), x.flip([0]).narrow(0, 0, 1)];
        const first = list[0]!.pointwise;
        return parts.map((part) => chain(list, F.conv2d(part, first)).sum({ dim: [2, 3] }));
      },
      [image()],
      [image()],
    );
    expect(outcome.copies).toBe(4);
    expectNear(outcome, 1e-4);
  });

  it('views, writes in place and other readers', () => {
    const outcome = compare(
      (x) => {
        const y = chain(weights(3), x);
        const z = chain(weights(2), relu(y));
        z.mul_(2).add_(y);
        return [
          z.flatten(1).sum({ dim: 1 }),
          z.select(1, 3).mul(1),
          y
            .permute([0, 2, 3, 1])
            .mul(z.permute([0, 2, 3, 1]))
            .sum(),
        ];
      },
      [image()],
      [image()],
    );
    expectNear(outcome, 1e-4);
  });

  it.each(['float64', 'bfloat16', 'float16'] as const)('%s', (dtype) => {
    const blocks = weights(3).map(({ depthwise, pointwise }) => ({
      depthwise: depthwise.to(dtype),
      pointwise: pointwise.to(dtype),
    }));
    const outcome = compare((x) => chain(blocks, x), [image().to(dtype)], [image().to(dtype)]);
    expect(outcome.changes).toBe(9);
    expectNear(outcome, { float64: 1e-13, bfloat16: 0.02, float16: 0.003 }[dtype]);
  });

  it('a training step with norms: the same gradients and statistics', () => {
    const run = (which: readonly string[]) => {
      manualSeed(11);
      const model = new nn.Sequential(
        new nn.Conv2d(3, 16, 3, { stride: 2, padding: 1 }),
        new nn.BatchNorm2d(16),
        ...[0, 1].flatMap(() => [
          new nn.Conv2d(16, 16, 3, { padding: 1, groups: 16 }),
          new nn.BatchNorm2d(16),
          new nn.ReLU(),
          new nn.Conv2d(16, 16, 1),
          new nn.MaxPool2d(2),
        ]),
        new nn.Flatten(),
      );
      const x = () => randn([4, 3, 32, 32]);
      const step = (...[input]: Tensor[]) => {
        model.zeroGrad();
        const loss = model.forward(input!).square().mean();
        loss.backward();
        return loss;
      };
      const { program } = record(step, [x()], { passes: which });
      const [loss] = replay(program, [x()]);
      const { changes } = program.describe().passes.find(({ name }) => name === 'chooseLayout') ?? {
        changes: 0,
      };
      return { loss: loss!.item(), grads: model.parameters().map((p) => p.grad!), changes };
    };
    const [plain, last] = [run([]), run(passes)];
    expect(last.changes).toBeGreaterThan(8);
    expect(last.loss).toBeCloseTo(plain.loss, 4);
    last.grads.forEach((grad, i) => {
      const wanted = plain.grads[i]!;
      expect(grad.sub(wanted).abs().max().item()).toBeLessThan(1e-4 * Math.max(1, wanted.abs().max().item()));
    });
  });

  it('is not among the exact passes', () => {
    const { program } = record((x) => chain(weights(3), x), [image()], { passes: 'exact' });
    expect(program.describe().passes.map(({ name }) => name)).not.toContain('chooseLayout');
  });
});

// Training in mixed precision: float32 parameters and gradients, and the loss that float32 reaches.
import { describe, expect, it } from 'vitest';
import { arange, autocast, crossEntropy, manualSeed, nn, optim, randint, randn } from '../../lib/index.js';
import type { Tensor } from '../../lib/index.js';

interface Task {
  readonly make: () => nn.Module<[Tensor], Tensor>;
  readonly inputs: () => Tensor;
  readonly targets: (x: Tensor) => Tensor;
  readonly steps: number;
}

/** Positions, tokens, one encoder layer, and a class for each token. */
class TinyTransformer extends nn.Module<[Tensor], Tensor> {
  readonly tokens = new nn.Embedding(8, 16);
  readonly places = new nn.Embedding(6, 16);
  readonly block = new nn.TransformerEncoderLayer(16, 2, {
    dimFeedforward: 32,
    dropout: 0,
    batchFirst: true,
    normFirst: true,
  });
  readonly head = new nn.Linear(16, 8);

  forward(x: Tensor): Tensor {
    const embedded = this.tokens.forward(x).add(this.places.forward(arange(6)));
    return this.head.forward(this.block.forward(embedded)).flatten(0, 1);
  }
}

const tasks: Record<string, Task> = {
  'an MLP': {
    make: () =>
      new nn.Sequential(new nn.Linear(8, 32), new nn.ReLU(), new nn.LayerNorm(32), new nn.Linear(32, 4)),
    inputs: () => randn([32, 8]),
    targets: (x) => x.narrow(1, 0, 4).argmax({ dim: 1 }),
    steps: 40,
  },
  'a LeNet': {
    make: () =>
      new nn.Sequential(
        new nn.Conv2d(1, 4, 3, { padding: 1 }),
        new nn.BatchNorm2d(4),
        new nn.ReLU(),
        new nn.MaxPool2d(2),
        new nn.Conv2d(4, 8, 3),
        new nn.ReLU(),
        new nn.AvgPool2d(2),
        new nn.Flatten(),
        new nn.Linear(8, 3),
      ),
    inputs: () => randn([24, 1, 8, 8]),
    targets: (x) => x.flatten(1).narrow(1, 0, 3).argmax({ dim: 1 }),
    steps: 100,
  },
  'a transformer': {
    make: () => new TinyTransformer(),
    inputs: () => randint(0, 8, [16, 6]),
    targets: (x) => x.flip(1).flatten(),
    steps: 40,
  },
};

/** The losses of all steps, on one batch. */
function train({ make, inputs, targets, steps }: Task, lowered: boolean): number[] {
  manualSeed(5);
  const model = make();
  const x = inputs();
  const y = targets(x);
  const optimizer = new optim.AdamW(model.parameters(), { lr: 0.01 });
  return Array.from({ length: steps }, () => {
    optimizer.zeroGrad();
    const loss = autocast({ enabled: lowered }, () => crossEntropy(model.forward(x), y));
    loss.backward();
    for (const parameter of model.parameters()) {
      expect(parameter.dtype).toBe('float32');
      expect(parameter.grad?.dtype).toBe('float32');
    }
    optimizer.step();
    return Number(loss.item());
  });
}

// bfloat16 holds a number to 1 part in 256, so a first loss differs by less than 1 %. On the way the paths may part, since units
// switch on and off at other steps; what was learned in the end may not: the last losses differ by at most 2 % of the first.
describe('training', () => {
  it.each(Object.entries(tasks))('of %s reaches the loss of float32', (_, task) => {
    const [wide, lowered] = [train(task, false), train(task, true)];
    const first = wide[0]!;
    expect(wide.at(-1)).toBeLessThan(0.1 * first);
    expect(lowered).not.toEqual(wide);
    expect(Math.abs(lowered[0]! - first)).toBeLessThan(0.01 * first);
    expect(Math.abs(lowered.at(-1)! - wide.at(-1)!)).toBeLessThan(0.02 * first);
  });
});

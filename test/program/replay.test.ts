import { describe, expect, it } from 'vitest';
import { crossEntropy, manualSeed, nn, optim, randint, randn } from '../../lib/index.js';
import type { Tensor } from '../../lib/index.js';
import { bits, native, stepper } from './kit.js';

function mlp(): nn.Sequential {
  return new nn.Sequential(
    new nn.Linear(16, 64),
    new nn.Tanh(),
    new nn.Linear(64, 64),
    new nn.Tanh(),
    new nn.Linear(64, 4),
  );
}

const optimizers = {
  SGD: (model: nn.Module) => new optim.SGD(model.parameters(), { lr: 0.1 }),
  momentum: (model: nn.Module) => new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 }),
  Adam: (model: nn.Module) => new optim.Adam(model.parameters(), { lr: 0.01 }),
};

/** Losses and final parameters of `steps` steps; the first runs as it is, so that the optimizer has its state. */
function train(name: keyof typeof optimizers, steps: number, compiled: boolean): string[] {
  manualSeed(1);
  const model = mlp();
  const optimizer = optimizers[name](model);
  const step = (x: Tensor, y: Tensor): Tensor => {
    optimizer.zeroGrad();
    const loss = crossEntropy(model.forward(x), y);
    loss.backward();
    optimizer.step();
    return loss;
  };
  const compiledStep = stepper(step);
  const seen: string[] = [];
  for (let i = 0; i < steps; i++) {
    const x = randn([32, 16]);
    const y = randint(0, 4, [32]);
    const loss = compiled && i > 0 ? compiledStep.call(x, y)[0]! : step(x, y);
    seen.push(bits(loss));
  }
  if (compiled) expect(compiledStep.made.length).toBe(1);
  for (const parameter of model.parameters()) seen.push(bits(parameter));
  return seen;
}

describe.runIf(native)('a replayed step', () => {
  for (const name of ['SGD', 'momentum', 'Adam'] as const) {
    it(`of an MLP with ${name} has the bits of the plain one`, () => {
      expect(train(name, 50, true)).toEqual(train(name, 50, false));
    });
  }
});

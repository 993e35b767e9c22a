import { expect, it } from 'vitest';
import {
  autocast,
  checkpoint,
  crossEntropy,
  customOp,
  grad,
  nn,
  optim,
  randint,
  randn,
  rand,
} from '../../lib/index.js';
import type { Tensor } from '../../lib/index.js';
import { expectSame } from './support.js';
import type { Training } from './support.js';

// What else may stand in a compiled function: each trains the same compiled.

const cube = customOp({
  name: 'cube',
  forward(ctx, x: Tensor) {
    ctx.save(x);
    return x.pow(3);
  },
  backward(ctx, g) {
    const [x] = ctx.saved;
    return [g!.mul(x!.square().mul(3))];
  },
});

const block = (): nn.Sequential =>
  new nn.Sequential(new nn.Linear(6, 12), new nn.GELU(), new nn.Dropout(0.2), new nn.Linear(12, 6));

function training(loss: (model: nn.Sequential, x: Tensor, y: Tensor) => Tensor): () => Training {
  return () => {
    const model = new nn.Sequential(block(), new nn.Linear(6, 4));
    const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });
    const [x, y] = [randn([10, 6]), randint(0, 4, [10])];
    return {
      step() {
        optimizer.zeroGrad();
        const value = loss(model, x, y);
        value.backward();
        optimizer.step();
        return value;
      },
      batch: () => [],
      state: () => model.parameters(),
    };
  };
}

const uses: Record<string, (model: nn.Sequential, x: Tensor, y: Tensor) => Tensor> = {
  'a checkpoint, which runs its part twice': (model, x, y) =>
    crossEntropy(
      model.at(1).forward(checkpoint<[Tensor], Tensor>((input) => model.at(0).forward(input), x)),
      y,
    ),
  'a custom op': (model, x, y) => crossEntropy(cube(model.forward(x).tanh()), y),
  'a gradient of a gradient': (model, x, y) => {
    const input = x.detach().requiresGrad_();
    const loss = crossEntropy(model.forward(input), y);
    const [g] = grad([loss], [input], { createGraph: true });
    return loss.add(g.square().sum());
  },
  'hooks of tensors': (model, x, y) => {
    const hidden = model.at(0).forward(x);
    hidden.registerHook((g) => g.clamp({ min: -0.01, max: 0.01 }));
    return crossEntropy(model.at(1).forward(hidden), y);
  },
  autocast: (model, x, y) => autocast(() => crossEntropy(model.forward(x), y)),
  'noise, in-place ops and views': (model, x, y) => {
    const noisy = x.clone().add_(rand([10, 6]).mul(0.1));
    noisy.narrow(0, 0, 2).mul_(0.5);
    return crossEntropy(model.forward(noisy.t().contiguous().t()), y);
  },
};

it.each(Object.keys(uses))('%s', (name) => {
  expect(Object.keys(uses)).toContain(name);
  expectSame(training(uses[name]!), { steps: 12 });
});

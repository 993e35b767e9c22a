import { crossEntropy, manualSeed, nn, optim, randint, randn, type Tensor } from '../../lib/index.js';

/** Two networks to train for a few steps: one of products, one of convolutions. */

export function makeMlp(): nn.Module<[Tensor], Tensor> {
  return new nn.Sequential(
    new nn.Linear(20, 64),
    new nn.Tanh(),
    new nn.Linear(64, 64),
    new nn.ReLU(),
    new nn.Linear(64, 5),
  );
}

export function makeConvNet(): nn.Module<[Tensor], Tensor> {
  return new nn.Sequential(
    new nn.Conv2d(1, 8, 3, { padding: 1 }),
    new nn.BatchNorm2d(8),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Conv2d(8, 16, 3),
    new nn.GELU(),
    new nn.Dropout(0.2),
    new nn.Flatten(),
    new nn.Linear(16 * 4 * 4, 5),
  );
}

export const nets = {
  mlp: { make: makeMlp, input: [37, 20] as const },
  'conv net': { make: makeConvNet, input: [9, 1, 12, 12] as const },
};

/** Losses of a run from a seed. */
export function train(net: keyof typeof nets, steps: number): number[] {
  manualSeed(1234);
  const { make, input } = nets[net];
  const model = make();
  const x = randn(input);
  const y = randint(0, 5, [input[0]]);
  const optimizer = new optim.AdamW(model.parameters(), { lr: 1e-2 });
  const losses: number[] = [];
  for (let step = 0; step < steps; ++step) {
    optimizer.zeroGrad();
    const loss = crossEntropy(model.forward(x), y);
    loss.backward();
    optimizer.step();
    losses.push(loss.item());
  }
  return losses;
}

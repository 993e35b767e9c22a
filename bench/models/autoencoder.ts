import { mse, nn, optim, rand } from '../../lib/index.js';
import { update } from '../step.js';
import type { Workload } from '../step.js';

/** Convolutions down to 64 numbers and up again, on 28x28 images; Adam. */
export const autoencoder: Workload = {
  name: 'autoencoder',
  parameters: 215601,
  build() {
    const model = new nn.Sequential(
      new nn.Conv2d(1, 16, 3, { stride: 2, padding: 1 }),
      new nn.ReLU(),
      new nn.Conv2d(16, 32, 3, { stride: 2, padding: 1 }),
      new nn.ReLU(),
      new nn.Flatten(),
      new nn.Linear(1568, 64),
      new nn.Linear(64, 1568),
      new nn.ReLU(),
      new nn.Unflatten(1, [32, 7, 7]),
      new nn.ConvTranspose2d(32, 16, 4, { stride: 2, padding: 1 }),
      new nn.ReLU(),
      new nn.ConvTranspose2d(16, 1, 4, { stride: 2, padding: 1 }),
      new nn.Sigmoid(),
    );
    const optimizer = new optim.Adam(model.parameters(), { lr: 1e-3 });
    const x = rand([128, 1, 28, 28]);
    return { step: update(optimizer, () => mse(model.forward(x), x)), model };
  },
};

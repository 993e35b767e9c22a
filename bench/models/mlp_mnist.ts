import { nn, optim, randint, randn } from '../../lib/index.js';
import { trainingStep } from '../step.js';
import type { Workload } from '../step.js';

/** Linear 784-512-512-10 with relu between; Adam. */
export const mlpMnist: Workload = {
  name: 'mlp_mnist',
  parameters: 669706,
  build() {
    const model = new nn.Sequential(
      new nn.Linear(784, 512),
      new nn.ReLU(),
      new nn.Linear(512, 512),
      new nn.ReLU(),
      new nn.Linear(512, 10),
    );
    const optimizer = new optim.Adam(model.parameters(), { lr: 1e-3 });
    return trainingStep(model, optimizer, randn([128, 784]), randint(0, 10, [128]));
  },
};

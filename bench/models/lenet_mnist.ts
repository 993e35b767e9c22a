import { nn, optim, randint, randn } from '../../lib/index.js';
import { trainingStep } from '../step.js';
import type { Workload } from '../step.js';

/** Two valid 3x3 convolutions (1>32>64), one pooling, two linear layers; Adam. */
export const lenetMnist: Workload = {
  name: 'lenet_mnist',
  parameters: 1199882,
  build() {
    const model = new nn.Sequential(
      new nn.Conv2d(1, 32, 3),
      new nn.ReLU(),
      new nn.Conv2d(32, 64, 3),
      new nn.ReLU(),
      new nn.MaxPool2d(2),
      new nn.Flatten(),
      new nn.Linear(9216, 128),
      new nn.ReLU(),
      new nn.Linear(128, 10),
    );
    const optimizer = new optim.Adam(model.parameters(), { lr: 1e-3 });
    return trainingStep(model, optimizer, randn([64, 1, 28, 28]), randint(0, 10, [64]));
  },
};

import { nn, optim, randint, randn } from '../../lib/index.js';
import { trainingStep } from '../step.js';
import type { Workload } from '../step.js';

/** Linear 16-64-64-4 with tanh between; SGD. A step is bound by the overhead of its ops. */
export const mlpTiny: Workload = {
  name: 'mlp_tiny',
  parameters: 5508,
  build() {
    const model = new nn.Sequential(
      new nn.Linear(16, 64),
      new nn.Tanh(),
      new nn.Linear(64, 64),
      new nn.Tanh(),
      new nn.Linear(64, 4),
    );
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    return trainingStep(model, optimizer, randn([32, 16]), randint(0, 4, [32]));
  },
};

import { optim, randint, randn } from '../../lib/index.js';
import { trainingStep } from '../step.js';
import type { Workload } from '../step.js';
import { makeMlp } from './mlp.js';

/** Linear 784-512-512-10 with relu between; Adam. */
export const mlpMnist: Workload = {
  name: 'mlp_mnist',
  parameters: 669706,
  build() {
    const model = makeMlp();
    const optimizer = new optim.Adam(model.parameters(), { lr: 1e-3 });
    return trainingStep(model, optimizer, randn([128, 784]), randint(0, 10, [128]));
  },
};

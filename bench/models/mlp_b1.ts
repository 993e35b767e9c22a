import { randn } from '../../lib/index.js';
import { inferenceStep } from '../step.js';
import type { Workload } from '../step.js';
import { makeMlp } from './mlp.js';

/** Linear 784-512-512-10 with relu between, for one sample. */
export const mlpB1: Workload = {
  name: 'mlp_b1',
  kind: 'inference',
  parameters: 669706,
  build: () => inferenceStep(makeMlp(), randn([1, 784])),
};

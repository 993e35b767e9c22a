import { optim, randint, type Tensor } from '../../lib/index.js';
import { trainingStep } from '../step.js';
import type { Workload } from '../step.js';
import { Gpt, places, vocabulary } from './gpt.js';

/** A GPT of six layers with norms first, learnt positions and exact GELU; AdamW. */
export const gptNano: Workload = {
  name: 'gpt_nano',
  parameters: 10942464,
  build() {
    const model = new Gpt();
    const optimizer = new optim.AdamW(model.parameters(), { lr: 3e-4, weightDecay: 0.01 });
    const ids = (shape: number[]): Tensor => randint(0, vocabulary, shape);
    return trainingStep(model, optimizer, ids([4, places]), ids([4 * places]));
  },
};

import { argmax, nn, noGrad, zeros, type Tensor } from '../../lib/index.js';
import { forInference, runAs } from '../step.js';
import type { Workload } from '../step.js';
import { Gpt, layers, places } from './gpt.js';

const [tokens, start] = [128, 0];

/** The model of `gpt_nano`, one sample: a start token and the 128 most likely ones after it; one step is all of them. */
export const gptNanoGenerate: Workload = {
  name: 'gpt_nano_generate',
  kind: 'inference',
  parameters: 10942464,
  build() {
    const model = forInference(new Gpt());
    const caches = Array.from({ length: layers }, () => new nn.KVCache({ maxLength: places }));
    const next = runAs((token: Tensor) => noGrad(() => argmax(model.decode(token, caches), { dim: -1 })));
    const first = zeros([1, 1], { dtype: 'int64' }).add(start);
    return {
      model,
      step() {
        for (const cache of caches) cache.clear();
        let token = first;
        // Each is read, as by someone who shows them.
        for (let i = 0; i < tokens; i++) {
          token = next(token);
          token.item();
        }
        return token;
      },
    };
  },
};

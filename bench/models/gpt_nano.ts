import { nn, optim, randint, type Tensor } from '../../lib/index.js';
import { trainingStep } from '../step.js';
import type { Workload } from '../step.js';
import { SelfAttention } from './attention.js';

const [width, heads, layers, places, vocabulary] = [384, 6, 6, 256, 256];

class Block extends nn.Module {
  readonly norm1 = new nn.LayerNorm([width]);
  readonly attention = new SelfAttention(width, heads, true);
  readonly norm2 = new nn.LayerNorm([width]);
  readonly feedForward = new nn.Sequential(
    new nn.Linear(width, 4 * width),
    new nn.GELU(),
    new nn.Linear(4 * width, width),
  );

  forward(x: Tensor): Tensor {
    const y = x.add(this.attention.forward(this.norm1.forward(x)));
    return y.add(this.feedForward.forward(this.norm2.forward(y)));
  }
}

class Gpt extends nn.Module {
  readonly tokens = new nn.Embedding(vocabulary, width);
  readonly positions = new nn.Embedding(places, width);
  readonly blocks = new nn.Sequential(...Array.from({ length: layers }, () => new Block()));
  readonly norm = new nn.LayerNorm([width]);
  readonly head = new nn.Linear(width, vocabulary, { bias: false });

  /** ids: [N, T]; gives the logits of all positions in one row: [N T, vocabulary]. */
  forward(ids: Tensor): Tensor {
    const x = this.tokens.forward(ids).add(this.positions.weight.narrow(0, 0, ids.shape[1]!));
    return this.head.forward(this.norm.forward(this.blocks.forward(x))).reshape([-1, vocabulary]);
  }
}

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

import { nn, optim, rand, randint, where, type Tensor } from '../../lib/index.js';
import { trainingStep } from '../step.js';
import type { Workload } from '../step.js';
import { SelfAttention } from './attention.js';

const [width, heads, layers, places, vocabulary, inner] = [256, 4, 4, 128, 8000, 1024];

class Block extends nn.Module {
  readonly attention = new SelfAttention(width, heads, false);
  readonly norm1 = new nn.LayerNorm([width]);
  readonly feedForward = new nn.Sequential(
    new nn.Linear(width, inner),
    new nn.GELU(),
    new nn.Linear(inner, width),
  );
  readonly norm2 = new nn.LayerNorm([width]);

  forward(x: Tensor): Tensor {
    const y = this.norm1.forward(x.add(this.attention.forward(x)));
    return this.norm2.forward(y.add(this.feedForward.forward(y)));
  }
}

class Bert extends nn.Module {
  readonly tokens = new nn.Embedding(vocabulary, width);
  readonly positions = new nn.Embedding(places, width);
  readonly norm = new nn.LayerNorm([width]);
  readonly blocks = new nn.Sequential(...Array.from({ length: layers }, () => new Block()));
  readonly head = new nn.Sequential(
    new nn.Linear(width, width),
    new nn.GELU(),
    new nn.LayerNorm([width]),
    new nn.Linear(width, vocabulary),
  );

  /** ids: [N, T]; gives the logits of all positions in one row: [N T, vocabulary]. */
  forward(ids: Tensor): Tensor {
    const x = this.tokens.forward(ids).add(this.positions.weight.narrow(0, 0, ids.shape[1]!));
    return this.head.forward(this.blocks.forward(this.norm.forward(x))).reshape([-1, vocabulary]);
  }
}

/** A BERT of four layers that guesses words at 15 % of the places; AdamW. */
export const bertSmall: Workload = {
  name: 'bert_small',
  parameters: 7362624,
  build() {
    const model = new Bert();
    const optimizer = new optim.AdamW(model.parameters(), { lr: 1e-4, weightDecay: 0.01 });
    const labels = where(rand([16 * places]).lt(0.15), randint(0, vocabulary, [16 * places]), -100);
    return trainingStep(model, optimizer, randint(0, vocabulary, [16, places]), labels);
  },
};

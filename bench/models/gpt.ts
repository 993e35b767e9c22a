import { nn, type Tensor } from '../../lib/index.js';
import { SelfAttention } from './attention.js';

export const [width, heads, layers, places, vocabulary] = [384, 6, 6, 256, 256];

class Block extends nn.Module {
  readonly norm1 = new nn.LayerNorm([width]);
  readonly attention = new SelfAttention(width, heads, true);
  readonly norm2 = new nn.LayerNorm([width]);
  readonly feedForward = new nn.Sequential(
    new nn.Linear(width, 4 * width),
    new nn.GELU(),
    new nn.Linear(4 * width, width),
  );

  forward(x: Tensor, cache?: nn.KVCache): Tensor {
    const y = x.add(this.attention.forward(this.norm1.forward(x), cache));
    return y.add(this.feedForward.forward(this.norm2.forward(y)));
  }
}

/** A GPT with norms first, learnt positions and exact GELU. */
export class Gpt extends nn.Module {
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

  /** ids: [N, T], the next places of samples whose earlier ones the caches hold; gives the logits [N, T, vocabulary]. */
  decode(ids: Tensor, caches: readonly nn.KVCache[]): Tensor {
    const positions = this.positions.forward(caches[0]!.positions(ids.shape[1]!));
    let x = this.tokens.forward(ids).add(positions);
    for (const [i, block] of [...this.blocks].entries()) x = block.forward(x, caches[i]);
    return this.head.forward(this.norm.forward(x));
  }
}

import { F, nn, type Tensor } from '../../lib/index.js';

/** Self-attention of several heads with one projection for all three, [N, T, E] to [N, T, E]. */
export class SelfAttention extends nn.Module {
  readonly qkv: nn.Linear;
  readonly out: nn.Linear;

  constructor(
    readonly width: number,
    readonly heads: number,
    readonly isCausal: boolean,
  ) {
    super();
    this.qkv = new nn.Linear(width, 3 * width);
    this.out = new nn.Linear(width, width);
  }

  /** With a cache, x are further places of the samples that it holds. */
  forward(x: Tensor, cache?: nn.KVCache): Tensor {
    const [samples, places] = x.shape as [number, number];
    const { width, heads, isCausal } = this;
    const parts = this.qkv.forward(x).reshape([samples, places, 3, heads, width / heads]);
    const turned = parts.permute([2, 0, 3, 1, 4]);
    const query = turned.select(0, 0);
    const added = [turned.select(0, 1), turned.select(0, 2)] as const;
    const [key, value] = cache === undefined ? added : cache.append(...added);
    const y = F.scaledDotProductAttention(query, key, value, { isCausal, keyLength: cache?.keyLength });
    return this.out.forward(y.transpose(1, 2).reshape([samples, places, width]));
  }
}

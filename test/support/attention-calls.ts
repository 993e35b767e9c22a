import { F, manualSeed, randn, type Tensor } from '../../lib/index.js';

// Calls of attention that meet every way of cutting it into tiles, and their operands.

export type Shape = readonly number[];
export interface AttentionCall {
  readonly query: Shape;
  readonly key: Shape;
  readonly value: Shape;
  readonly isCausal?: boolean;
  readonly mask?: boolean;
  readonly scale?: number;
  readonly dropoutP?: number;
}

export const attentionCalls: Readonly<Record<string, AttentionCall>> = {
  'one block': { query: [2, 3, 64, 64], key: [2, 3, 64, 64], value: [2, 3, 64, 64] },
  'blocks of keys, parts of queries': { query: [300, 40], key: [530, 40], value: [530, 72] },
  'sizes that fill no tile': { query: [3, 35, 17], key: [3, 47, 17], value: [3, 47, 19] },
  causal: { query: [2, 290, 32], key: [2, 290, 32], value: [2, 290, 32], isCausal: true },
  'causal, more keys': { query: [1, 65, 48], key: [1, 300, 48], value: [1, 300, 16], isCausal: true },
  'causal, fewer keys': { query: [1, 300, 48], key: [1, 65, 48], value: [1, 65, 16], isCausal: true },
  'many heads, runs of keys': { query: [16, 33, 16], key: [16, 700, 16], value: [16, 700, 48] },
  'many heads, causal': { query: [17, 560, 16], key: [17, 560, 16], value: [17, 560, 16], isCausal: true },
  'masked, shared heads': {
    query: [2, 6, 70, 32],
    key: [2, 2, 300, 32],
    value: [2, 2, 300, 32],
    mask: true,
    scale: 0.3,
  },
};

export interface AttentionOperands {
  readonly q: Tensor;
  readonly k: Tensor;
  readonly v: Tensor;
  /** Drops the same weights whenever it is called. */
  readonly run: (q: Tensor, k: Tensor, v: Tensor, dropoutP?: number) => Tensor;
}

/** Operands of bfloat16. Heads are views of rows that hold all of them, as projections give them. */
export function attentionOperands(call: AttentionCall): AttentionOperands {
  const { query, key, value, isCausal = false, mask = false, scale, dropoutP: drops = 0 } = call;
  manualSeed(3);
  const heads = (shape: Shape): Tensor => {
    if (shape.length !== 4) return randn([...shape], { dtype: 'bfloat16' });
    const [n, h, t, d] = shape as readonly [number, number, number, number];
    return randn([n, t, h, d], { dtype: 'bfloat16' }).transpose(1, 2);
  };
  const attnMask = mask ? randn([query.at(-2)!, key.at(-2)!]).gt(-0.5) : undefined;
  return {
    q: heads(query),
    k: heads(key),
    v: heads(value),
    run: (q, k, v, dropoutP = drops) => {
      manualSeed(9);
      return F.scaledDotProductAttention(q, k, v, {
        isCausal,
        dropoutP,
        ...(attnMask && { attnMask }),
        ...(scale !== undefined && { scale }),
        enableGqa: q.shape.at(-3) !== k.shape.at(-3),
      });
    },
  };
}

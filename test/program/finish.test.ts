import { describe, expect, it } from 'vitest';
import { F, manualSeed, noGrad, randn, relu } from '../../lib/index.js';
import type { Tensor } from '../../lib/index.js';
import { bits, native, record, replay } from './kit.js';

// A layer with what follows it is one node, and gives the bits of the separate ops.

const passes = ['finishProducts'];

type Case = readonly [
  name: string,
  fn: (x: Tensor, w: Tensor, b: Tensor, r: Tensor) => Tensor | readonly Tensor[],
  ops: readonly string[],
];

const cases: readonly Case[] = [
  ['relu', (x, w, b) => relu(F.linear(x, w, b)), ['linearFinished']],
  ['gelu', (x, w, b) => F.gelu(F.linear(x, w, b)), ['linearFinished']],
  ['gelu by tanh', (x, w, b) => F.gelu(F.linear(x, w, b), { approximate: 'tanh' }), ['linearFinished']],
  ['silu without a bias', (x, w) => F.silu(F.linear(x, w)), ['linearFinished']],
  ['sigmoid', (x, w, b) => F.linear(x, w, b).sigmoid(), ['linearFinished']],
  ['tanh', (x, w, b) => F.linear(x, w, b).tanh(), ['linearFinished']],
  ['a sum', (x, w, b, r) => F.linear(x, w, b).add(r), ['linearFinished']],
  ['a sum, the other way round', (x, w, b, r) => r.add(F.linear(x, w, b)), ['linearFinished']],
  ['an activation and a sum', (x, w, b, r) => r.add(relu(F.linear(x, w, b))), ['linearFinished']],
  [
    'two layers that are added',
    (x, w, b) => F.linear(x, w, b).add(F.linear(x, w)),
    ['linear', 'linearFinished'],
  ],
  ['an activation of a sum', (x, w, b, r) => relu(F.linear(x, w, b).add(r)), ['linearFinished', 'relu']],
  [
    'a sum with itself',
    (x, w, b) => {
      const y = F.linear(x, w, b);
      return y.add(y);
    },
    ['linear', 'add'],
  ],
  [
    'a result that is read twice',
    (x, w, b) => {
      const y = F.linear(x, w, b);
      return relu(y).mul(y);
    },
    ['linear', 'relu', 'mul'],
  ],
  [
    'a result that is given out',
    (x, w, b) => {
      const y = F.linear(x, w, b);
      return [relu(y), y];
    },
    ['linear', 'relu'],
  ],
  ['a sum that broadcasts', (x, w, b, r) => F.linear(x, w, b).add(r.select(0, 0)), ['linear', 'add']],
  [
    'a sum with a transposed tensor',
    (x, w, b, r) => F.linear(x, w, b).add(r.t().contiguous().t()),
    ['contiguous', 'linear', 'add'],
  ],
  [
    'a weight that is written in between',
    (x, w, b) => {
      const y = F.linear(x, w, b);
      w.mul_(0.5);
      return relu(y).add(w.sum());
    },
    ['linear', 'mul', 'relu', 'sum', 'add'],
  ],
];

describe.runIf(native)('products and what follows', () => {
  describe.each(cases)('%s', (name, fn, ops) => {
    it.each(['float32', 'float64', 'bfloat16', 'float16'] as const)('%s', (dtype) => {
      for (const [rows, depth, columns] of [
        [1, 8, 5],
        [7, 33, 18],
        [70, 130, 96],
      ] as const) {
        // One row is the same memory transposed.
        if (rows === 1 && name.includes('transposed')) continue;
        manualSeed(7);
        const make = () =>
          [randn([rows, depth]), randn([columns, depth]), randn([columns]), randn([rows, columns])].map((t) =>
            t.to(dtype),
          );
        const [first, second] = [make(), make()];
        const run = (args: readonly Tensor[]) =>
          noGrad(() =>
            [fn(...(args.map((t) => t.clone()) as [Tensor, Tensor, Tensor, Tensor]))].flat().map(bits),
          );
        const plain = [run(first), run(second)];
        const { program, results } = record(
          (...args) => fn(...(args as [Tensor, Tensor, Tensor, Tensor])),
          first.map((t) => t.clone()),
          { passes },
        );
        expect(results.map(bits)).toEqual(plain[0]);
        const made = program.describe().nodes.map((node) => node.op);
        expect(made.filter((op) => op !== 'copy').sort(), program.print()).toEqual([...ops].sort());
        expect(
          replay(
            program,
            second.map((t) => t.clone()),
          ).map(bits),
        ).toEqual(plain[1]);
      }
    });
  });
});

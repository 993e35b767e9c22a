import { describe, expect, it } from 'vitest';
import { keep, manualSeed, ones, rand, randn, tensor, zeros } from '../../lib/index.js';
import type { Tensor } from '../../lib/index.js';
import { bits, native, record, replay } from './kit.js';

type Body = (...args: Tensor[]) => Tensor | readonly Tensor[];

/** The ops of the program that `passes` leave of `fn`, whose replays give the bits of the plain call. */
function ops(fn: Body, args: readonly Tensor[], passes: readonly string[]): string[] {
  const { results, program } = record(fn, args, { passes });
  expect(replay(program, args).map(bits)).toEqual(results.map(bits));
  return program.describe().nodes.map((node) => node.op);
}

const x = () => tensor([1, 2, 3, 4], { dtype: 'float32' });

describe.runIf(native)('dead code', () => {
  const body = (t: Tensor): Tensor => {
    t.exp().log();
    return t.sin();
  };

  it('is left out', () => {
    expect(ops(body, [x()], [])).toEqual(['exp', 'log', 'sin']);
    expect(ops(body, [x()], ['deadCode'])).toEqual(['sin']);
  });

  it('is not what writes state, or part of what is used', () => {
    const state = zeros([4]);
    const writes = (t: Tensor): Tensor => {
      const y = t.mul(2);
      y.narrow(0, 0, 2).add_(1);
      state.copy_(t);
      return y;
    };
    const all = ops(writes, [x()], []);
    expect(ops(writes, [x()], ['deadCode'])).toEqual(all);
    expect(state.tolist()).toEqual([1, 2, 3, 4]);
  });

  it('is a write that nobody reads', () => {
    const writes = (t: Tensor): Tensor => {
      const y = t.mul(2);
      const z = y.sin();
      y.add_(1);
      return z;
    };
    expect(ops(writes, [x()], ['deadCode'])).toEqual(['mul', 'sin']);
  });

  it('still draws its random numbers', () => {
    const body = (): Tensor => {
      rand([8]);
      return rand([2]);
    };
    manualSeed(4);
    const plain = [0, 1, 2].map(() => bits(body()));
    manualSeed(4);
    const { results, program } = record(body, [], { passes: ['deadCode'] });
    expect(program.describe().nodes.filter(({ op }) => op === 'uniform').length).toBe(1);
    expect([bits(results[0]!), ...[0, 1].map(() => bits(replay(program, [])[0]!))]).toEqual(plain);
  });
});

describe.runIf(native)('common subexpressions', () => {
  const body = (t: Tensor): Tensor => t.exp().add(1).mul(t.exp().add(1));

  it('are computed once', () => {
    expect(ops(body, [x()], [])).toEqual(['exp', 'add', 'exp', 'add', 'mul']);
    expect(ops(body, [x()], ['commonSubexpressions'])).toEqual(['exp', 'add', 'mul']);
  });

  it('are of the same version, window, attributes and numbers', () => {
    const kept: Body = (t) => {
      const s = t.mul(0.5);
      const a = s.exp();
      s.add_(1);
      const b = s.exp();
      const [c, d] = [t.narrow(0, 0, 2).sin(), t.narrow(0, 2, 2).sin()];
      const e = t
        .view([2, 2])
        .sum({ dim: 0 })
        .add(t.view([2, 2]).sum({ dim: 1 }));
      return [a.add(b), c.add(d), e, t.mul(2).add(t.mul(3))];
    };
    const count = ops(kept, [x()], []).length;
    expect(ops(kept, [x()], ['commonSubexpressions']).length).toBe(count);
  });

  it('are not results of which one is written to afterwards, or which are handed out', () => {
    const written: Body = (t) => {
      const [a, b] = [t.exp(), t.exp()];
      b.add_(1);
      return a.mul(b);
    };
    expect(ops(written, [x()], ['commonSubexpressions'])).toEqual(['exp', 'exp', 'add', 'mul']);
    const returned: Body = (t) => [t.exp(), t.exp()];
    const { program } = record(returned, [x()], { passes: ['commonSubexpressions'] });
    const [a, b] = replay(program, [x()]);
    a!.add_(1);
    expect(bits(b!)).toBe(bits(x().exp()));
  });

  it('are never random', () => {
    const body: Body = () => rand([2]).add(rand([2]));
    const { program } = record(body, [], { passes: ['commonSubexpressions'] });
    expect(program.describe().nodes.filter(({ op }) => op === 'uniform').length).toBe(2);
  });
});

describe.runIf(native)('constants', () => {
  it('are computed when the program is made', () => {
    const body: Body = (t) => t.add(zeros([4]).add(2).exp());
    expect(ops(body, [x()], [])).toEqual(['full', 'add', 'exp', 'add']);
    expect(ops(body, [x()], ['constantFolding'])).toEqual(['add']);
  });

  it('are not what is written to, kept, large or random', () => {
    let last: Tensor | undefined;
    const body: Body = (t) => {
      const a = zeros([4]);
      a.add_(t);
      last = keep(ones([4]));
      return [a, zeros([100_000]).add(1), rand([2])];
    };
    const { program } = record(body, [x()], { passes: ['constantFolding'] });
    const names = program.describe().nodes.map(({ op }) => op);
    expect(names.filter((name) => name === 'full').length).toBe(3);
    expect(replay(program, [x()])[0]!.tolist()).toEqual([1, 2, 3, 4]);
    expect(last!.tolist()).toEqual([1, 1, 1, 1]);
  });
});

describe.runIf(native)('the memory of a program', () => {
  const chain: Body = (t) => {
    let y = t;
    for (let i = 0; i < 10; i++) y = y.sin().matmul(t);
    return y.sum();
  };
  const square = () => randn([64, 64]);

  it('is one arena, by lifetime', () => {
    const { program } = record(chain, [square()], { passes: [] });
    const { arenaBytes, eagerPeakBytes, inPlace } = program.describe();
    expect(inPlace).toBe(0);
    // Two of 16 kB at a time, and the workspace of a product.
    expect(arenaBytes).toBeLessThan(4 * 64 * 64 * 4 + 64 * 1024);
    expect(eagerPeakBytes).toBeGreaterThan(0);
  });

  it('is that of an operand where that is not needed any more', () => {
    const body: Body = (t) => t.matmul(t).add(1).sin().mul(t).sum();
    const wide = record(body, [square()], { passes: [] }).program.describe();
    const tight = record(body, [square()], { passes: ['inPlace'] }).program.describe();
    expect(tight.inPlace).toBe(3);
    expect(tight.arenaBytes).toBeLessThan(wide.arenaBytes);
    ops(body, [square()], ['inPlace']);
  });

  it('is not that of an operand that is read again, or seen through another view', () => {
    const body: Body = (t) => {
      const a = t.exp();
      const b = a.add(a.t());
      const c = b.sin();
      return [c.mul(b), c];
    };
    const { program } = record(body, [square()], { passes: ['inPlace'] });
    expect(program.describe().inPlace).toBe(0);
    ops(body, [square()], ['inPlace']);
  });
});

describe.runIf(native)('passes', () => {
  it('are named', () => {
    expect(() => record((t) => t.add(1), [x()], { passes: ['magic'] })).toThrow(/magic/);
  });

  it('stand in the listing', () => {
    const { program } = record((t) => t.add(1), [x()], { passes: 'all', name: 'plusOne' });
    expect(program.print()).toContain('plusOne: 1 ops recorded, 1 run');
    expect(program.print()).toContain('add(a0:float32[4], 1)');
    expect(program.describe().passes.map(({ name }) => name)).toContain('deadCode');
  });
});

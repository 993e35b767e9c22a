import { describe, expect, it } from 'vitest';
import { manualSeed, randn, relu } from '../../lib/index.js';
import type { Tensor } from '../../lib/index.js';
import { bits, native, record, replay } from './kit.js';

// A group goes on through a row-major view: the nodes after it are computed in the shape before it.

type Body = (x: Tensor, y: Tensor) => Tensor | readonly Tensor[];

/** How many nodes stay, and changes of the pass; replays give the bits of the plain call. */
function run(fn: Body): [nodes: number, turned: number] {
  manualSeed(4);
  const make = () => [randn([6, 4, 5]), randn([6, 20])];
  const [first, second] = [make(), make()];
  const plain = [first, second].map(([x, y]) => [fn(x!, y!)].flat().map(bits));
  const { program, results } = record((x, y) => fn(x, y), first, {
    passes: ['viewElimination', 'fuseElementwise'],
  });
  expect(results.map(bits)).toEqual(plain[0]);
  expect(replay(program, second).map(bits)).toEqual(plain[1]);
  const { passes, nodesAfter } = program.describe();
  return [nodesAfter, passes.find(({ name }) => name === 'viewElimination')!.changes];
}

describe.runIf(native)('elementwise nodes across row-major views', () => {
  it('join what made the value', () => {
    expect(run((x) => relu(x.sin()).flatten(1).mul(2).exp())).toEqual([1, 2]);
    expect(run((x) => x.sin().unsqueeze(1).cos().reshape([20, 6]).exp())).toEqual([1, 2]);
  });

  it('with further operands in that order of memory', () => {
    expect(run((x, y) => x.sin().flatten(1).mul(y).add(y))).toEqual([1, 2]);
  });

  it('keep their shape for who reads them', () => {
    expect(run((x) => x.sin().flatten(1).exp().sum({ dim: 1 }))).toEqual([1, 1]);
    expect(
      run((x) => {
        const z = x.sin().flatten(1).exp();
        return [z, z.t().contiguous()];
      })[1],
    ).toBe(1);
  });

  it('but not with operands that broadcast or lie otherwise, or beside one that is read as it was made', () => {
    expect(
      run((x, y) =>
        x
          .sin()
          .flatten(1)
          .mul(y.narrow(0, 0, 1)),
      ),
    ).toEqual([2, 0]);
    expect(run((x) => x.sin().transpose(1, 2).flatten(1).exp())[1]).toBe(0);
    expect(run((x, y) => x.sin().flatten(1).mul(y.cos()))).toEqual([2, 0]);
  });

  it('but not across a write in between', () => {
    expect(
      run((x) => {
        const z = x.sin();
        z.mul_(2);
        return z.flatten(1).exp();
      })[0],
    ).toBeGreaterThan(0);
  });
});

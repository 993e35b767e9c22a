import { describe, expect, it } from 'vitest';
import {
  BusyError,
  compile,
  memory,
  noGrad,
  ones,
  randn,
  setMemoryLimit,
  tensor,
  ValueError,
} from '../../lib/index.js';
import type { Tensor } from '../../lib/index.js';
import { records } from './support.js';

// What went wrong once when compiled functions were used in ways that nobody had thought of.

describe('a sum that is read in the expression that it is made of', () => {
  const functions: Record<string, (x: Tensor) => Tensor> = {
    'the mean taken off': (x) => x.sub(x.abs().mean()),
    'rows divided by their squares': (x) => x.div(x.square().sum({ dim: -1, keepdim: true })),
    'channels weighed': (x) => x.mul(x.relu().mean({ dim: 1, keepdim: true })),
    'the gradient of a softmax': (x) => {
      const g = x.mul(2);
      return g.sub(g.mul(x).sum({ dim: -1, keepdim: true })).mul(x);
    },
  };
  it.each(Object.keys(functions))('%s', (name) => {
    const fn = functions[name]!;
    const compiled = compile(fn);
    for (let i = 1; i <= 4; i++) {
      const x = randn([5, 7]).mul(i * i);
      expect(compiled(x).tolist()).toEqual(fn(x).tolist());
    }
  });
});

describe.runIf(records)('calls that fail', () => {
  it('are not counted as in flight', async () => {
    const twice = compile((x: Tensor) => x.mul(2));
    const x = ones([200_000]);
    twice(x).dispose();
    setMemoryLimit(memory().bytes);
    try {
      await expect(twice.async(x)).rejects.toThrow(/cannot allocate/);
    } finally {
      setMemoryLimit(0);
    }
    const promise = twice.async(x);
    expect(() => twice(x)).toThrow(BusyError);
    expect((await promise).shape).toEqual([200_000]);
    expect(twice(x).shape).toEqual([200_000]);
  });

  it('leave no gradient of an argument behind', () => {
    const step = compile((x: Tensor, rows: Tensor) => {
      const loss = x
        .mul(3)
        .sum()
        .add(ones([3]).indexSelect(0, rows).sum());
      loss.backward();
      return loss;
    });
    const make = () => tensor([1, 1], { dtype: 'float32', requiresGrad: true });
    step(make(), tensor([0]));
    const x = make();
    expect(() => step(x, tensor([7]))).toThrow(/index/i);
    expect(x.grad).toBe(null);
    step(x, tensor([2]));
    expect(x.grad!.tolist()).toEqual([3, 3]);
  });
});

it('names of passes are looked at before anything is recorded', () => {
  const passes = [Symbol('fuse')] as unknown as string[];
  expect(() => compile((x: Tensor) => x.mul(2), { passes })).toThrow(ValueError);
  const unknown = compile((x: Tensor) => x.mul(2), { passes: ['bogus'] });
  if (records) expect(() => unknown(ones([2]))).toThrow(/the pass bogus/);
  expect(compile((x: Tensor) => x.mul(2))(ones([2])).tolist()).toEqual([2, 2]);
});

it('an array with holes is an argument like another', () => {
  const list: Tensor[] = [ones([2])];
  list.length = 3;
  const first = compile((each: readonly (Tensor | undefined)[]) => noGrad(() => each[0]!.mul(each.length)));
  for (let i = 0; i < 3; i++) expect(first(list).tolist()).toEqual([3, 3]);
});

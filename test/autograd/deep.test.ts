import { expect, test } from 'vitest';
import { info, memory, noGrad, ones, type Tensor } from '../../lib/index.js';

const native = info().name === 'native';
const nodes = native ? 1_000_000 : 100_000;

/** A chain of additions, one node each. */
function chain(x: Tensor, length: number): Tensor {
  let y = x;
  for (let i = 0; i < length; ++i) y = y.add(1);
  return y;
}

test(`a chain of ${nodes} nodes runs backward without recursion`, () => {
  const x = ones([], { requiresGrad: true });
  chain(x, nodes).backward();
  expect(x.grad!.item()).toBe(1);
});

test(`a chain of ${nodes} nodes is released without recursion`, () => {
  const x = ones([], { requiresGrad: true });
  const before = memory().tensors;
  const y = chain(x, nodes);
  expect(y.requiresGrad).toBe(true);
  y.dispose();
  // Nothing holds the chain now but handles that wait to be swept.
  expect(noGrad(() => x.add(1)).item()).toBe(2);
  if (native) expect(memory().tensors - before).toBeLessThan(nodes / 2);
});

test('second order through a chain of 10,000 nodes', () => {
  const x = ones([], { dtype: 'float64', requiresGrad: true });
  let y: Tensor = x;
  for (let i = 0; i < 10_000; ++i) y = y.mul(1);
  y.square().backward({ createGraph: true });
  const first = x.grad!;
  expect(first.item()).toBe(2);
  x.grad = null;
  first.backward();
  expect(x.grad!.item()).toBe(2);
});

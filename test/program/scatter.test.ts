import { describe, expect, it } from 'vitest';
import { chunk, manualSeed, randn, zeros } from '../../lib/index.js';
import type { Tensor } from '../../lib/index.js';
import { bits, native, record, replay } from './kit.js';

// Gradients of parts that make up a tensor are written where they belong, with the bits of the sum of all.

const passes = ['scatterSums', 'deadCode'];
const opsOf = (program: ReturnType<typeof record>['program']) =>
  program.describe().nodes.map((node) => node.op);

/** Numbers of which some are zero, of either sign. */
function signed(shape: readonly number[]): Tensor {
  const x = randn(shape);
  return x.mul(x.gt(0.5));
}

type Case = readonly [
  name: string,
  shape: readonly number[],
  parts: (x: Tensor) => readonly Tensor[],
  found: boolean,
];

const cases: readonly Case[] = [
  ['parts of the last dim', [2, 5, 12], (x) => chunk(x, 3, -1), true],
  ['parts of the first dim', [6, 4], (x) => chunk(x, 2, 0), true],
  [
    'heads of one projection',
    [2, 7, 24],
    (x) => chunk(x.reshape([2, 7, 3, 2, 4]).permute([2, 0, 3, 1, 4]), 3, 0),
    true,
  ],
  ['slices of different lengths', [3, 10], (x) => [x.narrow(1, 0, 3), x.narrow(1, 3, 7)], true],
  ['selected rows', [3, 8], (x) => [x.select(0, 0), x.select(0, 1), x.select(0, 2)], true],
  ['windows that overlap', [3, 10], (x) => [x.narrow(1, 0, 6), x.narrow(1, 4, 6)], false],
  ['windows that leave something out', [3, 10], (x) => [x.narrow(1, 0, 3), x.narrow(1, 5, 5)], false],
  ['a part taken twice', [3, 10], (x) => [x.narrow(1, 0, 5), x.narrow(1, 0, 5), x.narrow(1, 5, 5)], false],
];

describe.runIf(native)('gradients of parts', () => {
  describe.each(cases)('%s', (_, shape, parts, found) => {
    it.each(['float32', 'float64', 'bfloat16'] as const)('have the bits of the sum: %s', (dtype) => {
      manualSeed(3);
      const weight = randn(shape).to(dtype);
      weight.requiresGrad = true;
      const step = (...grads: Tensor[]) => {
        weight.grad = null;
        const turned = weight.mul(2);
        parts(turned)
          .map((part, i) => part.mul(grads[i]!).sum())
          .reduce((a, b) => a.add(b))
          .backward();
        return weight.grad!.clone();
      };
      const make = () => parts(zeros(shape)).map((part) => signed(part.shape).to(dtype));
      const plain = [make(), make()].map((grads) => [grads, bits(step(...grads))] as const);
      const { program } = record(step, plain[0]![0], { passes });
      const scatters = opsOf(program).filter((op) => op === 'viewScatter').length;
      expect(scatters > 0, program.print()).toBe(!found);
      for (const [grads, wanted] of plain)
        expect(replay(program, grads).map(bits), program.print()).toEqual([wanted]);
    });
  });
});

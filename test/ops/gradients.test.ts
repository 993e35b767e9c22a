import { describe, expect, test } from 'vitest';
import { backend } from '../../lib/backend/current.js';
import type { OpInput } from '../../lib/backend/backend.js';
import { opRecords, type OpAttrs, type OpName } from '../../lib/backend/op-schema.gen.js';
import { gradcheck, gradgradcheck, type Tensor } from '../../lib/index.js';
import type { Case } from '../cases/case.js';
import { rowList } from '../cases/index.js';
import { invoke } from '../support/invoke.js';
import { buildInputs, isDifferentiable } from '../support/run-case.js';

/** The case as a function of its movable inputs, in float64. */
function asFunction(op: OpName, entry: Case): { fn: (...moved: Tensor[]) => Tensor[]; at: Tensor[] } {
  const { inputs, movable } = buildInputs(backend, op, entry, { dtype: 'float64' });
  const replace = (input: OpInput<Tensor>, moved: readonly Tensor[]): OpInput<Tensor> => {
    if (Array.isArray(input)) return input.map((tensor: Tensor) => replace(tensor, moved) as Tensor);
    const place = movable.indexOf(input as Tensor);
    return place < 0 ? input : moved[place]!;
  };
  return {
    at: movable,
    fn: (...moved) =>
      invoke(
        op,
        inputs.map((input) => replace(input, moved)),
        entry.attrs as OpAttrs[OpName],
      ).filter((_, i) => opRecords[op].outputs[i]?.differentiable !== false),
  };
}

describe.each(rowList.filter(([, row]) => row.gradient !== 'none'))('%s', (op, row) => {
  const cases = row.cases.filter((entry) => entry.noGradient === undefined && isDifferentiable(entry));

  test('gradient by finite differences', () => {
    expect(cases.length).toBeGreaterThan(0);
    for (const entry of cases) {
      const { fn, at } = asFunction(op, entry);
      for (const tensor of at) tensor.requiresGrad = true;
      expect(gradcheck(fn, at), entry.name).toBe(true);
    }
  });

  test.runIf(row.gradient === 'second')('second derivative by finite differences', () => {
    for (const entry of cases) {
      const { fn, at } = asFunction(op, entry);
      for (const tensor of at) tensor.requiresGrad = true;
      expect(gradgradcheck(fn, at), entry.name).toBe(true);
    }
  });
});

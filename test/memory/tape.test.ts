import { describe, expect, test } from 'vitest';
import { backend } from '../../lib/backend/current.js';
import { info, type Tensor } from '../../lib/index.js';
import { rowList } from '../cases/index.js';
import { isLarge, type Case } from '../cases/case.js';
import { invoke } from '../support/invoke.js';
import { buildInputs, isDifferentiable } from '../support/run-case.js';
import { opRecords, type OpAttrs, type OpName } from '../../lib/backend/op-schema.gen.js';

// What a tape holds is counted natively; on the TypeScript backend it is the garbage collector's.

/** Runs the case in a scope, and gives how many tensors are left after it. */
function left(op: OpName, entry: Case, use: (outputs: Tensor[], inputs: Tensor[]) => void): number {
  const before = backend.memory().tensors;
  backend.beginScope();
  try {
    const { inputs, movable } = buildInputs(backend, op, entry, { dtype: 'float64' });
    for (const tensor of movable) tensor.requiresGrad = true;
    const outputs = invoke(op, inputs, entry.attrs as OpAttrs[OpName]).filter(
      (output) => output.requiresGrad,
    );
    expect(opRecords[op].outputs.length).toBeGreaterThan(0);
    // to(int64) has no gradient.
    if (outputs.length > 0) use(outputs, movable);
  } finally {
    backend.endScope([]);
  }
  return backend.memory().tensors - before;
}

const options = { retainGraph: false, createGraph: false };

describe.runIf(info().name === 'native').each(rowList.filter(([, row]) => row.gradient !== 'none'))(
  '%s',
  (op, row) => {
    const cases = row.cases.filter((entry) => isDifferentiable(entry) && !isLarge(entry));

    test('a node that is never run backward is released with its output', () => {
      for (const entry of cases)
        expect(
          left(op, entry, () => undefined),
          entry.name,
        ).toBe(0);
    });

    test('nothing is left after backward', () => {
      for (const entry of cases) {
        const count = left(op, entry, (outputs, inputs) => {
          const loss = outputs.map((output) => output.sum()).reduce((a, b) => a.add(b));
          backend.grad([loss], inputs, [null], options);
        });
        expect(count, entry.name).toBe(0);
      }
    });

    test('nothing is left after a gradient of gradients, nor after one that is dropped', () => {
      for (const entry of cases) {
        const count = left(op, entry, (outputs, inputs) => {
          const loss = outputs.map((output) => output.square().sum()).reduce((a, b) => a.add(b));
          const first = backend.grad([loss], inputs, [null], { retainGraph: true, createGraph: true });
          const again = first.filter((one): one is Tensor => one?.requiresGrad === true);
          if (again.length === 0) return;
          const penalty = again.map((one) => one.square().sum()).reduce((a, b) => a.add(b));
          backend.grad([penalty], inputs, [null], options);
        });
        expect(count, entry.name).toBe(0);
      }
    });
  },
);

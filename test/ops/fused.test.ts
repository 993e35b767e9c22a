import { describe, expect, test } from 'vitest';
import { backend } from '../../lib/backend/current.js';
import { isFloat, type DType } from '../../lib/dtype.js';
import { grad, noGrad, withComposites, type Tensor } from '../../lib/index.js';
import type { Case } from '../cases/case.js';
import { opRecords, type OpAttrs, type OpName } from '../../lib/backend/op-schema.gen.js';
import { rowList } from '../cases/index.js';
import { optimizers } from '../cases/optim.js';
import { difference } from '../support/compare.js';
import { invoke } from '../support/invoke.js';
import {
  buildInputs,
  gradientsOfCase,
  gradientTolerance,
  isDifferentiable,
  isPrimitive,
  runCase,
  see,
} from '../support/run-case.js';

const steps: readonly string[] = Object.keys(optimizers);
const fusedRows = rowList.filter(([op]) => !isPrimitive(op));

// A fused op must be its composite of primitives: values, gradients, and gradients of gradients.
describe.runIf(backend.name === 'native').each(fusedRows.filter(([op]) => !steps.includes(op)))(
  '%s',
  (op, row) => {
    test('is fused here', () => {
      expect(backend.has(op)).toBe(true);
    });

    test.each(row.dtypes)('values equal those of its composite: %s', (dtype) => {
      for (const entry of row.cases) {
        const fused = runCase(backend, op, entry, { dtype }, invoke);
        const composed = withComposites(() => runCase(backend, op, entry, { dtype }, invoke));
        fused.forEach((output, i) => {
          expect(difference(output, composed[i]!, row.tolerance), `${entry.name}, output ${i}`).toBeNull();
        });
      }
    });

    test.each(row.dtypes.filter(isFloat))('gradients equal those of its composite: %s', (dtype) => {
      for (const entry of row.cases.filter(isDifferentiable)) {
        const fused = gradientsOfCase(backend, op, entry, { dtype }, invoke);
        const composed = withComposites(() => gradientsOfCase(backend, op, entry, { dtype }, invoke));
        fused.forEach((one, i) => {
          const wanted = composed[i]!;
          if (one === null || wanted === null) expect(one, entry.name).toBe(wanted);
          else expect(difference(one, wanted, gradientTolerance), `${entry.name}, gradient ${i}`).toBeNull();
        });
      }
    });

    const differentiable = opRecords[op].outputs[0]?.differentiable !== false;
    test.runIf(differentiable)('second-order gradients equal those of its composite', () => {
      for (const entry of row.cases.filter((one) => isDifferentiable(one) && one.noGradient === undefined)) {
        const fused = secondOrder(op, entry);
        const composed = withComposites(() => secondOrder(op, entry));
        fused.forEach((one, i) => {
          expect(difference(one, composed[i]!, gradientTolerance), `${entry.name}, ${i}`).toBeNull();
        });
      }
    });

    test.runIf(differentiable)('is one node on the tape', () => {
      const { inputs, movable } = buildInputs(backend, op, row.cases[0]!, { dtype: 'float32' });
      for (const tensor of movable) tensor.requiresGrad = true;
      const before = backend.counters().tapeNodes;
      invoke(op, inputs, row.cases[0]!.attrs as OpAttrs[OpName]);
      expect(backend.counters().tapeNodes - before).toBe(1);
    });

    test('withComposites runs its definition instead', () => {
      const opsOf = () => {
        const { inputs } = buildInputs(backend, op, row.cases[0]!, { dtype: 'float32' });
        const before = backend.counters().ops;
        invoke(op, inputs, row.cases[0]!.attrs as OpAttrs[OpName]);
        return backend.counters().ops - before;
      };
      expect(opsOf()).toBe(1);
      const composed = withComposites(opsOf);
      if (definedByOne.includes(op)) expect(composed).toBe(1);
      else expect(composed).toBeGreaterThan(1);
    });
  },
);

/** Their definition is one op too: a sort that the first places are cut from. */
const definedByOne: readonly OpName[] = ['kthvalue', 'topk'];

/** Gradients of the sum of squares of the first gradients. */
function secondOrder(op: OpName, entry: Case) {
  const { inputs, movable } = buildInputs(backend, op, entry, { dtype: 'float64' });
  for (const tensor of movable) tensor.requiresGrad = true;
  const loss = invoke(op, inputs, entry.attrs as OpAttrs[OpName])[0]!
    .square()
    .sum();
  const first = grad(loss, movable, { createGraph: true });
  const penalty = first.map((one) => one.square().sum()).reduce((a, b) => a.add(b));
  return grad(penalty, movable, { allowUnused: true }).map((one, i) =>
    see(backend, one ?? movable[i]!.mul(0)),
  );
}

describe.runIf(backend.name === 'native').each(fusedRows.filter(([op]) => steps.includes(op)))(
  '%s',
  (op, row) => {
    test.each(row.dtypes)('equals its composite over three steps: %s', (dtype) => {
      for (const entry of row.cases) {
        const fused = stepThrice(op, entry, dtype);
        const composed = withComposites(() => stepThrice(op, entry, dtype));
        fused.forEach((one, i) => {
          expect(difference(one, composed[i]!, row.tolerance), `${entry.name}, tensor ${i}`).toBeNull();
        });
      }
    });
  },
);

/** Everything that the steps wrote. The last parameter of two or more has no gradient in the second step. */
function stepThrice(op: OpName, entry: Case, dtype: DType) {
  const { inputs } = buildInputs(backend, op, entry, { dtype });
  const params = inputs[0] as readonly Tensor[];
  const results: Tensor[] = [];
  for (const param of params) param.requiresGrad = true;
  for (let step = 0; step < 3; ++step) {
    params.forEach((param, i) => {
      const skipped = step === 1 && i > 0 && i === params.length - 1;
      param.grad = skipped
        ? null
        : param
            .detach()
            .mul(step + 1)
            .add(0.25 * i);
    });
    results.push(...noGrad(() => invoke(op, inputs, entry.attrs as OpAttrs[OpName])));
  }
  const written: Tensor[] = results;
  for (const input of inputs.slice(0, 6)) {
    if (Array.isArray(input)) written.push(...(input as Tensor[]));
    else written.push(input as Tensor);
  }
  for (const param of params) if (param.grad) written.push(param.grad);
  return written.map((tensor) => see(backend, tensor));
}

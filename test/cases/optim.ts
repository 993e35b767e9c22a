import type { OpAttrs, OpName } from '../../lib/backend/op-schema.gen.js';
import { floats, given, real } from './case.js';
import type { CaseInput, CaseOf, RowOf, Rows, Source } from './case.js';

// The steps of the optimizers: parameters, states, counts of steps, numbers.

const number = (value: number): Source => given([], [value], 'float64');
const row = (values: readonly number[]): Source => given([values.length], values, 'float32');

interface Kind {
  /** The range of each state's values, or null for an empty list. */
  readonly states: readonly (readonly [low: number, high: number] | null)[];
  /** Rows beside the counts of steps. */
  readonly rows?: readonly (readonly number[])[];
  readonly numbers: readonly number[];
  /** How many steps each parameter has taken. Default 0 and 7. */
  readonly steps?: readonly [number, number];
  readonly shape?: readonly number[];
  /** Of the second parameter. */
  readonly second?: readonly number[];
}

const signed = [-1, 1] as const;
const positive = [0.1, 1] as const;

/** Two parameters, the second of two elements if nothing else is said; it misses a gradient now and then. */
function step<Name extends OpName>(
  name: string,
  { states, rows = [], numbers, steps = [0, 7], shape = [3, 4], second = [2] }: Kind,
  attrs: OpAttrs[Name],
): CaseOf<Name> {
  const list = ([low, high]: readonly [number, number]): CaseInput => [
    real(shape, low, high),
    real(second, low, high),
  ];
  const inputs = [list(signed), ...states.map((range) => (range === null ? [] : list(range)))];
  return { name, inputs: [...inputs, row(steps), ...rows.map(row), ...numbers.map(number)], attrs };
}

function rowOf<Name extends OpName>(cases: readonly CaseOf<Name>[], relative = 2e-6): RowOf<Name> {
  return {
    cases,
    dtypes: floats,
    tolerance: { relative, float64: 1e-13, why: 'multiply-adds may be fused; a division by a square root' },
    gradient: 'none',
    special: 0,
  };
}

const moments = [signed, positive];
const adam = [1e-2, 0.9, 0.999, 1e-8, 0.02];
const large = [70, 33];

/** A matrix, matrices and a vector, each with what Adafactor keeps of it. */
function adafactor(
  name: string,
  shapes: readonly (readonly number[])[],
  numbers: readonly number[],
  attrs: OpAttrs['adafactorStep'],
): CaseOf<'adafactorStep'> {
  const kept = (shapeOf: (shape: readonly number[]) => readonly number[]): CaseInput =>
    shapes.map((shape) => real(shapeOf(shape), 0.1, 1));
  const without = (shape: readonly number[], fromEnd: number): readonly number[] =>
    shape.length > 1 ? shape.map((size, i) => (i === shape.length - fromEnd ? 1 : size)) : [0];
  return {
    name,
    inputs: [
      shapes.map((shape) => real(shape)),
      kept((shape) => without(shape, 1)),
      kept((shape) => without(shape, 2)),
      kept((shape) => (shape.length > 1 ? [0] : shape)),
      row(shapes.map((_, i) => 3 * i)),
      given([shapes.length], new Array<number>(shapes.length).fill(2 ** -23), 'float64'),
      ...numbers.map(number),
    ],
    attrs,
  };
}

const newtonSchulz = [3.4445, -4.775, 2.0315];

export const optimizers = {
  adafactorStep: rowOf<'adafactorStep'>(
    [
      adafactor('of each rank', [[3, 4], [2], [5, 2, 3, 3], []], [0.1, -0.8, 1, 0], {
        leastSize: 1e-3,
        maximize: false,
      }),
      adafactor(
        'several blocks, clipped, decay, maximize',
        [[300, 131], [40001], [900, 5, 7]],
        [0.02, -0.5, 0.2, 0.1],
        { leastSize: 2, maximize: true },
      ),
    ],
    4e-6,
  ),
  muonStep: rowOf<'muonStep'>(
    [
      step(
        'nesterov',
        {
          states: [signed],
          numbers: [0.02, 0.1, 0.95, ...newtonSchulz, 1e-7],
          shape: [7, 4],
          second: [3, 9],
        },
        { nesterov: true, iterations: 5, matchAdam: false },
      ),
      step(
        'square, without momentum',
        { states: [signed], numbers: [0.02, 0.1, 0, ...newtonSchulz, 1e-7], shape: [9, 9], second: [1, 1] },
        { nesterov: false, iterations: 3, matchAdam: true },
      ),
      step(
        'bands, all threads',
        { states: [signed], numbers: [0.5, 0, 0.5, 2, -1.5, 0.5, 1e-7], shape: [300, 257], second: [0, 3] },
        { nesterov: true, iterations: 2, matchAdam: false },
      ),
    ],
    2e-5,
  ),
  sgdStep: rowOf(
    [
      step('plain', { states: [null], numbers: [0.1, 0, 0, 0] }, { nesterov: false, maximize: false }),
      step(
        'momentum, nesterov, decay',
        { states: [signed], numbers: [0.1, 0.9, 0, 0.01], shape: [], steps: [3, 0] },
        { nesterov: true, maximize: false },
      ),
      step(
        'dampening, maximize',
        { states: [signed], numbers: [0.1, 0.9, 0.5, 0], shape: large },
        { nesterov: false, maximize: true },
      ),
    ],
    1e-6,
  ),
  adamStep: rowOf([
    step(
      'Adam',
      { states: [...moments, null], numbers: adam },
      { decoupled: false, amsgrad: false, maximize: false },
    ),
    step(
      'AdamW',
      { states: [...moments, null], numbers: adam, shape: large },
      { decoupled: true, amsgrad: false, maximize: false },
    ),
    step(
      'AMSGrad, maximize',
      { states: [...moments, positive], numbers: adam, shape: [9] },
      { decoupled: false, amsgrad: true, maximize: true },
    ),
  ]),
  nadamStep: rowOf([
    step(
      'decay in the gradient',
      { states: moments, rows: [[0, 0.4]], numbers: [...adam, 4e-3] },
      { decoupled: false, maximize: false },
    ),
    step(
      'decay apart, maximize',
      { states: moments, rows: [[0, 0.4]], numbers: [...adam, 4e-3], shape: large },
      { decoupled: true, maximize: true },
    ),
  ]),
  radamStep: rowOf([
    step('few steps', { states: moments, numbers: adam }, { decoupled: false, maximize: false }),
    step(
      'from few steps to many',
      { states: moments, numbers: adam, steps: [4, 100], shape: large },
      { decoupled: true, maximize: true },
    ),
  ]),
  adamaxStep: rowOf([
    step('plain', { states: moments, numbers: adam }, { maximize: false }),
    step('maximize', { states: moments, numbers: adam, shape: large }, { maximize: true }),
  ]),
  rmspropStep: rowOf([
    step(
      'plain',
      { states: [positive, null, null], numbers: [0.01, 0.99, 1e-8, 0, 0] },
      { centered: false, maximize: false },
    ),
    step(
      'momentum, decay, maximize',
      { states: [positive, null, signed], numbers: [0.01, 0.99, 1e-8, 0.1, 0.9], shape: large },
      { centered: false, maximize: true },
    ),
    step(
      'centered, momentum',
      { states: [[1.1, 2], signed, signed], numbers: [0.01, 0.9, 1e-8, 0, 0.5] },
      { centered: true, maximize: false },
    ),
  ]),
  adagradStep: rowOf([
    step('plain', { states: [positive], numbers: [0.1, 0, 0, 0, 1e-10] }, { maximize: false }),
    step(
      'decays, an initial sum, maximize',
      { states: [positive], numbers: [0.1, 0.2, 0.1, 0.5, 1e-10], shape: large },
      { maximize: true },
    ),
  ]),
  adadeltaStep: rowOf([
    step('plain', { states: [positive, positive], numbers: [1, 0.9, 1e-6, 0] }, { maximize: false }),
    step(
      'decay, maximize',
      { states: [positive, positive], numbers: [0.5, 0.8, 1e-3, 0.1], shape: large },
      { maximize: true },
    ),
  ]),
  asgdStep: rowOf([
    step(
      'before averages',
      {
        states: [signed],
        rows: [
          [0, 0.01],
          [0, 1],
        ],
        numbers: [0.01, 1e-4, 0.75, 1e6, 0],
      },
      { maximize: false },
    ),
    step(
      'averages, decay, maximize',
      {
        states: [signed],
        rows: [
          [0, 0.01],
          [0, 0.25],
        ],
        numbers: [0.05, 0.1, 0.6, 1, 0.1],
        shape: large,
      },
      { maximize: true },
    ),
  ]),
  rpropStep: rowOf([
    step('plain', { states: [signed, positive], numbers: [0.01, 0.5, 1.2, 1e-6, 50] }, { maximize: false }),
    step(
      'at its bounds, maximize',
      { states: [signed, positive], numbers: [0.01, 0.5, 1.2, 0.2, 0.6], shape: large },
      { maximize: true },
    ),
  ]),
  lambStep: rowOf([
    step(
      'decay',
      { states: moments, numbers: [0.02, 0.9, 0.999, 1e-6, 0.1], second: [] },
      { maximize: false },
    ),
    step(
      'maximize',
      { states: moments, numbers: [0.02, 0.5, 0.9, 1e-6, 0], shape: [300, 133], second: [0] },
      { maximize: true },
    ),
  ]),
  lionStep: rowOf([
    step('plain', { states: [signed], numbers: [1e-2, 0.9, 0.99, 0] }, { maximize: false }),
    step(
      'decay, maximize',
      { states: [signed], numbers: [1e-2, 0.5, 0.9, 0.1], shape: large },
      { maximize: true },
    ),
  ]),
  clipGradNorm: rowOf<'clipGradNorm'>(
    [1, 2, 3, Infinity].map((p) => ({
      name: `p = ${p}`,
      inputs: [[real([70, 333]), real([2]), real([])], number(0.5)],
      attrs: { p },
    })),
    1e-5,
  ),
  clipGradValue: rowOf<'clipGradValue'>([
    { name: 'three tensors', inputs: [[real([70, 333]), real([2]), real([])], number(0.5)], attrs: {} },
  ]),
  averageStep: rowOf<'averageStep'>([
    {
      name: 'two tensors',
      inputs: [[real([70, 33]), real([2])], [real([70, 33]), real([2])], number(0.1)],
      attrs: {},
    },
  ]),
} satisfies Rows;

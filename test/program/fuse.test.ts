import { afterAll, describe, expect, it } from 'vitest';
import {
  clamp,
  info,
  manualSeed,
  maximum,
  noGrad,
  randint,
  randn,
  setNumThreads,
  where,
} from '../../lib/index.js';
import type { DType, Tensor } from '../../lib/index.js';
import { bits, native, record, replay } from './kit.js';

// A fused program computes the bits of the ops one by one.

const atStart = info().threads;
afterAll(() => setNumThreads(atStart));

/** Numbers in [0, 1), the same for a seed. */
function draws(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const unary: ((x: Tensor) => Tensor)[] = [
  (x) => x.relu(),
  (x) => x.neg(),
  (x) => x.abs(),
  (x) => x.square(),
  (x) => clamp(x, { min: -2, max: 3 }),
  (x) => x.mul(3),
  (x) => x.sub(1),
  (x) => x.clone(),
];
const floating: ((x: Tensor) => Tensor)[] = [
  ...unary,
  (x) => x.tanh(),
  (x) => x.sigmoid(),
  (x) => x.gelu(),
  (x) => x.abs().add(0.5).log(),
  (x) => x.abs().sqrt(),
  (x) => x.clamp({ max: 2 }).exp(),
  (x) => x.pow(2),
  (x) => x.add(0.25),
];
const binary: ((a: Tensor, b: Tensor) => Tensor)[] = [
  (a, b) => a.add(b),
  (a, b) => a.sub(b),
  (a, b) => a.mul(b),
  (a, b) => maximum(a, b),
  (a, b) => where(a.gt(b), a, b),
  (a, b) => a.lt(b).to(a.dtype).add(b),
];

const floats: readonly DType[] = ['float32', 'float64', 'bfloat16', 'float16'];

function random(shape: readonly number[], dtype: DType): Tensor {
  return floats.includes(dtype) ? randn(shape).to(dtype) : randint(-9, 10, shape).to(dtype);
}

type Operands = readonly [name: string, shape: readonly number[], make: (dtype: DType) => Tensor[]];

const layouts: readonly Operands[] = [
  ['equal shapes', [37, 53], (t) => [random([37, 53], t), random([37, 53], t)]],
  ['a row and a column', [70, 33], (t) => [random([70, 33], t), random([33], t), random([70, 1], t)]],
  ['short rows', [900, 5], (t) => [random([900, 5], t), random([5], t), random([900, 1], t), random([], t)]],
  ['long rows', [3, 5000], (t) => [random([3, 5000], t), random([5000], t), random([3, 1], t)]],
  ['transposed operands', [90, 75], (t) => [random([90, 75], t), random([75, 90], t).t()]],
  [
    'steps',
    [40, 30],
    (t) => [random([40, 30], t), random([80, 60], t).slice(0, { step: 2 }).slice(1, { step: 2 })],
  ],
  ['planes', [4, 6, 9, 11], (t) => [random([4, 6, 9, 11], t), random([1, 6, 1, 1], t), random([9, 11], t)]],
  ['expanded operands', [20, 30], (t) => [random([20, 30], t), random([20, 1], t).expand([20, 30])]],
  ['many elements', [300, 700], (t) => [random([300, 700], t), random([700], t)]],
];

/** A random graph: each step takes one of the last values, and any other. Several values are results. */
function graph(seed: number, operands: readonly Tensor[]): Tensor[] {
  const next = draws(seed);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(next() * from.length)]!;
  const values = [...operands];
  const single = floats.includes(operands[0]!.dtype) ? floating : unary;
  for (let i = 0; i < 9; i++) {
    const x = i === 0 ? operands[0]! : pick(values.slice(-3));
    values.push(next() < 0.5 ? pick(single)(x) : pick(binary)(x, pick(values)));
  }
  const full = values.slice(operands.length).filter((v) => v.shape.join() === operands[0]!.shape.join());
  return [...new Set([full.at(-1)!, pick(full)])];
}

const fused = { passes: ['fuseElementwise'] };
const opsOf = (program: ReturnType<typeof record>['program']) =>
  program.describe().nodes.map((node) => node.op);

describe.runIf(native)('elementwise fusion', () => {
  describe.each(layouts)('of %s', (_, __, make) => {
    it.each([...floats, 'int32', 'int64', 'uint8', 'int8'] as const)(
      'has the bits of the ops: %s',
      (dtype) => {
        for (let seed = 1; seed <= 6; seed++) {
          manualSeed(seed);
          const operands = make(dtype);
          const { results, program } = record((...args) => graph(seed, args), operands, fused);
          const description = program.describe();
          expect(description.nodesAfter).toBeLessThan(description.nodesBefore);
          expect(opsOf(program)).toContain('tiles');
          const others = make(dtype);
          const plain = graph(seed, others).map(bits);
          expect(replay(program, others).map(bits), program.print()).toEqual(plain);
          expect(replay(program, operands).map(bits), program.print()).toEqual(results.map(bits));
          program.dispose();
        }
      },
    );
  });

  it('is the same for any number of threads', () => {
    const operands = [randn([700, 900]), randn([900]), randn([700, 1])];
    const { results, program } = record((...args) => graph(3, args), operands, fused);
    for (const threads of [1, 2, 3, 7, 16]) {
      setNumThreads(threads);
      expect(replay(program, operands).map(bits)).toEqual(results.map(bits));
    }
    setNumThreads(atStart);
  });

  it('makes one node of a chain', () => {
    const { program } = record(
      (x, y) => x.mul(2).add(y).relu().mul(x).sub(y),
      [randn([64]), randn([64])],
      fused,
    );
    expect(opsOf(program)).toEqual(['tiles']);
    expect(program.describe().nodesBefore).toBe(5);
  });

  it('can be switched off', () => {
    const { program } = record((x) => x.mul(2).relu(), [randn([64])], { passes: [] });
    expect(opsOf(program)).toEqual(['mul', 'relu']);
  });

  it('joins steps on both sides of an op that has nothing to do with them', () => {
    const step = (x: Tensor, y: Tensor) => {
      const a = x.mul(2);
      const product = y.matmul(y);
      return [a.add(1), product];
    };
    const operands = [randn([8, 8]), randn([8, 8])] as const;
    const { results, program } = record(step, operands, fused);
    expect(opsOf(program).sort()).toEqual(['matmul', 'tiles']);
    expect(replay(program, operands).map(bits)).toEqual(results.map(bits));
  });

  it('does not cross an op that reads what a step makes', () => {
    const step = (x: Tensor) => {
      const a = x.mul(2);
      return a.matmul(a).add(a);
    };
    const { results, program } = record(step, [randn([8, 8])], fused);
    expect(opsOf(program)).toEqual(['mul', 'matmul', 'add']);
    program.dispose();
    results[0]!.dispose();
  });

  describe('with a sum at the end', () => {
    const shapes: readonly (readonly number[])[] = [[300, 700], [2000, 10], [7, 5000], [40, 3, 33], [50000]];
    const dims: readonly (number[] | undefined)[] = [undefined, [0], [-1], [0, -1]];
    const cases = shapes.flatMap((shape) =>
      dims.filter((d) => !d || shape.length > 1).map((d) => [shape, d, d ? d.join() : 'all'] as const),
    );
    it.each(cases)('%s over %s has the bits of the ops', (shape, dim) => {
      for (const dtype of ['float32', 'bfloat16', 'float16'] as const) {
        for (const kept of [true, false]) {
          for (const mean of [true, false]) {
            const step = (x: Tensor, y: Tensor) => {
              const value = x.mul(y).tanh();
              const options = dim ? { dim: [...dim] } : {};
              const total = mean ? value.mean(options) : value.sum(options);
              return kept ? [value, total] : [total];
            };
            const operands = [random(shape, dtype), random(shape.slice(1), dtype)] as const;
            const { results, program } = record(step, operands, fused);
            expect(opsOf(program), program.print()).toEqual(['tiles']);
            const other = [random(shape, dtype), random(shape.slice(1), dtype)] as const;
            expect(replay(program, other).map(bits)).toEqual(step(...other).map(bits));
            expect(replay(program, operands).map(bits)).toEqual(results.map(bits));
          }
        }
      }
    });

    it('that stands behind products of the same values, and sees them as a matrix', () => {
      const step = (x: Tensor, w: Tensor) => {
        const value = x.tanh();
        const product = value.matmul(w);
        return [product, value.reshape([-1, 6]).sum({ dim: 0 })];
      };
      const operands = [randn([4, 5, 6]), randn([6, 3])] as const;
      const { results, program } = record(step, operands, fused);
      expect(opsOf(program)).toEqual(['tiles', 'matmul']);
      expect(replay(program, operands).map(bits)).toEqual(results.map(bits));
    });

    it('is the same for any number of threads', () => {
      const step = (x: Tensor) => {
        const value = x.mul(3).sin();
        return [value.sum({ dim: 0 }), value.add(1).mean({ dim: 1 }), value.square().sum()];
      };
      const operands = [randn([900, 800])];
      const { results, program } = record(step, operands, fused);
      for (const threads of [1, 2, 3, 7, 16]) {
        setNumThreads(threads);
        expect(replay(program, operands).map(bits)).toEqual(results.map(bits));
      }
      setNumThreads(atStart);
    });

    it('whose result is used at once ends the chain', () => {
      const step = (x: Tensor) => {
        const value = x.mul(2);
        return value.div(value.sum()).add(value.mean());
      };
      const operands = [randn([30, 20])];
      const { results, program } = record(step, operands, fused);
      expect(replay(program, operands).map(bits)).toEqual(results.map(bits));
      expect(program.describe().nodesAfter).toBeLessThan(program.describe().nodesBefore);
    });
  });

  describe('of writes to state', () => {
    /** Results and the state after three calls, fused or one by one. */
    function calls(step: (state: Tensor, x: Tensor) => Tensor, compiled: boolean): string[] {
      manualSeed(5);
      const state = randn([30, 40]);
      const seen: string[] = [];
      const body = (x: Tensor) => noGrad(() => step(state, x));
      const program = compiled ? record(body, [randn([30, 40])], fused) : undefined;
      seen.push(bits(program ? program.results[0]! : body(randn([30, 40]))));
      for (let i = 0; i < 2; i++) {
        const x = randn([30, 40]);
        seen.push(bits(program ? replay(program.program, [x])[0]! : body(x)), bits(state));
      }
      if (program) expect(opsOf(program.program)).toContain('tiles');
      return seen;
    }
    const steps: Readonly<Record<string, (state: Tensor, x: Tensor) => Tensor>> = {
      'a running mean': (state, x) => state.mul_(0.9).add_(x.mul(0.1)).mul(2),
      'read before and after': (state, x) => {
        const before = state.mul(x);
        state.add_(x);
        return before.add(state).sub(x);
      },
      twice: (state, x) => {
        state.add_(x).relu_();
        state.mul_(x);
        return state.add(1).mul(x);
      },
      'a part of it': (state, x) => {
        state.select(0, 3).mul_(2).add_(1);
        return state.add(x).mul(x);
      },
      'read through another window': (state, x) => {
        const square = state.slice(1, { stop: 30 });
        const turned = square.t().mul(2);
        square.add_(turned).mul_(0.5);
        return state.mul(x).add(x);
      },
      'a row of it spread over the rest': (state, x) => {
        state.add_(state.select(0, 0)).mul_(0.5);
        return state.mul(x).add(x);
      },
      'a copy into it': (state, x) => {
        state.copy_(x.mul(2).add(1));
        return state.mul(x).add(x);
      },
    };
    it.each(Object.keys(steps))('%s', (name) => {
      expect(calls(steps[name]!, true)).toEqual(calls(steps[name]!, false));
    });
  });
});

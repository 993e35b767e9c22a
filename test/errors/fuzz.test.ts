import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { OpInput } from '../../lib/backend/backend.js';
import { backend } from '../../lib/backend/current.js';
import { opRecords, type FusedName, type OpAttrs, type OpName } from '../../lib/backend/op-schema.gen.js';
import type { OpAttrDef, OpInputDef } from '../../lib/backend/op-record.js';
import { runComposite } from '../../lib/ops/composite.js';
import {
  dtypes,
  isGradEnabled,
  LanegradError,
  memory,
  noGrad,
  ones,
  setMemoryLimit,
  type Tensor,
} from '../../lib/index.js';
import { product, randomFrom } from '../cases/case.js';
import { build, layouts } from '../support/layout.js';

// Calls of every op with operands and attributes drawn at random, mostly wrong. Each must give a result or an error of the
// library; a crash ends the process and with it the run. LANEGRAD_FUZZ=5000 makes more of them.

const calls = Number(process.env['LANEGRAD_FUZZ'] ?? 150);

class Draw {
  readonly #random: () => number;
  constructor(seed: string) {
    this.#random = randomFrom(seed);
  }
  below(count: number): number {
    return Math.floor(this.#random() * count);
  }
  chance(probability: number): boolean {
    return this.#random() < probability;
  }
  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }
}

const freed = ones([2]);
freed.dispose();

function drawShape(draw: Draw): number[] {
  // Often one of a few shapes, so that operands fit each other now and then.
  if (draw.chance(0.5))
    return draw.of([[2, 3], [3], [], [2, 2, 4, 4], [3, 2, 2, 2], [2], [3, 2], [0, 3]]).slice();
  return Array.from({ length: draw.below(6) }, () => draw.below(5));
}

function drawTensor(draw: Draw): Tensor {
  if (draw.chance(0.01)) return freed;
  const shape = drawShape(draw);
  const dtype = draw.chance(0.5) ? 'float32' : draw.of(dtypes);
  const special = draw.of([
    [NaN, Infinity, -Infinity],
    [1e30, -1e30],
    [0, 1, 2],
    [-1, 5, 100],
  ]);
  const values = Array.from({ length: product(shape) }, () => {
    const value = draw.chance(0.05) ? draw.of(special) : draw.below(6) - 1;
    return dtype.startsWith('float') || Number.isSafeInteger(value) ? value : 3;
  });
  const tensor = build(backend, dtype, shape, values, draw.of(layouts));
  if (dtype.startsWith('float') && draw.chance(0.3)) tensor.requiresGrad = true;
  return tensor;
}

function drawInput(draw: Draw, def: OpInputDef): OpInput<Tensor> {
  if (def.kind === 'list') return Array.from({ length: draw.below(4) }, () => drawTensor(draw));
  if (def.kind === 'optional' && draw.chance(0.4)) return null;
  if (draw.chance(0.05)) return draw.of([0, 1, -2.5, NaN, true, 2 ** 60]);
  if (draw.chance(0.01)) return draw.of(['x', undefined, {}, [], 3n]) as unknown as number;
  return drawTensor(draw);
}

const hugeInts = [2 ** 31, 2 ** 32, 2 ** 40, -(2 ** 31), 2 ** 53 - 1, -(2 ** 53) + 1];

function drawInt(draw: Draw): number {
  if (draw.chance(0.04)) return draw.of(hugeInts);
  if (draw.chance(0.02)) return draw.of([NaN, Infinity, 0.5, -Infinity]);
  return draw.below(8) - 2;
}

function drawAttr(draw: Draw, def: OpAttrDef): unknown {
  if (draw.chance(0.02)) return draw.of(['x', null, undefined, [], {}, Symbol('s'), 5n]);
  switch (def.type) {
    case 'int':
      return drawInt(draw);
    case 'float':
      return draw.of([0, 1, -1, 0.5, 2.5, NaN, Infinity, -Infinity, 1e300, 1e-300]);
    case 'bool':
      return draw.chance(0.5);
    case 'enum':
      return draw.of(def.choices ?? ['none']);
    case 'dtype':
      return draw.of(dtypes);
    case 'ints': {
      const length = draw.chance(0.6) ? 2 : draw.below(7);
      const wide = draw.chance(0.02) ? 40 : length;
      return Array.from({ length: wide }, () => (draw.chance(0.7) ? draw.below(3) + 1 : drawInt(draw)));
    }
  }
}

beforeAll(() => setMemoryLimit(memory().bytes + 300e6));
afterAll(() => setMemoryLimit(0));

const ops = (Object.keys(opRecords) as OpName[]).filter((op) => !opRecords[op].flags.includes('internal'));

describe.each(ops)('%s', (op) => {
  const record = opRecords[op];
  const passed = record.inputs.filter((input) => input.gradsOf === undefined);

  function call(draw: Draw): Tensor[] {
    const inputs = passed.map((def) => drawInput(draw, def));
    const attrs = Object.fromEntries(
      record.attrs.map((def) => [def.name, drawAttr(draw, def)]),
    ) as OpAttrs[OpName];
    if (backend.has(op)) {
      if (draw.chance(0.1)) {
        backend.runInPlace(op, inputs, attrs);
        return [];
      }
      return backend.run(op, inputs, attrs);
    }
    return runComposite(op as FusedName, inputs, attrs as OpAttrs[FusedName]);
  }

  test(`${calls} calls give a result or an error of the library`, () => {
    const draw = new Draw(op);
    let answered = 0;
    for (let i = 0; i < calls; ++i) {
      backend.beginScope();
      try {
        const outputs = draw.chance(0.2) ? noGrad(() => call(draw)) : call(draw);
        // What came out can be read, and gone back through.
        for (const output of outputs) {
          if (product(output.shape) <= 10_000) backend.read(output);
        }
        const root = outputs.find((output) => output.requiresGrad && product(output.shape) < 10_000);
        if (root !== undefined) root.sum().backward();
        ++answered;
      } catch (error) {
        const known = error instanceof LanegradError;
        // The composites of the TypeScript backend trust their arguments, which the public functions have checked.
        if (!known && !(error instanceof TypeError && !backend.has(op))) throw error;
      } finally {
        backend.endScope([]);
      }
    }
    expect(answered).toBeLessThanOrEqual(calls);
    expect(isGradEnabled()).toBe(true);
    expect(ones([3]).add(1).sum().item()).toBe(6);
  });
});

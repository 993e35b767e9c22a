import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { arange, nn, ones, tensor, zeros, ShapeError, ValueError } from '../../lib/index.js';

// What a newcomer does with a tensor as with any JavaScript value.

describe('JSON', () => {
  test('a tensor is written as its elements', () => {
    expect(JSON.stringify({ x: tensor([[1, 2.5]]), n: tensor(3), none: zeros([0, 2]) })).toBe(
      '{"x":[[1,2.5]],"n":3,"none":[]}',
    );
  });

  test('a state comes back from it', () => {
    const model = new nn.Linear(3, 2);
    const text = JSON.stringify(model.stateDict());
    const other = new nn.Linear(3, 2);
    const parsed = JSON.parse(text) as Record<string, number[]>;
    const state = Object.fromEntries(Object.entries(parsed).map(([name, data]) => [name, tensor(data)]));
    other.loadStateDict(state);
    expect(other.weight.tolist()).toEqual(model.weight.tolist());
  });
});

describe('operators', () => {
  const x: unknown = ones([]);
  test.each([
    ['+', () => (x as number) + 1],
    ['*', () => (x as number) * 2],
    ['<', () => (x as number) < 2],
    ['Number', () => Number(x)],
    ['Math.sqrt', () => Math.sqrt(x as number)],
  ])('%s says what to do instead', (_, run) => {
    expect(run).toThrow(ValueError);
    expect(run).toThrow(/use methods/);
  });

  test('text is text', () => {
    expect(`${String(x)}`).toBe('tensor(1.)');
  });
});

describe('shape and strides', () => {
  test('cannot be written to', () => {
    const x = ones([2, 3]);
    const t = x.t();
    for (const list of [x.shape, x.strides, x.size(), t.shape, t.strides]) {
      const writable = list as number[];
      expect(() => (writable[0] = 7)).toThrow(TypeError);
      expect(() => writable.push(1)).toThrow(TypeError);
      expect(() => writable.reverse()).toThrow(TypeError);
      expect(() => (writable.length = 0)).toThrow(TypeError);
    }
    expect([x.shape, x.strides, t.shape, t.strides]).toEqual([
      [2, 3],
      [3, 1],
      [3, 2],
      [1, 3],
    ]);
  });

  test('are those of each tensor, however many there were', () => {
    for (let i = 0; i < 3000; i++) {
      const [rows, columns] = [i % 7, i];
      const x = zeros([rows, columns]);
      expect(x.shape).toEqual([rows, columns]);
      expect(x.t().shape).toEqual([columns, rows]);
      x.dispose();
    }
    expect(zeros([]).shape).toEqual([]);
    expect(zeros([2 ** 32 + 1, 0]).shape).toEqual([2 ** 32 + 1, 0]);
    expect(zeros([1, 0]).shape).toEqual([1, 0]);
  });
});

describe('inspect', () => {
  test('a tensor that was freed', () => {
    const x = ones([2]);
    x.dispose();
    expect(inspect({ x })).toBe('{ x: tensor(<disposed>) }');
  });

  test('an object from its prototype', () => {
    expect(inspect(Object.create(Object.getPrototypeOf(ones([1])) as object))).toBe('Tensor {}');
  });

  test('a module: shapes, not elements', () => {
    const net = new nn.Sequential(new nn.Linear(100, 50), new nn.ReLU());
    const text = inspect(net, { depth: 5 });
    expect(text).toContain('weight: tensor(float32 [50, 100])');
    expect(text).not.toMatch(/\d\.\d{4}/);
    expect(inspect({ a: { b: net } }, { depth: 1 })).toContain('[Sequential]');
  });
});

test('view says that it is view, and what copies', () => {
  const run = () => arange(6).reshape([2, 3]).t().view([6]);
  expect(run).toThrow(ShapeError);
  expect(run).toThrow(/\[view\].*use reshape/);
});

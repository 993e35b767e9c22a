import { describe, expect, test } from 'vitest';
import { backend } from '../../lib/backend/current.js';
import {
  collect,
  DisposedError,
  info,
  memory,
  ones,
  OutOfMemoryError,
  setMemoryLimit,
  Tensor,
  tidy,
} from '../../lib/index.js';

// The table of native handles: what an id stands for, and when it stops to.

const perCollection = 5000; // kHandlesPerCollection in native/binding/handles.h

/** An object with the id of a tensor that nothing else in JavaScript holds. */
function idOf(make: () => Tensor): Tensor {
  const id = Tensor.make();
  const tensor = make();
  id.slot = tensor.slot;
  id.generation = tensor.generation;
  return id;
}

describe.runIf(info().name === 'native')('handles', () => {
  test('an id is not that of the next tensor in its slot', () => {
    let stale: Tensor | undefined;
    tidy(() => void (stale = ones([3])));
    const others = Array.from({ length: 100 }, () => ones([3]));
    expect(others.some((other) => other.slot === stale!.slot)).toBe(true);
    expect(() => stale!.add(1)).toThrow(DisposedError);
    expect(() => backend.read(stale!)).toThrow(DisposedError);
    for (const other of others) expect(other.sum().item()).toBe(3);
  });

  test('operands are held before anything can collect them', () => {
    collect();
    const x = ones([2]);
    const id = idOf(() => ones([2]).mul(21));
    const made: Tensor[] = [];
    // ones, x and mul were three. The op after the last of these collects, and finds the operand dead.
    for (let i = 3; i < perCollection; ++i) made.push(x.add(i));
    expect(id.add(id).sum().item()).toBe(84);
    expect(made).toHaveLength(perCollection - 3);
    expect(() => id.add(1)).toThrow(DisposedError);
  });

  test('an allocation that the limit forbids is tried again after a collection', () => {
    collect();
    const x = ones([1 << 18]);
    setMemoryLimit(memory().bytes + 20_000_000);
    try {
      // 1 MB each: less than what starts a collection by itself, more than the limit.
      for (let i = 0; i < 60; ++i) x.add(i);
      const held: Tensor[] = [];
      expect(() => {
        for (let i = 0; i < 60; ++i) held.push(x.add(i));
      }).toThrow(OutOfMemoryError);
      expect(held.length).toBeGreaterThan(10);
    } finally {
      setMemoryLimit(0);
    }
  });
});

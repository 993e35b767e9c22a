import { Handle, type Backend, type OpInput } from '../../lib/backend/backend.js';
import type { OpAttrs, OpName } from '../../lib/backend/op-schema.gen.js';
import { createReferenceBackend } from '../../lib/backend/reference/index.js';
import { makeTypedArray, type DType, type TypedArray } from '../../lib/dtype.js';

export class T extends Handle {}

/** A fresh backend and short names for what the tests do with it. */
export function makeKit() {
  const backend: Backend<T> = createReferenceBackend<T>({
    newTensor: () => new T(),
    compositeVjp: () => [],
  });

  function tensor(
    data: readonly number[],
    shape: readonly number[] = [data.length],
    dtype: DType = 'float64',
  ): T {
    const typed: TypedArray = makeTypedArray(dtype, data.length);
    data.forEach((v, i) => (typed[i] = typed instanceof BigInt64Array ? BigInt(v) : v));
    return backend.create(dtype, shape, typed);
  }

  function leaf(
    data: readonly number[],
    shape: readonly number[] = [data.length],
    dtype: DType = 'float64',
  ): T {
    const t = tensor(data, shape, dtype);
    backend.setRequiresGrad(t, true);
    return t;
  }

  function run<Name extends OpName>(op: Name, inputs: readonly OpInput<T>[], attrs?: OpAttrs[Name]): T {
    return backend.run1(op, inputs, (attrs ?? {}) as OpAttrs[Name]);
  }

  function inPlace<Name extends OpName>(
    op: Name,
    inputs: readonly OpInput<T>[],
    attrs?: OpAttrs[Name],
  ): void {
    backend.runInPlace(op, inputs, (attrs ?? {}) as OpAttrs[Name]);
  }

  function values(t: T): number[] {
    return Array.from(backend.read(t) as Float64Array, Number);
  }

  function grads(t: T): number[] | null {
    const g = backend.getGrad(t);
    return g && values(g);
  }

  const sum = (t: T): T => run('sum', [t], { dims: [], keepdim: false });

  function backward(t: T, options: { retainGraph?: boolean; createGraph?: boolean } = {}): void {
    const createGraph = options.createGraph ?? false;
    backend.backward([t], [null], { createGraph, retainGraph: options.retainGraph ?? createGraph });
  }

  function noGrad<R>(body: () => R): R {
    const before = backend.setGradMode(false);
    try {
      return body();
    } finally {
      backend.setGradMode(before);
    }
  }

  return { backend, tensor, leaf, run, inPlace, values, grads, sum, backward, noGrad };
}

export type Kit = ReturnType<typeof makeKit>;

/** Numbers in [-1, 1) that look random and are the same in every run. */
export function numbers(count: number, seed: number): number[] {
  let state = (seed * 2654435761 + 12345) >>> 0;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) / 2 ** 23 - 1;
  });
}

export const product = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

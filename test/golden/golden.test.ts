import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import * as lg from '../../lib/index.js';
import type { Tensor } from '../../lib/index.js';
import { calls } from './call.js';
import { Args, numberOf, readStored, type Arg, type GoldenFile, type Sample } from './sample.js';

// Values, gradients and second-order gradients as PyTorch computed them, through the public functions.

const folder = new URL('./data/', import.meta.url);
const files = readdirSync(folder).map(
  (name) => JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as GoldenFile,
);

interface Numbers {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data: ArrayLike<number | bigint>;
}

function expectClose(
  got: Numbers,
  want: Numbers,
  [rtol, atol]: readonly [number, number],
  what: string,
): void {
  expect(got.dtype, what).toBe(want.dtype);
  expect(got.shape, what).toEqual(want.shape);
  for (let i = 0; i < want.data.length; ++i) {
    const a = got.data[i]!;
    const b = want.data[i]!;
    if (a === b || (a !== a && b !== b)) continue;
    const near =
      typeof a === 'number' && typeof b === 'number' && Math.abs(a - b) <= atol + rtol * Math.abs(b);
    expect(near, `${what}, element ${i}: got ${a}, wanted ${b}`).toBe(true);
  }
}

function replay(golden: GoldenFile, sample: Sample): void {
  const stored = (ref: string): Numbers => {
    const tensor = golden.tensors[ref]!;
    return { dtype: tensor.dtype, shape: tensor.shape, data: readStored(tensor) };
  };
  const make = (ref: string): Tensor => {
    const { dtype, shape } = golden.tensors[ref]!;
    return lg.tensor(readStored(golden.tensors[ref]!) as Float32Array, { shape, dtype: dtype as 'float32' });
  };
  const leaves = new Map<string, Tensor>();
  const call = calls[golden.op]!;
  const args = new Args<Tensor>(
    call.names,
    sample,
    (ref, requiresGrad, path) => {
      const tensor = make(ref);
      if (requiresGrad) leaves.set(path, tensor.requiresGrad_());
      return tensor;
    },
    (value) => lg.float(value),
  );
  const result = call.run(args);

  const compare = (got: Tensor | boolean, want: Arg, path: string): void => {
    if (want.t === 'bool' || want.t === 'int' || want.t === 'float') {
      expect(Number(got), path).toBe(numberOf(want));
      return;
    }
    const wanted = stored((want as { ref: string }).ref);
    const tensor = got as Tensor;
    // Where values repeat, PyTorch's choice of index is not ours to follow.
    if (golden.ties && wanted.dtype === 'int64' && path === 'out.1') return;
    expectClose(tensor, wanted, sample.tol ?? [0, 0], path);
  };
  if (Array.isArray(result)) {
    const wanted = (sample.out as { v: readonly Arg[] }).v;
    expect(result.length).toBe(wanted.length);
    result.forEach((one: Tensor, i) => compare(one, wanted[i]!, `out.${i}`));
  } else {
    compare(result as Tensor | boolean, sample.out, 'out');
  }

  if (sample.cotangents === undefined || leaves.size === 0) return;
  const output = (path: string) =>
    path === 'out' ? (result as Tensor) : (result as readonly Tensor[])[Number(path.slice(4))]!;
  const outputs = Object.keys(sample.cotangents).map(output);
  const cotangents = Object.values(sample.cotangents).map((ref) => make(ref));
  const paths = Object.keys(sample.grads ?? {}).filter((path) => leaves.has(path));
  const inputs = paths.map((path) => leaves.get(path)!);
  const second = sample.grad_cotangents !== undefined;
  const grads = lg.grad(outputs, inputs, { gradOutputs: cotangents, createGraph: second, allowUnused: true });
  const check = (
    got: Tensor | null,
    ref: string | null,
    tolerance: readonly [number, number],
    what: string,
  ): void => {
    if (ref !== null) {
      expect(got, what).not.toBeNull();
      expectClose(got!, stored(ref), tolerance, what);
    } else if (got !== null) {
      expect(
        Array.from(got.data as Float64Array).every((value) => value === 0),
        what,
      ).toBe(true);
    }
  };
  paths.forEach((path, i) =>
    check(grads[i]!, sample.grads![path]!, sample.grad_tol ?? [0, 0], `gradient of ${path}`),
  );
  if (!second) return;
  // A first gradient that depends on no input (relu's) has no second one: PyTorch says null or zeros for it.
  const named = Object.keys(sample.grad_cotangents).filter(
    (path) => grads[paths.indexOf(path)]?.requiresGrad === true,
  );
  if (named.length === 0) {
    for (const ref of Object.values(sample.grad_grads ?? {})) {
      if (ref !== null) expect(Array.from(stored(ref).data).every((value) => value === 0)).toBe(true);
    }
    return;
  }
  const again = lg.grad(
    named.map((path) => grads[paths.indexOf(path)]!),
    inputs,
    { gradOutputs: named.map((path) => make(sample.grad_cotangents![path]!)), allowUnused: true },
  );
  paths.forEach((path, i) => {
    const ref = sample.grad_grads?.[path];
    if (ref !== undefined)
      check(again[i]!, ref, sample.grad_grad_tol ?? [0, 0], `second gradient of ${path}`);
  });
}

describe.each(files.map((file) => [file.op, file] as const))('%s as PyTorch', (_op, golden) => {
  test.each(golden.samples.map((sample) => [sample.id, sample] as const))('%s', (_id, sample) => {
    replay(golden, sample);
  });
});

test('every op of the map has samples', () => {
  expect(files.map((file) => file.op).sort()).toEqual(Object.keys(calls).sort());
  expect(files.reduce((sum, file) => sum + file.samples.length, 0)).toBeGreaterThan(300);
});

// Each op under autocast gives the dtypes that PyTorch gives, in one piece and composed, and takes part in backward.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { autocast, eye, manualSeed, rand, tensor, withComposites } from '../../lib/index.js';
import type { DType, Tensor } from '../../lib/index.js';
import { calls } from './calls.js';

type Shape = readonly number[] | { readonly below: number } | { readonly definite: number };
type Row = readonly [shapes: readonly Shape[], ...dtypes: (string | null)[]];

const table = JSON.parse(readFileSync(new URL('torch-dtypes.json', import.meta.url), 'utf8')) as Record<
  string,
  Row
>;
delete table.torch;

const kinds: readonly (readonly [first: DType, rest: DType])[] = [
  ['float32', 'float32'],
  ['bfloat16', 'bfloat16'],
  ['bfloat16', 'float32'],
  ['float32', 'bfloat16'],
];

function inputsOf(shapes: readonly Shape[], [first, rest]: readonly [DType, DType]): Tensor[] {
  let at = 0;
  return shapes.map((shape) => {
    if ('below' in shape) return tensor([0, 1, 2].map((i) => i % shape.below));
    const dtype = at++ === 0 ? first : rest;
    const values = 'definite' in shape ? eye(shape.definite).mul(2).add(0.1) : rand(shape).mul(0.8).add(0.1);
    return values.to(dtype);
  });
}

function dtypesOf(name: string, inputs: readonly Tensor[]): string {
  const out = autocast(() => calls[name]!(...inputs));
  return (Array.isArray(out) ? (out as Tensor[]) : [out as Tensor]).map((x) => x.dtype).join(' ');
}

describe.each(Object.entries(table))('%s', (name, [shapes, ...dtypes]) => {
  // What PyTorch refuses may be promoted here.
  const wanted = dtypes.flatMap((dtype, i) => (dtype === null ? [] : [[kinds[i]!, dtype] as const]));

  it.each(wanted)('of %j gives %s', (kind, dtype) => {
    manualSeed(1);
    const inputs = inputsOf(shapes, kind);
    expect(dtypesOf(name, inputs)).toBe(dtype);
    expect(withComposites(() => dtypesOf(name, inputs))).toBe(dtype);
  });
});

it('has a call for each case of the table', () => {
  expect(Object.keys(calls).sort()).toEqual(Object.keys(table).sort());
});

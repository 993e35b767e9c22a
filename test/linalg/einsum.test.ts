import { describe, expect, test } from 'vitest';
import {
  arange,
  einsum,
  gradcheck,
  gradgradcheck,
  IndexError,
  ShapeError,
  tensor,
  ValueError,
} from '../../lib/index.js';
import { noise } from './matrices.js';

/** The definition: a loop over all values of all subscripts. Single letters only. */
function byLoops(
  equation: string,
  shapes: readonly (readonly number[])[],
  data: readonly ArrayLike<number>[],
) {
  const [inputs, output] = equation.split('->') as [string, string];
  const terms = inputs.split(',');
  const sizes = new Map<string, number>();
  terms.forEach((term, i) =>
    Array.from(term, (letter, d) => {
      sizes.set(letter, Math.max(sizes.get(letter) ?? 1, shapes[i]![d]!));
    }),
  );
  const letters = [...sizes.keys()];
  const outShape = Array.from(output, (letter) => sizes.get(letter)!);
  const out = new Array<number>(outShape.reduce((n, size) => n * size, 1)).fill(0);
  const at = new Map<string, number>();
  const place = (term: string, shape: readonly number[]) =>
    Array.from(term).reduce((sum, letter, d) => sum * shape[d]! + (shape[d] === 1 ? 0 : at.get(letter)!), 0);
  const visit = (depth: number): void => {
    if (depth < letters.length) {
      for (let i = 0; i < sizes.get(letters[depth]!)!; ++i) {
        at.set(letters[depth]!, i);
        visit(depth + 1);
      }
      return;
    }
    const term = terms.reduce((value, text, i) => value * data[i]![place(text, shapes[i]!)]!, 1);
    out[place(output, outShape)]! += term;
  };
  visit(0);
  return { shape: outShape, values: out };
}

const equations: readonly [string, ...(readonly number[])[]][] = [
  ['ij->ji', [2, 3]],
  ['ij->j', [2, 3]],
  ['ij->', [2, 3]],
  ['ii->', [3, 3]],
  ['ii->i', [3, 3]],
  ['iji->ij', [2, 3, 2]],
  ['iii->i', [2, 2, 2]],
  ['ij,jk->ik', [2, 3], [3, 4]],
  ['ij,kj->ki', [2, 3], [4, 3]],
  ['bij,bjk->bik', [2, 3, 4], [2, 4, 2]],
  ['bij,jk->bki', [2, 3, 4], [4, 2]],
  ['i,j->ij', [3], [2]],
  ['ij,ij->ij', [2, 3], [2, 3]],
  ['ij,ij->', [2, 3], [2, 3]],
  ['ijk,ik->j', [2, 3, 4], [2, 4]],
  ['ij,jk->i', [2, 3], [3, 4]],
  ['bn,anm,bm->ba', [2, 3], [4, 3, 2], [2, 2]],
  ['ij,jk,kl,lm->im', [2, 3], [3, 4], [4, 2], [2, 3]],
  ['ij,jk->ik', [2, 1], [3, 4]],
  ['ij,ik->jk', [1, 3], [4, 2]],
  ['aab,bc->c', [2, 2, 3], [3, 2]],
  ['ab,cd->', [2, 3], [2, 2]],
];

describe.each(equations)('%s', (equation, ...shapes) => {
  const inputs = shapes.map((shape, i) => noise(shape, i * 0.1));
  test('equals its definition', () => {
    const expected = byLoops(
      equation,
      shapes,
      inputs.map((x) => x.data as Float64Array),
    );
    const actual = einsum(equation, inputs);
    expect(actual.shape).toEqual(expected.shape);
    const wanted = tensor(expected.values, { dtype: 'float64' }).reshape(expected.shape);
    expect(actual.allclose(wanted, { rtol: 1e-12, atol: 1e-12 })).toBe(true);
  });

  test('first and second derivatives by finite differences', () => {
    const leaves = inputs.map((x) => x.detach().requiresGrad_());
    const fn = (...x: typeof leaves) => einsum(equation, x);
    expect(gradcheck(fn, leaves)).toBe(true);
    expect(gradgradcheck(fn, leaves)).toBe(true);
  });
});

test('the implicit result has what occurs once, in alphabetical order, capitals first', () => {
  const a = noise([2, 3]);
  expect(einsum('ba', [a]).shape).toEqual([3, 2]);
  expect(einsum('bA', [a]).shape).toEqual([3, 2]);
  expect(einsum('ij,jk', [a, noise([3, 4])]).shape).toEqual([2, 4]);
  expect(einsum('ii', [noise([3, 3])]).shape).toEqual([]);
});

test('an ellipsis stands for any dims, which broadcast', () => {
  const a = noise([5, 1, 2, 3]);
  const b = noise([4, 3, 2]);
  expect(einsum('...ij,...jk->...ik', [a, b]).allclose(a.matmul(b), { rtol: 1e-12 })).toBe(true);
  expect(einsum('...ij,...jk', [a, b]).shape).toEqual([5, 4, 2, 2]);
  expect(einsum('i...->...', [a]).shape).toEqual([1, 2, 3]);
  expect(einsum('i...j->j...', [a]).shape).toEqual([3, 1, 2]);
  expect(einsum('...i->i', [a]).allclose(a.sum({ dim: [0, 1, 2] }), { rtol: 1e-12 })).toBe(true);
  expect(einsum(' i ... , i -> ... ', [arange(4).reshape([2, 2]), arange(2)]).tolist()).toEqual([2, 3]);
});

test('a malformed equation says what is wrong with it', () => {
  const a = noise([2, 3]);
  expect(() => einsum('ij,jk->ik', [a])).toThrow(/\[einsum\] "ij,jk->ik" has 2 terms, got 1 tensors/);
  expect(() => einsum('ijk->i', [a])).toThrow(ShapeError);
  expect(() => einsum('i2->i', [a])).toThrow(ValueError);
  expect(() => einsum('i.j->i', [a])).toThrow(ValueError);
  expect(() => einsum('ij->i->j', [a])).toThrow(ValueError);
  expect(() => einsum('ij->k', [a])).toThrow(IndexError);
  expect(() => einsum('ij->ii', [a])).toThrow(IndexError);
  expect(() => einsum('ii->i', [a])).toThrow(ShapeError);
  expect(() => einsum('ij,ij->', [a, noise([2, 4])])).toThrow(/subscript j stands for sizes 3 and 4/);
  expect(() => einsum('', [])).toThrow(ValueError);
});

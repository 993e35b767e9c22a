import { everyDType, exact, given, real } from './case.js';
import type { CaseOf, RowOf, Rows } from './case.js';
import type { NoAttrs, OpAttrs, OpName } from '../../lib/backend/op-schema.gen.js';

const none: NoAttrs = {};

function moving<Name extends OpName>(cases: readonly CaseOf<Name>[]): RowOf<Name> {
  return { cases, dtypes: everyDType, tolerance: exact, gradient: 'second', special: 0 };
}

function of<Name extends OpName>(name: string, shape: readonly number[], attrs: OpAttrs[Name]): CaseOf<Name> {
  return { name, inputs: [real(shape)], attrs };
}

export const view = {
  reshape: moving<'reshape'>([
    of('join', [2, 3, 4], { shape: [6, 4], strict: false }),
    of('split', [6, 2], { shape: [2, 3, 2], strict: true }),
    of('guess', [4, 3], { shape: [2, -1], strict: false }),
    of('flatten', [2, 3], { shape: [-1], strict: false }),
    of('to 0-dim', [1], { shape: [], strict: false }),
    of('from 0-dim', [], { shape: [1, 1], strict: false }),
    of('empty', [0, 3], { shape: [3, 0], strict: false }),
  ]),
  permute: moving<'permute'>([
    of('3-D', [2, 3, 4], { dims: [2, 0, 1] }),
    of('negative', [2, 3], { dims: [-1, 0] }),
    of('0-dim', [], { dims: [] }),
    of('empty', [0, 2], { dims: [1, 0] }),
  ]),
  expand: moving<'expand'>([
    of('column', [3, 1], { shape: [3, 4] }),
    of('kept', [3, 1], { shape: [-1, 2] }),
    of('new dims', [3], { shape: [2, 2, 3] }),
    of('0-dim', [], { shape: [2] }),
    of('to empty', [1, 3], { shape: [0, 3] }),
    of('empty', [0, 1], { shape: [0, 4] }),
  ]),
  slice: moving<'slice'>([
    of('middle', [5, 3], { dim: 0, start: 1, length: 3, step: 1 }),
    of('step', [2, 7], { dim: 1, start: 1, length: 3, step: 2 }),
    of('negative dim', [2, 3], { dim: -1, start: 0, length: 2, step: 1 }),
    of('nothing', [4], { dim: 0, start: 2, length: 0, step: 1 }),
    of('empty', [0, 4], { dim: 1, start: 1, length: 2, step: 2 }),
  ]),
  diagonal: moving<'diagonal'>([
    of('square', [3, 3], { offset: 0, dim1: 0, dim2: 1 }),
    of('above', [3, 4], { offset: 2, dim1: 0, dim2: 1 }),
    of('below', [2, 4, 3], { offset: -1, dim1: -2, dim2: -1 }),
    of('outer dims', [3, 2, 4], { offset: 1, dim1: 2, dim2: 0 }),
    of('off the matrix', [2, 3], { offset: 7, dim1: 0, dim2: 1 }),
    of('empty', [0, 3, 3], { offset: 0, dim1: 1, dim2: 2 }),
  ]),
  unfold: moving<'unfold'>([
    of('apart', [7], { dim: 0, size: 2, step: 3 }),
    of('overlapping', [2, 7], { dim: 1, size: 3, step: 2 }),
    of('middle', [2, 5, 3], { dim: -2, size: 4, step: 1 }),
    of('whole', [3], { dim: 0, size: 3, step: 9 }),
    of('0-dim', [], { dim: 0, size: 1, step: 1 }),
    of('empty', [0, 4], { dim: 1, size: 2, step: 1 }),
  ]),
  strided: moving<'strided'>([
    of('matrix', [12], { shape: [2, 3], strides: [6, 2], offset: 1 }),
    of('transposed', [6], { shape: [3, 2], strides: [1, 3], offset: 0 }),
    of('overlapping', [6], { shape: [4, 3], strides: [1, 1], offset: 0 }),
    of('repeated', [6], { shape: [2, 3], strides: [0, 2], offset: 1 }),
    of('0-dim', [4], { shape: [], strides: [], offset: 3 }),
    of('empty', [0], { shape: [0, 3], strides: [3, 1], offset: 0 }),
    of('no view', [4], { shape: [2, 0], strides: [9, 9], offset: 9 }),
  ]),
  flip: moving<'flip'>([
    of('rows', [3, 4], { dims: [0] }),
    of('columns', [3, 4], { dims: [-1] }),
    of('both', [2, 3, 4], { dims: [2, 0] }),
    of('none', [2, 3], { dims: [] }),
    of('0-dim', [], { dims: [0] }),
    of('empty', [0, 3], { dims: [0, 1] }),
  ]),
  tril: moving<'tril'>([
    of('square', [4, 4], { diagonal: 0 }),
    of('wide', [2, 5], { diagonal: 2 }),
    of('batches', [2, 4, 3], { diagonal: -1 }),
    of('nothing left', [2, 2], { diagonal: -9 }),
    of('empty', [0, 2, 2], { diagonal: 0 }),
  ]),
  triu: moving<'triu'>([
    of('square', [4, 4], { diagonal: 0 }),
    of('tall', [5, 2], { diagonal: -2 }),
    of('batches', [2, 3, 4], { diagonal: 1 }),
    of('nothing left', [2, 2], { diagonal: 9 }),
    of('empty', [2, 0], { diagonal: 0 }),
  ]),
  contiguous: moving<'contiguous'>([
    of('3-D', [2, 3, 4], none),
    of('0-dim', [], none),
    of('empty', [0, 3], none),
  ]),
  detach: {
    cases: [
      of<'detach'>('2-D', [2, 3], none),
      of<'detach'>('0-dim', [], none),
      of<'detach'>('empty', [0], none),
    ],
    dtypes: everyDType,
    tolerance: exact,
    gradient: 'none',
    special: 0,
  },
  cat: moving<'cat'>([
    { name: 'rows', inputs: [[real([2, 3]), real([1, 3])]], attrs: { dim: 0 } },
    { name: 'columns', inputs: [[real([2, 3]), real([2, 1]), real([2, 2])]], attrs: { dim: -1 } },
    { name: 'one', inputs: [[real([2, 2])]], attrs: { dim: 1 } },
    { name: 'empty part', inputs: [[real([2, 3]), real([0, 3])]], attrs: { dim: 0 } },
    { name: 'legacy empty', inputs: [[given([0], []), real([2, 3])]], attrs: { dim: 1 } },
    { name: 'many', inputs: [Array.from({ length: 20 }, (_, i) => real([i % 3, 2]))], attrs: { dim: 0 } },
  ]),
} satisfies Rows;

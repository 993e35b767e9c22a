import type {
  AsStridedOptions,
  Cuts,
  DiagonalOptions,
  DiagOptions,
  RepeatInterleaveOptions,
  RollOptions,
  Rot90Options,
  Tensor,
} from '../../../lib/index.js';
import { given, index, real, type CaseInput } from '../case.js';
import { moving } from './moving.js';
import type { ComposedRow, ComposedRows } from './row.js';

const six = given([2, 3], [1, 2, 3, 4, 5, 6]);
const pair = given([2], [1, 2]);
const square = given([2, 2], [1, 2, 3, 4]);
const none = undefined;

type Simple = 'fliplr' | 'flipud' | 'ravel' | 'atleast1d' | 'atleast2d' | 'atleast3d';

function simple(
  name: Simple,
  known: CaseInput,
  expected: readonly number[],
  refused?: CaseInput,
): ComposedRow {
  return moving(
    (lg, _: undefined, x: Tensor) => lg[name](x),
    [[[known], none, expected]],
    [
      [[real([2, 3, 2])], none],
      [[real([0, 2])], none],
    ],
    refused === undefined ? [] : [['ShapeError', [refused], none]],
  );
}

function stacked(
  name: 'columnStack' | 'dstack' | 'hstack' | 'vstack',
  expected: readonly number[],
): ComposedRow {
  return moving(
    (lg, _: undefined, ...xs: Tensor[]) => lg[name](xs),
    [[[pair, given([2], [3, 4])], none, expected]],
    [
      [[real([2, 3, 4]), real([2, 3, 4])], none],
      [[real([]), real([])], none],
      [[real([0, 3]), real([0, 3])], none],
    ],
    [
      ['ValueError', [], none],
      ['ShapeError', [real([2, 3, 2]), real([3, 2, 4])], none],
    ],
  );
}

function cut(name: 'dsplit' | 'hsplit' | 'vsplit', shape: readonly number[]): ComposedRow {
  return moving<Cuts, [Tensor]>(
    (lg, cuts: Cuts, x: Tensor) => lg[name](x, cuts),
    [[[given([1, 1, 1], [5])], 1, [5]]],
    [
      [[real(shape)], 2],
      [[real(shape)], [1, 3]],
      [[real([0, 0, 0])], 2],
    ],
    [
      ['ValueError', [real(shape)], 3],
      ['ShapeError', [real([])], 1],
    ],
  );
}

export const rearranging: ComposedRows = {
  ravel: simple('ravel', six, [1, 2, 3, 4, 5, 6]),
  fliplr: simple('fliplr', square, [2, 1, 4, 3], pair),
  flipud: simple('flipud', square, [3, 4, 1, 2], real([])),
  atleast1d: simple('atleast1d', given([], [5]), [5]),
  atleast2d: simple('atleast2d', pair, [1, 2]),
  atleast3d: simple('atleast3d', square, [1, 2, 3, 4]),
  viewAs: moving(
    (lg, _: undefined, x: Tensor, other: Tensor) => lg.tidy(() => lg.viewAs(x.contiguous(), other)),
    [[[six, real([3, 2])], none, [1, 2, 3, 4, 5, 6]]],
    [[[real([0, 2]), real([2, 0])], none]],
    [['ShapeError', [six, pair], none]],
  ),
  reshapeAs: moving(
    (lg, _: undefined, x: Tensor, other: Tensor) => lg.reshapeAs(x, other),
    [[[six, real([3, 2])], none, [1, 2, 3, 4, 5, 6]]],
    [[[real([0, 2]), real([2, 0])], none]],
    [['ShapeError', [six, pair], none]],
  ),
  expandAs: moving(
    (lg, _: undefined, x: Tensor, other: Tensor) => lg.expandAs(x, other),
    [[[pair, real([2, 2])], none, [1, 2, 1, 2]]],
    [[[real([1, 3]), real([0, 3])], none]],
    [['ShapeError', [pair, real([3])], none]],
  ),
  broadcastTo: moving(
    (lg, shape: readonly number[], x: Tensor) => lg.broadcastTo(x, shape),
    [[[pair], [2, 2], [1, 2, 1, 2]]],
    [[[real([0, 1])], [0, 3]]],
    [['ShapeError', [pair], [3]]],
  ),
  swapaxes: moving(
    (lg, [a, b]: readonly [number, number], x: Tensor) => lg.swapaxes(x, a, b),
    [[[six], [0, 1], [1, 4, 2, 5, 3, 6]]],
    [
      [[real([2, 3, 4])], [0, -1]],
      [[real([0, 2])], [1, 0]],
    ],
    [['IndexError', [six], [0, 2]]],
  ),
  movedim: moving(
    (lg, [from, to]: readonly [number | readonly number[], number | readonly number[]], x: Tensor) =>
      lg.movedim(x, from, to),
    [[[six], [0, 1], [1, 4, 2, 5, 3, 6]]],
    [
      [
        [real([2, 3, 4])],
        [
          [0, 2],
          [-1, 0],
        ],
      ],
      [[real([0, 2, 1])], [0, 2]],
      [[real([])], [0, 0]],
    ],
    [
      [
        'ValueError',
        [six],
        [
          [0, 0],
          [0, 1],
        ],
      ],
      ['ValueError', [six], [[0, 1], [0]]],
      ['IndexError', [six], [2, 0]],
    ],
  ),
  roll: moving(
    (lg, [shifts, options]: readonly [number | readonly number[], RollOptions?], x: Tensor) =>
      lg.roll(x, shifts, options),
    [
      [[six], [1], [6, 1, 2, 3, 4, 5]],
      [[six], [-1, { dims: 1 }], [2, 3, 1, 5, 6, 4]],
    ],
    [
      [[real([3, 4])], [[5, -2], { dims: [1, 0] }]],
      [[real([3, 4])], [3, { dims: 0 }]],
      [[real([])], [1]],
      [[real([0, 2])], [1, { dims: 0 }]],
    ],
    [
      ['ValueError', [six], [[1, 2]]],
      ['ValueError', [six], [[]]],
      ['IndexError', [real([])], [1, { dims: 0 }]],
    ],
  ),
  rot90: moving(
    (lg, options: Rot90Options, x: Tensor) => lg.rot90(x, options),
    [
      [[square], {}, [2, 4, 1, 3]],
      [[square], { k: 2 }, [4, 3, 2, 1]],
      [[square], { k: -1 }, [3, 1, 4, 2]],
      [[square], { k: 4 }, [1, 2, 3, 4]],
    ],
    [
      [[real([2, 3, 4])], { dims: [2, 0] }],
      [[real([0, 3])], {}],
    ],
    [
      ['ValueError', [square], { dims: [1, -1] }],
      ['ShapeError', [pair], {}],
    ],
  ),
  repeat: moving(
    (lg, repeats: readonly number[], x: Tensor) => lg.repeat(x, repeats),
    [[[pair], [2, 2], [1, 2, 1, 2, 1, 2, 1, 2]]],
    [
      [[real([2, 1, 3])], [3, 2, 1]],
      [[real([])], [2]],
      [[real([2])], [0]],
      [[real([0, 2])], [2, 2]],
    ],
    [
      ['ValueError', [six], [2]],
      ['ValueError', [pair], [-1]],
    ],
  ),
  tile: moving(
    (lg, dims: readonly number[], x: Tensor) => lg.tile(x, dims),
    [[[square], [2], [1, 2, 1, 2, 3, 4, 3, 4]]],
    [
      [[real([2])], [2, 1, 3]],
      [[real([0, 2])], []],
    ],
    [['ValueError', [pair], [-1]]],
  ),
  repeatInterleave: moving(
    (lg, [times, options]: readonly [number?, RepeatInterleaveOptions?], x: Tensor, counts?: Tensor) =>
      lg.repeatInterleave(x, counts ?? times, options),
    [
      [[pair], [2], [1, 1, 2, 2]],
      [[pair, given([2], [1, 3], 'int64')], [], [1, 2, 2, 2]],
    ],
    [
      [[real([2, 3])], [3, { dim: 0, outputSize: 6 }]],
      [
        [real([2, 3]), given([3], [0, 2, 1], 'int32')],
        [undefined, { dim: -1 }],
      ],
      [
        [real([2, 3]), given([1], [2], 'int64')],
        [undefined, { dim: 1 }],
      ],
      [[real([2, 3])], [0]],
      [[real([0, 3])], [2, { dim: 1 }]],
    ],
    [
      ['ValueError', [pair], [-1]],
      ['ValueError', [pair], [2, { outputSize: 5 }]],
      ['ValueError', [pair, given([2], [1, -1], 'int64')], []],
      ['ShapeError', [pair, given([3], [1, 1, 1], 'int64')], []],
      ['DTypeError', [pair, given([2], [1, 1], 'float32')], []],
    ],
  ),
  hstack: stacked('hstack', [1, 2, 3, 4]),
  vstack: stacked('vstack', [1, 2, 3, 4]),
  dstack: stacked('dstack', [1, 3, 2, 4]),
  columnStack: stacked('columnStack', [1, 3, 2, 4]),
  splitWithSizes: moving(
    (lg, [sizes, dim]: readonly [readonly number[], number?], x: Tensor) => lg.splitWithSizes(x, sizes, dim),
    [[[six], [[1, 1]], [1, 2, 3]]],
    [
      [[real([2, 5])], [[1, 0, 4], 1]],
      [[real([0, 2])], [[0]]],
    ],
    [['ValueError', [six], [[3]]]],
  ),
  tensorSplit: moving(
    (lg, [cuts, dim]: readonly [Cuts, number?], x: Tensor) => lg.tensorSplit(x, cuts, dim),
    [[[six], [2, 1], [1, 2, 4, 5]]],
    [
      [[real([7])], [[2, 5, 9]]],
      [[real([7])], [[-3, 1]]],
      [[real([2])], [4]],
      [[real([0, 2])], [2]],
    ],
    [
      ['ValueError', [six], [0]],
      ['ShapeError', [real([])], [1]],
    ],
  ),
  hsplit: cut('hsplit', [2, 4, 2]),
  vsplit: cut('vsplit', [4, 2, 2]),
  dsplit: cut('dsplit', [2, 2, 4]),
  diag: moving(
    (lg, options: DiagOptions, x: Tensor) => lg.diag(x, options),
    [
      [[pair], {}, [1, 0, 0, 2]],
      [[square], { diagonal: 1 }, [2]],
    ],
    [
      [[real([3])], { diagonal: -2 }],
      [[real([4, 3])], { diagonal: -1 }],
      [[real([0])], {}],
    ],
    [['ShapeError', [real([])], {}]],
  ),
  diagEmbed: moving(
    (lg, options: DiagonalOptions, x: Tensor) => lg.diagEmbed(x, options),
    [[[pair], { offset: 1 }, [0, 1, 0, 0, 0, 2, 0, 0, 0]]],
    [
      [[real([2, 3])], { dim1: 0, dim2: 2 }],
      [[real([2, 3])], { offset: -1, dim1: 2, dim2: 0 }],
      [[real([0, 2])], {}],
    ],
    [
      ['ValueError', [pair], { dim1: 0, dim2: -2 }],
      ['IndexError', [pair], { dim1: 2 }],
      ['ShapeError', [real([])], {}],
    ],
  ),
  diagflat: moving(
    (lg, options: { offset?: number }, x: Tensor) => lg.diagflat(x, options),
    [[[given([1, 2], [1, 2])], {}, [1, 0, 0, 2]]],
    [
      [[real([2, 2])], { offset: -1 }],
      [[real([])], {}],
      [[real([0])], {}],
    ],
  ),
  diagonalScatter: moving(
    (lg, options: DiagonalOptions, x: Tensor, source: Tensor) => lg.diagonalScatter(x, source, options),
    [[[square, given([2], [8, 9])], {}, [8, 2, 3, 9]]],
    [
      [[real([2, 3, 4]), real([3, 2])], { offset: 1, dim1: 0, dim2: 2 }],
      [[real([0, 2, 2]), real([0, 2])], { dim1: 1, dim2: 2 }],
    ],
    [['ShapeError', [square, real([3])], {}]],
  ),
  blockDiag: moving(
    (lg, _: undefined, ...xs: Tensor[]) => lg.blockDiag(xs),
    [[[given([1, 2], [1, 2]), given([], [3])], none, [1, 2, 0, 0, 0, 3]]],
    [
      [[real([2, 3]), real([2]), real([1, 1])], none],
      [[real([0, 2]), real([1, 1])], none],
    ],
    [
      ['ShapeError', [real([1, 1, 1])], none],
      ['ValueError', [], none],
    ],
  ),
  asStrided: moving(
    (
      lg,
      [size, stride, options]: readonly [readonly number[], readonly number[], AsStridedOptions?],
      x: Tensor,
    ) => lg.tidy(() => lg.asStrided(x.contiguous(), size, stride, options)),
    [
      [
        [six],
        [
          [3, 2],
          [1, 3],
        ],
        [1, 4, 2, 5, 3, 6],
      ],
    ],
    [
      [
        [real([7])],
        [
          [3, 3],
          [2, 1],
        ],
      ],
      [[real([2, 3])], [[2], [0]]],
      [[real([0])], [[0], [1]]],
    ],
    [
      ['IndexError', [six], [[7], [1]]],
      ['ValueError', [six], [[2], [-1]]],
      ['ValueError', [six], [[2], [1], { storageOffset: -1 }]],
      ['ShapeError', [six], [[2], [1, 1]]],
    ],
  ),
  unravelIndex: moving(
    (lg, shape: readonly number[], x: Tensor) => lg.unravelIndex(x, shape),
    [[[given([2], [5, 2], 'int64')], [2, 3], [1, 0]]],
    [
      [[index([3, 2], 24)], [2, 3, 4]],
      [[index([0], 2)], [2]],
    ],
    [
      ['ValueError', [index([2], 2)], [-1]],
      ['DTypeError', [given([1], [1], 'float32')], [2]],
    ],
    { dtypes: ['int64'], gradient: 'none' },
  ),
};

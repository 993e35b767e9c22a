import { given, real } from '../case.js';
import { binary, unary } from './operands.js';
import type { ComposedRows } from './row.js';

export const specials: ComposedRows = {
  'special.ndtr': unary(
    (lg, x) => lg.special.ndtr(x),
    [
      [0, 1],
      [0.5, 0.8413447],
    ],
  ),
  'special.ndtri': unary(
    (lg, x) => lg.special.ndtri(x),
    [
      [0.5, 0.9],
      [0, 1.2815516],
    ],
    0.1,
    0.9,
    { gradient: 'first' },
  ),
  'special.logNdtr': unary(
    (lg, x) => lg.special.logNdtr(x),
    [
      [0, -10],
      [-0.6931472, -53.2312852],
    ],
  ),
  'special.entr': unary(
    (lg, x) => lg.special.entr(x),
    [
      [0, 1, 2],
      [0, 0, -1.3862944],
    ],
    0.2,
    2,
  ),
  'special.erfcx': unary(
    (lg, x) => lg.special.erfcx(x),
    [
      [0, 1, 20],
      [1, 0.4275836, 0.0281744],
    ],
  ),
  'special.i0e': unary(
    (lg, x) => lg.special.i0e(x),
    [
      [0, 1],
      [1, 0.4657596],
    ],
    -3,
    3,
    { kinks: [0] },
  ),
  'special.i1': unary(
    (lg, x) => lg.special.i1(x),
    [
      [0, 1],
      [0, 0.5651591],
    ],
    -3,
    3,
    { kinks: [0] },
  ),
  'special.i1e': unary(
    (lg, x) => lg.special.i1e(x),
    [
      [0, 1],
      [0, 0.2079104],
    ],
    -3,
    3,
    { kinks: [0] },
  ),
  'special.besselJ0': unary(
    (lg, x) => lg.special.besselJ0(x),
    [
      [0, 1],
      [1, 0.7651977],
    ],
    -9,
    9,
    { kinks: [0] },
  ),
  'special.besselJ1': unary(
    (lg, x) => lg.special.besselJ1(x),
    [
      [0, 1],
      [0, 0.4400506],
    ],
    -9,
    9,
    { kinks: [0] },
  ),
  'special.zeta': binary(
    (lg, a, b) => lg.special.zeta(a, b),
    [
      [2, 3],
      [1, 2],
      [1.6449341, 0.2020569],
    ],
    [given([2, 1], [2, 3.5]), real([4], 1, 2)],
  ),
  'special.xlog1py': binary(
    (lg, a, b) => lg.special.xlog1py(a, b),
    [
      [0, 2],
      [-1, 1],
      [0, 1.3862944],
    ],
    [real([3, 1], 1, 2), real([4], 0, 2)],
  ),
  'special.gammainc': binary(
    (lg, a, b) => lg.special.gammainc(a, b),
    [
      [1, 2],
      [1, 2],
      [0.6321206, 0.5939942],
    ],
    [given([2, 1], [2, 3.5]), real([4], 1, 2)],
  ),
  'special.gammaincc': binary(
    (lg, a, b) => lg.special.gammaincc(a, b),
    [
      [1, 2],
      [1, 2],
      [0.3678794, 0.4060058],
    ],
    [given([2, 1], [2, 3.5]), real([4], 1, 2)],
  ),
};

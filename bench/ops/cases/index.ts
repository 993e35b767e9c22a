import type { OpCase } from '../case.js';
import { dtypes } from './dtypes.js';
import { elementwise } from './elementwise.js';
import { indexing } from './indexing.js';
import { kernelCases } from './kernels/index.js';
import { layout } from './layout.js';
import { ordering } from './ordering.js';
import { reduction } from './reduction.js';

export const cases: readonly OpCase[] = [
  ...elementwise,
  ...reduction,
  ...indexing,
  ...ordering,
  ...layout,
  ...dtypes,
  ...kernelCases,
];

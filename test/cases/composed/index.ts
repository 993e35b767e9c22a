import { convolutions } from './conv.js';
import { cumulative } from './cumulative.js';
import { joining } from './join.js';
import { linear } from './linear.js';
import { linalgRows } from './linalg.js';
import { losses } from './loss.js';
import { reductions } from './reduction.js';
import { indexing } from './indexing.js';
import { sortings } from './sorting.js';
import { statistics } from './statistics.js';
import { views } from './view.js';
import { pools } from './pool.js';
import { resizing } from './resize.js';
import type { ComposedRow } from './row.js';

/** By the public name: `logsumexp`, `F.softplus`. */
export const composedRows: Readonly<Record<string, ComposedRow>> = {
  ...convolutions,
  ...cumulative,
  ...pools,
  ...resizing,
  ...indexing,
  ...joining,
  ...linear,
  ...linalgRows,
  ...losses,
  ...reductions,
  ...sortings,
  ...statistics,
  ...views,
};

export const composedList = Object.entries(composedRows);

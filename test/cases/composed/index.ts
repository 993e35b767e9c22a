import { cumulative } from './cumulative.js';
import { joining } from './join.js';
import { linear } from './linear.js';
import { distances } from './distance.js';
import { losses } from './loss.js';
import { lossRows } from './loss-rows.js';
import { lossValues } from './loss-values.js';
import { norms } from './norm.js';
import { reductions } from './reduction.js';
import { indexing } from './indexing.js';
import { views } from './view.js';
import type { ComposedRow } from './row.js';

/** By the public name: `logsumexp`, `F.softplus`. */
export const composedRows: Readonly<Record<string, ComposedRow>> = {
  ...cumulative,
  ...distances,
  ...indexing,
  ...joining,
  ...linear,
  ...losses,
  ...lossRows,
  ...lossValues,
  ...norms,
  ...reductions,
  ...views,
};

export const composedList = Object.entries(composedRows);

import { activations } from './activation.js';
import { cumulative } from './cumulative.js';
import { elementwise } from './elementwise.js';
import { joining } from './join.js';
import { linear } from './linear.js';
import { losses } from './loss.js';
import { reductions } from './reduction.js';
import { indexing } from './indexing.js';
import { views } from './view.js';
import { specials } from './special.js';
import type { ComposedRow } from './row.js';

/** By the public name: `logsumexp`, `F.softplus`. */
export const composedRows: Readonly<Record<string, ComposedRow>> = {
  ...activations,
  ...cumulative,
  ...elementwise,
  ...indexing,
  ...joining,
  ...linear,
  ...losses,
  ...reductions,
  ...specials,
  ...views,
};

export const composedList = Object.entries(composedRows);

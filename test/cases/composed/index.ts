import { convolutions } from './conv.js';
import { activations } from './activation.js';
import { cumulative } from './cumulative.js';
import { elementwise } from './elementwise.js';
import { joining } from './join.js';
import { linear } from './linear.js';
import { distances } from './distance.js';
import { linalgRows } from './linalg.js';
import { losses } from './loss.js';
import { lossMore } from './loss-more.js';
import { lossRows } from './loss-rows.js';
import { lossValues } from './loss-values.js';
import { norms } from './norm.js';
import { making } from './making.js';
import { placing } from './places.js';
import { rearranging } from './rearranging.js';
import { reductions } from './reduction.js';
import { indexing } from './indexing.js';
import { sortings } from './sorting.js';
import { statistics } from './statistics.js';
import { views } from './view.js';
import { pools } from './pool.js';
import { resizing } from './resize.js';
import { specials } from './special.js';
import { visionRows } from './vision.js';
import type { ComposedRow } from './row.js';

/** By the public name: `logsumexp`, `F.softplus`. */
export const composedRows: Readonly<Record<string, ComposedRow>> = {
  ...convolutions,
  ...cumulative,
  ...distances,
  ...pools,
  ...resizing,
  ...activations,
  ...elementwise,
  ...indexing,
  ...joining,
  ...linear,
  ...linalgRows,
  ...losses,
  ...lossMore,
  ...lossRows,
  ...lossValues,
  ...norms,
  ...making,
  ...placing,
  ...rearranging,
  ...reductions,
  ...sortings,
  ...statistics,
  ...specials,
  ...views,
  ...visionRows,
};

export const composedList = Object.entries(composedRows);

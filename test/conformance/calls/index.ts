import type { Row, Rows } from '../call.js';
import { baseName } from '../names.js';
import { activation } from './activation.js';
import { conv_ } from './conv.js';
import { convert } from './convert.js';
import { creation } from './creation.js';
import { elementwise } from './elementwise.js';
import { indexing } from './indexing.js';
import { linalg } from './linalg.js';
import { loss } from './loss.js';
import { matmul } from './matmul.js';
import { nnUtils } from './nn-utils.js';
import { norm } from './norm.js';
import { random } from './random.js';
import { reduction } from './reduction.js';
import { sort } from './sort.js';
import { view } from './view.js';

export const rows: Rows = {
  ...elementwise,
  ...activation,
  ...reduction,
  ...sort,
  ...indexing,
  ...view,
  ...creation,
  ...convert,
  ...matmul,
  ...linalg,
  ...conv_,
  ...norm,
  ...loss,
  ...random,
  ...nnUtils,
};

/** The row of an op; a variant (`round/decimals_3`) has that of its op, if none of its own. */
export function rowOf(op: string): Row | undefined {
  return rows[op] ?? rows[baseName(op)];
}

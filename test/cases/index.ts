import type { FusedName, PrimitiveName } from '../../lib/backend/op-schema.gen.js';
import { conv } from './conv.js';
import { activation } from './activation.js';
import { arithmetic } from './arithmetic.js';
import { creation } from './creation.js';
import { elementwise } from './elementwise.js';
import { attentions } from './attention.js';
import { fused } from './fused.js';
import { functions } from './functions.js';
import { indexing } from './indexing.js';
import { linalg } from './linalg.js';
import { linear } from './linear.js';
import { pool } from './pool.js';
import { reduction } from './reduction.js';
import { resampling } from './resample.js';
import { scans } from './scan.js';
import { sorting } from './sorting.js';
import { view } from './view.js';
import type { OpRow, RowOf } from './case.js';

/** storageView takes how its input lies in memory, which no row can say: test/ops/as-strided.test.ts. */
type Tested = Exclude<PrimitiveName, 'storageView'> | FusedName;

/**
 * Every op that is not internal: the type check fails where a primitive is missing, test/ops/table.test.ts for the others.
 * Internal ops are reached by gradients and in-place writes only, and tested as part of those.
 */
export const opRows = {
  ...conv,
  ...activation,
  ...arithmetic,
  ...creation,
  ...elementwise,
  ...attentions,
  ...fused,
  ...functions,
  ...indexing,
  ...linalg,
  ...linear,
  ...pool,
  ...reduction,
  ...resampling,
  ...scans,
  ...sorting,
  ...view,
} satisfies { readonly [Name in Tested]: RowOf<Name> };

/** The table as a list. The types of attributes were checked where the rows stand. */
export const rowList = Object.entries(opRows) as unknown as readonly [Tested, OpRow][];

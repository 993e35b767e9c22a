import type { OpName } from '../../lib/backend/op-schema.gen.js';
import { creation } from './creation.js';
import { elementwise } from './elementwise.js';
import { fused } from './fused.js';
import { indexing } from './indexing.js';
import { linear } from './linear.js';
import { reduction } from './reduction.js';
import { view } from './view.js';
import type { OpRow } from './case.js';

/** Ops without a row, each with the place of its tests. */
export const testedElsewhere = {
  viewScatter: 'internal; reached by in-place writes through views: test/autograd/in-place.test.ts',
} as const;

type Tested = Exclude<OpName, keyof typeof testedElsewhere>;

/** Every op of the schema: the type check fails where one is missing. */
export const opRows = {
  ...creation,
  ...elementwise,
  ...fused,
  ...indexing,
  ...linear,
  ...reduction,
  ...view,
} satisfies { readonly [Name in Tested]: OpRow<Name> };

/** The table as a list. The types of attributes were checked where the rows stand. */
export const rowList = Object.entries(opRows) as unknown as readonly [Tested, OpRow][];

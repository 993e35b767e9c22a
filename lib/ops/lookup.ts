import { backend } from '../backend/current.js';
import { checkNumber, noAttrs } from '../check.js';
import { noGrad } from '../grad-mode.js';
import type { Tensor } from '../tensor.js';
import { add, div, gt, mul, sub, where } from './binary.js';
import { detach, to } from './convert.js';
import { ones, zeros } from './creation.js';
import { gather, indexSelect, scatterAdd } from './indexing.js';
import { normOver } from './linalg/vector-norm.js';
import { unsqueeze } from './view.js';

// Rows of a table by index: what embedding and embeddingBag share. Indices come as one dim.

/** How often each of `count` rows is named. */
function occurrences(flat: Tensor, count: number): Tensor {
  const places = to(flat, 'int64');
  return scatterAdd(zeros([count], { dtype: 'int64' }), 0, places, ones(places.shape, { dtype: 'int64' }));
}

/** Scales down, in place, the rows that are named and have a norm above `most`. */
export function boundRows(op: string, weight: Tensor, flat: Tensor, most: number, p: number): void {
  checkNumber(op, 'maxNorm', most);
  checkNumber(op, 'normType', p);
  noGrad(() => {
    const norms = normOver(weight, p, { dim: 1, keepdim: false });
    const named = gt(occurrences(flat, weight.shape[0]!), 0);
    const scale = where(named, where(gt(norms, most), div(most, add(norms, 1e-7)), 1), 1);
    backend.runInPlace('mul', [weight, to(unsqueeze(scale, 1), weight.dtype)], noAttrs);
  });
}

/** x, with its gradient times `scale`. */
function withGradScaled(x: Tensor, scale: Tensor): Tensor {
  const here = detach(x);
  return add(here, mul(sub(x, here), scale));
}

/** The rows that `flat` names; the gradient of each divided by how often it is named, if so wanted. */
export function lookUp(flat: Tensor, weight: Tensor, scaleGradByFreq: boolean): Tensor {
  const rows = indexSelect(weight, 0, flat);
  if (!scaleGradByFreq) return rows;
  const counts = gather(occurrences(flat, weight.shape[0]!), 0, to(flat, 'int64'));
  return withGradScaled(rows, unsqueeze(div(1, to(counts, weight.dtype)), 1));
}

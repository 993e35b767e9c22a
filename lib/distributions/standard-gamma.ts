import { where } from '../ops/binary.js';
import { nonzero } from '../ops/counting.js';
import { indexSelect } from '../ops/indexing.js';
import { rand, randn } from '../ops/random.js';
import { indexCopy } from '../ops/scatter.js';
import { scoped } from '../scope.js';
import type { Tensor } from '../tensor.js';

/** One try rejects at most one lane of twenty: what is left after so many has no number in it (a concentration of NaN). */
const mostTries = 64;

/**
 * Logarithms of samples of the gamma distribution of rate 1, one for each concentration: those of small concentrations would
 * underflow themselves. Gives float64 for float64, else float32, without a gradient.
 *
 * G. Marsaglia and W. W. Tsang, "A simple method for generating gamma variables", 2000: with d = a - 1/3 and
 * v = (1 + z / √(9 d))³ of a standard normal z, d v is a sample if log u < z²/2 + d - d v + d log v. Lanes that are rejected draw
 * again. A concentration below 1 takes the sample of a + 1 times u^(1/a).
 */
export function logStandardGamma(given: Tensor): Tensor {
  const dtype = given.dtype === 'float64' ? 'float64' : 'float32';
  return scoped(() => {
    const concentration = given.to(dtype);
    const small = concentration.lt(1);
    const d = where(small, concentration.add(1), concentration)
      .sub(1 / 3)
      .reshape([-1]);
    let found = propose(d, dtype);
    let samples = found.logs;
    let pending: Tensor | undefined;
    for (let i = 1; i < mostTries; ++i) {
      const rejected = nonzero(found.accepted.logicalNot()).reshape([-1]);
      if (rejected.numel() === 0) break;
      pending = pending === undefined ? rejected : indexSelect(pending, 0, rejected);
      found = propose(indexSelect(d, 0, pending), dtype);
      samples = indexCopy(samples, 0, pending, found.logs);
    }
    const shaped = samples.reshape(concentration.shape);
    if (!small.any().item()) return shaped;
    const boost = rand(concentration.shape, { dtype }).neg().log1p().div(concentration);
    return where(small, shaped.add(boost), shaped);
  });
}

/** Candidates log(d v), and which of them are samples. */
function propose(d: Tensor, dtype: 'float32' | 'float64'): { logs: Tensor; accepted: Tensor } {
  const z = randn(d.shape, { dtype });
  // NaN where 1 + z / √(9 d) is negative, which no comparison accepts.
  const logV = z.div(d.mul(9).sqrt()).log1p().mul(3);
  const limit = z
    .square()
    .mul(0.5)
    .add(d.mul(logV.sub(logV.exp()).add(1)));
  return {
    logs: d.log().add(logV),
    accepted: rand(d.shape, { dtype }).neg().log1p().lt(limit),
  };
}

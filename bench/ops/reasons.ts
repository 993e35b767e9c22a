import type { OpsRow } from './report.js';

// Why a case is below the bar, by what bounds it. The first that matches its name holds.
const reasons: readonly (readonly [RegExp, string])[] = [
  [
    /^(igamma|zeta|polygamma)/,
    'computing: series in float64, as many terms as the slowest lane of a vector takes',
  ],
  [
    /^(bessel|i0|i1|digamma|lgamma|erfcx|erfinv|ndtri|logNdtr|ndtr|sinc|logaddexp|softplus|logsigmoid|erfc|a?cosh|a?sinh|atanh|mish)/,
    'computing: in float64, two half vectors of fifty or so instructions each',
  ],
  [/^(gcd|lcm)/, 'computing: as many steps as the slowest lane of a vector takes'],
  [/^(floorDivide|remainder|fmod|truncDivide)/, 'computing: divisions'],
  [/^(exp|gelu), float64/, 'computing: float64 functions have half the lanes and longer series'],
  [/^norm, p = 3/, 'computing: a power of each element, in passes'],
  [/^(logsumexp|softmax|logSoftmax)/, 'computing: exponentials'],
  [/^(logcumsumexp|mode|median|kthvalue|quantile|sort|argsort|topk)/, 'computing: several steps an element'],
  [/^(cumsum|cumprod|cummax|cummin)/, 'a chain: each element waits for the last'],
  [
    /^(gather|take|scatter|index|F.embedding|takeAlong)/,
    'places: each element touches a cache line of its own',
  ],
  [/^(searchsorted|bucketize|isin,)/, 'searching: ten steps an element'],
  [
    /^(unique|nonzero|masked|bincount|histc|repeatInterleave|diff|dist|allclose|equal)/,
    'composed: several passes',
  ],
  [/^(aminmax|nanmean)/, 'composed: two passes'],
  [/every second/, 'touches every cache line, of which half is counted'],
  [/transposed/, 'cache lines at strides of 16 KB'],
];

/** One sentence for the table. */
export function reasonFor(row: OpsRow): string {
  const found = reasons.find(([pattern]) => pattern.test(row.name));
  if (found) return found[1];
  return row.group === 'elementwise' ? 'computing: more instructions an element than memory takes' : '';
}

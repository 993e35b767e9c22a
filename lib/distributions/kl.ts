import { describe } from '../check.js';
import { ValueError } from '../errors.js';
import { where } from '../ops/binary.js';
import { scoped } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { Bernoulli } from './bernoulli.js';
import { Beta, logBeta } from './beta.js';
import { Categorical } from './categorical.js';
import { Distribution } from './distribution.js';
import { Exponential } from './exponential.js';
import { Gamma } from './gamma.js';
import { Geometric } from './geometric.js';
import { Laplace } from './laplace.js';
import { Normal } from './normal.js';
import { Poisson } from './poisson.js';
import { exactSoftplus } from './trials.js';
import { Uniform } from './uniform.js';

type Rule = (p: Distribution, q: Distribution) => Tensor | undefined;

/** The formula of a family, which applies if both are of it. */
function rule<D extends Distribution>(
  family: abstract new (...args: never[]) => D,
  formula: (p: D, q: D) => Tensor,
): Rule {
  return (p, q) => (p instanceof family && q instanceof family ? formula(p, q) : undefined);
}

const rules: readonly Rule[] = [
  rule(Normal, (p, q) => {
    const ratio = p.scale.div(q.scale).square();
    const distance = p.loc.sub(q.loc).div(q.scale).square();
    return ratio.add(distance).sub(1).sub(ratio.log()).mul(0.5);
  }),
  rule(Bernoulli, (p, q) => {
    const one = termOf(p.probs, q.probs, exactSoftplus(q.logits.neg()).sub(exactSoftplus(p.logits.neg())));
    const zero = termOf(
      p.probs.neg().add(1),
      q.probs.neg().add(1),
      exactSoftplus(q.logits).sub(exactSoftplus(p.logits)),
    );
    return one.add(zero);
  }),
  rule(Categorical, (p, q) => termOf(p.probs, q.probs, p.logits.sub(q.logits)).sum({ dim: -1 })),
  rule(Exponential, (p, q) => {
    const ratio = q.rate.div(p.rate);
    return ratio.sub(ratio.log()).sub(1);
  }),
  rule(Gamma, (p, q) =>
    q.concentration
      .mul(p.rate.div(q.rate).log())
      .add(q.concentration.lgamma())
      .sub(p.concentration.lgamma())
      .add(p.concentration.sub(q.concentration).mul(p.concentration.digamma()))
      .add(q.rate.sub(p.rate).mul(p.concentration.div(p.rate))),
  ),
  rule(Beta, (p, q) => {
    const [a, b] = [p.concentration1, p.concentration0];
    const [c, d] = [q.concentration1, q.concentration0];
    return logBeta(c, d)
      .sub(logBeta(a, b))
      .add(a.sub(c).mul(a.digamma()))
      .add(b.sub(d).mul(b.digamma()))
      .sub(a.add(b).sub(c).sub(d).mul(a.add(b).digamma()));
  }),
  rule(Uniform, (p, q) => {
    const ratio = q.high.sub(q.low).div(p.high.sub(p.low));
    return where(q.low.gt(p.low).logicalOr(q.high.lt(p.high)), Infinity, ratio.log());
  }),
  rule(Laplace, (p, q) => {
    const ratio = p.scale.div(q.scale);
    const distance = p.loc.sub(q.loc).abs();
    return distance
      .div(q.scale)
      .add(ratio.mul(distance.div(p.scale).neg().exp()))
      .sub(ratio.log())
      .sub(1);
  }),
  rule(Poisson, (p, q) => termOf(p.rate, q.rate, p.rate.log().sub(q.rate.log())).sub(p.rate.sub(q.rate))),
  rule(Geometric, (p, q) => p.entropy().neg().sub(q.probs.neg().log1p().div(p.probs)).sub(q.logits)),
];

/** p times the log ratio: 0 where p is 0, else infinite where q is. */
function termOf(p: Tensor, q: Tensor, logRatio: Tensor): Tensor {
  return where(p.eq(0), 0, where(q.eq(0), Infinity, p.mul(logRatio)));
}

/**
 * The Kullback-Leibler divergence of two distributions of one family, Σ or ∫ p log(p / q), in nats. PyTorch's `kl_divergence`.
 *
 * Families: Normal, Bernoulli, Categorical, Exponential, Gamma, Beta, Uniform, Laplace, Poisson, Geometric. Gives the batch
 * shapes, broadcast; gradients flow to the parameters of both.
 * @throws ValueError for two of different families, or of one that has no formula here.
 * @throws ShapeError if the batch shapes do not broadcast.
 * @example
 * import { distributions } from 'lanegrad';
 * const { klDivergence, Normal } = distributions;
 * klDivergence(new Normal(0, 1), new Normal(2, 1)).item(); // => 2
 */
export function klDivergence(p: Distribution, q: Distribution): Tensor {
  checkDistribution('p', p);
  checkDistribution('q', q);
  return scoped(() => {
    for (const apply of rules) {
      const found = apply(p, q);
      if (found !== undefined) return found;
    }
    throw new ValueError(
      `[klDivergence] got ${p.constructor.name} and ${q.constructor.name}, wanted two of one family with a closed form`,
    );
  });
}

function checkDistribution(name: string, value: unknown): void {
  if (!(value instanceof Distribution)) {
    throw new ValueError(`[klDivergence] ${name}: got ${describe(value)}, wanted a distribution`);
  }
}

import { checkFunction } from '../scope.js';
import { checkRange } from '../check.js';
import type { AnyModule } from '../nn/module.js';
import type { Tensor } from '../tensor.js';

export interface DecayGroup {
  params: Tensor[];
  weightDecay: number;
}

/**
 * Splits the parameters of a model into those that decay and those that do not, as two groups for an optimizer. Vectors and
 * scalars (biases, the weights of norms) do not decay, unless `decays` says otherwise. A group without parameters is left out.
 *
 * @param weightDecay Of those that decay.
 * @param decays Whether a parameter decays, from its name and itself. Default those of two dims and more.
 * @throws ValueError for a decay below 0.
 * @example
 * import { nn, optim } from 'lanegrad';
 * const model = new nn.Sequential(new nn.Linear(4, 8), new nn.LayerNorm(8));
 * const groups = optim.decayGroups(model, 0.1);
 * groups.map(({ params, weightDecay }) => [params.length, weightDecay]); // => [[1, 0.1], [3, 0]]
 * const optimizer = new optim.AdamW(groups, { lr: 1e-3 });
 */
export function decayGroups(
  model: AnyModule,
  weightDecay: number,
  decays: (name: string, param: Tensor) => boolean = (_, param) => param.shape.length > 1,
): DecayGroup[] {
  checkRange('decayGroups', 'weightDecay', weightDecay, 0, Infinity);
  checkFunction('decayGroups', decays);
  const groups: DecayGroup[] = [
    { params: [], weightDecay },
    { params: [], weightDecay: 0 },
  ];
  for (const [name, param] of model.namedParameters())
    groups[decays(name, param) ? 0 : 1]!.params.push(param);
  return groups.filter(({ params }) => params.length > 0);
}

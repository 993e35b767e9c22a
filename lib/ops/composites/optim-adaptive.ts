import type { OpInput } from '../../backend/backend.js';
import type { OpAttrs } from '../../backend/op-schema.gen.js';
import { noGrad } from '../../grad-mode.js';
import { scoped } from '../../scope.js';
import type { Tensor } from '../../tensor.js';
import { where } from '../binary.js';
import { entry, follow, forEachParam, numbersFrom, state } from './optim-step.js';

type Inputs = readonly OpInput<Tensor>[];
type Four = [number, number, number, number];
type Five = [...Four, number];

/** RMSprop (Hinton, 2012) as PyTorch has it, eps outside of the root; with `centered` by the variance (Graves, 2013). */
export function rmspropStep(inputs: Inputs, { centered, maximize }: OpAttrs['rmspropStep']): Tensor[] {
  const [lr, alpha, eps, weightDecay, momentum] = numbersFrom(inputs, 5) as Five;
  forEachParam(inputs, 4, { weightDecay, maximize }, ({ param, grad, i }) => {
    const square = follow(state(inputs[1], i), grad.square(), alpha);
    const variance = centered ? square.sub(follow(state(inputs[2], i), grad, alpha).square()) : square;
    let update = grad.div(variance.sqrt().add_(eps));
    if (momentum !== 0) update = state(inputs[3], i).mul_(momentum).add_(update);
    param.sub_(update.mul(lr));
  });
  return [];
}

/** Adagrad (Duchi, Hazan and Singer, 2011): sum += g², param -= lr / (1 + (t - 1) lrDecay) g / (sqrt(sum) + eps). */
export function adagradStep(inputs: Inputs, { maximize }: OpAttrs['adagradStep']): Tensor[] {
  const [lr, lrDecay, weightDecay, initial, eps] = numbersFrom(inputs, 3) as Five;
  forEachParam(inputs, 2, { weightDecay, maximize }, ({ param, grad, step, i }) => {
    const sum = state(inputs[1], i);
    if (step === 1) sum.fill_(initial);
    sum.add_(grad.square());
    param.sub_(grad.div(sum.sqrt().add_(eps)).mul_(lr / (1 + (step - 1) * lrDecay)));
  });
  return [];
}

/** Adadelta (Zeiler, 2012): delta = sqrt(deltas² + eps) / sqrt(grads² + eps) g, both squares running means; param -= lr delta. */
export function adadeltaStep(inputs: Inputs, { maximize }: OpAttrs['adadeltaStep']): Tensor[] {
  const [lr, rho, eps, weightDecay] = numbersFrom(inputs, 4) as Four;
  forEachParam(inputs, 3, { weightDecay, maximize }, ({ param, grad, i }) => {
    const square = follow(state(inputs[1], i), grad.square(), rho);
    const deltas = state(inputs[2], i);
    const delta = deltas.add(eps).sqrt_().div_(square.add(eps).sqrt_()).mul_(grad);
    follow(deltas, delta.square(), rho);
    param.sub_(delta.mul_(lr));
  });
  return [];
}

/**
 * Averaged SGD (Polyak and Juditsky, 1992) as PyTorch has it: param -= eta (lambd param + g); ax += mu (param - ax); then
 * eta = lr / (1 + lambd lr t)^alpha and mu = 1 / max(1, t - t0) for the next step.
 */
export function asgdStep(inputs: Inputs, { maximize }: OpAttrs['asgdStep']): Tensor[] {
  const [lr, lambd, alpha, t0, weightDecay] = numbersFrom(inputs, 5) as Five;
  forEachParam(inputs, 2, { weightDecay, maximize }, ({ param, grad, step, i }) => {
    const [etas, mus] = [entry(inputs[3], i), entry(inputs[4], i)];
    if (step === 1) {
      etas.fill_(lr);
      mus.fill_(1);
    }
    const [eta, mu] = [Number(etas.item()), Number(mus.item())];
    param.mul_(1 - lambd * eta).sub_(grad.mul(eta));
    const average = state(inputs[1], i);
    if (mu === 1) average.copy_(param);
    else average.add_(param.sub(average).mul_(mu));
    etas.fill_(lr / (1 + lambd * lr * step) ** alpha);
    mus.fill_(1 / Math.max(1, step - t0));
  });
  return [];
}

/**
 * Rprop (Riedmiller and Braun, 1993) as PyTorch has it: a size for each element, times etaPlus where the gradient kept its
 * sign and etaMinus where it changed (there the element stays); param -= size sign(g).
 */
export function rpropStep(inputs: Inputs, { maximize }: OpAttrs['rpropStep']): Tensor[] {
  const [lr, minus, plus, min, max] = numbersFrom(inputs, 4) as Five;
  forEachParam(inputs, 3, { weightDecay: 0, maximize }, ({ param, grad, step, i }) => {
    const [former, size] = [state(inputs[1], i), state(inputs[2], i)];
    if (step === 1) size.fill_(lr);
    const agreement = grad.sign().mul_(former.sign());
    const turned = agreement.lt(0);
    const factor = where(agreement.gt(0), plus, where(turned, minus, agreement.mul(0).add_(1)));
    size.mul_(factor).clamp_({ min, max });
    former.copy_(where(turned, 0, grad));
    param.sub_(former.sign().mul_(size));
  });
  return [];
}

/** averages += weight (values - averages), tensor by tensor. */
export function averageStep(inputs: Inputs): Tensor[] {
  const [averages, values] = inputs as readonly [readonly Tensor[], readonly Tensor[]];
  const [weight] = numbersFrom(inputs, 2) as [number];
  noGrad(() => {
    averages.forEach((average, i) => {
      // At first there is nothing to keep of: the value, exactly.
      if (weight === 1) average.copy_(values[i]!);
      else scoped(() => void average.add_(values[i]!.sub(average).mul_(weight)));
    });
  });
  return [];
}

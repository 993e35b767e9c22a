import type { OpInput } from '../../backend/backend.js';
import type { OpAttrs } from '../../backend/op-schema.gen.js';
import type { Tensor } from '../../tensor.js';
import { entry, follow, forEachParam, numbersFrom, state } from './optim-step.js';

type Inputs = readonly OpInput<Tensor>[];
type Two = [number, number];
type Four = [...Two, ...Two];
type Five = [...Four, number];

/**
 * Stochastic gradient descent with momentum (Sutskever et al., 2013) as PyTorch has it:
 * d = grad + weightDecay param; buffer = momentum buffer + (1 - dampening) d (d itself at the first step);
 * param -= lr (nesterov ? d + momentum buffer : buffer).
 */
export function sgdStep(inputs: Inputs, { nesterov, maximize }: OpAttrs['sgdStep']): Tensor[] {
  const [lr, momentum, dampening, weightDecay] = numbersFrom(inputs, 3) as Four;
  forEachParam(inputs, 2, { weightDecay, maximize }, ({ param, grad, step, i }) => {
    let d = grad;
    if (momentum !== 0) {
      const buffer = state(inputs[1], i);
      if (step === 1) buffer.copy_(d);
      else buffer.mul_(momentum).add_(dampening === 0 ? d : d.mul(1 - dampening));
      d = nesterov ? d.add(buffer.mul(momentum)) : buffer;
    }
    param.sub_(d.mul(lr));
  });
  return [];
}

/**
 * Adam (Kingma and Ba, 2015), and with `decoupled` AdamW (Loshchilov and Hutter, 2019), as PyTorch has them:
 * m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g²;
 * param -= lr / (1 - beta1ᵗ) m / (sqrt(v) / sqrt(1 - beta2ᵗ) + eps).
 */
export function adamStep(inputs: Inputs, { decoupled, amsgrad, maximize }: OpAttrs['adamStep']): Tensor[] {
  const [lr, beta1, beta2, eps, weightDecay] = numbersFrom(inputs, 5) as Five;
  const penalty = { weightDecay, maximize, lr: decoupled ? lr : undefined };
  forEachParam(inputs, 4, penalty, ({ param, grad, step, i }) => {
    const mean = follow(state(inputs[1], i), grad, beta1);
    const square = follow(state(inputs[2], i), grad.square(), beta2);
    let second = square;
    if (amsgrad) {
      second = state(inputs[3], i);
      second.copy_(second.maximum(square));
    }
    const denominator = second
      .sqrt()
      .div_(Math.sqrt(1 - beta2 ** step))
      .add_(eps);
    param.sub_(mean.div(denominator).mul_(lr / (1 - beta1 ** step)));
  });
  return [];
}

/**
 * NAdam (Dozat, 2016) as PyTorch has it, mu = beta1 (1 - 0.96^(t momentumDecay) / 2): param -=
 * lr ((1 - mu) / (1 - Πmu) g + mu' / (1 - Πmu mu') m) / (sqrt(v / (1 - beta2ᵗ)) + eps), mu' that of the next step.
 */
export function nadamStep(inputs: Inputs, { decoupled, maximize }: OpAttrs['nadamStep']): Tensor[] {
  const [lr, beta1, beta2, eps, weightDecay, momentumDecay] = numbersFrom(inputs, 5) as [...Five, number];
  const momentumAt = (t: number) => beta1 * (1 - 0.5 * 0.96 ** (t * momentumDecay));
  const penalty = { weightDecay, maximize, lr: decoupled ? lr : undefined };
  forEachParam(inputs, 3, penalty, ({ param, grad, step, i }) => {
    const [mu, next] = [momentumAt(step), momentumAt(step + 1)];
    const products = entry(inputs[4], i);
    if (step === 1) products.fill_(1);
    const product = Number(products.mul_(mu).item());
    const mean = follow(state(inputs[1], i), grad, beta1);
    const square = follow(state(inputs[2], i), grad.square(), beta2);
    const denominator = square
      .div(1 - beta2 ** step)
      .sqrt_()
      .add_(eps);
    const alongGrad = grad.mul((lr * (1 - mu)) / (1 - product));
    const alongMean = mean.mul((lr * next) / (1 - product * next));
    param.sub_(alongGrad.add_(alongMean).div_(denominator));
  });
  return [];
}

/**
 * RAdam (Liu et al., 2020) as PyTorch has it: Adam's step times the rectification of its variance where more than 5 steps
 * stand behind it, else a step along the mean.
 */
export function radamStep(inputs: Inputs, { decoupled, maximize }: OpAttrs['radamStep']): Tensor[] {
  const [lr, beta1, beta2, eps, weightDecay] = numbersFrom(inputs, 4) as Five;
  const penalty = { weightDecay, maximize, lr: decoupled ? lr : undefined };
  forEachParam(inputs, 3, penalty, ({ param, grad, step, i }) => {
    const mean = follow(state(inputs[1], i), grad, beta1);
    const square = follow(state(inputs[2], i), grad.square(), beta2);
    const correction = 1 - beta2 ** step;
    const most = 2 / (1 - beta2) - 1;
    const length = most - (2 * step * beta2 ** step) / correction;
    let update = mean.mul(lr / (1 - beta1 ** step));
    if (length > 5) {
      const rectification = ((length - 4) * (length - 2) * most) / ((most - 4) * (most - 2) * length);
      update = update.mul_(Math.sqrt(correction * rectification)).div_(square.sqrt().add_(eps));
    }
    param.sub_(update);
  });
  return [];
}

/** Adamax (Kingma and Ba, 2015): m as in Adam, u = max(beta2 u, |g| + eps), param -= lr / (1 - beta1ᵗ) m / u. */
export function adamaxStep(inputs: Inputs, { maximize }: OpAttrs['adamaxStep']): Tensor[] {
  const [lr, beta1, beta2, eps, weightDecay] = numbersFrom(inputs, 4) as Five;
  forEachParam(inputs, 3, { weightDecay, maximize }, ({ param, grad, step, i }) => {
    const mean = follow(state(inputs[1], i), grad, beta1);
    const norm = state(inputs[2], i);
    norm.copy_(norm.mul(beta2).maximum(grad.abs().add_(eps)));
    param.sub_(mean.div(norm).mul_(lr / (1 - beta1 ** step)));
  });
  return [];
}

/**
 * LAMB (You et al., 2020) as optax has it: u = Adam's direction + weightDecay param; param -= lr |param| / |u| u, the ratio 1
 * where a norm is 0.
 */
export function lambStep(inputs: Inputs, { maximize }: OpAttrs['lambStep']): Tensor[] {
  const [lr, beta1, beta2, eps, weightDecay] = numbersFrom(inputs, 4) as Five;
  forEachParam(inputs, 3, { weightDecay: 0, maximize }, ({ param, grad, step, i }) => {
    const mean = follow(state(inputs[1], i), grad, beta1);
    const square = follow(state(inputs[2], i), grad.square(), beta2);
    const denominator = square
      .sqrt()
      .div_(Math.sqrt(1 - beta2 ** step))
      .add_(eps);
    const update = mean
      .div(1 - beta1 ** step)
      .div_(denominator)
      .add_(param.mul(weightDecay));
    const [size, length] = [Number(param.norm().item()), Number(update.norm().item())];
    param.sub_(update.mul_(size === 0 || length === 0 ? lr : (lr * size) / length));
  });
  return [];
}

/** Lion (Chen et al., 2023): param -= lr sign(beta1 m + (1 - beta1) g), after decay; then m = beta2 m + (1 - beta2) g. */
export function lionStep(inputs: Inputs, { maximize }: OpAttrs['lionStep']): Tensor[] {
  const [lr, beta1, beta2, weightDecay] = numbersFrom(inputs, 3) as Four;
  forEachParam(inputs, 2, { weightDecay, maximize, lr }, ({ param, grad, i }) => {
    const mean = state(inputs[1], i);
    param.sub_(
      mean
        .mul(beta1)
        .add_(grad.mul(1 - beta1))
        .sign_()
        .mul_(lr),
    );
    follow(mean, grad, beta2);
  });
  return [];
}

import type { OpInput } from '../../backend/backend.js';
import { backend } from '../../backend/current.js';
import type { OpAttrs } from '../../backend/op-schema.gen.js';
import { noAttrs } from '../../check.js';
import { noGrad } from '../../grad-mode.js';
import { scoped } from '../../scope.js';
import type { Tensor } from '../../tensor.js';
import { narrow } from '../view.js';

type Step = OpInput<Tensor>[];

const run = (op: 'add' | 'sub' | 'mul' | 'div' | 'maximum', a: Tensor, b: Tensor | number): Tensor =>
  backend.run1(op, [a, b], noAttrs);
const write = (op: 'add' | 'sub' | 'mul' | 'div', a: Tensor, b: Tensor | number): void =>
  backend.runInPlace(op, [a, b], noAttrs);

const value = (scalar: Tensor): number => Number(backend.read(scalar)[0]);

/** Calls `update` for every parameter with a gradient, its step counted up, each in a scope of its own. */
function forEachParam(
  params: readonly Tensor[],
  steps: Tensor,
  update: (i: number, param: Tensor, grad: Tensor, step: number) => void,
): void {
  noGrad(() => {
    for (const [i, param] of params.entries()) {
      scoped(() => {
        const grad = backend.getGrad(param);
        if (!grad) return;
        const step = narrow(steps, 0, i, 1);
        write('add', step, 1);
        update(i, param, grad, value(step));
      });
    }
  });
}

/**
 * Stochastic gradient descent with momentum (Sutskever et al., 2013) as PyTorch has it:
 * d = grad + weightDecay param; buffer = momentum buffer + (1 - dampening) d (d itself at the first step);
 * param -= lr (nesterov ? d + momentum buffer : buffer).
 */
export function sgdStep(inputs: readonly OpInput<Tensor>[], attrs: OpAttrs['sgdStep']): Tensor[] {
  const [params, buffers, steps, ...rest] = inputs as [Tensor[], Tensor[], Tensor, ...Step];
  const [lr, momentum, dampening, weightDecay] = (rest as Tensor[]).map(value) as [
    number,
    number,
    number,
    number,
  ];
  forEachParam(params, steps, (i, param, grad, step) => {
    let d = attrs.maximize ? backend.run1('neg', [grad], noAttrs) : grad;
    if (weightDecay !== 0) d = run('add', d, run('mul', param, weightDecay));
    if (momentum !== 0) {
      const buffer = buffers[i]!;
      if (step === 1) {
        backend.runInPlace('copy', [buffer, d], noAttrs);
      } else {
        write('mul', buffer, momentum);
        write('add', buffer, dampening === 0 ? d : run('mul', d, 1 - dampening));
      }
      d = attrs.nesterov ? run('add', d, run('mul', buffer, momentum)) : buffer;
    }
    write('sub', param, run('mul', d, lr));
  });
  return [];
}

/**
 * Adam (Kingma and Ba, 2015), and with `decoupled` AdamW (Loshchilov and Hutter, 2019), as PyTorch has them:
 * m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g²;
 * param -= lr / (1 - beta1ᵗ) m / (sqrt(v) / sqrt(1 - beta2ᵗ) + eps).
 */
export function adamStep(inputs: readonly OpInput<Tensor>[], attrs: OpAttrs['adamStep']): Tensor[] {
  const [params, means, squares, maxima, steps, ...rest] = inputs as [
    Tensor[],
    Tensor[],
    Tensor[],
    Tensor[],
    Tensor,
    ...Step,
  ];
  const [lr, beta1, beta2, eps, weightDecay] = (rest as Tensor[]).map(value) as [
    number,
    number,
    number,
    number,
    number,
  ];
  forEachParam(params, steps, (i, param, rawGrad, step) => {
    let grad = attrs.maximize ? backend.run1('neg', [rawGrad], noAttrs) : rawGrad;
    if (weightDecay !== 0) {
      if (attrs.decoupled) write('mul', param, 1 - lr * weightDecay);
      else grad = run('add', grad, run('mul', param, weightDecay));
    }
    const mean = means[i]!;
    const square = squares[i]!;
    write('mul', mean, beta1);
    write('add', mean, run('mul', grad, 1 - beta1));
    write('mul', square, beta2);
    const squared = backend.run1('square', [grad], noAttrs);
    write('mul', squared, 1 - beta2);
    write('add', square, squared);
    let second = square;
    if (attrs.amsgrad) {
      const maximum = maxima[i]!;
      backend.runInPlace('maximum', [maximum, square], noAttrs);
      second = maximum;
    }
    const denominator = backend.run1('sqrt', [second], noAttrs);
    write('div', denominator, Math.sqrt(1 - beta2 ** step));
    write('add', denominator, eps);
    const update = run('div', mean, denominator);
    write('mul', update, lr / (1 - beta1 ** step));
    write('sub', param, update);
  });
  return [];
}

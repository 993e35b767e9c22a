import type { OpInput } from '../../backend/backend.js';
import type { OpAttrs } from '../../backend/op-schema.gen.js';
import { backend } from '../../backend/current.js';
import type { Tensor } from '../../tensor.js';
import { follow, forEachParam, numbersFrom, state } from './optim-step.js';

// The optimizers that see a parameter as a matrix.

type Inputs = readonly OpInput<Tensor>[];
type Four = [number, number, number, number];

/**
 * Adafactor (Shazeer and Stern, 2018) as PyTorch has it: second moments of matrices by those of their rows and columns;
 * steps go with the size of the parameter and are clipped by the root mean square of the update.
 */
export function adafactorStep(inputs: Inputs, { leastSize, maximize }: OpAttrs['adafactorStep']): Tensor[] {
  const [lr, beta2Decay, d, weightDecay] = numbersFrom(inputs, 6) as Four;
  const least = backend.read(inputs[5] as Tensor) as Float64Array;
  forEachParam(inputs, 4, { weightDecay: 0, maximize }, ({ param, grad, step, i }) => {
    const weight = step ** beta2Decay;
    const length = Math.max(rootMeanSquare(param), leastSize) * Math.min(lr, 1 / Math.sqrt(step));
    param.mul_(1 - lr * weightDecay);
    const moments =
      param.ndim > 1
        ? factored(grad, state(inputs[1], i), state(inputs[2], i), weight, least[i]!)
        : follow(state(inputs[3], i), grad.square(), 1 - weight);
    const update = grad.div(moments.clamp({ min: least[i]! ** 2 }).sqrt());
    param.sub_(update.mul(length / Math.max(rootMeanSquare(update) / d, 1)));
  });
  return [];
}

function rootMeanSquare(x: Tensor): number {
  return Math.sqrt(Number(x.square().mean().item()));
}

/** The outer product of the means of rows and columns, over the mean of all. */
function factored(grad: Tensor, row: Tensor, column: Tensor, weight: number, least: number): Tensor {
  const squares = grad.square();
  follow(row, squares.mean({ dim: -1, keepdim: true }), 1 - weight);
  follow(column, squares.mean({ dim: -2, keepdim: true }), 1 - weight);
  return row.div(row.mean({ dim: -2, keepdim: true }).clamp({ min: least })).mul(column);
}

/**
 * Muon (Jordan et al., 2024) as PyTorch has it: buffer += (1 - momentum) (g - buffer); along its direction, made nearly
 * orthogonal, goes a step of lr sqrt(max(1, rows / columns)), or with `matchAdam` lr 0.2 sqrt(max(rows, columns)).
 */
export function muonStep(inputs: Inputs, { nesterov, iterations, matchAdam }: OpAttrs['muonStep']): Tensor[] {
  const [lr, weightDecay, momentum, a, b, c, eps] = numbersFrom(inputs, 3) as [...Four, ...Coefficients];
  forEachParam(inputs, 2, { weightDecay, maximize: false, lr }, ({ param, grad, i }) => {
    const buffer = follow(state(inputs[1], i), grad, momentum);
    const along = nesterov ? grad.add(buffer.sub(grad).mul_(momentum)) : buffer;
    const [rows, columns] = param.shape as [number, number];
    const ratio = matchAdam
      ? 0.2 * Math.sqrt(Math.max(rows, columns))
      : Math.sqrt(Math.max(1, rows / columns));
    param.sub_(orthogonal(along, [a, b, c], eps, iterations).mul(lr * ratio));
  });
  return [];
}

type Coefficients = [number, number, number];

/** Nearly the orthogonal factor of a matrix: x = (a + b g + c g g) x with g = x xᵀ, on the shorter side. */
function orthogonal(matrix: Tensor, [a, b, c]: Coefficients, eps: number, count: number): Tensor {
  const narrow = matrix.dtype === 'float16' || matrix.dtype === 'bfloat16';
  const given = narrow ? matrix.float() : matrix;
  const tall = matrix.shape[0]! > matrix.shape[1]!;
  let x = tall ? given.t() : given;
  x = x.div(Math.max(Number(x.norm().item()), eps));
  for (let i = 0; i < count; ++i) {
    const gram = x.matmul(x.t());
    const factor = gram.matmul(gram).mul_(c).add_(gram.mul(b));
    factor.diagonal().add_(a);
    x = factor.matmul(x);
  }
  return tall ? x.t() : x;
}

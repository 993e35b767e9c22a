import { checkInt, checkInts } from '../check.js';
import { flatten, unflatten } from '../ops/view.js';
import { checkFunction } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { Module } from './module.js';

/**
 * Joins the dims from startDim to endDim, both included. By default all but the first: [N, C, H, W] gives [N, C * H * W].
 *
 * @throws ValueError if a dim is not an integer.
 * @throws IndexError from `forward`, for a dim out of range.
 * @example
 * import { nn, zeros } from 'lanegrad';
 * new nn.Flatten().forward(zeros([2, 3, 4, 5])).shape; // => [2, 60]
 */
export class Flatten extends Module {
  constructor(
    readonly startDim = 1,
    readonly endDim = -1,
  ) {
    super();
    checkInt('Flatten', 'startDim', startDim);
    checkInt('Flatten', 'endDim', endDim);
  }

  forward(x: Tensor): Tensor {
    return flatten(x, this.startDim, this.endDim);
  }
}

/**
 * Splits one dim into several: the inverse of {@link Flatten}. See {@link unflatten}.
 *
 * x: [..., D, ...]; gives [..., ...unflattenedSize, ...], of which one size may be -1.
 * @throws ValueError if dim or a size is not an integer.
 * @throws ShapeError from `forward`, if the product of the sizes is not D; IndexError for a dim out of range.
 * @example
 * import { nn, zeros } from 'lanegrad';
 * new nn.Unflatten(1, [3, -1]).forward(zeros([2, 12])).shape; // => [2, 3, 4]
 */
export class Unflatten extends Module {
  constructor(
    readonly dim: number,
    readonly unflattenedSize: readonly number[],
  ) {
    super();
    checkInt('Unflatten', 'dim', dim);
    checkInts('Unflatten', 'unflattenedSize', unflattenedSize);
  }

  forward(x: Tensor): Tensor {
    return unflatten(x, this.dim, this.unflattenedSize);
  }
}

/**
 * Gives what it takes: a place for a layer that may be absent.
 *
 * @example
 * import { nn, tensor } from 'lanegrad';
 * new nn.Identity().forward(tensor([1, 2])).tolist(); // => [1, 2]
 */
export class Identity<T = Tensor> extends Module<[T], T> {
  forward(x: T): T {
    return x;
  }
}

/**
 * A function as a layer, for what needs no parameters. Not in PyTorch.
 *
 * @throws ValueError for what is not a function.
 * @example
 * import { nn, tensor, type Tensor } from 'lanegrad';
 * const net = new nn.Sequential(new nn.Lambda((x: Tensor) => x.mul(2)), new nn.ReLU());
 * net.forward(tensor([-1.5, 2])).tolist(); // => [0, 4]
 */
export class Lambda<In extends unknown[] = [Tensor], Out = Tensor> extends Module<In, Out> {
  constructor(readonly fn: (...inputs: In) => Out) {
    super();
    checkFunction('Lambda', fn);
  }

  forward(...inputs: In): Out {
    return this.fn(...inputs);
  }
}

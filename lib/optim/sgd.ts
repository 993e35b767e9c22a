import { checkFlag, checkNumber, checkRange } from '../check.js';
import { ValueError } from '../errors.js';
import { runComposite } from '../ops/composite.js';
import type { Tensor } from '../tensor.js';
import { NumberCell } from './number-cell.js';
import { Optimizer } from './optimizer.js';
import type { Params } from './optimizer.js';
import { ParamGroup } from './param-group.js';

export interface SGDOptions {
  /** Learning rate. Default 0.001. */
  lr?: number;
  /** Default 0: none. */
  momentum?: number;
  /** What part of a gradient is kept out of the momentum. Default 0. */
  dampening?: number;
  /** L2 penalty. Default 0. */
  weightDecay?: number;
  /** Look ahead along the momentum; needs a momentum and no dampening. Default false. */
  nesterov?: boolean;
  /** Step along the gradient, not against it. Default false. */
  maximize?: boolean;
}

const defaults: Readonly<Required<SGDOptions>> = Object.freeze({
  lr: 1e-3,
  momentum: 0,
  dampening: 0,
  weightDecay: 0,
  nesterov: false,
  maximize: false,
});

/** A group of {@link SGD}. */
export class SGDGroup extends ParamGroup<SGDOptions> {
  nesterov: boolean;
  maximize: boolean;
  protected readonly savesStep = false;
  readonly #momentum: NumberCell;
  readonly #dampening: NumberCell;
  readonly #weightDecay: NumberCell;
  #buffers: readonly Tensor[] | undefined = undefined;

  /** @internal */
  constructor(optimizer: string, params: readonly Tensor[], options: Required<SGDOptions>) {
    checkSGD(optimizer, options);
    super(optimizer, params, options.lr);
    this.#momentum = new NumberCell(options.momentum);
    this.#dampening = new NumberCell(options.dampening);
    this.#weightDecay = new NumberCell(options.weightDecay);
    this.nesterov = options.nesterov;
    this.maximize = options.maximize;
  }

  get momentum(): number {
    return this.#momentum.value;
  }
  set momentum(value: number) {
    checkRange(this.optimizer, 'momentum', value, 0, Infinity);
    this.#momentum.value = value;
  }

  get dampening(): number {
    return this.#dampening.value;
  }
  set dampening(value: number) {
    checkNumber(this.optimizer, 'dampening', value);
    this.#dampening.value = value;
  }

  get weightDecay(): number {
    return this.#weightDecay.value;
  }
  set weightDecay(value: number) {
    checkRange(this.optimizer, 'weightDecay', value, 0, Infinity);
    this.#weightDecay.value = value;
  }

  options(): Required<SGDOptions> {
    const { lr, momentum, dampening, weightDecay, nesterov, maximize } = this;
    return { lr, momentum, dampening, weightDecay, nesterov, maximize };
  }

  /** @internal */
  checkOptions(options: Required<SGDOptions>): void {
    checkSGD(this.optimizer, options);
  }

  /** @internal */
  setOptions(options: Required<SGDOptions>): void {
    Object.assign(this, options);
  }

  /** @internal */
  update(): void {
    if (this.#buffers === undefined && this.momentum !== 0) {
      // The op starts a buffer with the first gradient that it sees, which it knows by the count of steps.
      this.makeBuffers();
      this.setSteps(new Float32Array(this.params.length));
    }
    const { nesterov, maximize } = this;
    const numbers = [this.lrTensor, this.#momentum.tensor, this.#dampening.tensor, this.#weightDecay.tensor];
    runComposite('sgdStep', [this.params, this.#buffers ?? [], this.steps, ...numbers], {
      nesterov,
      maximize,
    });
  }

  protected buffers(): Record<string, readonly Tensor[] | undefined> {
    return { momentumBuffer: this.#buffers };
  }

  protected makeBuffers(): readonly Tensor[] {
    return (this.#buffers = this.zeros());
  }
}

function checkSGD(op: string, options: Required<SGDOptions>): void {
  checkRange(op, 'lr', options.lr, 0, Infinity);
  checkRange(op, 'momentum', options.momentum, 0, Infinity);
  checkNumber(op, 'dampening', options.dampening);
  checkRange(op, 'weightDecay', options.weightDecay, 0, Infinity);
  checkFlag(op, 'nesterov', options.nesterov);
  checkFlag(op, 'maximize', options.maximize);
  if (options.nesterov && (options.momentum === 0 || options.dampening !== 0)) {
    throw new ValueError(
      `[${op}] nesterov: got momentum ${options.momentum} and dampening ${options.dampening}, ` +
        'wanted a momentum above 0 and a dampening of 0',
    );
  }
}

/**
 * Stochastic gradient descent, with momentum as PyTorch has it:
 *
 * d = grad + weightDecay param; buffer = momentum buffer + (1 - dampening) d, at first d;
 * param -= lr buffer, with `nesterov` lr (d + momentum buffer).
 *
 * The state of a parameter is `momentumBuffer`, where momentum is used.
 *
 * @throws ValueError for options out of range or unknown, no parameters, or one given twice.
 * @throws DTypeError for parameters that are not floating tensors.
 * @example
 * import { optim, tensor } from 'lanegrad';
 * const w = tensor([1, 2], { dtype: 'float32', requiresGrad: true });
 * const optimizer = new optim.SGD([w], { lr: 0.25, momentum: 0.5 });
 * for (let i = 0; i < 2; i++) {
 *   optimizer.zeroGrad();
 *   w.sum().backward();
 *   optimizer.step();
 * }
 * w.tolist(); // => [0.375, 1.375]
 */
export class SGD extends Optimizer<SGDOptions, SGDGroup> {
  constructor(params: Params<SGDOptions>, options: SGDOptions = {}) {
    super('SGD', params, defaults, options);
  }

  protected makeGroup(params: readonly Tensor[], options: Required<SGDOptions>): SGDGroup {
    return new SGDGroup(this.name, params, options);
  }
}

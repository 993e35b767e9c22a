import { checkFlag, checkRange, describe } from '../check.js';
import { ValueError } from '../errors.js';
import { runComposite } from '../ops/composite.js';
import type { Tensor } from '../tensor.js';
import { NumberCell } from './number-cell.js';
import { Optimizer } from './optimizer.js';
import type { Params } from './optimizer.js';
import { ParamGroup } from './param-group.js';

export interface AdamOptions {
  /** Learning rate. Default 0.001. */
  lr?: number;
  /** Decay of the running means of gradient and squared gradient, each in [0, 1). Default [0.9, 0.999]. */
  betas?: readonly [number, number];
  /** Added to the denominator. Default 1e-8. */
  eps?: number;
  /** Adam: L2 penalty, default 0. AdamW: decay apart from the gradient, default 0.01. */
  weightDecay?: number;
  /** Divide by the largest second moment so far (Reddi, Kale and Kumar, 2018). Default false. */
  amsgrad?: boolean;
  /** Step along the gradient, not against it. Default false. */
  maximize?: boolean;
}

const adamDefaults: Readonly<Required<AdamOptions>> = Object.freeze({
  lr: 1e-3,
  betas: [0.9, 0.999] as const,
  eps: 1e-8,
  weightDecay: 0,
  amsgrad: false,
  maximize: false,
});

const adamWDefaults: Readonly<Required<AdamOptions>> = Object.freeze({ ...adamDefaults, weightDecay: 1e-2 });

/** A group of {@link Adam} or {@link AdamW}. */
export class AdamGroup extends ParamGroup<AdamOptions> {
  amsgrad: boolean;
  maximize: boolean;
  protected readonly savesStep = true;
  readonly #decoupled: boolean;
  readonly #beta1: NumberCell;
  readonly #beta2: NumberCell;
  readonly #eps: NumberCell;
  readonly #weightDecay: NumberCell;
  readonly #buffers: Record<string, readonly Tensor[] | undefined> = {
    expAvg: undefined,
    expAvgSq: undefined,
    maxExpAvgSq: undefined,
  };

  /** @internal */
  constructor(
    optimizer: string,
    params: readonly Tensor[],
    options: Required<AdamOptions>,
    decoupled: boolean,
  ) {
    checkAdam(optimizer, options);
    super(optimizer, params, options.lr);
    this.#decoupled = decoupled;
    this.#beta1 = new NumberCell(options.betas[0]);
    this.#beta2 = new NumberCell(options.betas[1]);
    this.#eps = new NumberCell(options.eps);
    this.#weightDecay = new NumberCell(options.weightDecay);
    this.amsgrad = options.amsgrad;
    this.maximize = options.maximize;
  }

  get betas(): readonly [number, number] {
    return [this.#beta1.value, this.#beta2.value];
  }
  set betas(value: readonly [number, number]) {
    checkBetas(this.optimizer, value);
    this.#beta1.value = value[0];
    this.#beta2.value = value[1];
  }

  get eps(): number {
    return this.#eps.value;
  }
  set eps(value: number) {
    checkRange(this.optimizer, 'eps', value, 0, Infinity);
    this.#eps.value = value;
  }

  get weightDecay(): number {
    return this.#weightDecay.value;
  }
  set weightDecay(value: number) {
    checkRange(this.optimizer, 'weightDecay', value, 0, Infinity);
    this.#weightDecay.value = value;
  }

  options(): Required<AdamOptions> {
    const { lr, betas, eps, weightDecay, amsgrad, maximize } = this;
    return { lr, betas, eps, weightDecay, amsgrad, maximize };
  }

  /** @internal */
  checkOptions(options: Required<AdamOptions>): void {
    checkAdam(this.optimizer, options);
  }

  /** @internal */
  setOptions(options: Required<AdamOptions>): void {
    Object.assign(this, options);
  }

  /** @internal */
  update(): void {
    const { amsgrad, maximize } = this;
    const means = this.#buffers['expAvg'] ?? this.makeBuffers('expAvg');
    const squares = this.#buffers['expAvgSq'] ?? this.makeBuffers('expAvgSq');
    const maxima = amsgrad ? (this.#buffers['maxExpAvgSq'] ?? this.makeBuffers('maxExpAvgSq')) : [];
    const numbers = [
      this.lrTensor,
      this.#beta1.tensor,
      this.#beta2.tensor,
      this.#eps.tensor,
      this.#weightDecay.tensor,
    ];
    runComposite('adamStep', [this.params, means, squares, maxima, this.steps, ...numbers], {
      decoupled: this.#decoupled,
      amsgrad,
      maximize,
    });
  }

  protected buffers(): Record<string, readonly Tensor[] | undefined> {
    return this.#buffers;
  }

  protected makeBuffers(name: string): readonly Tensor[] {
    return (this.#buffers[name] = this.zeros());
  }
}

function checkBetas(op: string, betas: unknown): void {
  if (
    !Array.isArray(betas) ||
    betas.length !== 2 ||
    !betas.every((b) => typeof b === 'number' && b >= 0 && b < 1)
  ) {
    throw new ValueError(`[${op}] betas: got ${describe(betas)}, wanted two numbers in [0, 1)`);
  }
}

function checkAdam(op: string, options: Required<AdamOptions>): void {
  checkRange(op, 'lr', options.lr, 0, Infinity);
  checkBetas(op, options.betas);
  checkRange(op, 'eps', options.eps, 0, Infinity);
  checkRange(op, 'weightDecay', options.weightDecay, 0, Infinity);
  checkFlag(op, 'amsgrad', options.amsgrad);
  checkFlag(op, 'maximize', options.maximize);
}

/**
 * Adam (Kingma and Ba, 2015), as PyTorch has it:
 *
 * g = grad + weightDecay param; m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g²;
 * param -= lr / (1 - beta1ᵗ) m / (sqrt(v) / sqrt(1 - beta2ᵗ) + eps), where t counts the steps of the parameter.
 *
 * The state of a parameter is `step`, `expAvg`, `expAvgSq` and, with `amsgrad`, `maxExpAvgSq`.
 *
 * @throws ValueError for options out of range or unknown, no parameters, or one given twice.
 * @throws DTypeError for parameters that are not floating tensors.
 * @example
 * import { optim, tensor } from 'lanegrad';
 * const w = tensor([1, -2], { dtype: 'float32', requiresGrad: true });
 * const optimizer = new optim.Adam([w], { lr: 0.5, eps: 0 });
 * w.square().sum().backward();
 * optimizer.step();
 * Array.from(w.data, (value) => value.toFixed(4)); // => ['0.5000', '-1.5000']
 */
export class Adam extends Optimizer<AdamOptions, AdamGroup> {
  constructor(params: Params<AdamOptions>, options: AdamOptions = {}) {
    super('Adam', params, adamDefaults, options);
  }

  protected makeGroup(params: readonly Tensor[], options: Required<AdamOptions>): AdamGroup {
    return new AdamGroup(this.name, params, options, false);
  }
}

/**
 * AdamW (Loshchilov and Hutter, 2019): {@link Adam} with weight decay apart from the gradient:
 * param *= 1 - lr weightDecay, then Adam's step on the plain gradient. `weightDecay` is 0.01 by default.
 *
 * @throws ValueError for options out of range or unknown, no parameters, or one given twice.
 * @throws DTypeError for parameters that are not floating tensors.
 * @example
 * import { optim, tensor } from 'lanegrad';
 * const w = tensor([1, -2], { dtype: 'float32', requiresGrad: true });
 * const optimizer = new optim.AdamW([w], { lr: 0.5, eps: 0, weightDecay: 1 });
 * w.square().sum().backward();
 * optimizer.step();
 * Array.from(w.data, (value) => value.toFixed(4)); // => ['0.0000', '-0.5000']
 */
export class AdamW extends Optimizer<AdamOptions, AdamGroup> {
  constructor(params: Params<AdamOptions>, options: AdamOptions = {}) {
    super('AdamW', params, adamWDefaults, options);
  }

  protected makeGroup(params: readonly Tensor[], options: Required<AdamOptions>): AdamGroup {
    return new AdamGroup(this.name, params, options, true);
  }
}

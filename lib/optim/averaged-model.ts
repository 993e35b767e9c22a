import { checkFlag, checkInt, checkOptions, checkRange, describe, noAttrs, shapeText } from '../check.js';
import { Handle } from '../backend/backend.js';
import { backend } from '../backend/current.js';
import { isFloat } from '../dtype.js';
import { DTypeError, ShapeError, ValueError } from '../errors.js';
import { noGrad } from '../grad-mode.js';
import type { AnyModule } from '../nn/module.js';
import { Module } from '../nn/module.js';
import { runComposite } from '../ops/composite.js';
import { add, eq, maximum } from '../ops/binary.js';
import { to } from '../ops/convert.js';
import { tensor } from '../ops/from-data.js';
import { reciprocal } from '../ops/unary.js';
import { checkFunction, keep, scoped, synchronous } from '../scope.js';
import type { Synchronous } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { NumberCell } from './number-cell.js';

export interface AveragedModelOptions {
  /** Of an exponential average: average = decay average + (1 - decay) value. Without it, the plain mean of all updates. */
  decay?: number;
  /** Average buffers too (running statistics), where they are floats; else they are copied. Default false. */
  useBuffers?: boolean;
}

/**
 * The average of a model's weights over the updates: the plain mean (stochastic weight averaging, Izmailov et al., 2018) or an
 * exponential one (Polyak averaging). The first update copies.
 *
 * The model itself goes on training; `apply` runs it with the averages, `copyTo` writes them into another model. All
 * parameters are averaged in one call of the backend. PyTorch's `AveragedModel` is a copy of the model instead, with `decay`
 * as `multi_avg_fn=get_ema_multi_avg_fn(decay)`; the state dict is the same.
 *
 * @throws DTypeError for what is not a module.
 * @throws ValueError for a decay outside of [0, 1] or unknown options.
 * @example
 * import { nn, noGrad, optim } from 'lanegrad';
 * const model = new nn.Linear(1, 1, { bias: false });
 * const averaged = new optim.AveragedModel(model, { decay: 0.75 });
 * for (const value of [1, 5]) {
 *   noGrad(() => model.weight.fill_(value));
 *   averaged.updateParameters();
 * }
 * averaged.apply(() => model.weight.item()); // => 2
 * model.weight.item(); // => 5
 */
export class AveragedModel {
  readonly #model: AnyModule;
  readonly #decay: number | undefined;
  readonly #useBuffers: boolean;
  /** 1 - decay. */
  readonly #share: NumberCell;
  /** By the names of the model. */
  readonly #averages = new Map<string, Tensor>();
  readonly #count = new NumberCell(0, 'AveragedModel', 'nAveraged');

  constructor(model: AnyModule, options: AveragedModelOptions = {}) {
    const given: unknown = model;
    if (!(given instanceof Module))
      throw new DTypeError(`[AveragedModel] model: got ${describe(model)}, wanted a module`);
    checkOptions('AveragedModel', options, ['decay', 'useBuffers']);
    const { decay } = options;
    if (decay !== undefined) checkRange('AveragedModel', 'decay', decay, 0, 1);
    this.#useBuffers = checkFlag('AveragedModel', 'useBuffers', options.useBuffers);
    this.#model = model;
    this.#decay = decay;
    this.#share = new NumberCell(1 - (decay ?? 0), 'AveragedModel', 'decay');
    for (const [name, value] of Object.entries(model.stateDict()))
      this.#averages.set(
        name,
        noGrad(() => keep(value.clone())),
      );
  }

  /** How many updates there were. */
  get nAveraged(): number {
    return this.#count.value;
  }

  /**
   * Takes the model's weights as they are now into the average.
   *
   * @throws ValueError if the model has got other parameters since.
   */
  updateParameters(): void {
    const averages: Tensor[] = [];
    const values: Tensor[] = [];
    const buffers = new Set(this.#model.namedBuffers().map(([name]) => name));
    noGrad(() => {
      for (const [name, value, average] of this.#pairs()) {
        const joins = isFloat(value.dtype) && (this.#useBuffers || !buffers.has(name));
        if (!joins) {
          average.copy_(value);
        } else if (average.dtype !== value.dtype || String(average.shape) !== String(value.shape)) {
          throw new ValueError(`[AveragedModel.updateParameters] ${name}: its shape or dtype has changed`);
        } else {
          averages.push(average);
          values.push(value);
        }
      }
      if (averages.length > 0)
        scoped(() => void runComposite('averageStep', [averages, values, this.#weight()], noAttrs));
      backend.runInPlace('add', [this.#count.tensor, 1], noAttrs);
    });
  }

  /** What part of the average the next update is, computed by ops so that a recorded step sees the count: at first all. */
  #weight(): Tensor {
    const count = this.#count.tensor;
    if (this.#decay === undefined) return reciprocal(add(count, 1));
    return maximum(to(eq(count, 0), 'float64'), this.#share.tensor);
  }

  /**
   * Runs `fn` while the model has the averages in place of its weights, and puts the weights back. Synchronous only.
   *
   * @throws ValueError if `fn` returns a promise.
   */
  apply<T>(fn: () => Synchronous<T>): T {
    checkFunction('AveragedModel.apply', fn);
    const pairs = this.#pairs();
    // All before the first is written: two names may have one tensor.
    const own = noGrad(() => pairs.map(([, value]) => keep(value.clone())));
    try {
      noGrad(() => {
        for (const [, value, average] of pairs) value.copy_(average);
      });
      return synchronous<T>('AveragedModel.apply', fn());
    } finally {
      noGrad(() => {
        pairs.forEach(([, value], i) => value.copy_(own[i]!));
      });
      for (const copy of own) copy.dispose();
    }
  }

  /** Writes the averages into a model of the same structure, or into the model itself. */
  copyTo(model: AnyModule = this.#model): void {
    noGrad(() => model.loadStateDict(Object.fromEntries(this.#averages)));
  }

  /** The averages, named as in PyTorch: `module.` before the model's names, and `n_averaged`. They share memory. */
  stateDict(): Record<string, Tensor> {
    const entries = [...this.#averages].map(([name, average]): [string, Tensor] => [
      `module.${name}`,
      average.detach(),
    ]);
    return { n_averaged: tensor(this.#count.value, { dtype: 'int64' }), ...Object.fromEntries(entries) };
  }

  /**
   * Takes averages over by copy. Nothing changes if it throws.
   *
   * @throws ValueError for missing names.
   * @throws ShapeError for other shapes.
   */
  loadStateDict(dict: Readonly<Record<string, Tensor>>): void {
    const op = 'AveragedModel.loadStateDict';
    checkOptions(op, dict);
    const take = (name: string): Tensor => {
      const value: unknown = dict[name];
      if (!Handle.is(value)) throw new ValueError(`[${op}] ${name}: got ${describe(value)}, wanted a tensor`);
      return value as Tensor;
    };
    const count = Number(take('n_averaged').item());
    checkInt(op, 'n_averaged', count);
    const loads = [...this.#averages].map(([name, average]) => {
      const value = take(`module.${name}`);
      const [got, wanted] = [shapeText(value.shape), shapeText(average.shape)];
      if (got !== wanted) throw new ShapeError(`[${op}] module.${name}: got shape ${got}, wanted ${wanted}`);
      return [average, value] as const;
    });
    noGrad(() => {
      for (const [average, value] of loads) backend.runInPlace('copy', [average, value], noAttrs);
    });
    this.#count.value = count;
  }

  #pairs(): [string, Tensor, Tensor][] {
    // The state dict shares memory with the model.
    return Object.entries(this.#model.stateDict()).map(([name, value]) => {
      const average = this.#averages.get(name);
      if (average === undefined) throw new ValueError(`[AveragedModel] got a model with a new ${name}`);
      return [name, value, average];
    });
  }
}

import { Handle } from '../backend/backend.js';
import { backend } from '../backend/current.js';
import { checkRange, describe, shapeText } from '../check.js';
import { DTypeError, ShapeError, ValueError } from '../errors.js';
import { zerosLike } from '../ops/creation.js';
import { select } from '../ops/view.js';
import { keep } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { NumberCell } from './number-cell.js';

/** What an optimizer keeps for one parameter, by name: `momentumBuffer`; `step`, `expAvg`, `expAvgSq`. */
export type ParamState = Record<string, Tensor>;

/**
 * Parameters that share their options. Options that are numbers live in 0-dim tensors: assigning one, as in
 * `group.lr = 0.01`, writes into the tensor.
 */
export abstract class ParamGroup<Options extends object = object> {
  /** How many steps each parameter has taken: float32 [params.length]. */
  protected readonly steps: Tensor;
  readonly #lr: NumberCell;

  /** @internal */
  constructor(
    protected readonly optimizer: string,
    /** In the order given. */
    readonly params: readonly Tensor[],
    lr: number,
  ) {
    this.#lr = new NumberCell(lr);
    this.steps = keep(backend.create('float32', [params.length], new Float32Array(params.length)));
  }

  /** The learning rate. */
  get lr(): number {
    return this.#lr.value;
  }
  set lr(value: number) {
    checkRange(this.optimizer, 'lr', value, 0, Infinity);
    this.#lr.value = value;
  }

  /** The tensor that holds `lr`, always the same one: for schedules that compute it. 0-dim, float64. */
  get lrTensor(): Tensor<'float64'> {
    return this.#lr.tensor;
  }

  /** The options as plain data. */
  abstract options(): Required<Options>;

  /** @internal Fails for options that make no sense. */
  abstract checkOptions(options: Required<Options>): void;

  /** @internal Writes all options. They were checked. */
  abstract setOptions(options: Required<Options>): void;

  /** @internal Updates every parameter that has a gradient. Recording is off. */
  abstract update(): void;

  /** @internal Names of the state tensors that have the shape of their parameter, with those that exist now. */
  protected abstract buffers(): Record<string, readonly Tensor[] | undefined>;

  /** @internal Makes the named state for every parameter. */
  protected abstract makeBuffers(name: string): readonly Tensor[];

  /** Whether `step` is part of a parameter's state. */
  protected abstract readonly savesStep: boolean;

  /** @internal What is kept for each parameter that took a step; undefined for the others. */
  state(): (ParamState | undefined)[] {
    const steps = backend.read(this.steps) as Float32Array;
    const buffers = Object.entries(this.buffers());
    return this.params.map((_, i) => {
      if (steps[i] === 0) return undefined;
      const entries: ParamState = {};
      if (this.savesStep) entries['step'] = select(this.steps, 0, i);
      // Handles of their own on the same memory, so that disposing them is harmless.
      for (const [name, list] of buffers) {
        if (list) entries[name] = backend.run1('detach', [list[i]!], {});
      }
      return Object.keys(entries).length > 0 ? entries : undefined;
    });
  }

  /** @internal Fails for state that `setState` cannot take. */
  checkState(states: readonly (ParamState | undefined)[]): void {
    const op = `${this.optimizer}.loadStateDict`;
    const known = [...(this.savesStep ? ['step'] : []), ...Object.keys(this.buffers())];
    states.forEach((state, i) => {
      const param = this.params[i]!;
      for (const [name, value] of Object.entries(state ?? {})) {
        if (!known.includes(name)) {
          throw new ValueError(`[${op}] state: got ${describe(name)}, wanted ${known.join(', ')}`);
        }
        const wanted = name === 'step' ? [] : param.shape;
        if (!isTensor(value)) {
          throw new DTypeError(`[${op}] ${name} of parameter ${i}: got ${describe(value)}, wanted a tensor`);
        }
        if (String(value.shape) !== String(wanted)) {
          throw new ShapeError(
            `[${op}] ${name} of parameter ${i}: got shape ${shapeText(value.shape)}, wanted ${shapeText(wanted)}`,
          );
        }
      }
      if (state !== undefined && this.savesStep && state['step'] === undefined) {
        throw new ValueError(`[${op}] state of parameter ${i}: got no step, wanted one`);
      }
    });
  }

  /** @internal Copies the state in; parameters without one are as before their first step. */
  setState(states: readonly (ParamState | undefined)[]): void {
    const steps = Float32Array.from(states, (state) => {
      if (state === undefined) return 0;
      return this.savesStep ? Number(state['step']!.item()) : 1;
    });
    this.setSteps(steps);
    for (const [name, existing] of Object.entries(this.buffers())) {
      if (!existing && states.every((state) => state?.[name] === undefined)) continue;
      const list = existing ?? this.makeBuffers(name);
      list.forEach((buffer, i) => backend.runInPlace('copy', [buffer, states[i]?.[name] ?? 0], {}));
    }
  }

  protected setSteps(values: Float32Array): void {
    const source = backend.create('float32', [values.length], values);
    backend.runInPlace('copy', [this.steps, source], {});
    backend.release(source);
  }

  /** Zeros for every parameter, that outlive scopes. */
  protected zeros(): readonly Tensor[] {
    return this.params.map((param) => keep(zerosLike(param)));
  }
}

function isTensor(value: unknown): value is Tensor {
  return Handle.is(value);
}

import { programOf } from '../backend/busy.js';
import { backend } from '../backend/current.js';
import { describe, noAttrs } from '../check.js';
import { BusyError, DisposedError, DTypeError, ValueError } from '../errors.js';
import { noGrad } from '../grad-mode.js';
import { moduleText } from '../nn/inspect.js';
import { Module } from '../nn/module.js';
import type { AnyModule, InputsOf, OutputOf } from '../nn/module.js';
import { exchanging } from '../nn/parameter-fields.js';
import { replaceIn, walk } from '../nn/tree.js';
import type { Slot } from '../nn/tree.js';
import { clone } from '../ops/convert.js';
import { keep, synchronous } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { compile } from './compile.js';
import type { CompiledFunction } from './compile.js';

/** A module as it was, for use while it is trained further. See {@link snapshot}. */
export class Snapshot<M extends AnyModule> {
  readonly #module: M;
  /** Copies, by the tensors that they were made of. Shared tensors stay shared. */
  readonly #copies = new Map<Tensor, Tensor>();
  /** The copying as a program, which waits for its turn. */
  #taking: CompiledFunction<[], void> | undefined;
  #disposed = false;

  /** @internal */
  constructor(module: M) {
    this.#module = module;
    noGrad(() => {
      for (const { value } of this.#slots())
        if (!this.#copies.has(value)) this.#copies.set(value, keep(clone(value)));
    });
  }

  /**
   * What the module computed when the snapshot was made, in evaluation and without recording.
   *
   * @throws BusyError while a program that runs on another thread writes the copies: `compile(x => serving.forward(x)).async`
   * waits for its turn.
   * @throws DisposedError after `dispose`.
   */
  forward(...inputs: InputsOf<M>): OutputOf<M> {
    this.#checkThere('forward');
    const replaced: { slot: Slot<Tensor>; copy: Tensor }[] = [];
    for (const slot of this.#slots()) replaced.push({ slot, copy: this.#copyOf(slot) });
    const modes = this.#module.modules().map((module) => ({ module, training: module.training }));
    try {
      for (const { slot, copy } of replaced) replaceIn(slot, copy);
      for (const { module } of modes) module.training = false;
      const module = this.#module as Module<unknown[], unknown>;
      return exchanging(() =>
        noGrad<unknown>(() => synchronous('snapshot', module.forward(...inputs))),
      ) as OutputOf<M>;
    } finally {
      for (const { slot } of replaced) replaceIn(slot, slot.value);
      for (const { module, training } of modes) module.training = training;
    }
  }

  /**
   * Takes the module's weights as they are now.
   *
   * @throws BusyError while a program that runs on another thread writes them, or predicts with this copy: `updateAsync` waits.
   * @throws ValueError if the module has got other parameters since.
   * @throws DisposedError after `dispose`.
   */
  update(): this {
    this.#checkThere('update');
    this.#check();
    try {
      this.#take();
    } catch (error) {
      if (!(error instanceof BusyError)) throw error;
      throw new BusyError(
        `[snapshot.update] ${programOf(error)}, which runs on its own thread, uses the weights or their copy; ` +
          'await the promise of its call first, or await updateAsync()',
        { cause: error },
      );
    }
    return this;
  }

  /**
   * As `update`, in the order of the calls of compiled functions: those that were started before use the former weights, those
   * that are started from here on the new ones. The copying runs on the thread of programs.
   *
   * @throws ValueError (the promise is rejected) if the module has got other parameters since.
   * @throws DisposedError (the promise is rejected) after `dispose`.
   */
  async updateAsync(): Promise<this> {
    this.#checkThere('updateAsync');
    this.#check();
    this.#taking ??= compile(() => this.#take(), { name: 'snapshot.updateAsync' });
    await this.#taking.async();
    return this;
  }

  /** As the module is printed: `Snapshot(Linear(inFeatures=4, outFeatures=2, bias=true))`. */
  toString(): string {
    return `Snapshot(${this.#disposed ? '<disposed>' : moduleText(this.#module)})`;
  }

  /** @internal What console.log shows. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }

  #checkThere(op: string): void {
    if (this.#disposed) throw new DisposedError(`[snapshot.${op}] the snapshot was disposed`);
  }

  /** The module's tensors must be those that were copied. */
  #check(): void {
    for (const slot of this.#slots()) this.#copyOf(slot);
  }

  #take(): void {
    noGrad(() => {
      for (const [value, copy] of this.#copies) backend.runInPlace('copy', [copy, value], noAttrs);
    });
  }

  /** Frees the copies. */
  dispose(): void {
    this.#disposed = true;
    this.#taking?.dispose();
    for (const copy of this.#copies.values()) copy.dispose();
  }

  /** For `using copy = snapshot(model)`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  #slots(): Slot<Tensor>[] {
    const slots: Slot<Tensor>[] = [];
    walk(this.#module, (_, _path, { parameters, buffers }) => slots.push(...parameters, ...buffers));
    return slots;
  }

  #copyOf({ name, value }: Slot<Tensor>): Tensor {
    const copy = this.#copies.get(value);
    if (copy === undefined)
      throw new ValueError(
        `[snapshot] ${name}: the module has another tensor there since; make a new snapshot`,
      );
    return copy;
  }
}

/**
 * A copy of the weights of a module, with which it can be called while training goes on: for serving. Structure and code are
 * the module's own; `forward` runs in evaluation, without recording, and may be compiled.
 *
 * @throws BusyError while a program that runs on another thread writes the weights: take it between two steps.
 * @throws DTypeError for what is no module.
 * @example
 * import { nn, noGrad, ones, snapshot } from 'lanegrad';
 * const model = new nn.Linear(2, 1, { bias: false });
 * noGrad(() => model.weight.fill_(1));
 * const serving = snapshot(model);
 * noGrad(() => model.weight.fill_(5));
 * serving.forward(ones([1, 2])).tolist(); // => [[2]]
 * serving.update().forward(ones([1, 2])).tolist(); // => [[10]]
 */
export function snapshot<M extends AnyModule>(module: M): Snapshot<M> {
  if (!((module as unknown) instanceof Module))
    throw new DTypeError(`[snapshot] module: got ${describe(module)}, wanted a module`);
  return new Snapshot(module);
}

import { programOf } from '../backend/busy.js';
import { backend } from '../backend/current.js';
import { refuseRecorded } from '../backend/recording.js';
import { BusyError } from '../errors.js';
import { keep } from '../scope.js';
import type { Tensor } from '../tensor.js';

/** Throws while a function is recorded, since a number is set. */
export function refuseSetting(): void {
  refuseRecorded(
    'a number is set while a compiled function is recorded; a replay would set the same one again',
    'set it, or call step() of the schedule, outside of the compiled function, after it',
  );
}

/** Throws while a function is recorded, since an optimizer or a schedule, `what`, is made. */
export function refuseMaking(op: string, what: string): void {
  refuseRecorded(
    `${what} is made while a compiled function is recorded; a replay would make none`,
    'make it before, outside of the compiled function',
    op,
  );
}

/**
 * A number that may change between steps, held in a 0-dim float64 tensor that stays the same object: an op that was
 * given the tensor sees what was set last, also where it is replayed.
 */
export class NumberCell {
  readonly tensor: Tensor<'float64'>;
  #value: number;
  #version: number;

  /** `op` and `name` are what errors call it. */
  constructor(
    value: number,
    readonly op: string,
    readonly name: string,
  ) {
    this.tensor = keep(backend.create('float64', [], Float64Array.of(value)) as Tensor<'float64'>);
    this.#value = value;
    this.#version = backend.version(this.tensor);
  }

  /** Reads the tensor only when it was written since. */
  get value(): number {
    refuseRecorded(
      'a number that may change between steps is read while a compiled function is recorded',
      'read it outside, or compute with its tensor (lrTensor of the group)',
    );
    const version = backend.version(this.tensor);
    if (version !== this.#version) {
      this.#value = this.#reach('read', () => (backend.read(this.tensor) as Float64Array)[0]!);
      this.#version = version;
    }
    return this.#value;
  }

  set value(value: number) {
    refuseSetting();
    const source = backend.create('float64', [], Float64Array.of(value));
    try {
      this.#reach('set', () => backend.runInPlace('copy', [this.tensor, source], {}));
    } finally {
      backend.release(source);
    }
    this.#value = value;
    this.#version = backend.version(this.tensor);
  }

  /** Who sets a rate does not know of a tensor that a step in flight uses. */
  #reach<T>(what: 'read' | 'set', fn: () => T): T {
    try {
      return fn();
    } catch (error) {
      if (!(error instanceof BusyError)) throw error;
      throw new BusyError(
        `[${this.op}] ${this.name} cannot be ${what} while ${programOf(error)}, which runs on its own thread, uses it; ` +
          'await the promise of its call first, also before step() of a schedule',
        { cause: error },
      );
    }
  }
}

import { backend } from '../backend/current.js';
import { refuseRecorded } from '../backend/recording.js';
import { keep } from '../scope.js';
import type { Tensor } from '../tensor.js';

/**
 * A number that may change between steps, held in a 0-dim float64 tensor that stays the same object: an op that was
 * given the tensor sees what was set last, also where it is replayed.
 */
export class NumberCell {
  readonly tensor: Tensor<'float64'>;
  #value: number;
  #version: number;

  constructor(value: number) {
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
      this.#value = (backend.read(this.tensor) as Float64Array)[0]!;
      this.#version = version;
    }
    return this.#value;
  }

  set value(value: number) {
    refuseRecorded(
      'a number is set while a compiled function is recorded; a replay would set the same one again',
      'set it, or call step() of the schedule, outside of the compiled function, after it',
    );
    const source = backend.create('float64', [], Float64Array.of(value));
    backend.runInPlace('copy', [this.tensor, source], {});
    backend.release(source);
    this.#value = value;
    this.#version = backend.version(this.tensor);
  }
}

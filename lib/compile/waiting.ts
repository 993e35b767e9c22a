import { backend } from '../backend/current.js';
import { onTrainingChange } from '../nn/training-changes.js';
import { keep } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { modesNow, withModes } from './environment.js';
import type { Modes } from './environment.js';
import type { Field } from './guards.js';
import { putTogether, takeApart } from './tree.js';
import type { Template } from './tree.js';

// A call that waits for its turn, behind programs in flight and calls that are to be recorded, is made with what it was given:
// its arguments, the modes around it, and modules as they were.

export class WaitingCall {
  readonly #args: Template;
  readonly #tensors: readonly Tensor[];
  readonly #modes: Modes;
  readonly #fields: readonly Field[];
  /** `training` of modules that no program knows. */
  readonly #training = new Map<{ training: boolean }, boolean>();
  readonly #forget: () => void;

  /** `fields` are those that known programs look at, with their present values. */
  constructor(args: readonly unknown[], fields: readonly Field[]) {
    const given: Tensor[] = [];
    this.#args = takeApart(args, 'arguments', given);
    // The caller may dispose of his, and a scope around the call ends before its turn comes.
    this.#tensors = (backend.programs?.retain(given) ?? given).map(keep);
    this.#modes = modesNow();
    this.#fields = fields;
    this.#forget = onTrainingChange((module) => {
      if (!this.#training.has(module)) this.#training.set(module, module.training);
    });
  }

  /** Runs `fn` with the arguments, as it would have run when the call was made. */
  run<T extends object>(fn: (args: readonly unknown[]) => T): T {
    const args = putTogether(this.#args, this.#tensors) as readonly unknown[];
    const since: Field[] = [];
    for (const field of this.#fields) exchange(field, since);
    for (const [holder, value] of this.#training) exchange({ holder, key: 'training', value }, since);
    try {
      return withModes(this.#modes, () => fn(args));
    } finally {
      for (const field of since.reverse()) setField(field);
    }
  }

  /** Its turn has come, or never will. */
  end(): void {
    this.#forget();
    for (const tensor of this.#tensors) tensor.dispose();
  }
}

/** Sets a field, and adds to `since` what it has been since the call, if that is something else. */
function exchange(field: Field, since: Field[]): void {
  const value: unknown = Reflect.get(field.holder, field.key);
  if (Object.is(value, field.value)) return;
  since.push({ ...field, value });
  setField(field);
}

function setField({ holder, key, value }: Field): void {
  Reflect.set(holder, key, value);
}

import { Handle } from '../backend/backend.js';
import { DTypeError } from '../errors.js';
import { isParameter } from './parameter.js';

// Fields of modules are plain: a tensor that is no parameter, assigned to one that held a parameter, would be used by `forward`
// and learnt, saved and converted by nobody. PyTorch refuses the assignment; here the next use of the module does.

let exchanges = 0;

/** Runs `fn` while other tensors may stand in the place of parameters. */
export function exchanging<T>(fn: () => T): T {
  exchanges += 1;
  try {
    return fn();
  } finally {
    exchanges -= 1;
  }
}

/** The method by which a module notes its parameters: at the end of a constructor. */
export const noteParameters = Symbol('note the parameters of a module');
/** The method by which it looks whether they are parameters still. */
export const checkParameters = Symbol('check the parameters of a module');

/** The fields of one module that were seen to hold a parameter, and what they held. */
export class ParameterFields {
  readonly #ever = new Set<string>();
  #fields: string[] = [];
  #values: unknown[] = [];

  /** @throws DTypeError for a plain tensor in one of the fields. */
  note(module: object): void {
    const [fields, values]: [string[], unknown[]] = [[], []];
    // What is not enumerable is not the module's: a parametrization computes it.
    for (const field of Object.keys(module)) {
      const value: unknown = Reflect.get(module, field);
      if (isParameter(value)) this.#ever.add(field);
      else if (Handle.is(value) && this.#ever.has(field) && exchanges === 0) {
        throw new DTypeError(
          `[${module.constructor.name}] ${field}: got a plain tensor, wanted a parameter: nn.parameter(tensor) makes it one`,
        );
      }
      if (!this.#ever.has(field)) continue;
      fields.push(field);
      values.push(value);
    }
    // While others stand in their place, what is there is not what will be.
    if (exchanges > 0) return;
    this.#fields = fields;
    this.#values = values;
  }

  /** As `note`, if a field was assigned since: a comparison for each of them. */
  check(module: object): void {
    const fields = this.#fields;
    for (let i = 0; i < fields.length; ++i) {
      if ((module as Record<string, unknown>)[fields[i]!] === this.#values[i]) continue;
      if (exchanges === 0) this.note(module);
      return;
    }
  }
}

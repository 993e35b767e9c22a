import { checkChoice, checkFlag, checkInt, checkNumber, checkRange, describe } from '../check.js';
import { ValueError } from '../errors.js';

/** What one option of an optimizer takes. */
export interface OptionKind<T> {
  /** PyTorch's default. */
  readonly initial: T;
  check(op: string, name: string, value: unknown): void;
  /** Of an option that may change between steps: it lives in tensors, one for each of these numbers. */
  numbers?(value: T): readonly number[];
  /** The option with these numbers. */
  join?(numbers: readonly number[]): T;
}

/** The options of an optimizer. Those with numbers stand in the order of its op's operands. */
export type OptionTable<Options extends object> = {
  readonly [Name in keyof Options]-?: OptionKind<Required<Options>[Name]>;
};

function number(initial: number, check: OptionKind<number>['check']): OptionKind<number> {
  return { initial, check, numbers: (value) => [value], join: ([value]) => value! };
}

/** A number of at least `low`. */
export const atLeast = (initial: number, low = 0): OptionKind<number> => between(initial, low, Infinity);

/** A number in [low, high]. */
export const between = (initial: number, low: number, high: number): OptionKind<number> =>
  number(initial, (op, name, value) => checkRange(op, name, value, low, high));

export const anyNumber = (initial: number): OptionKind<number> => number(initial, checkNumber);

export const flag = (initial: boolean): OptionKind<boolean> => ({ initial, check: checkFlag });

/** A choice or an integer is no number that changes between steps. */
export const choice = <T extends string>(initial: T, choices: readonly T[]): OptionKind<T> => ({
  initial,
  check: (op, name, value) => checkChoice(op, name, value, choices),
});

export const integer = (initial: number, low: number, high = Infinity): OptionKind<number> => ({
  initial,
  check(op, name, value) {
    checkInt(op, name, value);
    checkRange(op, name, value, low, high);
  },
});

/** As many numbers as `initial` has, which `fits` accepts together. */
export function numbers<T extends readonly number[]>(
  initial: T,
  wanted: string,
  fits: (...values: number[]) => boolean,
): OptionKind<T> {
  return {
    initial,
    check(op, name, value) {
      const given: unknown = value;
      const right =
        Array.isArray(given) &&
        given.length === initial.length &&
        given.every((entry) => typeof entry === 'number') &&
        fits(...given);
      if (!right) throw new ValueError(`[${op}] ${name}: got ${describe(value)}, wanted ${wanted}`);
    },
    numbers: (value) => value,
    join: (values) => values as unknown as T,
  };
}

/** Decays of two running means. */
export const betas = (first = 0.9, second = 0.999): OptionKind<readonly [number, number]> =>
  numbers<readonly [number, number]>(
    [first, second],
    'two numbers in [0, 1)',
    (a, b) => a >= 0 && a < 1 && b >= 0 && b < 1,
  );

export function initialOptions<Options extends object>(table: OptionTable<Options>): Required<Options> {
  const values: Record<string, unknown> = {};
  for (const name of Object.keys(table) as (keyof Options & string)[]) values[name] = table[name].initial;
  return values as Required<Options>;
}

export function checkOptionValues<Options extends object>(
  op: string,
  table: OptionTable<Options>,
  options: Required<Options>,
): void {
  for (const name of Object.keys(table) as (keyof Options & string)[])
    table[name].check(op, name, options[name]);
}

import { checkDType, checkFlag, checkNumber, checkOptions, describe } from '../check.js';
import { isFloat } from '../dtype.js';
import type { FloatDType } from '../dtype.js';
import { DTypeError, ValueError } from '../errors.js';

export interface LayerOptions {
  /** Of the parameters. Default float32. */
  dtype?: FloatDType;
}

/** A number of features, channels or rows. */
export function checkSize(op: string, name: string, value: unknown): asserts value is number {
  if (!Number.isSafeInteger(value) || (value as number) < 1) {
    throw new ValueError(`[${op}] ${name}: got ${describe(value)}, wanted an integer of at least 1`);
  }
}

export function layerDType(op: string, options: LayerOptions): FloatDType {
  const { dtype = 'float32' } = options;
  checkDType(op, dtype);
  if (!isFloat(dtype)) throw new DTypeError(`[${op}] dtype: got ${String(dtype)}, wanted a floating dtype`);
  return dtype;
}

/**
 * The options of a layer with their defaults. Refuses names that are not among these, and what is no number or boolean where the
 * default is one; not of `sizes`, which may be lists as well and which the layer checks.
 */
export function readOptions<O extends object>(
  op: string,
  options: O,
  defaults: NoInfer<Required<O>>,
  sizes: readonly (keyof O & string)[] = [],
): Required<O> {
  checkOptions(op, options, Object.keys(defaults));
  const values: Record<string, unknown> = { ...defaults };
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue;
    const standard = values[name];
    // Null says that there is none, where that may be: the layer looks.
    const free = value === null || (sizes as readonly string[]).includes(name);
    if (typeof standard === 'number' && !free) checkNumber(op, name, value);
    if (typeof standard === 'boolean') checkFlag(op, name, value);
    values[name] = value;
  }
  return values as Required<O>;
}

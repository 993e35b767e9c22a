import { float } from '../../lib/index.js';
import type { Tensor } from '../../lib/index.js';
import { numberOf, type Arg, type Path, type Sample } from './read/format.js';
import { mustFind, type Callable } from './library.js';
import { camel } from './names.js';

// The language of the call table. A row names PyTorch's parameters in PyTorch's order: first those that the library takes by
// position, after a bar those that PyTorch can take by position and that are options here:
//
//   cumsum: call('self dim'),
//   sort: call('self | dim descending'),
//
// A parameter given by name that no row mentions goes into the options under its camelCase name. Marks: `&other` is an
// operand, where 2.0 must stay a float; `...tensors`, alone, takes all positional arguments as one list.

export interface Param {
  readonly name: string;
  readonly operand: boolean;
  readonly rest: boolean;
}

export interface Extra {
  /** Where the function stands, if not under the camelCase of PyTorch's name. `.float` is a method. */
  readonly at?: string;
  /** The name of the method, if not that of the function. */
  readonly method?: string;
  /** Field names of a result that is a plain tuple in PyTorch. */
  readonly results?: readonly string[];
  /** Options with a name of their own. */
  readonly rename?: Readonly<Record<string, string>>;
  /** In place of the default rule. `fn` is the function that `at` names. */
  readonly run?: (a: Arguments, fn: Callable) => unknown;
}

export interface Row extends Extra {
  readonly positional: readonly Param[];
  readonly options: readonly Param[];
}

export type Rows = Readonly<Record<string, Row>>;

export function call(signature: string, extra: Extra = {}): Row {
  const [positional = '', options = ''] = signature.split('|');
  return { positional: params(positional), options: params(options), ...extra };
}

function params(text: string): Param[] {
  const words = text.split(' ').filter((word) => word !== '');
  return words.map((word) => ({
    name: word.replace(/^(&|\.\.\.)/, ''),
    operand: word.startsWith('&'),
    rest: word.startsWith('...'),
  }));
}

/** A sample that lies outside of what the library means to have, with the reason. */
export class Unsupported extends Error {
  override name = 'Unsupported';
}

interface Given {
  readonly arg: Arg;
  readonly path: Path;
}

/** The arguments of one sample by PyTorch's names. */
export class Arguments {
  readonly #given = new Map<string, Given>();

  constructor(
    readonly row: Row,
    sample: Pick<Sample, 'args' | 'kwargs'>,
    private readonly tensorAt: (path: Path) => Tensor,
    /** Makes what only constructors of modules take: a module, a function by name. */
    private readonly make?: (arg: Extract<Arg, { t: 'module' } | { t: 'function' }>) => unknown,
  ) {
    const order = [...row.positional, ...row.options];
    const rest = order[0]?.rest === true ? order[0].name : undefined;
    if (rest !== undefined) this.#given.set(rest, { arg: { t: 'list', v: sample.args }, path: 'args' });
    sample.args.forEach((arg, i) => {
      if (rest !== undefined) return;
      const name = order[i]?.name;
      if (name === undefined)
        throw new Error(`the row names ${order.length} parameters, the sample has more`);
      this.#given.set(name, { arg, path: `args.${i}` });
    });
    for (const [name, arg] of Object.entries(sample.kwargs)) {
      this.#given.set(name, { arg, path: `kwargs.${name}` });
    }
  }

  /** The argument as it is stored; undefined also for None. */
  raw(name: string): Arg | undefined {
    const arg = this.#given.get(name)?.arg;
    return arg?.t === 'none' ? undefined : arg;
  }

  has(name: string): boolean {
    return this.raw(name) !== undefined;
  }

  /** As a JavaScript value; None is null, a parameter that is not given undefined. */
  value(name: string, operand = false): unknown {
    const given = this.#given.get(name);
    return given && this.#convert(given.arg, given.path, operand);
  }

  tensor(name: string): Tensor {
    return this.value(name) as Tensor;
  }

  /** The positional arguments of the default rule, without those at the end that are not given. */
  positional(skip = 0): unknown[] {
    const values = this.row.positional.slice(skip).map((param) => this.value(param.name, param.operand));
    while (values.length > 0 && values.at(-1) === undefined) values.pop();
    return values;
  }

  /** The options of the default rule, without those named in `without`; undefined if there are none. */
  options(without: readonly string[] = []): Record<string, unknown> | undefined {
    const taken = new Set([...without, ...this.row.positional.map((param) => param.name)]);
    const options: Record<string, unknown> = {};
    for (const name of this.#given.keys()) {
      if (taken.has(name) || !this.has(name)) continue;
      const operand = this.row.options.some((param) => param.name === name && param.operand);
      const value = this.value(name, operand);
      if (value !== undefined) options[this.row.rename?.[name] ?? camel(name)] = value;
    }
    return Object.keys(options).length === 0 ? undefined : options;
  }

  /** All arguments of the default rule; `skip` leaves out the first ones, for a method. */
  all(skip = 0, more: Readonly<Record<string, unknown>> = {}, without: readonly string[] = []): unknown[] {
    const options = { ...this.options(without), ...more };
    if (Object.keys(options).length === 0) return this.positional(skip);
    const values = this.row.positional.slice(skip).map((param) => this.value(param.name, param.operand));
    return [...values, options];
  }

  /** Another function of the library, for rows that take more than one. */
  lib(path: string): Callable {
    return mustFind(path);
  }

  #convert(arg: Arg, path: Path, operand: boolean): unknown {
    switch (arg.t) {
      case 'tensor':
        return this.tensorAt(path);
      case 'none':
        return null;
      case 'int':
        return typeof arg.v === 'string' ? BigInt(arg.v) : arg.v;
      case 'float': {
        const value = numberOf(arg.v);
        // A whole number would promote as an integer.
        return operand && Number.isInteger(value) ? float(value) : value;
      }
      case 'bool':
      case 'str':
      case 'dtype':
        return arg.v;
      case 'list':
      case 'tuple':
        return arg.v.map((one, i) => this.#convert(one, `${path}.${i}`, false));
      case 'slice': {
        const [start, stop, step] = arg.v.map(
          (one, i) => this.#convert(one, `${path}.${i}`, false) ?? undefined,
        );
        return {
          ...(start !== undefined && { start }),
          ...(stop !== undefined && { stop }),
          ...(step !== undefined && { step }),
        };
      }
      case 'ellipsis':
        return '...';
      // One device, one storage layout; memory formats change strides, never values.
      case 'device':
      case 'layout':
      case 'memory_format':
        return undefined;
      case 'module':
      case 'function':
        if (this.make === undefined) throw new Error(`an argument of kind ${arg.t}`);
        return this.make(arg);
      case 'complex':
        throw new Unsupported('a complex number');
      default:
        throw new Error(`an argument of kind ${arg.t}`);
    }
  }
}

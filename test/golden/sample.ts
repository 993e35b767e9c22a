import { makeTypedArray, type DType, type TypedArray } from '../../lib/dtype.js';

// What the files of this folder hold: samples of PyTorch's results, made by scripts/make-golden.mjs.

export type Arg =
  | {
      readonly t: 'tensor';
      readonly ref: string;
      readonly requires_grad?: true;
      readonly strides?: readonly number[];
    }
  | { readonly t: 'none' | 'ellipsis' }
  | { readonly t: 'int'; readonly v: number | string }
  | { readonly t: 'float'; readonly v: number | 'nan' | 'inf' | '-inf' }
  | { readonly t: 'bool'; readonly v: boolean }
  | { readonly t: 'str' | 'dtype' | 'device' | 'layout' | 'memory_format'; readonly v: string }
  | { readonly t: 'list' | 'tuple' | 'slice'; readonly v: readonly Arg[]; readonly names?: readonly string[] }
  | { readonly t: 'complex' | 'dict' | 'module' | 'function'; readonly v?: unknown };

export interface Sample {
  readonly id: string;
  readonly dtype: string;
  readonly args: readonly Arg[];
  readonly kwargs: Readonly<Record<string, Arg>>;
  readonly check: 'values' | 'shape_dtype' | 'gauge';
  readonly out: Arg;
  readonly tol?: readonly [number, number];
  readonly cotangents?: Readonly<Record<string, string>>;
  readonly grads?: Readonly<Record<string, string | null>>;
  readonly grad_tol?: readonly [number, number];
  readonly grad_cotangents?: Readonly<Record<string, string>>;
  readonly grad_grads?: Readonly<Record<string, string | null>>;
  readonly grad_grad_tol?: readonly [number, number];
}

export interface StoredTensor {
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** Little-endian bytes, row-major, in base64. */
  readonly data: string;
}

export interface GoldenFile {
  readonly op: string;
  /** Version of PyTorch. */
  readonly torch: string;
  /** Index outputs may differ where values repeat. */
  readonly ties: boolean;
  /** Samples left out, by rule. */
  readonly skipped: Readonly<Record<string, number>>;
  readonly samples: readonly Sample[];
  readonly tensors: Readonly<Record<string, StoredTensor>>;
}

export function readStored(stored: StoredTensor): TypedArray {
  const bytes = Buffer.from(stored.data, 'base64');
  const count = stored.shape.reduce((a, b) => a * b, 1);
  const data = makeTypedArray(stored.dtype, count);
  new Uint8Array(data.buffer).set(bytes);
  return data;
}

/** Arguments by the names of the call, tensors made where they are first asked for. */
export class Args<T> {
  readonly #byName = new Map<string, { arg: Arg; path: string }>();
  readonly #made = new Map<string, T>();
  readonly problem: string | undefined;

  constructor(
    names: readonly string[],
    sample: Pick<Sample, 'args' | 'kwargs'>,
    private readonly makeTensor: (ref: string, requiresGrad: boolean, path: string) => T,
    private readonly makeFloat: (value: number) => T,
  ) {
    let problem: string | undefined;
    sample.args.forEach((arg, i) => {
      const name = names[i];
      if (name === undefined) problem = `more than ${names.length} arguments`;
      else this.#byName.set(name, { arg, path: `args.${i}` });
    });
    for (const [name, arg] of Object.entries(sample.kwargs)) {
      if (arg.t === 'none') continue;
      if (!names.includes(name)) problem = `option ${name}`;
      this.#byName.set(name, { arg, path: `kwargs.${name}` });
    }
    this.problem = problem;
  }

  raw(name: string): Arg | undefined {
    const found = this.#byName.get(name)?.arg;
    return found?.t === 'none' ? undefined : found;
  }

  has(name: string): boolean {
    return this.raw(name) !== undefined;
  }

  tensor(name: string): T {
    return this.maybeTensor(name)!;
  }

  maybeTensor(name: string): T | undefined {
    const found = this.#byName.get(name);
    return found === undefined || found.arg.t === 'none' ? undefined : this.#tensorAt(found.arg, found.path);
  }

  tensors(name: string): T[] {
    const { arg, path } = this.#byName.get(name)!;
    return (arg as { v: readonly Arg[] }).v.map((one, i) => this.#tensorAt(one, `${path}.${i}`));
  }

  /** A tensor, or a number that promotes as in Python: 2.0 is a float. */
  operand(name: string): T | number | boolean {
    const { arg, path } = this.#byName.get(name)!;
    if (arg.t === 'tensor') return this.#tensorAt(arg, path);
    if (arg.t === 'bool') return arg.v;
    const value = numberOf(arg);
    return arg.t === 'float' && Number.isInteger(value) ? this.makeFloat(value) : value;
  }

  number(name: string): number | undefined {
    const arg = this.raw(name);
    return arg === undefined ? undefined : numberOf(arg);
  }

  flag(name: string): boolean | undefined {
    const arg = this.raw(name);
    return arg === undefined ? undefined : (arg as { v: boolean }).v;
  }

  text(name: string): string | undefined {
    const arg = this.raw(name);
    return arg === undefined ? undefined : (arg as { v: string }).v;
  }

  /** A number, or a list of them. */
  numbers(name: string): number | number[] | undefined {
    const arg = this.raw(name);
    if (arg === undefined) return undefined;
    return arg.t === 'list' || arg.t === 'tuple' ? arg.v.map(numberOf) : numberOf(arg);
  }

  list(name: string): number[] {
    const numbers = this.numbers(name);
    return numbers === undefined ? [] : typeof numbers === 'number' ? [numbers] : numbers;
  }

  /** A tensor inside a structure, such as an index. */
  nested(arg: Arg, path: string): T {
    return this.#tensorAt(arg, path);
  }

  #tensorAt(arg: Arg, path: string): T {
    let made = this.#made.get(path);
    if (made === undefined) {
      if (arg.t !== 'tensor') throw new Error(`${path} is ${arg.t}, no tensor`);
      made = this.makeTensor(arg.ref, arg.requires_grad === true, path);
      this.#made.set(path, made);
    }
    return made;
  }
}

export function numberOf(arg: Arg): number {
  if (arg.t === 'bool') return arg.v ? 1 : 0;
  if (arg.t === 'int') return Number(arg.v);
  if (arg.t !== 'float') throw new Error(`${arg.t} is no number`);
  return arg.v === 'nan' ? NaN : arg.v === 'inf' ? Infinity : arg.v === '-inf' ? -Infinity : arg.v;
}
